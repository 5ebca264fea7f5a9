//! The schema: one DDL text per migration, translated for each engine, forward only.
//!
//! Never change a migration that was released: add one. Expand first, contract in a later release.

mod translate;

use refinery::{Migration, Runner};

pub use translate::{Annotation, Dialect, Table, tables, translate};

use crate::{
    Error, Result,
    engine::{PostgresPool, SqliteFile},
};

/// Every migration, oldest first: name and portable text.
pub const ALL: &[(&str, &str)] = &[
    ("V1__people_and_coverage", include_str!("V1__people_and_coverage.sql")),
    ("V2__institutions_and_what_happens", include_str!("V2__institutions_and_what_happens.sql")),
    ("V3__audit", include_str!("V3__audit.sql")),
    ("V4__what_is_remembered_of_strangers", include_str!("V4__what_is_remembered_of_strangers.sql")),
    ("V5__how_number_checks_ended", include_str!("V5__how_number_checks_ended.sql")),
    ("V6__who_signs_in", include_str!("V6__who_signs_in.sql")),
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

/// Migrates a SQLite file over a connection of its own.
pub(crate) fn run_sqlite(file: &SqliteFile, steps: usize) -> Result<usize> {
    let mut connection = file.open_writer()?;
    let report = runner(Dialect::Sqlite, steps)?.run(&mut connection).map_err(failed)?;
    Ok(report.applied_migrations().len())
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
