//! The schema: its annotations, its upgrades, its keys.

use store::{
    Options, Store,
    migrations::{ALL, Annotation, tables},
};

use crate::databases::{Database, Kind, on_every_database};

on_every_database!(upgrading_step_by_step_ends_in_the_same_schema, migrating_again_changes_nothing);

#[test]
fn every_key_of_a_sharded_table_begins_with_its_shard_key() {
    let mut sharded = 0;
    for table in ALL.iter().flat_map(|(_, text)| tables(text)) {
        match table.annotation {
            None => panic!("{} has no annotation: reference or sharded", table.name),
            Some(Annotation::Reference) => {}
            Some(Annotation::Sharded(key)) => {
                sharded += 1;
                assert_eq!(table.primary_key.first(), Some(&key), "primary key of {}", table.name);
                for index in &table.unique_indexes {
                    assert_eq!(index.first(), Some(&key), "unique index of {}", table.name);
                }
            }
        }
    }
    assert!(sharded >= 10, "only {sharded} sharded tables were seen");
}

#[test]
fn the_annotations_are_read_from_the_text() {
    let text = "-- sharded: b\nCREATE TABLE t (\n    a TEXT,\n    PRIMARY KEY (a, b)\n);\n\
                CREATE UNIQUE INDEX i ON t (a);\n\nCREATE TABLE u (\n    PRIMARY KEY (a)\n);\n";
    let tables = tables(text);
    assert_eq!(tables[0].annotation, Some(Annotation::Sharded("b".to_owned())));
    assert_eq!(tables[0].primary_key, ["a", "b"]);
    assert_eq!(tables[0].unique_indexes, [["a"]]);
    assert_eq!(tables[1].annotation, None);
}

/// Every column and index as the database itself describes them.
async fn described(url: &str) -> Vec<String> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path).expect("opens");
        let sql = "SELECT COALESCE(sql, name) FROM sqlite_master WHERE name NOT LIKE 'refinery%' \
                   AND tbl_name NOT LIKE 'refinery%' ORDER BY 1";
        let mut statement = connection.prepare(sql).expect("prepares");
        return statement
            .query_map([], |row| row.get(0))
            .expect("runs")
            .map(|row| row.expect("text"))
            .collect();
    }
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connects");
    tokio::spawn(connection);
    let sql = "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, ordinal_position::text) \
               FROM information_schema.columns WHERE table_schema = 'public' \
               AND table_name NOT LIKE 'refinery%' \
               UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
               AND tablename NOT LIKE 'refinery%' ORDER BY 1";
    client.query(sql, &[]).await.expect("runs").iter().map(|row| row.get(0)).collect()
}

async fn upgrading_step_by_step_ends_in_the_same_schema(database: Database) {
    let fresh = described(&database.url).await;
    assert!(fresh.len() > ALL.len());
    let folder = tempfile::tempdir().expect("a folder");
    let url = if database.url.starts_with("sqlite:") {
        format!("sqlite:{}", folder.path().join("steps.db").display())
    } else {
        let prepare = async |_| Ok(());
        testkit::postgres::cluster().database("empty", prepare).await.expect("an empty database")
    };
    for step in 1..=ALL.len() {
        // A new process each time, as after an update.
        let store = Store::open(&url, Options::default()).await.expect("opens");
        assert_eq!(store.migrate_to(step).await.expect("migrates"), 1, "step {step}");
    }
    let partitioned = fresh.iter().any(|line| line.contains("coverage_0"));
    if !partitioned {
        assert_eq!(described(&url).await, fresh);
    }
}

async fn migrating_again_changes_nothing(database: Database) {
    if database.url.starts_with("sqlite:")
        || !described(&database.url).await.iter().any(|l| l.contains("coverage_0"))
    {
        assert_eq!(database.store.migrate().await, Ok(0));
    }
}

#[tokio::test]
async fn two_processes_may_migrate_at_once() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let folder = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", folder.path().join("both.db").display()),
            _ => testkit::postgres::cluster().database("empty", async |_| Ok(())).await.expect("a database"),
        };
        let one = Store::open(&url, Options::default()).await.expect("opens");
        let other = Store::open(&url, Options::default()).await.expect("opens");
        let (a, b) = tokio::join!(
            tokio::spawn(async move { one.migrate().await }),
            tokio::spawn(async move { other.migrate().await }),
        );
        let applied = a.expect("runs").expect("migrates") + b.expect("runs").expect("migrates");
        assert_eq!(applied, ALL.len());
    }
}

#[tokio::test]
async fn a_new_database_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shikaku.db");
    let url = format!("sqlite:{}", path.display());
    let store = Store::open(&url, Options::default()).await.expect("opens");
    store.migrate().await.expect("migrates");
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", entry.path().display());
    }
    // What the operator chose afterwards is left alone.
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("sets");
    drop(store);
    Store::open(&url, Options::default()).await.expect("opens again");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
}
