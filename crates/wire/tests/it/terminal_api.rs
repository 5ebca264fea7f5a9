//! JSON of the terminal API.

use eligibility::{
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice, ConsentKind},
    verification::{NumberQuery, ProofMethod},
};
use serde_json::{Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};
use wire::{
    message::{ResultMessage, read_result},
    terminal_api::*,
};

use crate::{
    facts::{AS_OF, insurer},
    samples::{RESULTS, bytes},
};

#[test]
fn results_have_the_shape_of_the_interface() {
    let message = read_result(&bytes(RESULTS[5])).expect("reads").message;
    let answer = CheckAnswer { answer: message, receipt: "a.b.c".into(), nonce: None };
    let json: Value = serde_json::to_value(&answer).expect("JSON");
    let root = &json["answer"]["XmlMsg"];
    assert_eq!(root["MessageHeader"]["MedicalInstitutionCode"], "1319990012");
    let result = &root["MessageBody"]["ResultList"][0]["ResultOfQualificationConfirmation"];
    assert_eq!(result["NameKana"], "ﾐﾎﾝ ﾀﾛｳ");
    assert_eq!(result["InsuredPartialContributionRatio"], "020");
    assert_eq!(
        result["SpecificDiseasesCertificateList"],
        json!([{
            "SpecificDiseasesDiseaseCategory": "1",
            "SpecificDiseasesCertificateDate": "20240110",
            "SpecificDiseasesValidStartDate": "20240101",
            "SpecificDiseasesSelfPay": "10000",
        }])
    );
    assert_eq!(result["PharmacistsInfoAvailableTime"], "20261123092210");
    assert_eq!(result.get("Address").and_then(Value::as_str), Some("東京都架空区例示二丁目５番地"));
    assert_eq!(result.get("NameOfOther"), None, "absent, not null");
    assert_eq!(serde_json::from_value::<CheckAnswer>(json).expect("reads"), answer);
}

#[test]
fn list_items_are_read_named_or_plain() {
    let plain = json!({
        "MessageHeader": {
            "ProcessExecutionTime": "20261122092210", "MedicalInstitutionCode": "1319990012",
            "ReferenceClassification": "1", "SegmentOfResult": "1", "CharacterCodeIdentifier": "0",
        },
        "MessageBody": {
            "ProcessingResultStatus": "1",
            "ResultList": [{
                "InsuredCardClassification": "01", "Name": "架空　花子", "Sex1": "2", "Birthdate": "19820514",
                "InsurerName": "架空製作所健康保険組合", "Unknown": [1, {"a": null}],
                "SpecificDiseasesCertificateList": [
                    {"SpecificDiseasesCertificateInfo": {"SpecificDiseasesDiseaseCategory": "1"}},
                    {"SpecificDiseasesDiseaseCategory": "2", "SpecificDiseasesSelfPay": 20000},
                ],
            }],
        },
    });
    let message: ResultMessage = serde_json::from_value(plain).expect("reads");
    let result = &message.body.results[0];
    assert_eq!(result.specific_disease_certificates.len(), 2);
    assert_eq!(result.specific_disease_certificates[1].self_pay_yen, Some(20_000));
}

#[test]
fn wrong_results_name_the_element_and_hide_the_value() {
    let mut json =
        serde_json::to_value(read_result(&bytes(RESULTS[0])).expect("reads").message).expect("JSON");
    json["MessageBody"]["ResultList"][0]["ResultOfQualificationConfirmation"]["Birthdate"] = json!("架空");
    let error = serde_json::from_value::<ResultMessage>(json).expect_err("wrong").to_string();
    assert_eq!(error, "Birthdate: wrong format");
    let mut deep = json!("x");
    for _ in 0..40 {
        deep = json!([deep]);
    }
    assert!(serde_json::from_value::<ResultMessage>(json!({"MessageHeader": deep})).is_err());
}

#[test]
fn requests_take_no_unknown_members() {
    let card = CardCheckRequest {
        nonce: "n".into(),
        certificate: "AA==".into(),
        signature: "AA==".into(),
        proof_method: ProofMethod::Face,
        as_of: AS_OF,
        consents: vec![ConsentChoice { kind: ConsentKind::Medication, granted: true }],
        care_form: CareForm::Outpatient,
        prescription_issue_select: Some(PrescriptionIssue::Electronic),
        visual_check: None,
    };
    let json = serde_json::to_value(&card).expect("JSON");
    assert_eq!(
        json,
        json!({
            "nonce": "n", "certificate": "AA==", "signature": "AA==", "proof_method": "face", "as_of": "2026-11-22",
            "consents": [{"kind": "medication", "granted": true}], "care_form": "outpatient",
            "prescription_issue_select": "1",
        })
    );
    let mut more = json.clone();
    more["institution_code"] = json!("1319990012");
    assert!(serde_json::from_value::<CardCheckRequest>(more).is_err(), "the institution is never in a body");
    assert_eq!(serde_json::from_value::<CardCheckRequest>(json).expect("reads"), card);
    assert!(!format!("{card:?}").contains("AA=="), "no certificate in logs");
}

#[test]
fn number_questions_survive() {
    let query = NumberQuery {
        as_of: AS_OF,
        insurer_number: insurer("138990"),
        insured_symbol: Some("杉－１２".into()),
        insured_number: "778899".into(),
        branch_number: None,
        birthdate: AS_OF,
        ceiling_consent: true,
    };
    let request = NumberCheckRequest::new("r1".into(), query.clone());
    let json = serde_json::to_string(&request).expect("JSON");
    let again: NumberCheckRequest = serde_json::from_str(&json).expect("reads");
    assert_eq!(again.into_parts(), ("r1".to_owned(), query));
    assert!(!format!("{request:?}").contains("778899"), "no insured number in logs");
}

#[test]
fn the_schema_names_every_element() {
    let mut schemas = Vec::new();
    CheckAnswer::schemas(&mut schemas);
    let names: Vec<&str> = schemas.iter().map(|(name, _)| name.as_str()).collect();
    for name in
        ["XmlMsg_ResultMessage", "ResultHeader", "QualificationResult", "MedicalTicketInfo", "SearchInfo"]
    {
        assert!(names.contains(&name), "{name} not in {names:?}");
    }
    let schema = serde_json::to_value(wire::message::QualificationResult::schema()).expect("JSON");
    assert_eq!(schema["properties"]["NameKana"]["type"], "string");
    assert!(schema["properties"].get("PharmacistsInfoAvailableTime").is_some());
    assert!(schema["required"].as_array().expect("list").contains(&json!("Name")));
}
