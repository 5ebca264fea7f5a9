//! What the newest head stands on, changed by whoever may write every row: nothing is signed on top of it, neither by
//! the process that signed it nor by one that knows nothing but the database and the key.

use store::{
    Error, Options, Store,
    audit::{SigningKey, verify},
};

use crate::{
    audit_log::{check, tamper},
    databases::{Database, Kind, on_every_database},
    people::*,
};

on_every_database!(
    nothing_is_signed_on_what_was_changed,
    a_log_taken_back_is_noticed_by_who_knew_its_head,
    a_head_of_another_key_is_not_built_upon,
);

const TABLES: [&str; 4] = ["audit", "audit_run", "audit_integrated", "audit_tree_head"];

/// Twelve entries of three institutions under two heads.
async fn signed_log(db: &Database, key: &SigningKey) {
    for number in 0..12 {
        check(db, number % 3, &format!("{number}")).await;
        if number % 6 == 5 {
            db.store.audit_integrate_and_sign(key, NOW).await.expect("signs");
        }
    }
    for table in TABLES {
        tamper(db, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
}

async fn put_back(db: &Database) {
    for table in TABLES {
        tamper(db, &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}")).await;
    }
}

async fn another_process(db: &Database) -> Store {
    Store::open(&db.url, Options::default()).await.expect("opens")
}

const fn broken(what: &'static str) -> Error {
    Error::AuditBroken { what }
}

/// What is changed, and what signing then says.
fn changes(kind: Kind) -> Vec<(String, Error)> {
    let chain = |number: u32| format!("institution_code = '{}'", institution(number));
    let newest = |change: &str| format!("UPDATE audit_tree_head SET {change} WHERE head_number = 2");
    let without = |tables: &[&str], number: u32| {
        let delete = |table: &&str| format!("DELETE FROM {table} WHERE {};", chain(number));
        tables.iter().map(delete).collect::<String>()
    };
    let last_entry = |change: &str| format!("UPDATE audit SET {change} WHERE sequence = 4 AND {}", chain(1));
    let mut changes = vec![
        (newest("frontier = replace(replace(frontier, 'a', 'e'), '1', '2')"), broken("frontier")),
        (
            newest("frontier = (SELECT frontier FROM audit_tree_head WHERE head_number = 1)"),
            broken("frontier"),
        ),
        (newest("frontier = 'x'"), broken("frontier")),
        (newest("frontier = ''"), broken("frontier")),
        (newest("root_hash = previous_head_hash"), broken("head")),
        (newest("signature = (SELECT signature FROM audit_tree_head WHERE head_number = 1)"), broken("head")),
        (newest("signed_at = signed_at + 1"), broken("head")),
        (newest("head_number = 9000000"), broken("head")),
        (newest("root_hash = substr(root_hash, 1, 5)"), Error::Malformed { what: "root_hash" }),
        ("DELETE FROM audit_run; DELETE FROM audit_integrated".to_owned(), broken("run")),
        (without(&["audit_run", "audit_integrated"], 1), broken("mark")),
        (without(&["audit_run", "audit_integrated"], 2), broken("run")),
        // A chain without a trace, and one of which only the entries are gone.
        (without(&["audit", "audit_run", "audit_integrated"], 1), broken("mark")),
        (without(&["audit", "audit_run", "audit_integrated"], 2), broken("run")),
        (without(&["audit"], 1), broken("chain")),
        // One for nobody, and some so large that their sum does not fit.
        (
            "INSERT INTO audit_integrated (institution_code, sequence) VALUES ('zzz', 7)".to_owned(),
            broken("mark"),
        ),
        (format!("UPDATE audit_integrated SET sequence = {}", i64::MAX), broken("mark")),
        (
            last_entry("previous_hash = substr(previous_hash, 1, 5)"),
            Error::Malformed { what: "previous_hash" },
        ),
    ];
    if kind == Kind::Sqlite {
        // PostgreSQL itself takes no such text.
        changes.push((last_entry("detail = CAST(X'ff' AS TEXT)"), Error::Malformed { what: "detail" }));
    }
    changes
}

async fn nothing_is_signed_on_what_was_changed(db: Database) {
    let key = SigningKey::generate().expect("a key");
    signed_log(&db, &key).await;
    // Something to be signed, as there always is.
    check(&db, 0, "pending").await;
    tamper(&db, "DELETE FROM kept_audit; INSERT INTO kept_audit SELECT * FROM audit").await;
    for (change, said) in changes(db.kind) {
        tamper(&db, &change).await;
        for store in [&db.store, &another_process(&db).await] {
            let outcome = store.audit_integrate_and_sign(&key, NOW).await;
            assert_eq!(outcome, Err(said.clone()), "{change}");
        }
        put_back(&db).await;
    }
    let head = db.store.audit_integrate_and_sign(&key, NOW).await.expect("put back as it was");
    assert_eq!((head.head_number, head.tree_size), (3, 13));
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    let report = verify(dump.as_slice(), &key.public_key().expect("a key"), None).expect("reads");
    assert_eq!((report.entries, report.faults), (13, vec![]));
}

/// The database is then whole in itself: only what is known from elsewhere tells.
async fn a_log_taken_back_is_noticed_by_who_knew_its_head(db: Database) {
    let key = SigningKey::generate().expect("a key");
    signed_log(&db, &key).await;
    let watching = another_process(&db).await;
    watching.audit_integrate_and_sign(&key, NOW).await.expect("in order");
    let rolled_back = "DELETE FROM audit_tree_head WHERE head_number = 2; \
         DELETE FROM audit_run WHERE first_leaf >= 6; UPDATE audit_integrated SET sequence = 2; \
         DELETE FROM audit WHERE sequence > 2";
    let emptied = TABLES.map(|table| format!("DELETE FROM {table};")).concat();
    for change in [rolled_back, &emptied] {
        tamper(&db, change).await;
        for store in [&db.store, &watching] {
            let outcome = store.audit_integrate_and_sign(&key, NOW).await;
            assert_eq!(outcome, Err(broken("head")), "{change}");
        }
        put_back(&db).await;
    }
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("put back as it was");
}

async fn a_head_of_another_key_is_not_built_upon(db: Database) {
    let key = SigningKey::generate().expect("a key");
    signed_log(&db, &key).await;
    let other = SigningKey::generate().expect("a key");
    let outcome = another_process(&db).await.audit_integrate_and_sign(&other, NOW).await;
    assert_eq!(outcome, Err(broken("head")));
}
