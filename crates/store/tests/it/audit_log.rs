//! The log in the database: signed step by step, exported, and proof against whoever may change any row.

use store::{
    Options, Store,
    audit::{SigningKey, TreeHead, verify},
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    heads_follow_each_other_and_cover_everything,
    an_empty_log_has_a_head_too,
    two_processes_sign_one_chain_of_heads,
    a_changed_or_removed_row_is_found_after_export,
    entries_cannot_be_kept_out_by_saying_that_they_are_in,
    nothing_is_signed_over_books_that_were_changed,
    what_is_refused_is_audited,
    administration_is_audited,
);

pub async fn check(db: &Database, institution: u32, request: &str) {
    db.store.record_verification(verification(institution, request)).await.expect("records");
}

async fn faults(db: &Database, key: &SigningKey) -> (u64, Vec<String>) {
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    let public = key.public_key().expect("a key");
    let report = verify(dump.as_slice(), &public, None).expect("reads");
    (report.entries, report.faults.into_iter().map(|fault| fault.what).collect())
}

async fn heads_follow_each_other_and_cover_everything(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let mut previous: Option<TreeHead> = None;
    let mut total = 0;
    for round in 1..=5 {
        // More than one step of reading, in several institutions.
        for number in 0..round * 150 {
            total += 1;
            check(&db, number % 4, &format!("{total}")).await;
        }
        let head = db.store.audit_integrate_and_sign(&key, at(i64::from(round))).await.expect("signs");
        assert_eq!(head.head_number, i64::from(round));
        assert_eq!(head.tree_size, total);
        assert_eq!(db.store.audit_tree_head().await, Ok(Some(head.clone())));
        // Nothing new: the head stays.
        assert_eq!(db.store.audit_integrate_and_sign(&key, at(99)).await.as_ref(), Ok(&head));
        previous = Some(head);
        if total > 1000 {
            break;
        }
    }
    assert!(previous.is_some());
    // What came after the last head is not in its dump.
    check(&db, 1, "later").await;
    assert_eq!(faults(&db, &key).await, (total, vec![]));
}

async fn an_empty_log_has_a_head_too(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let mut nothing = Vec::new();
    assert!(db.store.audit_export(&mut nothing).await.is_err(), "nothing was signed yet");
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    assert_eq!(faults(&db, &key).await, (0, vec![]));
    check(&db, 1, "first").await;
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    assert_eq!(faults(&db, &key).await, (1, vec![]));
}

async fn two_processes_sign_one_chain_of_heads(db: Database) {
    let key = std::sync::Arc::new(SigningKey::generate().expect("a key"));
    let other = Store::open(&db.url, Options::default()).await.expect("opens");
    let mut signers = Vec::new();
    for store in [db.store.clone(), other] {
        let key = key.clone();
        signers.push(tokio::spawn(async move {
            for _ in 0..15 {
                store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
            }
        }));
    }
    for number in 0..60 {
        check(&db, number % 2, &format!("{number}")).await;
    }
    for signer in signers {
        signer.await.expect("signs");
    }
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    assert_eq!(faults(&db, &key).await, (60, vec![]));
}

/// What somebody does who may write every row.
pub async fn tamper(db: &Database, sql: &str) {
    if let Some(path) = db.url.strip_prefix("sqlite:") {
        rusqlite::Connection::open(path).expect("opens").execute_batch(sql).expect("tampers");
        return;
    }
    let (client, connection) =
        tokio_postgres::connect(&db.url, tokio_postgres::NoTls).await.expect("connects");
    tokio::spawn(connection);
    client.batch_execute(sql).await.expect("tampers");
}

async fn a_changed_or_removed_row_is_found_after_export(db: Database) {
    let key = SigningKey::generate().expect("a key");
    for number in 0..30 {
        check(&db, number % 3, &format!("{number}")).await;
    }
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    assert_eq!(faults(&db, &key).await, (30, vec![]));
    let place = format!("institution_code = '{}' AND sequence = 4", institution(1));
    tamper(&db, &format!("UPDATE audit SET outcome = 'nothing happened' WHERE {place}")).await;
    assert!(!faults(&db, &key).await.1.is_empty(), "a changed row");
    tamper(&db, &format!("UPDATE audit SET outcome = 'valid' WHERE {place}")).await;
    assert_eq!(faults(&db, &key).await, (30, vec![]), "put back as it was");
    // The newest entry of a chain has no follower: only the signed head tells.
    let last = format!("institution_code = '{}' AND sequence = 10", institution(2));
    tamper(&db, &format!("DELETE FROM audit WHERE {last}")).await;
    assert!(!faults(&db, &key).await.1.is_empty(), "a removed row");
}

async fn entries_cannot_be_kept_out_by_saying_that_they_are_in(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let exported = async || db.store.audit_export(&mut Vec::new()).await.map(drop);
    let signed = async || db.store.audit_integrate_and_sign(&key, NOW).await.map(drop);
    for by in [1, 1_000_000] {
        check(&db, 1, &format!("{by} in")).await;
        let head = db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
        check(&db, 1, &format!("{by} out")).await;
        let mark = |by: i64| format!("UPDATE audit_integrated SET sequence = sequence + {by}");
        tamper(&db, &mark(by)).await;
        assert_eq!(signed().await, broken("mark"), "moved on by {by}");
        assert_eq!(exported().await, broken("mark"), "moved on by {by}");
        // Nor does it help to make the tree's own book agree.
        let last = head.tree_size - 1;
        let run =
            |by: i64| format!("UPDATE audit_run SET entries = entries + {by} WHERE first_leaf = {last}");
        tamper(&db, &run(by)).await;
        assert_eq!(signed().await, broken("run"), "stretched by {by}");
        assert_eq!(exported().await, broken("run"), "stretched by {by}");
        tamper(&db, &format!("{}; {}", run(-by), mark(-by))).await;
        db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
        assert_eq!(faults(&db, &key).await.1, [""; 0], "put back as it was");
    }
}

/// What signing and exporting say of a log that was changed.
fn broken(what: &'static str) -> Result<(), store::Error> {
    Err(store::Error::AuditBroken { what })
}

/// What is done, what undoes it, and what is then said to be broken.
type Change = (String, String, &'static str);

/// Each institution has four entries in, in two runs of two; the first has two more pending.
fn changed_books() -> Vec<Change> {
    let (own, last) = (institution(0), "first_leaf = 4");
    let here = format!("institution_code = '{own}'");
    let renamed = |table: &str| {
        let there = format!("UPDATE {table} SET institution_code = 'x' WHERE {here}");
        (there, format!("UPDATE {table} SET institution_code = '{own}' WHERE institution_code = 'x'"), "mark")
    };
    let mark = |to: i64| format!("UPDATE audit_integrated SET sequence = {to} WHERE {here}");
    let run = |entries: i64, by: i64| {
        format!(
            "UPDATE audit_run SET entries = {entries}, first_sequence = first_sequence + {by} WHERE {last}"
        )
    };
    vec![
        (mark(3), mark(4), "mark"),
        renamed("audit_integrated"),
        renamed("audit_run"),
        // A gap and an overlap between runs.
        (run(1, 1), run(2, -1), "run"),
        (run(3, -1), run(2, 1), "run"),
        // A run for the pending entries that no head covers.
        (
            format!(
                "INSERT INTO audit_run (first_leaf, institution_code, first_sequence, entries) \
                 VALUES (8, '{own}', 5, 2); {}",
                mark(6)
            ),
            format!("DELETE FROM audit_run WHERE first_leaf = 8; {}", mark(4)),
            "run",
        ),
    ]
}

fn changed_entries() -> Vec<Change> {
    let moved = |number: u32, from: i64, to: i64| {
        let there = format!("institution_code = '{}' AND sequence = {from}", institution(number));
        format!("UPDATE audit SET sequence = {to} WHERE {there}")
    };
    let acted = |sequence: i64, actor: &str| {
        let there = format!("institution_code = '{}' AND sequence = {sequence}", institution(0));
        format!("UPDATE audit SET actor = '{actor}' WHERE {there}")
    };
    let actor = event("").actor;
    vec![
        // A pending entry taken away, or changed after its follower was written.
        (moved(0, 5, 50), moved(0, 50, 5), "sequence"),
        (acted(5, "nobody"), acted(5, &actor), "chain"),
        // The last one that is in.
        (moved(1, 4, 50), moved(1, 50, 4), "sequence"),
        (acted(4, "nobody"), acted(4, &actor), "chain"),
    ]
}

async fn nothing_is_signed_over_books_that_were_changed(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let signed = async || db.store.audit_integrate_and_sign(&key, NOW).await.map(drop);
    for number in 0..8 {
        check(&db, number % 2, &format!("{number}")).await;
        if number % 4 == 3 {
            signed().await.expect("signs");
        }
    }
    check(&db, 0, "pending 0").await;
    check(&db, 0, "pending 1").await;
    for (done, undone, said) in [changed_books(), changed_entries()].concat() {
        tamper(&db, &done).await;
        assert_eq!(signed().await, broken(said), "{done}");
        tamper(&db, &undone).await;
    }
    signed().await.expect("put back as it was");
    assert_eq!(faults(&db, &key).await, (10, vec![]));
}

async fn what_is_refused_is_audited(db: Database) {
    let key = SigningKey::generate().expect("a key");
    check(&db, 1, "a").await;
    let mut other = verification(1, "a");
    other.question_digest = [9; 32];
    db.store.record_verification(other).await.expect("answers");
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    let dump = String::from_utf8(dump).expect("text");
    assert!(dump.contains("\"object\":\"request:a\",\"outcome\":\"denied:request-id-reused\""), "{dump}");
    assert!(dump.contains("\"actor\":\"terminal:受付\\\"1\\\"\""), "{dump}");
}

async fn administration_is_audited(db: Database) {
    let key = SigningKey::generate().expect("a key");
    let certificate = store::TerminalCertificate {
        institution_code: institution(1),
        fingerprint: "00".repeat(32),
        terminal_name: "1".to_owned(),
        not_after: at(1),
        revoked_at: None,
        changed_at: NOW,
    };
    db.store.register_terminal_certificate(certificate.clone()).await.expect("registers");
    db.store.register_terminal_certificate(certificate.clone()).await.expect("registers");
    let revoke =
        || db.store.revoke_terminal_certificate(&certificate.institution_code, &certificate.fingerprint, NOW);
    revoke().await.expect("revokes");
    revoke().await.expect("revokes");
    import(&db.store, 1, rows([coverage(1)]), NOW).await.expect("imports");
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    assert_eq!(faults(&db, &key).await, (3, vec![]));
}
