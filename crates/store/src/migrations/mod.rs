//! The schema: one DDL text per migration, translated for each engine, forward only.
//!
//! Never change a migration that was released: add one. Expand first, contract in a later release.

mod translate;

use refinery::{Migration, Runner};
use rusqlite::{Connection, TransactionBehavior};

pub use translate::{Annotation, Dialect, Table, tables, translate};

use crate::{
    Error, Result,
    engine::{PEOPLE, PostgresPool, SqliteFile, from_sqlite},
};

/// Every migration, oldest first: name and portable text.
pub const ALL: &[(&str, &str)] = &[
    ("V1__people_and_coverage", include_str!("V1__people_and_coverage.sql")),
    ("V2__institutions_and_what_happens", include_str!("V2__institutions_and_what_happens.sql")),
    ("V3__audit", include_str!("V3__audit.sql")),
    ("V4__what_is_remembered_of_strangers", include_str!("V4__what_is_remembered_of_strangers.sql")),
    ("V5__how_number_checks_ended", include_str!("V5__how_number_checks_ended.sql")),
    ("V6__who_signs_in", include_str!("V6__who_signs_in.sql")),
    ("V7__applications_and_operators", include_str!("V7__applications_and_operators.sql")),
    ("V8__certificates", include_str!("V8__certificates.sql")),
    ("V9__lines", include_str!("V9__lines.sql")),
    ("V10__what_cannot_be_carried_out", include_str!("V10__what_cannot_be_carried_out.sql")),
    ("V11__who_registered", include_str!("V11__who_registered.sql")),
    ("V12__accounts_of_institutions", include_str!("V12__accounts_of_institutions.sql")),
    ("V13__answers_by_person", include_str!("V13__answers_by_person.sql")),
    ("V14__files_with_many_rows", include_str!("V14__files_with_many_rows.sql")),
    ("V15__what_administrators_manage", include_str!("V15__what_administrators_manage.sql")),
    ("V16__what_people_of_institutions_read", include_str!("V16__what_people_of_institutions_read.sql")),
    ("V17__register_of_institutions", include_str!("V17__register_of_institutions.sql")),
    ("V18__cards_of_whole_files", include_str!("V18__cards_of_whole_files.sql")),
    ("V19__files_that_are_given_again", include_str!("V19__files_that_are_given_again.sql")),
    ("V20__letters_that_are_void", include_str!("V20__letters_that_are_void.sql")),
    ("V21__what_institutions_did_before", include_str!("V21__what_institutions_did_before.sql")),
    ("V22__consents_that_are_kept", include_str!("V22__consents_that_are_kept.sql")),
    ("V23__what_registrants_change", include_str!("V23__what_registrants_change.sql")),
    ("V24__medical_pages_are_covered", include_str!("V24__medical_pages_are_covered.sql")),
];

/// Held on PostgreSQL while migrating, so that processes started together take turns.
const ADVISORY_LOCK: i64 = 0x5368_696B_616B_7531;

fn runner(dialect: Dialect, steps: usize) -> Result<Runner> {
    let migrations: Vec<Migration> = ALL
        .iter()
        .take(steps)
        .map(|(name, text)| Migration::unapplied(name, &translate(text, dialect)).map_err(failed))
        .collect::<Result<_>>()?;
    Ok(Runner::new(&migrations))
}

#[expect(clippy::needless_pass_by_value, reason = "used as a map_err function")]
fn failed(error: refinery::Error) -> Error {
    Error::Database(format!("migration: {error}"))
}

/// Migrates a SQLite database over a connection of its own: the people's file first, so that a step that is in the
/// history, which the main file keeps, is in both.
pub(crate) fn run_sqlite(file: &SqliteFile, steps: usize) -> Result<usize> {
    let mut connection = file.open_writer()?;
    migrate_people(&mut connection, steps)?;
    let report = runner(Dialect::Sqlite, steps)?.run(&mut connection).map_err(failed)?;
    Ok(report.applied_migrations().len())
}

/// The people's file counts its steps by itself: a commit is atomic within one file only.
fn migrate_people(connection: &mut Connection, steps: usize) -> Result<()> {
    let wanted = i64::try_from(steps.min(ALL.len())).unwrap_or(i64::MAX);
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(from_sqlite)?;
    let done: i64 =
        tx.pragma_query_value(Some(PEOPLE), "user_version", |row| row.get(0)).map_err(from_sqlite)?;
    if done >= wanted {
        return Ok(());
    }
    for (_, text) in ALL.iter().take(steps).skip(usize::try_from(done).unwrap_or(0)) {
        tx.execute_batch(&translate(text, Dialect::SqlitePeople)).map_err(from_sqlite)?;
    }
    tx.pragma_update(Some(PEOPLE), "user_version", wanted).map_err(from_sqlite)?;
    tx.commit().map_err(from_sqlite)
}

/// Migrates a PostgreSQL database.
pub(crate) async fn run_postgres(pool: &PostgresPool, steps: usize) -> Result<usize> {
    let mut client = pool.get().await?;
    let lock = format!("SELECT pg_advisory_lock({ADVISORY_LOCK})");
    client.batch_execute(&lock).await.map_err(crate::engine::from_postgres)?;
    let outcome = runner(Dialect::Postgres, steps)?.run_async(&mut **client).await.map_err(failed);
    let unlock = format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})");
    client.batch_execute(&unlock).await.map_err(crate::engine::from_postgres)?;
    Ok(outcome?.applied_migrations().len())
}
