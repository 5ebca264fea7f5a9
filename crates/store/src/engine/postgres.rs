//! PostgreSQL through tokio-postgres and deadpool.

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Transaction};
use tokio_postgres::{
    IsolationLevel, NoTls,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    Mode, Value, from_postgres,
    postgres_line::{Address, DatabaseLine, tls},
};
use crate::{Error, Options, Result};

/// Connections for reading at least: a reader here waits for the network, not for a core.
const READ_CONNECTIONS_MIN: usize = 4;

/// The pool of connections.
#[derive(Clone)]
pub(crate) struct PostgresPool {
    pool: Pool,
}

impl PostgresPool {
    /// Makes the pool; connects on first use.
    pub(crate) fn new(url: &str, options: &Options) -> Result<Self> {
        let Address { config, line } = Address::parse(url)?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match line {
            DatabaseLine::Tls { authorities } => {
                let tls = MakeRustlsConnect::new(tls(authorities.as_deref())?);
                Manager::from_config(config, tls, recycling)
            }
            DatabaseLine::File | DatabaseLine::ThisMachine => Manager::from_config(config, NoTls, recycling),
        };
        let size = options.readers.max(READ_CONNECTIONS_MIN) + options.writers.max(1);
        let pool =
            Pool::builder(manager).max_size(size).build().map_err(|error| Error::Open(error.to_string()))?;
        Ok(Self { pool })
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn get(&self) -> Result<Client> {
        self.pool.get().await.map_err(|error| Error::Database(with_causes(&error)))
    }

    /// Ends all connections.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// An error with what led to it: drivers say only where it met them.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}

/// Starts a transaction. Reading sees one snapshot, as on SQLite.
pub(super) async fn begin(client: &mut Client, mode: Mode) -> Result<Transaction<'_>> {
    let builder = client.build_transaction();
    let builder = match mode {
        Mode::Read => builder.isolation_level(IsolationLevel::RepeatableRead).read_only(true),
        Mode::Write => builder.isolation_level(IsolationLevel::ReadCommitted),
    };
    builder.start().await.map_err(from_postgres)
}

/// The driver's form of bound values.
pub(super) fn parameters<'v>(values: &'v [Value<'v>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Value::Text(text) => text.to_sql(ty, out),
            Value::Int(number) => number.to_sql(ty, out),
            Value::Bool(truth) => truth.to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
            Value::Null => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        // The schema has four types only, and every statement runs in the tests.
        true
    }

    to_sql_checked!();
}
