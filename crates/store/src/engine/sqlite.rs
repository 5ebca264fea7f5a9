//! SQLite through rusqlite.
//!
//! A database is two files: what happens, changed by every check, and beside it the people, changed by imports
//! only. SQLite throws a connection's page cache and mapping of a file away whenever somebody else has committed to
//! that file; in a file of their own the people stay in memory while checks are written. Each connection has the
//! second file attached, so statements name tables without saying where they are.

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, OpenFlags,
    types::{ToSql, ToSqlOutput, ValueRef},
};

use super::{Mode, Row, Value, from_sqlite};
use crate::{Error, Options, Result};

/// Name under which the people's file is attached.
pub(crate) const PEOPLE: &str = "people";
/// SQLite's name of the file a connection was opened on.
const MAIN: &str = "main";
/// Statements kept prepared per connection.
const STATEMENT_CACHE: usize = 128;
/// Page cache of the writer, KiB, for each file.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// Page cache of a reader, KiB, for each file. That of the main file lives for one batch: a commit elsewhere
/// empties it. That of the people's file holds only what is not mapped.
const READER_CACHE_KIB: i64 = 2 * 1024;
/// WAL pages after which a commit also moves them into the database file: 256 MiB. Reached only when
/// [`crate::checkpoint`] cannot keep up.
const CHECKPOINT_PAGES: i64 = 64 * 1024;
/// A WAL file is cut back to this after a checkpoint, bytes.
const WAL_LIMIT_BYTES: i64 = 64 << 20;

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What happens, and which import is in force.
    Main,
    /// Who is insured, and by what card they are known.
    People,
}

impl Part {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Main, Self::People];
}

/// A database and how to open it.
#[derive(Clone, Debug)]
pub(crate) struct SqliteFile {
    main: PathBuf,
    people: PathBuf,
    options: Options,
}

impl SqliteFile {
    /// The database whose main file this is. The people's file is beside it: `shikaku.db`, `shikaku-people.db`.
    pub(crate) fn new(main: PathBuf, options: Options) -> Self {
        let mut name = main.file_stem().map(OsString::from).unwrap_or_default();
        name.push("-people");
        if let Some(extension) = main.extension() {
            name.push(".");
            name.push(extension);
        }
        Self { people: main.with_file_name(name), main, options }
    }

    /// Makes what is missing of a new database: both files, empty, for their owner only. SQLite gives the files
    /// beside them the same rights. One that is there keeps what its operator chose.
    ///
    /// One of two that were in use is not made up for: the other would be read as if nobody were insured, or as if
    /// imports to come were known already.
    pub(crate) fn make(&self) -> Result<()> {
        for (there, missing) in [(&self.main, &self.people), (&self.people, &self.main)] {
            if std::fs::metadata(there).is_ok_and(|found| found.len() > 0) && !missing.exists() {
                let (there, missing) = (there.display(), missing.display());
                let why = format!("{there} is there without {missing}: put both back from one backup");
                return Err(Error::Open(why));
            }
        }
        make_private(&self.people)?;
        make_private(&self.main)
    }

    /// Opens the writing connection.
    pub(crate) fn open_writer(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = self.open(flags, WRITER_CACHE_KIB)?;
        pragma(&connection, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        for part in [MAIN, PEOPLE] {
            pragma_of(&connection, part, "journal_size_limit", WAL_LIMIT_BYTES)?;
            // What is wiped leaves its page with the next write of that page; no page is written for its sake.
            pragma_of(&connection, part, "secure_delete", "FAST")?;
            let mode: String = connection
                .query_row(&format!("PRAGMA {part}.journal_mode = WAL"), [], |row| row.get(0))
                .map_err(from_sqlite)?;
            if mode != "wal" {
                return Err(Error::Open(format!(
                    "journal mode is {mode}, not wal: the file system cannot share memory"
                )));
            }
        }
        Ok(connection)
    }

    /// Opens a reading connection.
    pub(crate) fn open_reader(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = self.open(flags, READER_CACHE_KIB)?;
        pragma(&connection, "query_only", true)?;
        let mapped = i64::try_from(self.options.mmap_bytes).unwrap_or(i64::MAX);
        pragma_of(&connection, PEOPLE, "mmap_size", mapped)?;
        Ok(connection)
    }

    /// Opens a connection that copies the WALs into the database files.
    pub(crate) fn open_checkpointer(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        self.open(flags, READER_CACHE_KIB)
    }

    /// A database file, to flush it. Never closed: closing any handle on a file gives up all locks that the
    /// process holds on it (POSIX), SQLite's own included.
    pub(crate) fn handle(&self, part: Part) -> Result<&'static File> {
        let path = match part {
            Part::Main => &self.main,
            Part::People => &self.people,
        };
        let file = File::open(path).map_err(|error| Error::Open(error.to_string()))?;
        Ok(Box::leak(Box::new(file)))
    }

    fn open(&self, flags: OpenFlags, cache_kib: i64) -> Result<Connection> {
        let failed = |error: rusqlite::Error| Error::Open(error.to_string());
        let connection = Connection::open_with_flags(&self.main, flags).map_err(failed)?;
        let timeout = std::time::Duration::from_millis(u64::from(self.options.busy_timeout_ms));
        connection.busy_timeout(timeout).map_err(from_sqlite)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        let people = self.people.to_str().ok_or_else(|| Error::Open("the path is not UTF-8".to_owned()))?;
        connection.execute(&format!("ATTACH DATABASE ?1 AS {PEOPLE}"), [people]).map_err(failed)?;
        pragma(&connection, "foreign_keys", true)?;
        for part in [MAIN, PEOPLE] {
            pragma_of(&connection, part, "cache_size", -cache_kib)?;
            pragma_of(&connection, part, "synchronous", "FULL")?;
        }
        Ok(connection)
    }
}

fn make_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Error::Open(error.to_string()))
        }
        _ => Ok(()),
    }
}

fn pragma_of(connection: &Connection, part: &str, name: &str, value: impl ToSql) -> Result<()> {
    connection.pragma_update(Some(part), name, value).map_err(|error| Error::Open(error.to_string()))
}

fn pragma(connection: &Connection, name: &str, value: impl ToSql) -> Result<()> {
    connection.pragma_update(None, name, value).map_err(|error| Error::Open(error.to_string()))
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(number)),
            Value::Bool(truth) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(truth))),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
        })
    }
}

/// What a checkpoint found.
pub(crate) struct Checkpoint {
    /// Pages in the WAL.
    pub(crate) log_pages: i64,
    /// Those of them that are in the database file, and on its disk if they are all.
    pub(crate) copied_pages: i64,
}

/// Copies as much of a WAL into its database file as readers allow, without waiting for anyone.
pub(crate) fn checkpoint(connection: &Connection, part: Part) -> Result<Checkpoint> {
    let sql = match part {
        Part::Main => "PRAGMA main.wal_checkpoint(PASSIVE)",
        Part::People => "PRAGMA people.wal_checkpoint(PASSIVE)",
    };
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    let found =
        |row: &rusqlite::Row<'_>| Ok(Checkpoint { log_pages: row.get(1)?, copied_pages: row.get(2)? });
    statement.query_row([], found).map_err(from_sqlite)
}

/// Takes the view of the main file, and finds no row.
///
/// SQLite takes the view of each file when a statement first looks into it. The main file says which import is in
/// force, so it must come first: an import commits its people before it is put in force, and a view of the people
/// taken afterwards has all that the main file promises. What it has besides, of a later import, says of itself
/// that it is not in force yet.
const LOOK_AT_MAIN: &str = "SELECT 1 FROM main.sqlite_schema LIMIT 0";

/// Starts a transaction, ending one that a panicking job may have left.
pub(super) fn begin(connection: &Connection, mode: Mode) -> Result<()> {
    if !connection.is_autocommit() {
        execute(connection, "ROLLBACK", &[])?;
    }
    match mode {
        Mode::Read => {
            execute(connection, "BEGIN", &[])?;
            execute(connection, LOOK_AT_MAIN, &[]).map(|_| ())
        }
        // Takes the write lock of both files, so that writers of several processes take turns.
        Mode::Write => execute(connection, "BEGIN IMMEDIATE", &[]).map(|_| ()),
    }
}

/// Commits or rolls back.
pub(super) fn finish(connection: &Connection, commit: bool) -> Result<()> {
    if connection.is_autocommit() {
        // SQLite rolled back by itself (full disk, I/O error): a commit did not happen.
        return if commit { Err(Error::Database("transaction was rolled back".to_owned())) } else { Ok(()) };
    }
    execute(connection, if commit { "COMMIT" } else { "ROLLBACK" }, &[]).map(|_| ())
}

fn bind(statement: &mut rusqlite::CachedStatement<'_>, values: &[Value<'_>]) -> Result<()> {
    debug_assert_eq!(statement.parameter_count(), values.len(), "every placeholder needs its value");
    for (index, value) in values.iter().enumerate() {
        // SQLite numbers `$n` by first appearance: the text must use them in order.
        debug_assert_eq!(statement.parameter_name(index + 1), Some(format!("${}", index + 1)).as_deref());
        statement.raw_bind_parameter(index + 1, value).map_err(from_sqlite)?;
    }
    Ok(())
}

pub(super) fn query<T>(
    connection: &Connection,
    sql: &'static str,
    values: &[Value<'_>],
    mut map: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    bind(&mut statement, values)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        found.push(map(&Row::Sqlite(row))?);
    }
    Ok(found)
}

pub(super) fn execute(connection: &Connection, sql: &'static str, values: &[Value<'_>]) -> Result<u64> {
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    bind(&mut statement, values)?;
    statement.raw_execute().map(|changed| changed as u64).map_err(from_sqlite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(connection: &Connection, sql: &'static str) -> Vec<i64> {
        query(connection, sql, &[], |row| row.int(0, "number")).expect("reads")
    }

    /// An import becomes durable between a reader's two views: if it saw the new number with the old people, it would
    /// miss those who are new.
    #[tokio::test]
    async fn a_reader_never_sees_an_import_in_force_without_its_people() {
        const IN_FORCE: &str = "SELECT current_import FROM insurer";
        const CARDS: &str = "SELECT COUNT(*) FROM card_by_serial";
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test.db");
        let url = format!("sqlite:{}", path.display());
        let store = crate::Store::open(&url, Options::default()).await.expect("opens");
        store.migrate().await.expect("migrates");
        let file = SqliteFile::new(path, Options::default());
        let (writer, reader) = (file.open_writer().expect("opens"), file.open_reader().expect("opens"));
        let write = |sql: &str| writer.execute_batch(sql).expect("writes");
        write("INSERT INTO insurer (number, name, current_import) VALUES ('01130012', '試験', 1)");
        begin(&reader, Mode::Read).expect("begins");
        write(
            "INSERT INTO card_by_serial (serial, issuer, person_key, registered) VALUES ('1', 'i', 'p', 1)",
        );
        write("UPDATE insurer SET current_import = 2");
        // The people are looked at first, as a card check does.
        assert_eq!(numbers(&reader, CARDS), [1], "the later view of the people");
        assert_eq!(numbers(&reader, IN_FORCE), [1], "and the earlier one of what is in force");
        finish(&reader, true).expect("ends");
        begin(&reader, Mode::Read).expect("begins");
        assert_eq!(numbers(&reader, IN_FORCE), [2]);
    }
}
