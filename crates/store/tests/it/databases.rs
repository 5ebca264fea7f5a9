//! A fresh database for each test: SQLite, PostgreSQL, and PostgreSQL with every sharded table partitioned by
//! its shard key, where a key or statement that would not work on a cluster fails.

use store::{
    Options, Store,
    migrations::{self, Dialect},
};

use testkit::postgres;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
    Partitioned,
}

/// A migrated database.
pub struct Database {
    pub url: String,
    pub store: Store,
    /// Holds the file of a SQLite database for as long as the test runs.
    _folder: tempfile::TempDir,
}

impl Kind {
    /// A fresh database.
    pub async fn open(self) -> Database {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match self {
            Self::Sqlite => format!("sqlite:{}", folder.path().join("test.db").display()),
            Self::Postgres | Self::Partitioned => self.postgres_url().await,
        };
        let store = Store::open(&url, Options::default()).await.expect("the database opens");
        if self == Self::Sqlite {
            store.migrate().await.expect("the schema is made");
        }
        Database { url, store, _folder: folder }
    }

    async fn postgres_url(self) -> String {
        let digest = migrations::ALL
            .iter()
            .flat_map(|(_, text)| text.bytes())
            .fold(7_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let template = format!("shikaku_{self:?}_{digest:016x}").to_lowercase();
        let prepare = async move |url: String| match self {
            Self::Partitioned => partitioned(&url).await,
            _ => {
                let store = Store::open(&url, Options::default()).await.map_err(|e| e.to_string())?;
                store.migrate().await.map(|_| ()).map_err(|e| e.to_string())
            }
        };
        postgres::cluster().database(&template, prepare).await.expect("a database")
    }
}

async fn partitioned(url: &str) -> Result<(), String> {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.map_err(|e| e.to_string())?;
    tokio::spawn(connection);
    for (name, text) in migrations::ALL {
        let ddl = migrations::translate(text, Dialect::PostgresPartitioned);
        client.batch_execute(&ddl).await.map_err(|e| format!("{name}: {e:?}"))?;
    }
    Ok(())
}

/// Runs each named `async fn(Database)` on every database.
macro_rules! on_every_database {
    ($($test:ident),+ $(,)?) => {
        mod sqlite { $($crate::databases::on_every_database!(@one $test Sqlite);)+ }
        mod postgres { $($crate::databases::on_every_database!(@one $test Postgres);)+ }
        mod partitioned { $($crate::databases::on_every_database!(@one $test Partitioned);)+ }
    };
    (@one $test:ident $kind:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            super::$test($crate::databases::Kind::$kind.open().await).await;
        }
    };
}
pub(crate) use on_every_database;
