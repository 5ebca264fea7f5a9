//! One proof, one effect: nonces, request ids, and what a thousand copies of a request do.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use eligibility::consent::{CareForm, ConsentKind};
use eligibility::facility_settings::Setting;
use eligibility::person::PersonKey;
use eligibility::{Date, calendar};
use hyper::Method;
use serde_json::{Value, json};
use testkit::client::{Http, Reply};
use testkit::facility::switch_on;
use testkit::people;
use testkit::system::{Engine, INSTITUTION, TestSystem};
use wire::facility::PASSCODES_PATH;
use wire::terminal_api::{CARD_VERIFICATIONS_PATH, NUMBER_VERIFICATIONS_PATH};

use crate::on_both_engines;
use crate::support::{
    Desk, audit_entries, card_question, insurer, number_question, signed, validity, visually_checked,
};

on_both_engines! { whatever_is_changed_after_the_card_signed_is_refused }
on_both_engines! { a_nonce_is_good_once a_thousand_replays_have_one_effect request_ids_are_idempotent a_changed_proof_is_refused_and_recorded }
on_both_engines! { a_recorded_visual_check_gets_its_first_answer_again_and_counts_nothing }

const BORN: Date = Date::constant(1980, 2, 17);

async fn desk_with_person(engine: Engine) -> Desk {
    let desk = Desk::open(engine).await;
    let person = people::coverage(&insurer(), "p", "501", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    desk
}

async fn refused(desk: &Desk, question: &Value) -> (u16, String) {
    let reply = desk.post(CARD_VERIFICATIONS_PATH, question).await;
    (reply.status, reply.code())
}

async fn a_nonce_is_good_once(engine: Engine) {
    let desk = desk_with_person(engine).await;
    let (today, card) = (desk.system.today(), desk.system.card_of("p").await);
    let nonce = desk.nonce().await;
    let question = card_question(&desk.terminal, &card, &nonce, today);
    // What is refused spends nothing: only a check that is on record does.
    let mut damaged = question.clone();
    damaged["signature"] = json!("AAAA");
    assert_eq!(refused(&desk, &damaged).await, (400, "OQSA9204E".to_owned()));
    let first = desk.post(CARD_VERIFICATIONS_PATH, &question).await;
    assert_eq!(validity(&first), "1");
    // The same question again: the first answer, receipt included, and no second effect.
    let again = desk.post(CARD_VERIFICATIONS_PATH, &question).await;
    assert_eq!(again.json()["answer"], first.json()["answer"]);
    assert_eq!(again.json()["receipt"], first.json()["receipt"]);
    // Another question under the same nonce.
    let mut other = question.clone();
    other["consents"] = json!([{ "kind": "treatment", "granted": true }]);
    let other = signed(&desk.terminal, &card, other);
    assert_eq!(refused(&desk, &other).await, (409, "OQSA9203E".to_owned()));
    // A nonce that came with an answer is as good as any.
    let next = first.json()["nonce"].as_str().expect("a nonce").to_owned();
    let reply = desk.post(CARD_VERIFICATIONS_PATH, &card_question(&desk.terminal, &card, &next, today)).await;
    assert_eq!(validity(&reply), "1");

    let colleague = desk.system.terminal(INSTITUTION, "front-2").await;
    let nonce = desk.nonce().await;
    let connection = colleague.connect(Http::Two).await.expect("a connection");
    // The very request that was answered here gets nothing there, not even its answer again.
    let sent = connection.send(Method::POST, CARD_VERIFICATIONS_PATH, Some(&question)).await;
    let reply = sent.expect("an answer");
    assert_eq!((reply.status, reply.code().as_str()), (400, "OQSA9201E"), "answered at another terminal");
    let foreign = card_question(&colleague, &card, &nonce, today);
    let reply =
        connection.send(Method::POST, CARD_VERIFICATIONS_PATH, Some(&foreign)).await.expect("an answer");
    assert_eq!((reply.status, reply.code().as_str()), (400, "OQSA9201E"), "another terminal's nonce");

    let nonce = desk.nonce().await;
    for position in [0, 12, 40, nonce.len() - 2] {
        let mut forged = nonce.clone().into_bytes();
        forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("text");
        let question = card_question(&desk.terminal, &card, &forged, today);
        assert_eq!(refused(&desk, &question).await, (400, "OQSA9201E".to_owned()), "forged at {position}");
    }
    for nonsense in ["", "AAAA", "not base64url!", &"A".repeat(54)] {
        let question = card_question(&desk.terminal, &card, nonsense, today);
        assert_eq!(refused(&desk, &question).await, (400, "OQSA9201E".to_owned()), "{nonsense:?}");
    }
    let question = card_question(&desk.terminal, &card, &nonce, today);
    desk.system.advance(Duration::from_secs(121)).await;
    assert_eq!(refused(&desk, &question).await, (400, "OQSA9202E".to_owned()));
    desk.system.stop().await;
}

async fn a_changed_proof_is_refused_and_recorded(engine: Engine) {
    let desk = desk_with_person(engine).await;
    let (today, card) = (desk.system.today(), desk.system.card_of("p").await);
    let nonce = desk.nonce().await;
    let question = card_question(&desk.terminal, &card, &nonce, today);
    let flip = |field: &str, position: usize| {
        let mut changed = question.clone();
        let mut bytes = question[field].as_str().expect("text").as_bytes().to_vec();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        changed[field] = json!(String::from_utf8(bytes).expect("text"));
        changed
    };
    for position in [0, 100, 300] {
        assert_eq!(refused(&desk, &flip("signature", position)).await, (400, "OQSA9204E".to_owned()));
        let (status, code) = refused(&desk, &flip("certificate", position + 50)).await;
        assert!([400, 403].contains(&status) && code.starts_with("OQSA920"), "{status} {code}");
    }
    let revoked = desk.system.card_of("p").await;
    desk.system.cards.revoke(&revoked, desk.system.clock.now());
    desk.system.advance(Duration::from_secs(2)).await;
    let reply = desk.check_card(&revoked, today).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "OQSB1104E"));
    let now = desk.system.clock.now();
    let months = |count| eligibility::calendar::add_months_at(now, count);
    let stranger = desk.system.cards.issue(months(-12), months(40));
    let reply = desk.check_card(&stranger, today).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "OQSB1106E"), "a card nobody registered");
    let old = desk.system.card_of("p").await;
    let new = desk.system.card_of("p").await;
    desk.system.put_card(&old, "p", true, Some(new.id.clone())).await;
    let reply = desk.check_card(&old, today).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "OQSB1105E"));

    let outcomes: Vec<String> =
        audit_entries(&desk.system).await.into_iter().map(|entry| entry.outcome).collect();
    for expected in ["BadSignature", "CardRevoked", "CardNotRegistered", "CardSuperseded"] {
        let expected = format!("denied:{expected}");
        assert!(outcomes.contains(&expected), "{expected} is not among {outcomes:?}");
    }
    assert!(!outcomes.iter().any(|outcome| outcome.starts_with("validity")), "{outcomes:?}");
    desk.system.stop().await;
}

/// Whatever became of the passcode since: the entry was made for the check that is on record.
async fn a_recorded_visual_check_gets_its_first_answer_again_and_counts_nothing(engine: Engine) {
    let desk = desk_with_person(engine).await;
    switch_on(&desk.system, &desk.terminal.institution, Setting::PasscodeByFile).await;
    let issued = async |id: &str| {
        let reply = desk.post(PASSCODES_PATH, &json!({ "request_id": id })).await;
        reply.json()["passcode"].as_str().expect("digits").to_owned()
    };
    let (today, card) = (desk.system.today(), desk.system.card_of("p").await);
    let (old, nonce) = (issued("p-1").await, desk.nonce().await);
    let question = visually_checked(&desk.terminal, &card, &nonce, today, &json!(old));
    let first = desk.post(CARD_VERIFICATIONS_PATH, &question).await;
    assert_eq!(validity(&first), "1");
    // Another passcode is in force: the old digits would be a wrong entry, and five of them would kill it.
    let mut new = issued("p-2").await;
    for another in 3.. {
        if new != old {
            break;
        }
        new = issued(&format!("p-{another}")).await;
    }
    for _ in 0..6 {
        let again = desk.post(CARD_VERIFICATIONS_PATH, &question).await;
        assert_eq!(again.json()["answer"], first.json()["answer"]);
        assert_eq!(again.json()["receipt"], first.json()["receipt"]);
        assert_ne!(again.json()["nonce"], first.json()["nonce"]);
    }
    // Nor is another question under the same nonce a guess.
    let wrong = visually_checked(&desk.terminal, &card, &nonce, today, &json!(new));
    for _ in 0..6 {
        assert_eq!(refused(&desk, &wrong).await, (409, "OQSA9203E".to_owned()));
    }
    let state = desk.system.store().visual_check_passcode(&desk.terminal.institution).await;
    assert_eq!(state.expect("reads").expect("issued").failures, 0);
    let entries = audit_entries(&desk.system).await;
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).collect::<Vec<_>>();
    assert_eq!(of("visual_check_passcode.enter").len(), 1, "one entry was made");
    assert_eq!(of("visual_check_passcode.verify").len(), 1, "and one accepted");
    let checks: Vec<_> = of("verify_card").iter().map(|entry| entry.outcome.as_str()).collect();
    assert_eq!(checks.iter().filter(|outcome| outcome.starts_with("validity")).count(), 1, "{checks:?}");
    assert!(checks.contains(&"denied:request-id-reused"), "{checks:?}");
    // The passcode in force is as good as before.
    let nonce = desk.nonce().await;
    let question = visually_checked(&desk.terminal, &card, &nonce, today, &json!(new));
    assert_eq!(validity(&desk.post(CARD_VERIFICATIONS_PATH, &question).await), "1");
    desk.system.stop().await;
}

/// A terminal, or whoever sits on the way to it, says something else than the patient's card signed.
async fn whatever_is_changed_after_the_card_signed_is_refused(engine: Engine) {
    let desk = desk_with_person(engine).await;
    let (today, card) = (desk.system.today(), desk.system.card_of("p").await);
    let (nonce, other_nonce) = (desk.nonce().await, desk.nonce().await);
    let mut question = card_question(&desk.terminal, &card, &nonce, today);
    question["prescription_issue_select"] = json!("2");
    let question = signed(&desk.terminal, &card, question);
    let with = |field: &str, value: Value| {
        let mut changed = question.clone();
        changed[field] = value;
        changed
    };
    let without = |field: &str| {
        let mut changed = question.clone();
        changed.as_object_mut().expect("an object").remove(field).expect("it was there");
        changed
    };
    let consents = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut consents = question["consents"].as_array().expect("a list").clone();
        change(&mut consents);
        with("consents", json!(consents))
    };
    let tomorrow = calendar::add_days(today, 1).to_string();
    let changes = [
        ("nonce", with("nonce", json!(other_nonce))),
        ("proof_method", with("proof_method", json!("face"))),
        ("as_of", with("as_of", json!(tomorrow))),
        ("care_form", with("care_form", json!("home_visit"))),
        ("another issue", with("prescription_issue_select", json!("1"))),
        ("no issue", without("prescription_issue_select")),
        ("a refusal becomes a consent", consents(&|list| list[3]["granted"] = json!(true))),
        ("a consent becomes a refusal", consents(&|list| list[0]["granted"] = json!(false))),
        ("another kind", consents(&|list| list[2]["kind"] = json!("operation"))),
        ("one more", consents(&|list| list.push(json!({ "kind": "operation", "granted": true })))),
        ("one less", consents(&|list| list.truncate(3))),
        ("none", without("consents")),
    ];
    for (what, changed) in &changes {
        assert_eq!(refused(&desk, changed).await, (400, "OQSA9204E".to_owned()), "{what}");
    }
    // One kind with two answers could be read in two ways, signed or not.
    let twice = consents(&|list| list.push(json!({ "kind": "treatment", "granted": true })));
    assert_eq!(refused(&desk, &twice).await, (422, "OQSA9001E".to_owned()));
    // The form of statement before this one, which left the choices out.
    let (institution, fingerprint) = (&desk.terminal.institution, &desk.terminal.fingerprint);
    switch_on(&desk.system, institution, Setting::Treatment).await;
    let old = format!("shikaku-card-proof-v1\n{nonce}\n{institution}\n{fingerprint}");
    let old = with("signature", json!(card.sign(old.as_bytes())));
    assert_eq!(refused(&desk, &old).await, (400, "OQSA9204E".to_owned()));
    assert_eq!(testkit::witness::verifications(desk.system.database_url()).await, 0, "nothing on record");
    let person = PersonKey("p".to_owned());
    let stored = desk.system.store().consents(institution, &person).await.expect("a read");
    assert_eq!(stored, [], "no consent without the card's word");
    // The order of the choices means nothing; what was signed is good, and is what is recorded.
    let turned = consents(&|list| list.reverse());
    assert_eq!(validity(&desk.post(CARD_VERIFICATIONS_PATH, &turned).await), "1");
    let stored = desk.system.store().consents(institution, &person).await.expect("a read");
    let granted = stored.iter().map(|stored| (stored.consent.kind, stored.consent.granted)).collect();
    assert_eq!(
        BTreeMap::from([
            (ConsentKind::SpecificDisease, true),
            (ConsentKind::Checkup, true),
            (ConsentKind::Medication, true),
            (ConsentKind::Treatment, false),
        ]),
        granted
    );
    assert!(stored.iter().all(|stored| stored.care_form == CareForm::Outpatient));
    desk.system.stop().await;
}

async fn a_thousand_replays_have_one_effect(engine: Engine) {
    const REPLAYS: usize = 1_000;
    const MORE_THAN_COME: u32 = 2_000;
    // Nobody is sent away at the door: what holds a copy back must be the nonce alone.
    let system = TestSystem::start_with(engine, |config| {
        config.limits.terminal_concurrency = MORE_THAN_COME;
        config.limits.requests = MORE_THAN_COME;
    })
    .await;
    let desk = Desk::of(system).await;
    let person = people::coverage(&insurer(), "p", "501", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let (today, card) = (desk.system.today(), desk.system.card_of("p").await);
    let nonce = desk.nonce().await;
    let question = Arc::new(card_question(&desk.terminal, &card, &nonce, today));
    let mut connections = Vec::new();
    for _ in 0..20 {
        connections.push(Arc::new(desk.terminal.connect(Http::Two).await.expect("a connection")));
    }
    let send = |number: usize| {
        let (connection, question) =
            (Arc::clone(&connections[number % connections.len()]), Arc::clone(&question));
        tokio::spawn(async move {
            loop {
                let sent = connection.send(Method::POST, CARD_VERIFICATIONS_PATH, Some(&question)).await;
                let reply = sent.expect("an answer");
                // An overloaded database may ask for patience: the copy comes back until it is judged.
                if ![429, 503].contains(&reply.status) {
                    return reply;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    };
    let sent: Vec<_> = (0..REPLAYS).map(send).collect();
    let (mut answers, mut judged) = (HashSet::new(), 0);
    for reply in sent {
        let reply: Reply = reply.await.expect("no panic");
        judged += 1;
        if reply.status == 200 {
            answers.insert(format!("{}{}", reply.json()["answer"], reply.json()["receipt"]));
        } else {
            assert_eq!((reply.status, reply.code().as_str()), (409, "OQSA9203E"), "{}", reply.json());
        }
    }
    assert_eq!((judged, answers.len()), (REPLAYS, 1), "all answers are the first one");
    assert_eq!(
        testkit::witness::verifications(desk.system.database_url()).await,
        1,
        "one verification on record"
    );
    let entries = audit_entries(&desk.system).await;
    let effects = entries.iter().filter(|entry| entry.action == "verify_card").count();
    assert_eq!(effects, 1, "one audit entry for one effect");
    desk.system.stop().await;
}

async fn request_ids_are_idempotent(engine: Engine) {
    let desk = desk_with_person(engine).await;
    let today = desk.system.today();
    let question = number_question("id-1", &insurer(), "501", None, BORN, today);
    let first = desk.check_number(&question).await;
    assert_eq!(validity(&first), "1");
    desk.system.advance(Duration::from_secs(3600)).await;
    let again = desk.check_number(&question).await;
    assert_eq!(again.bytes, first.bytes, "the very same answer");
    let other = number_question("id-1", &insurer(), "502", None, BORN, today);
    let reply = desk.check_number(&other).await;
    assert_eq!((reply.status, reply.code().as_str()), (409, "OQSA9006E"));
    // What a terminal was answered is its own: a colleague with the same id gets nothing, and that is recorded.
    let colleague = desk.system.terminal(INSTITUTION, "front-2").await;
    let connection = colleague.connect(Http::Two).await.expect("a connection");
    let sent = connection.send(Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question)).await;
    let reply = sent.expect("an answer");
    assert_eq!((reply.status, reply.code().as_str()), (409, "OQSA9006E"));
    let reused = audit_entries(&desk.system).await;
    let reused = reused.iter().filter(|entry| entry.outcome == "denied:request-id-reused");
    assert_eq!(reused.count(), 2);
    // With a renewed certificate it is the same terminal still.
    let renewed = desk.system.terminal(INSTITUTION, "front-1").await;
    assert_ne!(renewed.fingerprint, desk.terminal.fingerprint);
    let connection = renewed.connect(Http::Two).await.expect("a connection");
    let sent = connection.send(Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question)).await;
    assert_eq!(sent.expect("an answer").bytes, first.bytes);
    for id in ["", "n:abc", "a b", &"x".repeat(65)] {
        let reply = desk.check_number(&number_question(id, &insurer(), "501", None, BORN, today)).await;
        assert_eq!((reply.status, reply.code().as_str()), (422, "OQSA9001E"), "{id:?}");
    }
    desk.system.stop().await;
}
