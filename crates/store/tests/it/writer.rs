//! The group-commit writer: jobs share a transaction, not each other's fate.

use futures_util::FutureExt;
use store::{Error, Options, Recorded, Store};

use crate::{
    databases::{Database, Kind, on_every_database},
    people::*,
};

on_every_database!(a_failing_job_does_not_poison_its_group, two_processes_append_to_one_chain);

async fn a_failing_job_does_not_poison_its_group(db: Database) {
    let jobs: Vec<_> = (0..300)
        .map(|number| {
            let store = db.store.clone();
            let mut job = verification(number % 3, &format!("{number}"));
            if number % 50 == 7 {
                // An entry beyond its limit fails in the middle of the transaction.
                job.audit.detail = "x".repeat(100_000);
            }
            tokio::spawn(async move { (number, store.record_verification(job).await) })
        })
        .collect();
    for job in jobs {
        let (number, outcome) = job.await.expect("runs");
        match outcome {
            Err(Error::Refused { .. }) => assert_eq!(number % 50, 7),
            outcome => assert_eq!(outcome, Ok(Recorded::Fresh), "job {number}"),
        }
    }
    let counters = db.store.counters();
    assert_eq!(counters.writes, 294);
    assert!(counters.regrouped > 0, "a failing job shared its group: {counters:?}");
    // What failed left nothing behind.
    assert_eq!(db.store.record_verification(verification(1, "7")).await, Ok(Recorded::Fresh));
    audit_is_whole(&db.store, 295).await;
}

async fn two_processes_append_to_one_chain(db: Database) {
    let other = Store::open(&db.url, Options::default()).await.expect("opens");
    let jobs: Vec<_> = (0..200)
        .map(|number| {
            let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
            let job = verification(1 + number % 2 / 2, &format!("{number}"));
            tokio::spawn(async move { store.record_verification(job).await })
        })
        .collect();
    for job in jobs {
        assert_eq!(job.await.expect("runs"), Ok(Recorded::Fresh));
    }
    audit_is_whole(&other, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_wait_share_one_commit() {
    let db = Kind::Sqlite.open().await;
    let blocker = rusqlite::Connection::open(db.url.strip_prefix("sqlite:").expect("a path")).expect("opens");
    blocker.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let mut jobs: Vec<_> = (0..60)
        .map(|number| Box::pin(db.store.record_verification(verification(1, &format!("{number}")))))
        .collect();
    // Polled once, a job stands in the queue: all do before the lock goes, however slow the machine is.
    for job in &mut jobs {
        assert_eq!(job.now_or_never(), None, "nothing is committed while another holds the lock");
    }
    blocker.execute_batch("COMMIT").expect("unlocks");
    for job in jobs {
        assert_eq!(job.await, Ok(Recorded::Fresh));
    }
    // Those the writer took up before it found the lock, and the rest.
    let counters = db.store.counters();
    assert!((1..=2).contains(&counters.write_groups), "60 jobs took {} commits", counters.write_groups);
    assert_eq!(counters.writes, 60);
}

/// Signs, exports and verifies: the chains have no gap and `entries` in all.
pub async fn audit_is_whole(store: &Store, entries: u64) {
    let key = store::audit::SigningKey::generate().expect("a key");
    store.audit_integrate_and_sign(&key, at(1)).await.expect("signs");
    let mut dump = Vec::new();
    store.audit_export(&mut dump).await.expect("exports");
    let public = key.public_key().expect("a key");
    let report = store::audit::verify(dump.as_slice(), &public, None).expect("reads");
    assert_eq!(report.faults, []);
    assert_eq!(report.entries, entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_instead_of_growing() {
    let db = Kind::Sqlite.open().await;
    let options = Options { write_queue_limit: 4, read_queue_limit: 4, ..Options::default() };
    let store = Store::open(&db.url, options).await.expect("opens");
    // Another process holds the write lock, so the queue can only fill.
    let path = db.url.strip_prefix("sqlite:").expect("a path");
    let blocker = rusqlite::Connection::open(path).expect("opens");
    blocker.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let jobs: Vec<_> = (0..100)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(
                async move { store.record_verification(verification(1, &format!("{number}"))).await },
            )
        })
        .collect();
    while store.counters().overloads == 0 {
        tokio::task::yield_now().await;
    }
    blocker.execute_batch("COMMIT").expect("unlocks");
    let (mut done, mut refused) = (0, 0);
    for job in jobs {
        match job.await.expect("runs") {
            Ok(_) => done += 1,
            Err(Error::Overloaded { limit: 4 }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(done >= 4 && refused > 0 && done + refused == 100, "{done} done, {refused} refused");
}

#[tokio::test]
async fn a_lock_that_stays_ends_in_busy() {
    let db = Kind::Sqlite.open().await;
    let options = Options { busy_timeout_ms: 1, ..Options::default() };
    let store = Store::open(&db.url, options).await.expect("opens");
    let blocker = rusqlite::Connection::open(db.url.strip_prefix("sqlite:").expect("a path")).expect("opens");
    blocker.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let outcome = store.record_verification(verification(1, "a")).await;
    assert!(matches!(outcome, Err(Error::Busy { .. })), "{outcome:?}");
    blocker.execute_batch("COMMIT").expect("unlocks");
    assert_eq!(store.record_verification(verification(1, "a")).await, Ok(Recorded::Fresh));
}

#[tokio::test]
async fn unusable_urls_are_refused() {
    for url in
        ["mysql://x", "sqlite:/nonexistent-folder/x.db", "postgres:///x?host=/nonexistent-folder&user=x"]
    {
        let outcome = Store::open(url, Options::default()).await;
        assert!(matches!(outcome, Err(Error::Open(_))), "{url}");
    }
}

/// Counts how often the write-ahead log began anew: the fourth number of its header.
fn log_generation(log: &std::path::Path) -> u32 {
    let mut header = [0; 32];
    let mut file = std::fs::File::open(log).expect("the log is there while the store is open");
    std::io::Read::read_exact(&mut file, &mut header).expect("a header");
    u32::from_be_bytes([header[12], header[13], header[14], header[15]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_begins_anew_while_writing_goes_on() {
    /// Far more than the length at which it is to begin anew, far less than what SQLite would do by itself.
    const LOG_BYTES_MAX: u64 = 160 << 20;
    let db = Kind::Sqlite.open().await;
    let log = std::path::PathBuf::from(format!("{}-wal", db.url.strip_prefix("sqlite:").expect("a path")));
    let mut number = 0_u32;
    let mut first = None;
    loop {
        let jobs: Vec<_> = (number..number + 32)
            .map(|number| {
                let mut job = verification(1, &format!("{number}"));
                job.answer = vec![b'x'; 16 * 1024];
                let store = db.store.clone();
                tokio::spawn(async move { store.record_verification(job).await })
            })
            .collect();
        for job in jobs {
            assert_eq!(job.await.expect("runs"), Ok(Recorded::Fresh));
        }
        number += 32;
        let generation = log_generation(&log);
        if generation > *first.get_or_insert(generation) {
            break;
        }
        let length = std::fs::metadata(&log).expect("the log").len();
        assert!(length < LOG_BYTES_MAX, "{length} bytes in the log, and it never began anew");
    }
    audit_is_whole(&db.store, u64::from(number)).await;
}
