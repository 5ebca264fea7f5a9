//! The sample files: every one reads, and what is read is written as the same bytes.

use std::{fs, path::PathBuf};

use eligibility::codes::{CharacterCode, InquiryMethod, Validity};
use wire::message::{Layout, read_request, read_result, write_request, write_result};

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/samples").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) const REQUESTS: [&str; 3] =
    ["OQSsiquc01req_202611220001.xml", "OQSsiquc01req_202611220002.xml", "OQSsiquc01req_202611220003.xml"];

pub(crate) const RESULTS: [&str; 7] = [
    "OQSsiquc01res_202611220001.xml",
    "OQSsiquc01res_202611220002.xml",
    "OQSsiquc01res_202611220003.xml",
    "OQSsiquc01res_202611220004.xml",
    "OQSsiquc01res_face_1319990012a1b2c3d4e5f60718293a_20261122091502.xml",
    "OQSsiquc01res_face_131999001200112233445566778899_20261122092210.xml",
    "OQSsiquc01res_face_1319990012ffeeddccbbaa99887766_20261122093000.xml",
];

#[test]
fn the_lists_hold_every_sample() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/samples");
    let count = fs::read_dir(folder).expect("samples folder").count();
    assert_eq!(count, REQUESTS.len() + RESULTS.len() + 1, "one more is observed_order_face.xml");
}

#[test]
fn requests_are_written_as_the_samples() {
    for name in REQUESTS {
        let sample = bytes(name);
        let read = read_request(&sample).expect(name);
        let request = read.request.expect(name);
        let written = write_request(&request, read.encoding, Layout::Indented);
        assert_eq!(written.substitutions, [], "{name}");
        assert!(written.bytes == sample, "{name}");
    }
}

#[test]
fn results_are_written_as_the_samples() {
    for name in RESULTS {
        let sample = bytes(name);
        let read = read_result(&sample).expect(name);
        assert_eq!(read.message.header.character_code_identifier.known(), Some(read.encoding), "{name}");
        let written = write_result(&read.message, read.encoding, Layout::Indented);
        assert_eq!(written.substitutions, [], "{name}");
        assert!(written.bytes == sample, "{name}");
    }
}

#[test]
fn the_other_encoding_says_the_same() {
    for name in RESULTS {
        let read = read_result(&bytes(name)).expect(name);
        let other = match read.encoding {
            CharacterCode::Utf8 => CharacterCode::ShiftJis,
            CharacterCode::ShiftJis => CharacterCode::Utf8,
        };
        for layout in [Layout::Indented, Layout::Compact] {
            let written = write_result(&read.message, other, layout);
            let mut again = read_result(&written.bytes).expect(name);
            assert_eq!(again.encoding, other);
            assert!(again.message.header.character_code_identifier.is(other), "follows the real encoding");
            again.message.header.character_code_identifier = read.encoding.into();
            assert_eq!(again.message, read.message, "{name}");
        }
    }
}

#[test]
fn requests_give_domain_values() {
    let read = read_request(&bytes(REQUESTS[2])).expect("reads");
    assert_eq!(read.encoding, CharacterCode::ShiftJis);
    let request = read.request.expect("is right");
    assert_eq!(request.query.insurer_number.as_str(), "138990");
    assert_eq!(request.query.insured_symbol.as_deref(), Some("杉－１２"));
    assert_eq!(request.query.branch_number.as_deref(), Some("02"));
    assert_eq!(request.query.as_of, jiff::civil::date(2026, 11, 22));
    assert!(request.query.ceiling_consent);
    assert_eq!(request.file_identifier.as_deref(), Some("K0000789-001"));
    assert_eq!(request.person_identifier, None);
}

#[test]
fn observed_order_says_the_same_as_annex_order() {
    let observed = read_result(&bytes("observed_order_face.xml")).expect("reads").message;
    assert!(observed.header.reference_classification.is(InquiryMethod::Card));
    assert!(observed.body.qualification_validity.as_ref().is_some_and(|v| v.is(Validity::Valid)));
    // The annex-order sample of the same session has these elements besides.
    let mut annex = read_result(&bytes(RESULTS[4])).expect("reads").message;
    annex.body.prescription_issue_select = None;
    let result = &mut annex.body.results[0];
    result.ceiling_consent = None;
    result.ceiling_consented_at = None;
    result.ceiling_certificate = None;
    result.specific_disease_consent = None;
    result.reference_number = None;
    assert_eq!(observed, annex);
    let written = write_result(&observed, CharacterCode::Utf8, Layout::Indented);
    assert_eq!(read_result(&written.bytes).expect("reads").message, observed);
}
