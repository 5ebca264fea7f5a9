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
    pub kind: Kind,
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
        Database { kind: self, url, store, _folder: folder }
    }

    async fn postgres_url(self) -> String {
        let digest = migrations::ALL
            .iter()
            .flat_map(|(_, text)| text.bytes())
            .fold(7_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let made = if self == Self::Partitioned { "spread" } else { "migrated" };
        let template = format!("shikaku_{made}_{digest:016x}");
        let prepare = async move |url: String| {
            let store = Store::open(&url, Options::default()).await.map_err(|e| e.to_string())?;
            store.migrate().await.map_err(|e| e.to_string())?;
            let migrations = if self == Self::Partitioned { migrations::ALL } else { &[] };
            for (_, text) in migrations {
                spread(&url, text).await?;
            }
            Ok(())
        };
        postgres::cluster().database(&template, prepare).await.expect("a database")
    }
}

/// Puts partitioned tables in the place of those a migration has just made, as who runs a cluster would spread
/// them. The history of migrations stays, so that later ones find them.
pub async fn spread(url: &str, migration: &str) -> Result<(), String> {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.map_err(|e| e.to_string())?;
    tokio::spawn(connection);
    let tables = migrations::tables(migration).into_iter().map(|table| format!("TABLE {}", table.name));
    let indexes = migration.lines().filter_map(|line| line.split_once(" INDEX ")?.1.split(' ').next());
    // The indexes of a dropped table went with it; those on tables of older migrations are still there.
    let dropped = tables.chain(indexes.map(|index| format!("INDEX IF EXISTS {index}")));
    let mut ddl: String = dropped.map(|what| format!("DROP {what};\n")).collect();
    // A column added to a table of an older migration is there, spread over its partitions.
    let made = migrations::translate(migration, Dialect::PostgresPartitioned);
    ddl.push_str(&made.replace(" ADD COLUMN ", " ADD COLUMN IF NOT EXISTS "));
    client.batch_execute(&ddl).await.map_err(|e| format!("{e:?}: {ddl}"))
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

/// Its output is shown even when it passes: what was tested is told together with the outcome.
#[tokio::test]
async fn the_server_is_of_a_version_that_is_looked_for() {
    let version = postgres::cluster().version().await.expect("the server answers");
    let tested = postgres::VERSIONS[0];
    println!("PostgreSQL of these tests: {version}; the project is tested with {tested}, newer is accepted");
    let major = version.split('.').next().expect("a number");
    assert!(postgres::VERSIONS.contains(&major), "{version} is none of {:?}", postgres::VERSIONS);
}
