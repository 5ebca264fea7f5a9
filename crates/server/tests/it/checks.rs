//! What a check answers: every 資格有効性, every state of the card's certificate, by card and by number.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use card::pin::{Pin, PinKind};
use card::session::{CardSession, LastTry};
use card::transport::InProcessTransport;
use eligibility::codes::ReasonOfLoss;
use eligibility::facility_settings::Setting;
use eligibility::{Date, calendar};
use testkit::people;
use testkit::system::Engine;
use wire::terminal_api::{CARD_VERIFICATIONS_PATH, CardCheckRequest};

use crate::on_both_engines;
use crate::support::{
    Desk, body, card_question, first_result, insurer, message, number_question, other_insurer, validity,
    welfare_office,
};

on_both_engines! { a_card_answers_for_each_validity a_number_answers_for_each_validity }
on_both_engines! { each_state_of_the_card_certificate a_simulated_card_signs_and_is_believed }

const BORN: Date = Date::constant(1980, 2, 17);

async fn a_card_answers_for_each_validity(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let mut lost = people::coverage(&insurer(), "p-lost", "102", "試験　喪失", BORN);
    lost.disqualified_on = Some(calendar::add_days(today, -10));
    lost.reason_of_loss = Some(ReasonOfLoss::OtherInsurance);
    let mut old = people::coverage(&insurer(), "p-moved", "103", "試験　転職", BORN);
    old.disqualified_on = Some(calendar::add_days(today, -10));
    old.reason_of_loss = Some(ReasonOfLoss::OtherInsurance);
    let mut new = people::coverage(&other_insurer(), "p-moved", "903", "試験　転職", BORN);
    new.qualified_on = calendar::add_days(today, -10);
    let valid = people::coverage(&insurer(), "p-valid", "101", "試験　有効", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![valid, lost, old]).await;
    desk.system.load_insurer(&other_insurer(), "別の健康保険組合", vec![new]).await;
    let assisted =
        people::public_assistance(&welfare_office(), "p-assisted", "7000001", "試験　扶助", BORN, None);
    desk.system.load_insurer(&welfare_office(), "試験福祉事務所", vec![assisted]).await;

    for (person, expected, shown) in [
        ("p-valid", "1", "試験健康保険組合"),
        ("p-lost", "2", "試験健康保険組合"),
        ("p-moved", "1", "別の健康保険組合"),
        ("p-nobody", "4", ""),
        ("p-assisted", "6", "試験福祉事務所"),
    ] {
        let card = desk.system.card_of(person).await;
        let reply = desk.check_card(&card, today).await;
        assert_eq!(validity(&reply), expected, "{person}: {}", reply.json());
        assert_eq!(first_result(&reply)["InsurerName"].as_str().unwrap_or_default(), shown, "{person}");
        let header = &message(&reply)["MessageHeader"];
        assert_eq!(header["ReferenceClassification"], "1");
        assert_eq!(header["MedicalInstitutionCode"], testkit::system::INSTITUTION);
        let nonce = reply.headers.get("shikaku-nonce").expect("a fresh nonce").to_str().expect("text");
        assert_eq!(reply.json()["nonce"], nonce);
    }
    desk.system.stop().await;
}

async fn a_number_answers_for_each_validity(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let mut lost = people::coverage(&insurer(), "p-lost", "202", "試験　喪失", BORN);
    lost.disqualified_on = Some(calendar::add_days(today, -10));
    lost.reason_of_loss = Some(ReasonOfLoss::Other);
    let mut old = people::coverage(&insurer(), "p-moved", "203", "試験　転職", BORN);
    old.disqualified_on = Some(calendar::add_days(today, -10));
    let mut new = people::coverage(&other_insurer(), "p-moved", "903", "試験　転職", BORN);
    new.qualified_on = calendar::add_days(today, -10);
    let valid = people::coverage(&insurer(), "p-valid", "201", "試験　有効", BORN);
    let mut twin = people::coverage(&insurer(), "p-twin-1", "205", "試験　双子一", BORN);
    twin.branch_number = Some("01".to_owned());
    let mut other_twin = people::coverage(&insurer(), "p-twin-2", "205", "試験　双子二", BORN);
    other_twin.branch_number = Some("02".to_owned());
    let members = vec![valid, lost, old, twin, other_twin];
    desk.system.load_insurer(&insurer(), "試験健康保険組合", members).await;
    desk.system.load_insurer(&other_insurer(), "別の健康保険組合", vec![new]).await;
    let assisted =
        people::public_assistance(&welfare_office(), "p-assisted", "7000001", "試験　扶助", BORN, None);
    desk.system.load_insurer(&welfare_office(), "試験福祉事務所", vec![assisted]).await;

    let cases = [
        ("valid", "201", Some("00"), "1", 1),
        ("lost", "202", None, "2", 1),
        ("moved", "203", None, "3", 1),
        ("nobody", "204", None, "4", 0),
        ("twins", "205", None, "5", 0),
        ("twin", "205", Some("2"), "1", 1),
        ("wide", "２０１", Some("００"), "1", 1),
    ];
    for (id, number, branch, expected, shown) in cases {
        let question = number_question(id, &insurer(), number, branch, BORN, today);
        let reply = desk.check_number(&question).await;
        assert_eq!(validity(&reply), expected, "{id}: {}", reply.json());
        let results = body(&reply)["ResultList"].as_array().map_or(0, Vec::len);
        assert_eq!(results, shown, "{id}: {}", reply.json());
        assert_eq!(message(&reply)["MessageHeader"]["ReferenceClassification"], "2");
    }
    let mut question = number_question("assisted", &welfare_office(), "7000001", None, BORN, today);
    question.as_object_mut().expect("an object").remove("insured_symbol");
    assert_eq!(validity(&desk.check_number(&question).await), "6");
    desk.system.stop().await;
}

async fn each_state_of_the_card_certificate(engine: Engine) {
    let desk = Desk::open(engine).await;
    let (today, now) = (desk.system.today(), desk.system.clock.now());
    let person = people::coverage(&insurer(), "p", "301", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let months = |count| calendar::add_months_at(now, count);
    let issue = |from, to| desk.system.cards.issue(months(from), months(to));
    let (valid, soon, grace) = (issue(-12, 12), issue(-60, 2), issue(-60, -2));
    let (expired, early) = (issue(-60, -4), issue(1, 60));
    for card in [&valid, &soon, &grace, &expired, &early] {
        desk.system.register_card(card, "p").await;
    }

    testkit::facility::switch_on(&desk.system, &desk.terminal.institution, Setting::Treatment).await;
    let reply = desk.check_card(&valid, today).await;
    assert_eq!(validity(&reply), "1");
    assert!(body(&reply).get("ProcessingResultCode").is_none(), "{}", reply.json());
    let shown = first_result(&reply);
    assert_eq!(shown["SpecificDiseasesCertificateRelatedConsFlg"], "1");
    assert_eq!(shown["PharmacistsInfoConsFlg"], "1");
    assert_eq!(shown["DiagnosisInfoConsFlg"], "0");
    assert!(shown.get("LimitApplicationCertificateRelatedInfo").is_some());

    let reply = desk.check_card(&soon, today).await;
    assert_eq!(validity(&reply), "1");
    assert_eq!(body(&reply)["ProcessingResultCode"], "OQSB1101I");
    assert_eq!(first_result(&reply)["PharmacistsInfoConsFlg"], "1");

    let reply = desk.check_card(&grace, today).await;
    assert_eq!(validity(&reply), "1");
    assert_eq!(body(&reply)["ProcessingResultCode"], "OQSB1102W");
    let shown = first_result(&reply);
    for gated in [
        "PharmacistsInfoConsFlg",
        "SpecificHealthCheckupsInfoConsFlg",
        "SpecificDiseasesCertificateRelatedConsFlg",
        "SpecificDiseasesCertificateList",
        "LimitApplicationCertificateRelatedInfo",
    ] {
        assert!(shown.get(gated).is_none(), "{gated} after the certificate expired: {shown}");
    }

    for (card, code) in [(&expired, "OQSB1103E"), (&early, "OQSA9208E")] {
        let reply = desk.check_card(card, today).await;
        assert_eq!((reply.status, reply.code().as_str()), (403, code), "{}", reply.json());
    }
    // In the three months after its end, too, a card is lost and revoked.
    desk.system.cards.revoke(&grace, now);
    desk.system.advance(Duration::from_secs(2)).await;
    let reply = desk.check_card(&grace, today).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "OQSB1104E"), "{}", reply.json());
    desk.system.stop().await;
}

/// The whole way from a card's commands: PIN, signature by the card, check.
async fn a_simulated_card_signs_and_is_believed(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "311", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let card = desk.system.card_of("p").await;
    let mut session =
        CardSession::open(InProcessTransport::new(card.simulated("試験　花子"))).expect("a card");
    let nonce = desk.nonce().await;
    let mut question = card_question(&desk.terminal, &card, &nonce, today);
    let asked: CardCheckRequest = serde_json::from_value(question.clone()).expect("a question by card");
    let statement = asked.statement(&desk.terminal.institution, &desk.terminal.fingerprint);
    let text = statement.to_be_signed().expect("a statement");
    let certificate = session.auth_certificate().expect("a certificate");
    let pin = Pin::new(PinKind::Authentication, "1234").expect("a PIN");
    session.verify_pin(&pin, LastTry::Refuse).expect("the right PIN");
    let signature = session.sign(&text).expect("a signature");
    question["certificate"] = serde_json::json!(STANDARD.encode(certificate));
    question["signature"] = serde_json::json!(STANDARD.encode(signature));
    let reply = desk.post(CARD_VERIFICATIONS_PATH, &question).await;
    assert_eq!(validity(&reply), "1");
    desk.system.stop().await;
}
