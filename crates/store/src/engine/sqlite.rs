//! SQLite through rusqlite.

use std::{fs::File, path::PathBuf};

use rusqlite::{
    Connection, OpenFlags,
    types::{ToSql, ToSqlOutput, ValueRef},
};

use super::{Mode, Row, Value, from_sqlite};
use crate::{Error, Options, Result};

/// Statements kept prepared per connection.
const STATEMENT_CACHE: usize = 128;
/// Page cache of the writer, KiB.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// Page cache of a reader, KiB. It lives for one batch: a commit elsewhere empties it.
const READER_CACHE_KIB: i64 = 2 * 1024;
/// WAL pages after which a commit also moves them into the database file: 256 MiB. Reached only when
/// [`crate::checkpoint`] cannot keep up.
const CHECKPOINT_PAGES: i64 = 64 * 1024;
/// The WAL file is cut back to this after a checkpoint, bytes.
const WAL_LIMIT_BYTES: i64 = 64 << 20;

/// A database file and how to open it.
#[derive(Clone, Debug)]
pub(crate) struct SqliteFile {
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
}

impl SqliteFile {
    /// Opens the writing connection; makes the file when it is new.
    pub(crate) fn open_writer(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = self.open(flags, WRITER_CACHE_KIB)?;
        pragma(&connection, "synchronous", "FULL")?;
        pragma(&connection, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        pragma(&connection, "journal_size_limit", WAL_LIMIT_BYTES)?;
        let mode: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(from_sqlite)?;
        if mode != "wal" {
            return Err(Error::Open(format!(
                "journal mode is {mode}, not wal: the file system cannot share memory"
            )));
        }
        Ok(connection)
    }

    /// Opens a reading connection.
    pub(crate) fn open_reader(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = self.open(flags, READER_CACHE_KIB)?;
        pragma(&connection, "query_only", true)?;
        pragma(&connection, "mmap_size", i64::try_from(self.options.mmap_bytes).unwrap_or(i64::MAX))?;
        Ok(connection)
    }

    /// Opens a connection that copies the WAL into the database file.
    pub(crate) fn open_checkpointer(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = self.open(flags, READER_CACHE_KIB)?;
        pragma(&connection, "synchronous", "FULL")?;
        Ok(connection)
    }

    /// The database file, to flush it. Never closed: closing any handle on a file gives up all locks that the
    /// process holds on it (POSIX), SQLite's own included.
    pub(crate) fn handle(&self) -> Result<&'static File> {
        let file = File::open(&self.path).map_err(|error| Error::Open(error.to_string()))?;
        Ok(Box::leak(Box::new(file)))
    }

    fn open(&self, flags: OpenFlags, cache_kib: i64) -> Result<Connection> {
        let connection =
            Connection::open_with_flags(&self.path, flags).map_err(|error| Error::Open(error.to_string()))?;
        let timeout = std::time::Duration::from_millis(u64::from(self.options.busy_timeout_ms));
        connection.busy_timeout(timeout).map_err(from_sqlite)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        pragma(&connection, "foreign_keys", true)?;
        pragma(&connection, "cache_size", -cache_kib)?;
        Ok(connection)
    }
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

/// Copies as much of the WAL into the database file as readers allow, without waiting for anyone.
pub(crate) fn checkpoint(connection: &Connection) -> Result<Checkpoint> {
    let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)").map_err(from_sqlite)?;
    let found =
        |row: &rusqlite::Row<'_>| Ok(Checkpoint { log_pages: row.get(1)?, copied_pages: row.get(2)? });
    statement.query_row([], found).map_err(from_sqlite)
}

/// Starts a transaction, ending one that a panicking job may have left.
pub(super) fn begin(connection: &Connection, mode: Mode) -> Result<()> {
    if !connection.is_autocommit() {
        execute(connection, "ROLLBACK", &[])?;
    }
    let sql = match mode {
        Mode::Read => "BEGIN",
        Mode::Write => "BEGIN IMMEDIATE",
    };
    execute(connection, sql, &[]).map(|_| ())
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
