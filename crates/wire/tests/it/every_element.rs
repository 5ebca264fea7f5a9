//! One result with every element of the interface, written by hand in the annex's order: what no sample holds
//! stands in its place, too.

use eligibility::codes::CharacterCode;
use jiff::civil::{DateTime, date};
use utoipa::{PartialSchema as _, ToSchema as _};
use wire::message::{ConsentInfo, Layout, ResultMessage, read_result, write_result};

const GOLDEN: [(CharacterCode, &[u8]); 2] = [
    (CharacterCode::Utf8, include_bytes!("every_element/face_utf-8.xml")),
    (CharacterCode::ShiftJis, include_bytes!("every_element/face_shift_jis.xml")),
];

#[test]
fn every_element_is_written_where_it_was_read() {
    for (encoding, golden) in GOLDEN {
        let read = read_result(golden).expect("reads");
        assert_eq!(read.encoding, encoding);
        let written = write_result(&read.message, encoding, Layout::Indented);
        assert_eq!(written.substitutions, []);
        let lines =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&written.bytes), lines(golden), "{encoding:?}");
        assert!(written.bytes == golden, "{encoding:?}: the same lines, but not the same bytes");
    }
}

#[test]
fn one_encoding_becomes_the_other() {
    for ((_, golden), (other, expected)) in [(GOLDEN[0], GOLDEN[1]), (GOLDEN[1], GOLDEN[0])] {
        let message = read_result(golden).expect("reads").message;
        assert!(write_result(&message, other, Layout::Indented).bytes == expected, "{other:?}");
    }
}

/// The names of all objects below a JSON schema.
fn properties(schema: &serde_json::Value, names: &mut Vec<String>) {
    if let Some(object) = schema.get("properties").and_then(serde_json::Value::as_object) {
        names.extend(object.keys().cloned());
    }
    for below in schema.as_object().into_iter().flat_map(serde_json::Map::values) {
        properties(below, names);
    }
}

#[test]
fn nothing_of_the_published_schema_is_missing() {
    let text = String::from_utf8(GOLDEN[0].1.to_vec()).expect("UTF-8");
    let mut schemas = vec![("ResultMessage".to_owned(), ResultMessage::schema())];
    ResultMessage::schemas(&mut schemas);
    let mut names = Vec::new();
    for (_, schema) in schemas {
        properties(&serde_json::to_value(schema).expect("JSON"), &mut names);
    }
    assert!(names.len() > 120, "only {} names: {names:?}", names.len());
    for name in names {
        assert!(text.contains(&format!("<{name}>")), "{name}");
    }
}

#[test]
fn what_no_sample_holds_is_read_into_its_field() {
    let body = read_result(GOLDEN[1].1).expect("reads").message.body;
    let result = &body.results[0];
    let text = |value: &Option<String>| value.clone().expect("is there");
    assert_eq!(text(&result.name_of_other), "架空　通称");
    assert_eq!(result.name_of_other_kana.as_ref().expect("is there").0, "カクウ　ツウショウ");
    assert_eq!(result.sex2.as_ref().map(|sex| sex.as_text()), Some("2"));
    assert_eq!(result.disqualification_date, Some(date(2026, 11, 2)));
    assert_eq!(result.preschool.as_ref().map(|code| code.as_text()), Some("1"));
    assert_eq!(result.reason_of_loss.as_ref().map(|code| code.as_text()), Some("03"));
    let elderly = result.elderly_certificate.as_ref().expect("is there");
    assert_eq!((elderly.issued_on, elderly.valid_from), (Some(date(2025, 2, 6)), Some(date(2025, 2, 7))));
    assert_eq!((elderly.valid_until, elderly.ratio.as_text()), (Some(date(2027, 2, 8)), "020"));
    let ceiling = result.ceiling_certificate.as_ref().expect("is there");
    assert_eq!(ceiling.long_term_on, Some(date(2025, 4, 1)));
    assert_eq!(result.specific_disease_certificates[1].self_pay_yen, Some(20_000));
    let ticket = &result.medical_tickets[0];
    assert_eq!(text(&ticket.prescriber_code), "1319990020");
    assert_eq!(text(&ticket.prescriber_name), "見本診療所");
    assert_eq!(text(&ticket.injury_name3), "傷病の三");
    assert_eq!(ticket.inconsistent.as_ref().map(|code| code.as_text()), Some("1"));
    assert_eq!(text(&ticket.remarks3), "備考の三");
    assert_eq!(body.results.len(), 2);
}

#[test]
fn each_consent_is_read_into_its_field() {
    let message = read_result(GOLDEN[0].1).expect("reads").message;
    let result = &message.body.results[0];
    let consents: [(&Option<ConsentInfo>, &str); 10] = [
        (&result.checkup, "1"),
        (&result.medication, "1"),
        (&result.treatment, "1"),
        (&result.operation, "1"),
        (&result.disease_name, "1"),
        (&result.infection, "1"),
        (&result.allergy, "2"),
        (&result.drug_allergy, "1"),
        (&result.test, "3"),
        (&result.prescription, "1"),
    ];
    // Each was given a second after the one before it.
    for (second, (consent, flag)) in (3..).zip(consents) {
        let consent = consent.as_ref().expect("is there");
        let on = |day: i8| Some(DateTime::constant(2026, 11, day, 9, 15, second, 0));
        assert_eq!(consent.flag.as_text(), flag);
        assert_eq!((consent.consented_at, consent.available_until), (on(22), on(23)));
    }
}
