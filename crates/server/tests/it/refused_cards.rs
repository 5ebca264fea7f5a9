//! A refused card in the audit log: found again, and not revealed.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use hyper::Method;
use serde_json::{Value, json};
use testkit::cards::TestCard;
use testkit::client::{Connection, Http};
use testkit::system::{Engine, INSTITUTION};
use wire::terminal_api::CARD_VERIFICATIONS_PATH;

use crate::on_both_engines;
use crate::support::{Desk, Entry, audit_entries, card_question};

on_both_engines! { a_refused_card_can_be_found_again_and_is_not_revealed }

/// The same stolen card tried at two institutions: who investigates finds it again without the log saying whose it is.
async fn a_refused_card_can_be_found_again_and_is_not_revealed(engine: Engine) {
    let desk = Desk::open(engine).await;
    let (today, now) = (desk.system.today(), desk.system.clock.now());
    let stolen = desk.system.card_of("p").await;
    desk.system.cards.revoke(&stolen, now);
    desk.system.advance(Duration::from_secs(2)).await;
    let elsewhere = desk.system.terminal("1311111111", "front-1").await;
    let connection = elsewhere.connect(Http::Two).await.expect("a connection");
    let here = (desk.connection, desk.terminal);
    let there = Desk { system: desk.system, terminal: elsewhere, connection };
    let refused = async |connection: &Connection, question: &Value, code: &str| {
        let sent = connection.send(Method::POST, CARD_VERIFICATIONS_PATH, Some(question)).await;
        assert_eq!(sent.expect("an answer").code(), code);
    };
    let nonce = there.nonce().await;
    refused(&there.connection, &card_question(&there.terminal, &stolen, &nonce, today), "OQSB1104E").await;
    // Whatever it is refused for, and where.
    refused(&here.0, &card_question(&here.1, &stolen, &nonce, today), "OQSA9201E").await;
    let mut unsigned = card_question(&there.terminal, &stolen, &there.nonce().await, today);
    unsigned["signature"] = json!("AAAA");
    refused(&there.connection, &unsigned, "OQSA9204E").await;
    // Another card, and something that is no certificate.
    let other = there.system.cards.issue(now, eligibility::calendar::add_months_at(now, 40));
    let question = card_question(&there.terminal, &other, &there.nonce().await, today);
    refused(&there.connection, &question, "OQSB1106E").await;
    let mut garbage = card_question(&there.terminal, &stolen, &there.nonce().await, today);
    garbage["certificate"] = json!("MIICAA==");
    refused(&there.connection, &garbage, "OQSA9205E").await;

    let entries: Vec<Entry> = audit_entries(&there.system).await;
    let denied: Vec<&Entry> = entries.iter().filter(|entry| entry.outcome.starts_with("denied:")).collect();
    let name = |card: &TestCard| format!("card:{}", hex::encode(digest(&SHA256, &card.certificate)));
    let at = |institution: &str, object: &str| {
        let found = denied.iter().filter(|e| e.institution_code == institution && e.object == object);
        found.map(|entry| entry.outcome.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(at("1311111111", &name(&stolen)), ["denied:CardRevoked", "denied:BadSignature"]);
    assert_eq!(at(INSTITUTION, &name(&stolen)), ["denied:NonceUnknown"]);
    assert_eq!(at("1311111111", &name(&other)), ["denied:CardNotRegistered"]);
    let terminal = format!("certificate:{}", there.terminal.fingerprint);
    assert_eq!(at("1311111111", &terminal), ["denied:CardCertificateUnreadable"]);
    // Beside the digest stands which terminal asked, and nothing else.
    let details = |institution: &str| {
        let by_card =
            denied.iter().filter(|e| e.institution_code == institution && e.object.starts_with("card:"));
        by_card.map(|entry| entry.detail.clone()).collect::<Vec<_>>()
    };
    assert_eq!(details("1311111111"), vec![terminal; 3]);
    assert_eq!(details(INSTITUTION), [format!("certificate:{}", here.1.fingerprint)]);
    there.system.stop().await;
}
