//! The schema: its annotations, its upgrades, its keys.

use store::{
    Options, Store,
    migrations::{ALL, Annotation, tables},
};

use crate::databases::{Database, Kind, on_every_database, spread};

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

/// Every column, key and index as the database itself describes them.
async fn described(url: &str) -> Vec<String> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let people = path.replace(".db", "-people.db");
        return [path, &people].into_iter().flat_map(described_file).collect();
    }
    let sql = format!(
        "{COLUMNS_AND_KEYS} \
         UNION ALL SELECT 'index ' || pg_get_indexdef(indexrelid) \
         FROM tables JOIN pg_index ON indrelid = relid \
         UNION ALL SELECT concat_ws(' ', 'spread', relid::regclass, pg_get_partkeydef(relid)) \
         FROM tables WHERE pg_get_partkeydef(relid) IS NOT NULL \
         UNION ALL SELECT concat_ws(' ', 'part', relid::regclass, pg_get_expr(bound, relid)) \
         FROM tables WHERE part ORDER BY 1"
    );
    asked(url, &sql).await
}

/// Both files of SQLite have something.
fn described_file(path: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).expect("opens");
    let sql = "SELECT COALESCE(sql, name) FROM sqlite_master WHERE name NOT LIKE 'refinery%' \
               AND tbl_name NOT LIKE 'refinery%' ORDER BY 1";
    let mut statement = connection.prepare(sql).expect("prepares");
    let rows = statement.query_map([], |row| row.get(0)).expect("runs");
    let found: Vec<String> = rows.map(|row| row.expect("text")).collect();
    assert!(!found.is_empty(), "{path} has no tables");
    found
}

/// The tables of PostgreSQL's catalog with their columns and keys, without the history of migrations.
const COLUMNS_AND_KEYS: &str = "WITH tables AS (\
    SELECT oid AS relid, relispartition AS part, relpartbound AS bound FROM pg_class \
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname NOT LIKE 'refinery%') \
    SELECT concat_ws(' ', 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), \
    CASE WHEN attnotnull THEN 'NOT NULL' END, pg_get_expr(adbin, adrelid)) \
    FROM tables JOIN pg_attribute ON attrelid = relid AND attnum > 0 \
    LEFT JOIN pg_attrdef ON adrelid = relid AND adnum = attnum \
    UNION ALL SELECT concat_ws(' ', 'key', conrelid::regclass, contype, pg_get_constraintdef(pg_constraint.oid)) \
    FROM tables JOIN pg_constraint ON conrelid = relid";

async fn asked(url: &str, sql: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connects");
    tokio::spawn(connection);
    client.query(sql, &[]).await.expect("runs").iter().map(|row| row.get(0)).collect()
}

/// On partitioned tables too: each migration meets the spread tables of those before it.
async fn upgrading_step_by_step_ends_in_the_same_schema(database: Database) {
    let fresh = described(&database.url).await;
    assert!(fresh.len() > ALL.len());
    let folder = tempfile::tempdir().expect("a folder");
    let url = if database.kind == Kind::Sqlite {
        format!("sqlite:{}", folder.path().join("steps.db").display())
    } else {
        let prepare = async |_| Ok(());
        testkit::postgres::cluster().database("empty", prepare).await.expect("an empty database")
    };
    for step in 1..=ALL.len() {
        // A new process each time, as after an update.
        let store = Store::open(&url, Options::default()).await.expect("opens");
        assert_eq!(store.migrate_to(step).await.expect("migrates"), 1, "step {step}");
        if database.kind == Kind::Partitioned {
            spread(&url, ALL[step - 1].1).await.expect("spreads");
        }
    }
    assert_eq!(described(&url).await, fresh);
}

async fn migrating_again_changes_nothing(database: Database) {
    let before = described(&database.url).await;
    assert_eq!(database.store.migrate().await, Ok(0));
    assert_eq!(described(&database.url).await, before);
}

/// The tests on partitioned tables say something about the plain ones only if these are the same tables.
#[tokio::test]
async fn partitioned_tables_have_the_columns_and_keys_of_the_plain_ones() {
    let (plain, partitioned) = (Kind::Postgres.open().await, Kind::Partitioned.open().await);
    let whole = format!(
        "{} WHERE NOT part \
         UNION ALL SELECT 'index ' || replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') \
         FROM tables JOIN pg_index ON indrelid = relid WHERE NOT part ORDER BY 1",
        COLUMNS_AND_KEYS.replace(" UNION", " WHERE NOT part UNION")
    );
    let of_plain = asked(&plain.url, &whole).await;
    assert_eq!(asked(&partitioned.url, &whole).await, of_plain);
    let described = described(&partitioned.url).await;
    for table in ALL.iter().flat_map(|(_, text)| tables(text)) {
        let name = &table.name;
        assert!(of_plain.iter().any(|line| line.starts_with(&format!("column {name} 1 "))), "{name}");
        let keys = format!("key {name} p PRIMARY KEY ({})", table.primary_key.join(", "));
        // A column whose name is a word of SQL is shown in quotes.
        assert!(of_plain.iter().any(|line| line.replace('"', "") == keys), "{keys}");
        let parts = described.iter().filter_map(|line| line.strip_prefix(&format!("part {name}_")));
        let parts = parts.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).count();
        match table.annotation {
            Some(Annotation::Sharded(key)) => {
                let hash = format!("spread {name} HASH ({key})");
                assert!(described.contains(&hash) && parts > 1, "{hash}: {parts} parts");
            }
            _ => assert_eq!(parts, 0, "{name}"),
        }
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
