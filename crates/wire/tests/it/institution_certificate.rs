//! JSON of the shapes between terminal and authority.

use eligibility::{
    Instant,
    calendar::tokyo_date,
    institution::InstitutionCode,
    institution_certificate::{CertificateStanding, CertificateUses, Revocation, RevocationReason},
    retrieval::{RetrievalNumber, RetrievalOutcome, RetrievalSecret},
};
use serde_json::json;
use wire::institution_certificate::*;

#[test]
fn a_retrieval_is_read_from_objects_only_and_hides_its_secrets() {
    let number = RetrievalNumber::parse("1234-5678-9012").expect("number");
    let secret = RetrievalSecret::parse("abcd efgh jkmn pqrs").expect("secret");
    let about = RetrievalRequest::about(&number, &secret);
    let json = serde_json::to_value(&about).expect("JSON");
    assert_eq!(json, json!({"retrieval_number": "123456789012", "secret": "ABCDEFGHJKMNPQRS"}));
    assert_eq!(serde_json::from_value::<RetrievalRequest>(json.clone()).expect("reads"), about);
    assert!(serde_json::from_value::<RetrievalRequest>(json!(["1", "2", null, null])).is_err());
    let mut more = json;
    more["institution_code"] = json!("1319990012");
    assert!(serde_json::from_value::<RetrievalRequest>(more).is_err(), "nobody names an institution");
    let with_password = RetrievalRequest { pkcs12_password: Some("himitsu-no-kotoba".into()), ..about };
    let shown = format!("{with_password:?}");
    assert!(!shown.contains("himitsu") && !shown.contains("ABCD"), "{shown}");
}

#[test]
fn times_are_milliseconds_and_stages_are_words() {
    let standing =
        CertificateStanding::Revoked(Revocation { at: Instant(0), reason: RevocationReason::KeyCompromise });
    let answer = StandingAnswer {
        serial: "2a".into(),
        subject: CertificateSubject {
            institution_code: InstitutionCode::parse("1319990012").expect("code"),
            institution_name: "みなと薬局".into(),
            terminal_name: "みなと薬局1号機".to_owned().try_into().expect("name"),
            uses: CertificateUses::EligibilityAndBilling,
        },
        not_after: Instant(1_800_000_000_000),
        days_left: 12,
        stage: standing.into(),
        successor: None,
        words: standing.into(),
    };
    let json = serde_json::to_value(&answer).expect("JSON");
    assert_eq!(json["stage"], "revoked");
    assert_eq!(json["not_after"], 1_800_000_000_000_i64);
    assert_eq!(json["subject"]["uses"], "eligibility_and_billing");
    assert!(json["words"]["sentence"].as_str().is_some_and(|s| s.contains("失効")));
    assert_eq!(json.get("successor"), None, "absent, not null");
    assert_eq!(serde_json::from_value::<StandingAnswer>(json.clone()).expect("reads"), answer);
    // As certificates of former releases have it: long, and not composed.
    let (mut former, name) = (json, "\u{FA19}".repeat(64));
    former["subject"]["terminal_name"] = json!(name);
    let read = serde_json::from_value::<StandingAnswer>(former).expect("reads");
    assert_eq!(read.subject.terminal_name.as_str(), name);
}

#[test]
fn every_stage_and_every_outcome_has_a_name_of_its_own() {
    let now = Instant(0);
    let standings = [
        CertificateStanding::Valid { days_left: 1 },
        CertificateStanding::RenewalOpen { days_left: 1 },
        CertificateStanding::Overlap { until: now },
        CertificateStanding::Superseded,
        CertificateStanding::NotYetValid,
        CertificateStanding::Expired { last_day: tokyo_date(now) },
        CertificateStanding::Unknown,
        CertificateStanding::OfAnotherInstitution,
    ];
    let names: std::collections::BTreeSet<String> = standings
        .map(|standing| serde_json::to_string(&CertificateStage::from(standing)).expect("JSON"))
        .into_iter()
        .collect();
    assert_eq!(names.len(), standings.len());
    let outcomes = [
        RetrievalOutcome::Wrong { tries_left: 1 },
        RetrievalOutcome::UsedUp,
        RetrievalOutcome::Expired,
        RetrievalOutcome::AlreadyRetrieved,
        RetrievalOutcome::Withdrawn,
    ];
    let codes: std::collections::BTreeSet<_> = outcomes.iter().filter_map(|o| retrieval_code(*o)).collect();
    assert_eq!(codes.len(), outcomes.len());
    assert_eq!(retrieval_code(RetrievalOutcome::Granted), None);
}
