//! SQLite's two files: what a crash between their commits leaves, and that they belong together.

use eligibility::coverage::Coverage;
use store::{CardLookup, Error, Options, Store, import::CHUNK_ROWS};

use crate::{
    databases::{Database, Kind},
    people::*,
};

/// Runs SQL in the main file, past the store: what is left there when its last commits were lost.
fn in_main(db: &Database, sql: &str) {
    let path = db.url.strip_prefix("sqlite:").expect("a path");
    rusqlite::Connection::open(path).expect("opens").execute_batch(sql).expect("runs");
}

/// A row of the people's file.
fn count(db: &Database, what: &str) -> i64 {
    let path = db.url.strip_prefix("sqlite:").expect("a path").replace(".db", "-people.db");
    let connection = rusqlite::Connection::open(path).expect("opens");
    connection.query_row(&format!("SELECT COUNT(*) FROM {what}"), [], |row| row.get(0)).expect("counts")
}

async fn now(store: &Store, numbers: std::ops::RangeInclusive<u32>) -> Vec<Vec<Coverage>> {
    let mut found = vec![];
    for number in numbers {
        found.push(store.coverages_of(&person_key(number)).await.expect("reads"));
    }
    found
}

fn moved(number: u32) -> Coverage {
    let mut moved = coverage(number);
    moved.person.address = Some("大阪府大阪市北区中之島１丁目".to_owned());
    moved
}

/// Half of the people moved, a third is gone.
fn second_file() -> Vec<Coverage> {
    let persons = 1..=2 * CHUNK_ROWS as u32;
    persons.filter(|n| n % 3 != 0).map(|n| if n % 2 == 0 { moved(n) } else { coverage(n) }).collect()
}

/// Every commit of an import into the people's file is followed by one into the main file: the note of the chunk,
/// and at the end the swap. Each of them is lost here, with the people's rows in place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_cut_between_two_commits_is_unseen_and_repeatable() {
    let db = Kind::Sqlite.open().await;
    import(&db.store, 1, rows((1..=60).map(coverage)), at(1)).await.expect("imports");
    let before = now(&db.store, 1..=60).await;
    let audited = "SELECT COUNT(*) FROM audit WHERE action = 'import.finish'";
    in_main(&db, "CREATE TABLE kept_audit AS SELECT * FROM audit");
    let length = second_file().len();
    let receipt = import(&db.store, 2, rows(second_file()), at(2)).await.expect("imports");
    let after = now(&db.store, 1..=60).await;
    assert_ne!(after, before);
    let versions = (count(&db, "coverage"), count(&db, "coverage_by_number"));
    for staged in [0, CHUNK_ROWS, length] {
        // The swap is lost, and of the notes the last, or all.
        in_main(
            &db,
            &format!(
                "UPDATE import_run SET state = 'staging', finished_at = NULL, rows_staged = {staged} \
                 WHERE import_number = 2; \
                 UPDATE insurer SET current_import = 1; \
                 DELETE FROM audit; INSERT INTO audit SELECT * FROM kept_audit"
            ),
        );
        // A new process: nothing is remembered.
        let store = Store::open(&db.url, Options::default()).await.expect("opens");
        assert_eq!(now(&store, 1..=60).await, before, "{staged} rows noted");
        let again = import(&store, 2, rows(second_file()), at(3)).await.expect("imports again");
        assert_eq!((again.import_number, again.already_applied), (receipt.import_number, false));
        assert_eq!(now(&store, 1..=60).await, after, "{staged} rows noted");
        // The rows that were there are not there twice.
        assert_eq!((count(&db, "coverage"), count(&db, "coverage_by_number")), versions);
    }
    let path = db.url.strip_prefix("sqlite:").expect("a path");
    let connection = rusqlite::Connection::open(path).expect("opens");
    let entries: i64 = connection.query_row(audited, [], |row| row.get(0)).expect("counts");
    assert_eq!(entries, 2, "each file is in force, and in the log, once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_cut_between_two_commits_are_loaded_again() {
    let db = Kind::Sqlite.open().await;
    import(&db.store, 1, rows([coverage(1), coverage(2)]), at(1)).await.expect("imports");
    let first = import_cards(&db.store, 1, vec![card(1), card(2)]).await.expect("loads");
    in_main(
        &db,
        "UPDATE import_run SET state = 'staging', finished_at = NULL, rows_staged = 0 WHERE source = 'cards'",
    );
    let store = Store::open(&db.url, Options::default()).await.expect("opens");
    let again = import_cards(&store, 1, vec![card(1), card(2)]).await.expect("loads again");
    assert_eq!((again.import_number, again.rows), (first.import_number, 2));
    assert_eq!(count(&db, "card_version"), 2);
    let found = store.coverage_of_card(&card_of(2)).await.expect("reads");
    assert!(matches!(found, CardLookup::Person { .. }), "{found:?}");
}

/// One file of another backup, or none, would be an answer about nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_without_the_other_is_refused() {
    for lost in ["test.db", "test-people.db"] {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, Options::default()).await.expect("opens");
        store.migrate().await.expect("migrates");
        import(&store, 1, rows([coverage(1)]), at(1)).await.expect("imports");
        drop(store);
        for file in [lost.to_owned(), format!("{lost}-wal"), format!("{lost}-shm")] {
            let _ = std::fs::remove_file(folder.path().join(file));
        }
        let Err(Error::Open(why)) = Store::open(&url, Options::default()).await else {
            panic!("opened without {lost}");
        };
        assert!(why.contains(lost) && why.contains("backup"), "{why}");
        assert!(!folder.path().join(lost).exists(), "nothing is made in its place");
    }
}
