//! Consent that was given at an earlier visit: used where it is kept, called expired when it has run out, and nobody
//! else's; and an emergency in which nobody could be asked.

use std::time::Duration;

use eligibility::Date;
use eligibility::consent::ConsentKind;
use eligibility::facility_settings::Setting;
use serde_json::{Value, json};
use testkit::cards::TestCard;
use testkit::facility::{switch_off, switch_on};
use testkit::people;
use testkit::system::Engine;
use wire::terminal_api::CARD_VERIFICATIONS_PATH;

use crate::on_both_engines;
use crate::support::{Desk, card_question, first_result, insurer, signed};

on_both_engines! { online_consent_is_kept_for_its_day_and_expired_after_it }
on_both_engines! { what_the_institution_does_not_use_is_neither_kept_nor_told }
on_both_engines! { what_is_taken_back_while_it_is_not_used_stays_taken_back }
on_both_engines! { an_emergency_without_a_word_says_that_nobody_could_be_asked }

const BORN: Date = Date::constant(1980, 2, 17);
const PERSON: &str = "p-online";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn desk_with_person(engine: Engine) -> (Desk, TestCard) {
    let desk = Desk::open(engine).await;
    let member = people::coverage(&insurer(), PERSON, "101", "試験　遠隔", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![member]).await;
    let card = desk.system.card_of(PERSON).await;
    (desk, card)
}

/// One session in this form of care with these choices; what the first eligibility says.
async fn session(desk: &Desk, card: &TestCard, care_form: &str, consents: &Value) -> Value {
    let nonce = desk.nonce().await;
    let mut question = card_question(&desk.terminal, card, &nonce, desk.system.today());
    question["care_form"] = json!(care_form);
    question["consents"] = consents.clone();
    let question = signed(&desk.terminal, card, question);
    let reply = desk.post(CARD_VERIFICATIONS_PATH, &question).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    first_result(&reply)
}

async fn online_consent_is_kept_for_its_day_and_expired_after_it(engine: Engine) {
    let (desk, card) = desk_with_person(engine).await;
    switch_on(&desk.system, &desk.terminal.institution, Setting::Treatment).await;
    let choices = json!([
        { "kind": "medication", "granted": true },
        { "kind": "treatment", "granted": false },
    ]);
    let none = json!([]);
    let given = session(&desk, &card, "online", &choices).await;
    assert_eq!(
        (&given["PharmacistsInfoConsFlg"], &given["DiagnosisInfoConsFlg"]),
        (&json!("1"), &json!("0"))
    );

    // Later on the same day, nothing asked: what was chosen stands, with the moment it was.
    let later = session(&desk, &card, "online", &none).await;
    for element in ["PharmacistsInfoConsFlg", "PharmacistsInfoConsTime", "PharmacistsInfoAvailableTime"] {
        assert_eq!(later[element], given[element], "{element}");
    }
    assert_eq!(later["DiagnosisInfoConsFlg"], "0");
    assert!(later["OperationInfoConsFlg"].is_null(), "never asked");
    // It says nothing for other forms of care, nor to others.
    assert!(session(&desk, &card, "outpatient", &none).await["PharmacistsInfoConsFlg"].is_null());
    assert!(session(&desk, &card, "home_visit", &none).await["PharmacistsInfoConsFlg"].is_null());
    let terminal = desk.system.terminal("1319990038", "front-1").await;
    let connection = terminal.connect(testkit::client::Http::Two).await.expect("connects");
    let other = Desk { system: desk.system, terminal, connection };
    assert!(session(&other, &card, "online", &none).await["PharmacistsInfoConsFlg"].is_null());
    let desk = Desk::of(other.system).await;

    desk.system.advance(DAY).await;
    let desk = Desk::of(desk.system).await;
    let expired = session(&desk, &card, "online", &none).await;
    assert_eq!(expired["PharmacistsInfoConsFlg"], "2");
    for element in ["PharmacistsInfoConsTime", "PharmacistsInfoAvailableTime"] {
        assert_eq!(expired[element], given[element], "{element}");
    }
    assert!(expired["DiagnosisInfoConsFlg"].is_null(), "a refusal does not expire, it is asked again");
    let renewed = session(&desk, &card, "online", &choices).await;
    assert_eq!(renewed["PharmacistsInfoConsFlg"], "1");
    desk.system.stop().await;
}

/// A reader that has not heard of the settings asked all the same, and the card signed.
async fn what_the_institution_does_not_use_is_neither_kept_nor_told(engine: Engine) {
    let (desk, card) = desk_with_person(engine).await;
    let institution = desk.terminal.institution.clone();
    let choices = json!([
        { "kind": "medication", "granted": true },
        { "kind": "treatment", "granted": true },
        { "kind": "operation", "granted": false },
    ]);
    let person = eligibility::person::PersonKey(PERSON.to_owned());
    let kept = async || {
        let stored = desk.system.store().consents(&institution, &person).await.expect("reads");
        stored.iter().map(|stored| stored.consent.kind).collect::<Vec<_>>()
    };
    let first = session(&desk, &card, "home_visit", &choices).await;
    assert_eq!(first["PharmacistsInfoConsFlg"], "1");
    assert!(first["DiagnosisInfoConsFlg"].is_null() && first["OperationInfoConsFlg"].is_null(), "{first}");
    assert_eq!(kept().await, [ConsentKind::Medication]);

    switch_on(&desk.system, &institution, Setting::Treatment).await;
    let second = session(&desk, &card, "home_visit", &choices).await;
    assert_eq!(second["DiagnosisInfoConsFlg"], "1");
    assert!(second["OperationInfoConsFlg"].is_null(), "{second}");
    let mut kinds = kept().await;
    kinds.sort();
    assert_eq!(kinds, [ConsentKind::Medication, ConsentKind::Treatment]);
    desk.system.stop().await;
}

/// The institution gave the kind up in between: what was agreed to is not told, and a refusal counts all the same.
async fn what_is_taken_back_while_it_is_not_used_stays_taken_back(engine: Engine) {
    let (desk, card) = desk_with_person(engine).await;
    let institution = desk.terminal.institution.clone();
    let choice = |granted: bool| json!([{ "kind": "treatment", "granted": granted }]);
    let none = json!([]);
    switch_on(&desk.system, &institution, Setting::Treatment).await;
    for form in ["home_visit", "outpatient"] {
        assert_eq!(session(&desk, &card, form, &choice(true)).await["DiagnosisInfoConsFlg"], "1");
    }

    switch_off(&desk.system, &institution, Setting::Treatment).await;
    let unused = session(&desk, &card, "home_visit", &none).await;
    assert!(unused["DiagnosisInfoConsFlg"].is_null(), "agreed to, but not used: {unused}");
    for form in ["home_visit", "outpatient"] {
        let refused = session(&desk, &card, form, &choice(false)).await;
        assert!(refused["DiagnosisInfoConsFlg"].is_null(), "{refused}");
    }
    let person = eligibility::person::PersonKey(PERSON.to_owned());
    let stored = desk.system.store().consents(&institution, &person).await.expect("reads");
    let granted: Vec<_> = stored.iter().map(|stored| stored.consent.granted).collect();
    assert_eq!(granted, [false, false], "both forms of care: {stored:?}");

    switch_on(&desk.system, &institution, Setting::Treatment).await;
    let later = session(&desk, &card, "home_visit", &none).await;
    assert_eq!(later["DiagnosisInfoConsFlg"], "0", "the patient took it back");
    desk.system.stop().await;
}

async fn an_emergency_without_a_word_says_that_nobody_could_be_asked(engine: Engine) {
    let (desk, card) = desk_with_person(engine).await;
    let silent = session(&desk, &card, "emergency", &json!([])).await;
    for stem in ["SpecificDiseasesCertificateRelated", "PharmacistsInfo", "DiagnosisInfo", "OperationInfo"] {
        assert_eq!(silent[format!("{stem}ConsFlg")], "3", "{stem}");
        assert!(silent[format!("{stem}ConsTime")].is_null(), "{stem}");
    }
    let person = eligibility::person::PersonKey(PERSON.to_owned());
    let institution = eligibility::institution::InstitutionCode::parse(testkit::system::INSTITUTION);
    let stored = desk.system.store().consents(&institution.expect("a code"), &person).await.expect("reads");
    assert!(stored.is_empty(), "nobody chose anything, so nothing is kept");
    desk.system.stop().await;
}
