//! What a terminal asks about its own institution: passcodes entered at readers, and what receipt computers ask by file.

use std::collections::BTreeSet;
use std::time::Duration;

use eligibility::Date;
use eligibility::facility_settings::Setting;
use hyper::Method;
use serde_json::{Value, json};
use testkit::cards::TestCard;
use testkit::client::{Http, Reply};
use testkit::facility::switch_on;
use testkit::people;
use testkit::system::{Engine, INSTITUTION};
use wire::facility::{HOME_VISIT_URLS_PATH, PASSCODES_PATH, SETTINGS_CHANGES_PATH, SETTINGS_PATH};
use wire::terminal_api::{CARD_VERIFICATIONS_PATH, NONCES_PATH};

use crate::on_both_engines;
use crate::support::{Desk, audit_dump, audit_entries, insurer, signed, visually_checked};

on_both_engines! {
    sixty_four_readers_guess_at_once_and_five_are_compared
    every_entry_that_is_not_accepted_is_answered_alike
    a_visual_check_needs_card_reader_and_passcode
    a_receipt_computer_gets_a_passcode_where_it_is_switched_on
    settings_are_read_and_changed_by_file
    an_address_is_refused_while_its_function_is_off
}

async fn passcode(desk: &Desk, request_id: &str) -> Reply {
    desk.post(PASSCODES_PATH, &json!({ "request_id": request_id })).await
}

/// A desk with somebody's card on its reader.
async fn desk_with_card(engine: Engine) -> (Desk, TestCard) {
    let desk = Desk::open(engine).await;
    switch_on(&desk.system, &desk.terminal.institution, Setting::PasscodeByFile).await;
    let born = Date::constant(1980, 2, 17);
    let person = people::coverage(&insurer(), "p-1", "101", "試験　花子", born);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let card = desk.system.card_of("p-1").await;
    (desk, card)
}

async fn issued(desk: &Desk, request_id: &str) -> String {
    passcode(desk, request_id).await.json()["passcode"].as_str().expect("digits").to_owned()
}

/// Staff enter this, compare the photograph, and the card signs.
async fn enter(desk: &Desk, card: &TestCard, passcode: &str) -> Reply {
    let (nonce, today) = (desk.nonce().await, desk.system.today());
    let question = visually_checked(&desk.terminal, card, &nonce, today, &json!(passcode));
    desk.post(CARD_VERIFICATIONS_PATH, &question).await
}

fn refused(reply: &Reply) -> (u16, String) {
    (reply.status, reply.code())
}

/// Any other four digits.
fn another(passcode: &str, by: u16) -> String {
    format!("{:04}", (passcode.parse::<u16>().expect("digits") + by) % 10_000)
}

async fn sixty_four_readers_guess_at_once_and_five_are_compared(engine: Engine) {
    let (desk, card) = desk_with_card(engine).await;
    let right = issued(&desk, "p-1").await;
    let (mut connections, mut guesses) = (Vec::new(), Vec::new());
    for reader in 0..8_u16 {
        let terminal = desk.system.terminal(INSTITUTION, &format!("guesser-{reader}")).await;
        let connection = terminal.connect(Http::Two).await.expect("connects");
        let nonces = connection.send(Method::POST, NONCES_PATH, Some(&json!({ "count": 8 }))).await;
        let nonces = nonces.expect("nonces").json()["nonces"].as_array().expect("a list").clone();
        for (number, nonce) in (0..).zip(nonces) {
            let wrong = json!(another(&right, reader * 8 + number + 1));
            let (nonce, today) = (nonce.as_str().expect("text"), desk.system.today());
            guesses.push((connections.len(), visually_checked(&terminal, &card, nonce, today, &wrong)));
        }
        connections.push(connection);
    }
    let sent = guesses.iter().map(|(place, question)| async {
        connections[*place]
            .send(Method::POST, CARD_VERIFICATIONS_PATH, Some(question))
            .await
            .expect("an answer")
    });
    let answers = futures_util::future::join_all(sent).await;
    let heard = answers.iter().filter(|reply| reply.code() == "OQSR0010W").count();
    assert!(heard >= 5, "they were let in");
    assert!(answers.iter().all(|reply| reply.status >= 400), "and none of them saw anything");
    let entries = audit_entries(&desk.system).await;
    let compared = entries.iter().filter(|entry| entry.outcome == "denied:wrong").count();
    assert_eq!(compared, 5);
    assert_eq!(refused(&enter(&desk, &card, &right).await), (403, "OQSR0010W".to_owned()), "it is dead");
    desk.system.stop().await;
}

async fn every_entry_that_is_not_accepted_is_answered_alike(engine: Engine) {
    let (desk, card) = desk_with_card(engine).await;
    let mut answers: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut not_accepted = |reply: Reply| answers.push((reply.status, reply.bytes.to_vec()));
    not_accepted(enter(&desk, &card, "0000").await);
    let old = issued(&desk, "p-1").await;
    assert_eq!(enter(&desk, &card, &old).await.status, 200);
    assert_eq!(
        enter(&desk, &card, &old).await.status,
        200,
        "it is good for the day, each check with its entry"
    );
    let new = issued(&desk, "p-2").await;
    if new != old {
        not_accepted(enter(&desk, &card, &old).await);
    }
    not_accepted(enter(&desk, &card, &another(&new, 1)).await);
    desk.system.advance(Duration::from_secs(24 * 3600)).await;
    not_accepted(enter(&desk, &card, &new).await);
    assert_eq!(answers.iter().collect::<BTreeSet<_>>().len(), 1, "{answers:?}");
    // What cannot be a passcode is no guess.
    for wrong in ["", "123", "12345", "12a4"] {
        assert_eq!(enter(&desk, &card, wrong).await.status, 422, "{wrong}");
    }
    let dump = audit_dump(&desk.system).await;
    assert!(dump.contains("denied:not-compared"), "an entry that was not compared is on record");
    assert!(dump.contains("denied:VisualCheckRefused"), "and so is the card it came with");
    desk.system.stop().await;
}

async fn a_visual_check_needs_card_reader_and_passcode(engine: Engine) {
    let (desk, card) = desk_with_card(engine).await;
    let right = json!(issued(&desk, "p-1").await);
    let today = desk.system.today();
    let ask = async |change: &dyn Fn(&mut Value), sign: bool| {
        let nonce = desk.nonce().await;
        let mut question = visually_checked(&desk.terminal, &card, &nonce, today, &right);
        change(&mut question);
        let question = if sign { signed(&desk.terminal, &card, question) } else { question };
        refused(&desk.post(CARD_VERIFICATIONS_PATH, &question).await)
    };
    let without = |question: &mut Value| {
        question.as_object_mut().expect("an object").remove("visual_check");
    };
    assert_eq!(ask(&without, true).await, (403, "OQSR0010W".to_owned()), "no entry, no check");
    let by_pin = |question: &mut Value| question["proof_method"] = json!("pin");
    assert_eq!(ask(&by_pin, true).await.0, 422, "a passcode belongs to a visual check");
    let elsewhere = |question: &mut Value| question["visual_check"]["reader_serial"] = json!("R-0002");
    assert_eq!(ask(&elsewhere, false).await, (400, "OQSA9204E".to_owned()), "the card signed another reader");
    let nameless = |question: &mut Value| question["visual_check"]["reader_serial"] = json!("R_1");
    assert_eq!(ask(&nameless, true).await.0, 422, "no serial number");
    let long = "あ".repeat(41);
    for name in ["", " ", "受付\n太郎", " 受付", long.as_str()] {
        let staff = |question: &mut Value| question["visual_check"]["staff_name"] = json!(name);
        assert_eq!(ask(&staff, true).await.0, 422, "{name:?} is no name");
    }
    // Whoever has no card that signs has not even guessed.
    let wrong = json!(another(right.as_str().expect("digits"), 1));
    let guess = |question: &mut Value| {
        question["visual_check"]["passcode"] = wrong.clone();
        question["visual_check"]["reader_serial"] = json!("R-0003");
    };
    for _ in 0..6 {
        assert_eq!(ask(&guess, false).await, (400, "OQSA9204E".to_owned()));
    }
    let named = |question: &mut Value| question["visual_check"]["staff_name"] = json!("受付　山田");
    assert_eq!(ask(&named, true).await.0, 200, "it lives");
    let entries = audit_entries(&desk.system).await;
    let verified = entries.iter().filter(|entry| entry.action == "visual_check_passcode.verify");
    let verified: Vec<_> = verified.map(|entry| (entry.outcome.as_str(), entry.detail.as_str())).collect();
    assert_eq!(verified, [("accepted", "reader:R-0001;staff:受付　山田")], "who compared is on record");
    let uses = desk.system.store().visual_check_uses(&desk.terminal.institution, desk.system.today()).await;
    let uses: Vec<_> = uses.expect("reads").iter().map(|one| (one.accepted, one.refused)).collect();
    assert_eq!(uses, [(1, 0)], "what the page of administrators counts");
    desk.system.stop().await;
}

async fn a_receipt_computer_gets_a_passcode_where_it_is_switched_on(engine: Engine) {
    let desk = Desk::open(engine).await;
    let off = passcode(&desk, "p-1").await;
    assert_eq!((off.status, off.code().as_str()), (409, "OQSB1501E"));
    let (title, detail) = (off.json()["title"].to_string(), off.json()["detail"].to_string());
    assert!(title.contains("「目視確認用パスコードのファイル連携での発行」が「利用しない」"), "{title}");
    for place in [
        "環境設定情報管理",
        "環境設定情報更新",
        "レセプトコンピュータ連携",
        "目視確認用パスコードのファイル連携での発行",
    ] {
        assert!(detail.contains(place), "{detail}");
    }
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
