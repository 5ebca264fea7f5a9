//! Files of card certificates: each counts whole or not at all, and a changed holder is on the record.

use std::collections::BTreeMap;

use store::{
    CardLookup, Error,
    audit::SigningKey,
    import::{Card, RowFault},
};

use crate::{
    audit_log::tamper,
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    a_refused_file_leaves_every_card_as_it_was,
    a_killed_file_leaves_every_card_as_it_was_until_it_goes_on,
    a_changed_holder_is_on_the_record_once_and_without_data,
    a_file_that_names_a_card_twice_is_refused_whole,
    what_was_written_before_there_were_versions_counts_until_a_file_says_otherwise,
);

/// More than one transaction of rows.
const MANY: u32 = 8_100;

/// Many new cards, among them the first one, which leads to somebody else now and is not registered any more.
fn changed_file() -> Vec<Card> {
    let mut cards: Vec<Card> = (1..=MANY).map(card).collect();
    cards[0].person_key = person_key(7);
    cards[1].registered = false;
    cards
}

async fn lookups(db: &Database) -> Vec<CardLookup> {
    let mut found = Vec::new();
    for number in [1, 2, 3, MANY - 1] {
        found.push(db.store.coverage_of_card(&card_of(number)).await.expect("reads"));
    }
    found
}

fn person(number: u32) -> CardLookup {
    CardLookup::Person { person_key: person_key(number), coverages: vec![] }
}

/// How often the audit log has each action, with the lines of changed holders.
async fn audited(db: &Database) -> (BTreeMap<String, usize>, Vec<String>) {
    let key = SigningKey::generate().expect("a key");
    db.store.audit_integrate_and_sign(&key, NOW).await.expect("signs");
    let mut dump = Vec::new();
    db.store.audit_export(&mut dump).await.expect("exports");
    let dump = String::from_utf8(dump).expect("UTF-8");
    let (mut actions, mut holders) = (BTreeMap::new(), Vec::new());
    for line in dump.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let Some(action) = entry["action"].as_str() else { continue };
        let outcome = entry["outcome"].as_str().expect("an outcome");
        *actions.entry(format!("{action} {outcome}")).or_default() += 1;
        if action == "import.card-holder" {
            holders.push(line.to_owned());
        }
    }
    (actions, holders)
}

async fn a_refused_file_leaves_every_card_as_it_was(db: Database) {
    import_cards(&db.store, 1, vec![card(1), card(2)]).await.expect("imports");
    let before = lookups(&db).await;
    assert_eq!(before, [person(1), person(2), CardLookup::Unknown, CardLookup::Unknown]);
    let fault = RowFault { row: u64::from(MANY) + 1, reason: "serial is empty".to_owned() };
    let faulty = changed_file().into_iter().map(Ok).chain([Err(fault)]);
    let refused = db.store.import_cards([9; 32], faulty, || NOW, |_| ()).await;
    assert!(matches!(refused, Err(Error::ImportRefused { .. })), "{refused:?}");
    assert_eq!(lookups(&db).await, before, "nothing of the file");
    // Nor does a later file bring it back.
    import_cards(&db.store, 2, vec![card(MANY)]).await.expect("imports");
    assert_eq!(lookups(&db).await, before);
    import_cards(&db.store, 9, changed_file()).await.expect("the corrected form of the same");
    assert_eq!(lookups(&db).await, [person(7), CardLookup::Unregistered, person(3), person(MANY - 1)]);
}

async fn a_killed_file_leaves_every_card_as_it_was_until_it_goes_on(db: Database) {
    import_cards(&db.store, 1, vec![card(1), card(2)]).await.expect("imports");
    let before = lookups(&db).await;
    let store = db.store.clone();
    let killed = tokio::spawn(async move {
        let rows = changed_file().into_iter().enumerate().map(|(at, card)| {
            assert!(at < MANY as usize - 10, "the process ends here");
            Ok(card)
        });
        store.import_cards([2; 32], rows, || NOW, |_| ()).await
    });
    assert!(killed.await.is_err());
    assert_eq!(lookups(&db).await, before, "a transaction is there, and nobody sees it");
    let mut staged = Vec::new();
    let rows = changed_file().into_iter().map(Ok);
    let receipt =
        db.store.import_cards([2; 32], rows, || NOW, |rows| staged.push(rows)).await.expect("goes on");
    assert_eq!((receipt.import_number, receipt.rows), (2, u64::from(MANY)));
    assert_eq!(staged, [u64::from(MANY)], "what was there is not staged again");
    assert_eq!(lookups(&db).await, [person(7), CardLookup::Unregistered, person(3), person(MANY - 1)]);
    let (actions, _) = audited(&db).await;
    assert_eq!(actions["import.card-holder staged"], 1, "{actions:?}");
    assert_eq!(actions["import.finish applied"], 2, "{actions:?}");
}

async fn a_changed_holder_is_on_the_record_once_and_without_data(db: Database) {
    import_cards(&db.store, 1, vec![card(1), card(2)]).await.expect("imports");
    import_cards(&db.store, 2, changed_file()).await.expect("imports");
    import_cards(&db.store, 3, vec![card(2)]).await.expect("registered again: the same holder");
    let (actions, holders) = audited(&db).await;
    assert_eq!(actions["import.card-holder staged"], 1, "{actions:?}");
    let line = &holders[0];
    assert!(line.contains(&format!("person:{} to person:{}", person_key(1).0, person_key(7).0)), "{line}");
    assert!(line.contains("import 2:") && line.contains("card:"), "{line}");
    assert!(!line.contains(&card_of(1).issuer), "{line}");
}

async fn a_file_that_names_a_card_twice_is_refused_whole(db: Database) {
    import_cards(&db.store, 1, vec![card(1), card(2)]).await.expect("imports");
    let before = lookups(&db).await;
    let elsewhere = |number| Card { person_key: person_key(7), ..card(number) };
    let many = || (10..10 + MANY).map(card);
    // In one transaction, in two, as it was before and otherwise, and the very same line.
    let files = [
        vec![card(3), elsewhere(3)],
        many().chain([elsewhere(10)]).collect(),
        vec![elsewhere(1), card(1)],
        vec![card(1), elsewhere(1)],
        vec![card(3), card(3)],
    ];
    for (content, file) in (10..).zip(files) {
        let last = file.len();
        let refused = import_cards(&db.store, content, file).await;
        let Err(Error::ImportRefused { faults: 1, first }) = refused else {
            panic!("{content}: {refused:?}")
        };
        assert!(first.starts_with(&format!("row {last}: certificate named twice: row 1 ")), "{first}");
        assert_eq!(lookups(&db).await, before, "nothing of file {content}");
    }
    // The serial number of another authority is another card.
    let other = card_of(3);
    let other = eligibility::card_certificate::CardCertificateId { issuer: "0a".to_owned(), ..other };
    let other = Card { certificate: other, ..elsewhere(3) };
    import_cards(&db.store, 30, vec![card(3), other]).await.expect("imports");
    assert_eq!(lookups(&db).await[2], person(3));
}

/// By hand, as no function of ours writes there any more.
async fn in_people(db: &Database, sql: &str) {
    if let Some(path) = db.url.strip_prefix("sqlite:") {
        let people = path.replace("test.db", "test-people.db");
        rusqlite::Connection::open(people).expect("opens").execute_batch(sql).expect("writes");
    } else {
        tamper(db, sql).await;
    }
}

async fn what_was_written_before_there_were_versions_counts_until_a_file_says_otherwise(db: Database) {
    let issuer = card_of(1).issuer;
    for number in [1, 2] {
        let (serial, person) = (card_of(number).serial, person_key(number).0);
        let row = format!("'{serial}', '{issuer}', '{person}', TRUE");
        let columns = "serial, issuer, person_key, registered";
        in_people(&db, &format!("INSERT INTO card_by_serial ({columns}) VALUES ({row})")).await;
    }
    assert_eq!(lookups(&db).await[..2], [person(1), person(2)]);
    import_cards(&db.store, 1, vec![Card { person_key: person_key(5), ..card(1) }]).await.expect("imports");
    assert_eq!(lookups(&db).await[..2], [person(5), person(2)]);
    let (actions, _) = audited(&db).await;
    assert_eq!(actions["import.card-holder staged"], 1, "{actions:?}");
}
