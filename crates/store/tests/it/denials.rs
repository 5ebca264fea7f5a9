//! Refused attempts: the first are written, the rest counted, and no count is lost.

use store::{ACTION_DENIALS_COUNTED, DENIAL_WINDOW_MS, DENIALS_WRITTEN, Denial, Store, audit::SigningKey};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    the_first_are_written_and_the_rest_is_told_in_one_entry,
    attempts_made_at_once_are_all_counted,
    sources_and_outcomes_are_counted_apart,
    what_was_counted_outlives_the_process,
    questions_held_back_are_counted_too,
);

/// Milliseconds, as those `at` counts.
const WINDOW: i64 = DENIAL_WINDOW_MS;

fn denial(source: &str, outcome: &str, ms: i64) -> Denial {
    let audit = event(outcome);
    Denial { institution_code: institution(1), source: source.to_owned(), audit, recorded_at: at(ms) }
}

async fn deny(store: &Store, source: &str, outcome: &str, ms: i64) {
    store.record_denied(denial(source, outcome, ms)).await.expect("records");
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Entry {
    pub(crate) actor: String,
    pub(crate) action: String,
    object: String,
    outcome: String,
    detail: String,
}

/// The log's entries, whose chains are whole.
pub(crate) async fn entries(store: &Store) -> Vec<Entry> {
    let key = SigningKey::generate().expect("a key");
    store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    let mut dump = Vec::new();
    store.audit_export(&mut dump).await.expect("exports");
    let report =
        store::audit::verify(dump.as_slice(), &key.public_key().expect("a key"), None).expect("reads");
    assert_eq!(report.faults, []);
    let text = String::from_utf8(dump).expect("text");
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// How many attempts the log tells of, whether one by one or counted.
fn told(entries: &[Entry]) -> i64 {
    let more = |entry: &Entry| {
        let count = entry.detail.strip_prefix("more=").and_then(|rest| rest.split(' ').next());
        if entry.action == ACTION_DENIALS_COUNTED {
            count.expect("a count").parse().expect("a number")
        } else {
            1
        }
    };
    entries.iter().map(more).sum()
}

async fn the_first_are_written_and_the_rest_is_told_in_one_entry(db: Database) {
    let attempts = DENIALS_WRITTEN + 30;
    for number in 0..attempts {
        deny(&db.store, "certificate:aa", "denied:revoked", number).await;
    }
    assert_eq!(db.store.close_denials(at(WINDOW - 1), 100).await, Ok(0), "the window is not over");
    assert_eq!(db.store.close_denials(at(WINDOW), 100).await, Ok(1));
    assert_eq!(db.store.close_denials(at(WINDOW), 100).await, Ok(0), "told once");
    let entries = entries(&db.store).await;
    assert_eq!(entries.len() as i64, DENIALS_WRITTEN + 1);
    assert_eq!(told(&entries), attempts);
    let last = entries.last().expect("an entry");
    assert_eq!((last.object.as_str(), last.outcome.as_str()), ("certificate:aa", "denied:revoked"));
    let (from, until) = (at(0).0, at(attempts - 1).0);
    assert_eq!(last.detail, format!("more=30 from={from} until={until}"));
}

async fn attempts_made_at_once_are_all_counted(db: Database) {
    let other = Store::open(&db.url, store::Options::default()).await.expect("opens");
    let mut attempts = Vec::new();
    for number in 0..200 {
        let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
        attempts.push(tokio::spawn(async move { deny(&store, "certificate:aa", "denied:revoked", 1).await }));
    }
    for attempt in attempts {
        attempt.await.expect("records");
    }
    // The next attempt in a later window tells of those before it.
    deny(&db.store, "certificate:aa", "denied:revoked", WINDOW + 1).await;
    let entries = entries(&db.store).await;
    assert_eq!((entries.len() as i64, told(&entries)), (DENIALS_WRITTEN + 2, 201));
}

async fn sources_and_outcomes_are_counted_apart(db: Database) {
    for number in 0..DENIALS_WRITTEN + 5 {
        deny(&db.store, "certificate:aa", "denied:revoked", number).await;
    }
    deny(&db.store, "certificate:aa", "denied:signature", 1).await;
    deny(&db.store, "certificate:bb", "denied:revoked", 1).await;
    let entries = entries(&db.store).await;
    assert_eq!(entries.len() as i64, DENIALS_WRITTEN + 2, "a flood hides nothing else");
}

async fn what_was_counted_outlives_the_process(db: Database) {
    for number in 0..DENIALS_WRITTEN + 5 {
        deny(&db.store, "certificate:aa", "denied:revoked", number).await;
    }
    let next = Store::open(&db.url, store::Options::default()).await.expect("opens");
    assert_eq!(next.close_denials(at(WINDOW), 100).await, Ok(1));
    assert_eq!(told(&entries(&next).await), DENIALS_WRITTEN + 5);
}

async fn questions_held_back_are_counted_too(db: Database) {
    db.store.record_verification(verification(1, "a")).await.expect("records");
    for number in 0..DENIALS_WRITTEN + 7 {
        let mut other = verification(1, "a");
        (other.question_digest, other.recorded_at) = ([9; 32], at(number));
        let answer = db.store.record_verification(other).await.expect("answers");
        assert_eq!(answer, store::Recorded::Conflict);
    }
    db.store.close_denials(at(WINDOW), 100).await.expect("closes");
    let entries = entries(&db.store).await;
    assert_eq!((entries.len() as i64, told(&entries)), (DENIALS_WRITTEN + 2, DENIALS_WRITTEN + 8));
}
