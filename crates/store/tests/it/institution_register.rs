//! 医療機関マスタ: added by one person, changed and taken out of use by two.

use eligibility::{
    application::{Actor, FindingCode},
    institution_entry::InstitutionEntry,
    line::{AddressPrefix, CircuitKind, CustomerId},
};
use store::{
    Decision, InstitutionAsked, InstitutionDecided, InstitutionWish, LineRegistration, NewLine, Store,
};

use crate::{
    applications::{clinic, decide, done, ended, issued, reviewer, submitted, use_start},
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(
    an_institution_is_added_once_and_found_again,
    a_change_takes_two_people,
    what_is_out_of_use_is_let_in_nowhere,
    many_who_agree_at_once_change_it_once,
);

fn entry(number: u32, name: &str) -> InstitutionEntry {
    InstitutionEntry {
        code: institution(number),
        name: name.to_owned(),
        postal_code: "1000013".to_owned(),
        first_line: "東京都千代田区霞が関1-2-3".to_owned(),
        second_line: None,
        phone: "03-0000-0000".to_owned(),
    }
}

async fn added(store: &Store, number: u32, name: &str) {
    assert_eq!(store.add_institution(entry(number, name), "operator:sato", at(1)).await, Ok(true));
}

async fn found(store: &Store, find: &str, after: Option<u32>, limit: u32) -> Vec<String> {
    let after = after.map(institution);
    let all = store.institution_entries(find, after.as_ref(), limit).await.expect("reads");
    all.into_iter().map(|one| one.name).collect()
}

async fn an_institution_is_added_once_and_found_again(db: Database) {
    let store = &db.store;
    added(store, 1, "葛\u{E0100}城みなと薬局").await;
    added(store, 2, "100%_架空！病院").await;
    added(store, 3, "みなと歯科").await;
    let again = store.add_institution(entry(1, "別の名前"), "operator:sato", at(2)).await;
    assert_eq!(again, Ok(false), "the code is there");
    let (one, waiting) = store.institution_entry(&institution(1)).await.expect("reads").expect("there");
    assert_eq!((&*one.name, one.phone.as_deref()), ("葛\u{E0100}城みなと薬局", Some("03-0000-0000")));
    assert_eq!(one.address.expect("an address").postal_code, "1000013");
    assert_eq!((one.changed_by.as_deref(), one.closed_at, waiting), (Some("operator:sato"), None, None));
    assert_eq!(store.institution_entry(&institution(9)).await, Ok(None));
    assert_eq!(found(store, "みなと", None, 9).await, ["葛\u{E0100}城みなと薬局", "みなと歯科"]);
    assert_eq!(found(store, "みなと", None, 1).await, ["葛\u{E0100}城みなと薬局"]);
    assert_eq!(found(store, "みなと", Some(1), 1).await, ["みなと歯科"]);
    assert_eq!(found(store, institution(2).as_str(), None, 9).await, ["100%_架空！病院"]);
    for literal in ["%_架空", "100%", "_"] {
        assert_eq!(found(store, literal, None, 9).await, ["100%_架空！病院"], "{literal}");
    }
    assert_eq!(found(store, "", None, 9).await.len(), 3);
    let entries = crate::denials::entries(store).await;
    let adds = entries.iter().filter(|one| one.action == "institution.add");
    assert_eq!(adds.filter(|one| one.actor == "operator:sato").count(), 3);
}

async fn ask(store: &Store, wanted: InstitutionWish, by: Actor, ms: i64) -> InstitutionAsked {
    store.ask_institution_wish(&institution(1), wanted, by, at(ms)).await.expect("writes")
}

async fn agree(store: &Store, asked_ms: i64, agrees: bool, by: Actor) -> InstitutionDecided {
    let which = (&institution(1), at(asked_ms));
    store.decide_institution_wish(which, agrees, by, at(100)).await.expect("writes")
}

async fn a_change_takes_two_people(db: Database) {
    let store = &db.store;
    added(store, 1, "みなと薬局").await;
    let moved =
        InstitutionEntry { first_line: "東京都港区架空1-1".to_owned(), ..entry(1, "みなと薬局") };
    let wanted = || InstitutionWish::Change(moved.clone());
    assert_eq!(ask(store, wanted(), clinic(1), 5).await, InstitutionAsked::Unknown, "not of the operator");
    let other_code = InstitutionWish::Change(entry(2, "みなと薬局"));
    assert_eq!(ask(store, other_code, reviewer("sato"), 5).await, InstitutionAsked::Unknown);
    assert_eq!(ask(store, wanted(), reviewer("sato"), 10).await, InstitutionAsked::Waiting);
    assert_eq!(ask(store, wanted(), reviewer("tanaka"), 11).await, InstitutionAsked::AnotherWaits);
    let waits = store.institution_wishes().await.expect("reads");
    assert_eq!((waits.len(), &waits[0].wanted, &*waits[0].by), (1, &wanted(), "sato"));
    let mut twin = reviewer("sato");
    twin.account = "sato-2".to_owned();
    for same in [reviewer("sato"), twin] {
        assert_eq!(agree(store, 10, true, same).await, InstitutionDecided::SamePerson);
    }
    assert_eq!(agree(store, 10, true, clinic(1)).await, InstitutionDecided::Gone);
    assert_eq!(agree(store, 9, true, reviewer("tanaka")).await, InstitutionDecided::Gone, "another wish");
    let present = store.institution_address(&institution(1)).await.expect("reads").expect("there");
    assert_eq!(present.first_line, "東京都千代田区霞が関1-2-3", "nothing changed yet");
    assert_eq!(agree(store, 10, true, reviewer("tanaka")).await, InstitutionDecided::Done);
    let present = store.institution_address(&institution(1)).await.expect("reads").expect("there");
    assert_eq!(present.first_line, "東京都港区架空1-1");
    assert_eq!(agree(store, 10, true, reviewer("tanaka")).await, InstitutionDecided::Gone, "once");
    // Who asked may take it back, and then another one may be asked for.
    assert_eq!(ask(store, wanted(), reviewer("sato"), 20).await, InstitutionAsked::Waiting);
    assert_eq!(agree(store, 20, false, reviewer("sato")).await, InstitutionDecided::Dropped);
    assert_eq!(store.institution_wishes().await, Ok(vec![]));
    let entries = crate::denials::entries(store).await;
    for (action, actor) in [
        ("institution.change-ask", "operator:sato"),
        ("institution.change", "operator:tanaka"),
        ("institution.change-drop", "operator:sato"),
    ] {
        assert!(entries.iter().any(|one| one.action == action && one.actor == actor), "{action} by {actor}");
    }
}

async fn what_is_out_of_use_is_let_in_nowhere(db: Database) {
    let store = &db.store;
    added(store, 1, "みなと薬局").await;
    issued(store, &institution(1), "a1").await;
    let line = NewLine {
        institution_code: institution(1),
        circuit: CircuitKind::IpVpnNtt,
        customer_id: CustomerId::parse("CAF0000000001").ok(),
        prefixes: Some(vec![AddressPrefix::parse("203.0.113.0/29").expect("a prefix")]),
        shared: false,
    };
    let registered = store.register_line(line, "operator:o1", at(1)).await;
    assert_eq!(registered, Ok(LineRegistration::Done));
    submitted(store, 1, 1, use_start()).await;
    let close = || InstitutionWish::Close { reason: "廃止届".to_owned() };
    assert_eq!(ask(store, close(), reviewer("sato"), 10).await, InstitutionAsked::Waiting);
    assert!(!ended(store, &institution(1)).await, "one pair of eyes ends nothing");
    assert_eq!(agree(store, 10, true, reviewer("tanaka")).await, InstitutionDecided::Done);
    assert!(ended(store, &institution(1)).await);
    let late = store.keep_certificate(crate::certificates::certificate("a2", "a2")).await;
    assert_eq!(late, Ok(store::Kept::TooLate), "signed before, kept after");
    assert_eq!(store.log_entries(1, 10).await, Ok(vec![]));
    assert_eq!(store.line_at("203.0.113.1".parse().expect("an address")).await, Ok(None));
    let (one, _) = store.institution_entry(&institution(1)).await.expect("reads").expect("still there");
    assert_eq!(one.closed_at, Some(at(100)));
    let left = done(decide(store, 1, 1, Decision::Return("廃止".to_owned()), "sato").await);
    let codes: Vec<_> = left.application.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&FindingCode::InstitutionUnknown), "{codes:?}");
    assert_eq!(ask(store, close(), reviewer("sato"), 20).await, InstitutionAsked::Unknown, "once");
    assert_eq!(store.add_institution(entry(1, "新"), "operator:sato", at(30)).await, Ok(false));
}

async fn many_who_agree_at_once_change_it_once(db: Database) {
    let store = &db.store;
    added(store, 1, "みなと薬局").await;
    let wanted = InstitutionWish::Change(entry(1, "みなと調剤薬局"));
    assert_eq!(ask(store, wanted, reviewer("sato"), 10).await, InstitutionAsked::Waiting);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { agree(&store, 10, true, reviewer("tanaka")).await })
        })
        .collect();
    let mut did = 0;
    for task in tasks {
        did += usize::from(task.await.expect("runs") == InstitutionDecided::Done);
    }
    assert_eq!(did, 1);
}
