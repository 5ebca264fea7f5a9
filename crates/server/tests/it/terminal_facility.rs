//! What a terminal asks about its own institution: passcodes entered at readers, and what receipt computers ask by file.

use std::collections::BTreeSet;
use std::time::Duration;

use eligibility::facility_settings::Setting;
use serde_json::{Value, json};
use testkit::client::{Http, Reply};
use testkit::facility::switch_on;
use testkit::system::{Engine, INSTITUTION};
use wire::facility::{
    HOME_VISIT_URLS_PATH, PASSCODE_ENTRIES_PATH, PASSCODES_PATH, SETTINGS_CHANGES_PATH, SETTINGS_PATH,
};

use crate::on_both_engines;
use crate::support::{Desk, audit_dump, audit_entries};

on_both_engines! {
    sixty_four_readers_guess_at_once_and_five_are_compared
    every_entry_that_is_not_accepted_is_answered_alike
    a_receipt_computer_gets_a_passcode_where_it_is_switched_on
    settings_are_read_and_changed_by_file
    an_address_is_refused_while_its_function_is_off
}

async fn passcode(desk: &Desk, request_id: &str) -> Reply {
    desk.post(PASSCODES_PATH, &json!({ "request_id": request_id })).await
}

async fn enter(desk: &Desk, passcode: &str) -> Reply {
    desk.post(PASSCODE_ENTRIES_PATH, &json!({ "passcode": passcode })).await
}

/// Any other four digits.
fn another(passcode: &str, by: u16) -> String {
    format!("{:04}", (passcode.parse::<u16>().expect("digits") + by) % 10_000)
}

async fn sixty_four_readers_guess_at_once_and_five_are_compared(engine: Engine) {
    let desk = Desk::open(engine).await;
    switch_on(&desk.system, &desk.terminal.institution, Setting::PasscodeByFile).await;
    let right = passcode(&desk, "p-1").await.json()["passcode"].as_str().expect("digits").to_owned();
    let mut guesses = Vec::new();
    for terminal in 0..8 {
        let terminal = desk.system.terminal(INSTITUTION, &format!("guesser-{terminal}")).await;
        guesses.push(terminal.connect(Http::Two).await.expect("connects"));
    }
    let guesses = guesses.iter().flat_map(|connection| (0..8).map(move |_| connection)).enumerate();
    let sent = guesses.map(|(number, connection)| {
        let wrong = another(&right, u16::try_from(number).expect("small") + 1);
        async move {
            let body = json!({ "passcode": wrong });
            connection.send(hyper::Method::POST, PASSCODE_ENTRIES_PATH, Some(&body)).await.expect("an answer")
        }
    });
    let answers = futures_util::future::join_all(sent).await;
    let answered: Vec<_> = answers.iter().filter(|reply| reply.status == 200).collect();
    assert!(answered.len() >= 5, "they were let in");
    assert!(answered.iter().all(|reply| reply.json() == json!({ "accepted": false })));
    let entries = audit_entries(&desk.system).await;
    let compared = entries.iter().filter(|entry| entry.outcome == "denied:wrong").count();
    assert_eq!(compared, 5);
    assert_eq!(enter(&desk, &right).await.json(), json!({ "accepted": false }), "it is dead");
    desk.system.stop().await;
}

async fn every_entry_that_is_not_accepted_is_answered_alike(engine: Engine) {
    let desk = Desk::open(engine).await;
    switch_on(&desk.system, &desk.terminal.institution, Setting::PasscodeByFile).await;
    let mut answers: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut not_accepted = |reply: Reply| answers.push((reply.status, reply.bytes.to_vec()));
    not_accepted(enter(&desk, "0000").await);
    let old = passcode(&desk, "p-1").await.json()["passcode"].as_str().expect("digits").to_owned();
    assert_eq!(enter(&desk, &old).await.json(), json!({ "accepted": true }));
    let new = passcode(&desk, "p-2").await.json()["passcode"].as_str().expect("digits").to_owned();
    if new != old {
        not_accepted(enter(&desk, &old).await);
    }
    not_accepted(enter(&desk, &another(&new, 1)).await);
    desk.system.advance(Duration::from_secs(24 * 3600)).await;
    not_accepted(enter(&desk, &new).await);
    assert_eq!(answers.iter().collect::<BTreeSet<_>>().len(), 1, "{answers:?}");
    // What cannot be a passcode is no guess.
    for wrong in ["", "123", "12345", "12a4"] {
        assert_eq!(enter(&desk, wrong).await.status, 422, "{wrong}");
    }
    // Another institution's passcode is nothing here.
    let store = desk.system.store();
    assert!(store.visual_check_passcode(&desk.terminal.institution).await.expect("reads").is_some());
    let dump = audit_dump(&desk.system).await;
    assert!(dump.contains("denied:not-compared"), "an entry that was not compared is on record");
    desk.system.stop().await;
}

async fn a_receipt_computer_gets_a_passcode_where_it_is_switched_on(engine: Engine) {
    let desk = Desk::open(engine).await;
    let off = passcode(&desk, "p-1").await;
    assert_eq!((off.status, off.code().as_str()), (409, "OQSB1501E"));
    switch_on(&desk.system, &desk.terminal.institution, Setting::PasscodeByFile).await;
    let first = passcode(&desk, "p-1").await;
    assert_eq!(first.status, 200, "{}", first.json());
    assert_eq!(passcode(&desk, "p-1").await.json(), first.json(), "the same id is the same passcode");
    desk.system.advance(Duration::from_secs(121)).await;
    assert_eq!(passcode(&desk, "p-1").await.status, 409, "it is not to be had again later");
    assert_eq!(passcode(&desk, "../..").await.status, 422);
    let entries = audit_entries(&desk.system).await;
    let issued: Vec<_> =
        entries.iter().filter(|entry| entry.action == "visual_check_passcode.issue").collect();
    assert_eq!((issued.len(), issued[0].actor.as_str()), (1, "terminal:front-1"));
    desk.system.stop().await;
}

async fn settings_are_read_and_changed_by_file(engine: Engine) {
    let desk = Desk::open(engine).await;
    let read = async || desk.post(SETTINGS_PATH, &json!({})).await.json();
    let fresh = read().await;
    assert_eq!((&fresh["version"], &fresh["settings"]["medication"]), (&json!(0), &json!("1")));
    let change = async |id: &str, version: Value, settings: Value| {
        let body = json!({ "request_id": id, "version": version, "settings": settings });
        desk.post(SETTINGS_CHANGES_PATH, &body).await
    };
    let done = change("s-1", json!(0), json!({ "operation": "1" })).await;
    assert_eq!((done.status, &done.json()["version"]), (200, &json!(1)), "{}", done.json());
    let again = change("s-1", json!(0), json!({ "operation": "1" })).await;
    assert_eq!((again.status, &again.json()["version"]), (200, &json!(1)));
    let stale = change("s-2", json!(0), json!({ "treatment": "1" })).await;
    assert_eq!((stale.status, stale.code().as_str()), (409, "OQSB1503E"));
    let blocked = change("s-3", json!(1), json!({ "home_visit": "1" })).await;
    assert_eq!((blocked.status, blocked.code().as_str()), (409, "OQSB1502E"));
    // What receipt computers may do, none allows to itself; sent back unchanged it is no change.
    let own = change("s-5", json!(1), json!({ "passcode_by_file": "1" })).await;
    assert_eq!((own.status, own.code().as_str()), (409, "OQSB1501E"));
    assert_eq!(change("s-6", json!(1), json!({ "passcode_by_file": "0" })).await.status, 200);
    for settings in [json!({}), json!({ "operation": "9" }), json!({ "unknown": "1" })] {
        assert_eq!(change("s-4", json!(1), settings.clone()).await.status, 422, "{settings}");
    }
    let now = read().await;
    assert_eq!((&now["version"], &now["settings"]["home_visit"]), (&json!(1), &json!("0")));
    desk.system.stop().await;
}

async fn an_address_is_refused_while_its_function_is_off(engine: Engine) {
    let desk = Desk::open(engine).await;
    let ask = json!({ "request_id": "u-1", "url_use": "2", "format": "2" });
    let off = desk.post(HOME_VISIT_URLS_PATH, &ask).await;
    assert_eq!((off.status, off.code().as_str()), (409, "OQSB1501E"));
    switch_on(&desk.system, &desk.terminal.institution, Setting::HomeVisit).await;
    // This server has no fonts, so it draws no name: that is told, not passed over.
    assert_eq!(desk.post(HOME_VISIT_URLS_PATH, &ask).await.code(), "OQSA9108E");
    let wrong = json!({ "request_id": "u-1", "url_use": "1", "format": "2" });
    assert_eq!(desk.post(HOME_VISIT_URLS_PATH, &wrong).await.status, 400);
    desk.system.stop().await;
}
