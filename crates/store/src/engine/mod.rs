//! The seam: the only place that knows both drivers. Values in, rows out, transactions.
//!
//! One SQL text serves both engines: `$1 … $n`, first used in that order. On SQLite the futures below never
//! suspend, so a job written once as `async` runs on a plain thread there and on tokio for PostgreSQL.

mod errors;
pub(crate) mod one_file;
mod postgres;
mod postgres_line;
mod row;
mod sqlite;
#[cfg(test)]
pub(crate) mod statements;

use std::sync::{Mutex, MutexGuard};

use futures_util::future::try_join_all;
use rusqlite::Connection;

pub(crate) use errors::{from_postgres, from_sqlite};
pub(crate) use postgres::PostgresPool;
pub use postgres_line::DatabaseLine;
pub(crate) use row::Row;
pub(crate) use sqlite::{PEOPLE, Part, SqliteFile, checkpoint};

use crate::Result;

/// Statements of one bulk that are under way at once on PostgreSQL (pipelined).
const PIPELINE_LIMIT: usize = 512;

/// A bound value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Bool(bool),
    Bytes(&'a [u8]),
    Null,
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Binds values in order: `bind![a, b]`.
macro_rules! bind {
    ($($value:expr),* $(,)?) => { &[$($crate::engine::Value::from($value)),*] };
}
pub(crate) use bind;

/// One connection, used by one job or group at a time.
pub(crate) enum Link {
    /// The mutex costs nothing uncontended; it makes borrowed connections `Sync`, so that one job type
    /// serves both engines.
    Sqlite(Mutex<Connection>),
    Postgres(deadpool_postgres::Client),
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One snapshot, no writing.
    Read,
    /// Writing; on SQLite the write lock is taken at the start.
    Write,
}

/// An open transaction.
pub(crate) enum Tx<'a> {
    Sqlite(&'a Mutex<Connection>),
    Postgres(deadpool_postgres::Transaction<'a>),
}

/// A poisoned lock means that a job panicked between statements; the connection itself is whole, and the
/// transaction is rolled back before the next use.
fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Link {
    /// Starts a transaction.
    pub(crate) async fn begin(&mut self, mode: Mode) -> Result<Tx<'_>> {
        match self {
            Self::Sqlite(connection) => {
                sqlite::begin(&locked(connection), mode)?;
                Ok(Tx::Sqlite(connection))
            }
            Self::Postgres(client) => Ok(Tx::Postgres(postgres::begin(client, mode).await?)),
        }
    }

    /// Copies a write-ahead log into its database file; whether all of it is there now. Nothing to do on
    /// PostgreSQL.
    pub(crate) fn checkpoint(&self, part: Part) -> Result<bool> {
        match self {
            Self::Sqlite(connection) => sqlite::checkpoint(&locked(connection), part)
                .map(|found| found.copied_pages == found.log_pages),
            Self::Postgres(_) => Ok(true),
        }
    }

    /// Waits before another try.
    pub(crate) async fn pause(&self, pause: std::time::Duration) {
        match self {
            // The writer thread has nothing else to do: SQLite has one writer.
            Self::Sqlite(_) => std::thread::sleep(pause),
            Self::Postgres(_) => tokio::time::sleep(pause).await,
        }
    }
}

impl Tx<'_> {
    /// Reads rows through `map`, without building rows in between.
    pub(crate) async fn query<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        #[cfg(test)]
        statements::note(sql);
        match self {
            Self::Sqlite(connection) => sqlite::query(&locked(connection), sql, values, map),
            Self::Postgres(tx) => {
                let statement = tx.prepare_cached(sql).await.map_err(from_postgres)?;
                let rows =
                    tx.query(&statement, &postgres::parameters(values)).await.map_err(from_postgres)?;
                rows.iter().map(|row| map(&Row::Postgres(row))).collect()
            }
        }
    }

    /// Reads at most one row: the first.
    pub(crate) async fn query_one<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, values, map).await?.into_iter().next())
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) async fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64> {
        self.note_file(sql);
        self.execute_unnoted(sql, values).await
    }

    async fn execute_unnoted(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64> {
        #[cfg(test)]
        statements::note(sql);
        match self {
            Self::Sqlite(connection) => sqlite::execute(&locked(connection), sql, values),
            Self::Postgres(tx) => {
                let statement = tx.prepare_cached(sql).await.map_err(from_postgres)?;
                tx.execute(&statement, &postgres::parameters(values)).await.map_err(from_postgres)
            }
        }
    }

    /// Runs a statement that leaves its rows as they are, to keep others from changing them until the end; returns
    /// how many there are.
    pub(crate) async fn hold(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64> {
        self.execute_unnoted(sql, values).await
    }

    /// Runs one statement for many rows; returns how many rows each changed. Pipelined on PostgreSQL.
    pub(crate) async fn execute_many(&self, sql: &'static str, rows: &[Vec<Value<'_>>]) -> Result<Vec<u64>> {
        self.note_file(sql);
        let mut changed = Vec::with_capacity(rows.len());
        match self {
            Self::Sqlite(connection) => {
                let connection = locked(connection);
                for row in rows {
                    changed.push(sqlite::execute(&connection, sql, row)?);
                }
            }
            Self::Postgres(tx) => {
                let statement = tx.prepare_cached(sql).await.map_err(from_postgres)?;
                for part in rows.chunks(PIPELINE_LIMIT) {
                    let bound: Vec<_> = part.iter().map(|row| postgres::parameters(row)).collect();
                    let running = bound.iter().map(|values| tx.execute(&statement, values));
                    changed.extend(try_join_all(running).await.map_err(from_postgres)?);
                }
            }
        }
        Ok(changed)
    }

    /// PostgreSQL commits all or nothing, wherever it is.
    fn note_file(&self, sql: &str) {
        if matches!(self, Self::Sqlite(_)) {
            one_file::note(sql);
        }
    }

    /// Makes the transaction durable.
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::finish(&locked(connection), true),
            Self::Postgres(tx) => tx.commit().await.map_err(from_postgres),
        }
    }

    /// Undoes the transaction.
    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::finish(&locked(connection), false),
            Self::Postgres(tx) => tx.rollback().await.map_err(from_postgres),
        }
    }
}
