//! Nothing leaves without its record, and no record or log says who a person is.

use eligibility::Date;
use eligibility::person::PersonKey;
use testkit::system::Engine;
use testkit::{people, tampering};
use wire::terminal_api::CARD_VERIFICATIONS_PATH;

use crate::on_both_engines;
use crate::ops::get;
use crate::support::{Desk, audit_dump, captured_log, card_question, insurer, number_question, validity};

const BORN: Date = Date::constant(1983, 7, 29);

on_both_engines! { no_data_leaves_when_the_record_cannot_be_written logs_metrics_and_audit_name_nobody }

async fn no_data_leaves_when_the_record_cannot_be_written(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "801", "試験　記録子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let card = desk.system.card_of("p").await;
    tampering::change(desk.system.database_url(), "ALTER TABLE audit RENAME TO audit_gone").await;

    let nonce = desk.nonce().await;
    let by_card = card_question(&desk.terminal, &card, &nonce, today);
    let by_number = number_question("n-1", &insurer(), "801", None, BORN, today);
    let replies = [desk.post(CARD_VERIFICATIONS_PATH, &by_card).await, desk.check_number(&by_number).await];
    for reply in &replies {
        assert_eq!((reply.status, reply.code().as_str()), (503, "OQSA9107E"), "{}", reply.json());
        let text = String::from_utf8_lossy(&reply.bytes);
        for personal in ["記録子", "試験　", "801", "試験健康保険組合", "receipt"] {
            assert!(!text.contains(personal), "{personal} left without its record: {text}");
        }
    }
    // A refusal, too, is only given when it is on record.
    let mut wrong = by_card.clone();
    wrong["signature"] = serde_json::json!("AAAA");
    let reply = desk.post(CARD_VERIFICATIONS_PATH, &wrong).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "OQSA9107E"));

    // Once records can be written again, the same questions are answered: nothing was half done.
    tampering::change(desk.system.database_url(), "ALTER TABLE audit_gone RENAME TO audit").await;
    assert_eq!(validity(&desk.post(CARD_VERIFICATIONS_PATH, &by_card).await), "1");
    assert_eq!(validity(&desk.check_number(&by_number).await), "1");
    desk.system.stop().await;
}

async fn logs_metrics_and_audit_name_nobody(engine: Engine) {
    let captured = captured_log();
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let mut person = people::coverage(&insurer(), "p", "87654321", "寿限無　五劫", BORN);
    person.insured_symbol = Some("ｶﾅﾘﾔ77".to_owned());
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let reference = Some("CANARY-0042".to_owned());
    let code = &desk.terminal.institution;
    desk.system
        .store()
        .set_reference_number(code, &PersonKey("p".to_owned()), reference)
        .await
        .expect("a number");
    let card = desk.system.card_of("p").await;
    let reply = desk.check_card(&card, today).await;
    assert_eq!(validity(&reply), "1");
    let text = String::from_utf8_lossy(&reply.bytes).into_owned();
    let mut found = number_question("n-1", &insurer(), "87654321", None, BORN, today);
    found["insured_symbol"] = serde_json::json!("カナリヤ７７");
    assert_eq!(validity(&desk.check_number(&found).await), "1");
    desk.check_number(&number_question("n-2", &insurer(), "87654399", None, BORN, today)).await;
    let mut malformed = found.clone();
    malformed["birthdate"] = serde_json::json!("1983-07-29寿限無");
    assert_eq!(desk.check_number(&malformed).await.status, 400);
    desk.get("/v1/persons/87654321").await;

    let metrics = get(desk.system.server.ops(), "/metrics").await.1;
    let audit = audit_dump(&desk.system).await;
    let logs = captured.text();
    assert!(
        logs.contains("verify_card")
            && metrics.contains("shikaku_requests_total")
            && audit.contains("verify_card")
    );
    let canaries = [
        "寿限無",
        "五劫",
        "87654321",
        "87654399",
        "ｶﾅﾘﾔ77",
        "カナリヤ",
        "1983-07-29",
        "19830729",
        "CANARY-0042",
        "千代田区",
        "シケン",
        "100-0001",
    ];
    // The canaries must be worth something: the answer itself has most of them.
    assert!(canaries.iter().filter(|canary| text.contains(**canary)).count() >= 6, "{text}");
    for (place, text) in [("the log", &logs), ("the metrics", &metrics), ("the audit log", &audit)] {
        for canary in canaries {
            assert!(!text.contains(canary), "{canary} is in {place}");
        }
    }
    for line in logs.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("every line of the log is JSON");
    }
    desk.system.stop().await;
}
