//! Wrong elements of a request: each is named, and what can be echoed is kept.

use wire::message::{
    EligibilityRequest, FieldProblem, FieldProblemKind, InvalidRequest, MAX_ERROR_MESSAGE_CHARS, read_request,
};

use crate::facts;

const HEADER: [(&str, &str); 3] = [
    ("QualificationConfirmationDate", "20261122"),
    ("MedicalInstitutionCode", "1319990012"),
    ("ArbitraryFileIdentifier", " id \t1 "),
];
const BODY: [(&str, &str); 7] = [
    ("InsurerNumber", "06139996"),
    ("InsuredCardSymbol", "2101"),
    ("InsuredIdentificationNumber", "345"),
    ("InsuredBranchNumber", "00"),
    ("Birthdate", "19820514"),
    ("LimitApplicationCertificateRelatedConsFlg", "1"),
    ("ArbitraryIdentifier", "K1"),
];

/// The request with one element's text replaced; `None` leaves the element out.
fn with(changed: &str, text: Option<&str>) -> Result<EligibilityRequest, InvalidRequest> {
    let part = |elements: &[(&str, &str)]| {
        let mut xml = String::new();
        for (name, normal) in elements {
            let text = if *name == changed { text } else { Some(*normal) };
            if let Some(text) = text {
                xml.push_str(&format!("<{name}>{text}</{name}>"));
            }
        }
        xml
    };
    let xml = format!(
        "<XmlMsg><MessageHeader>{}</MessageHeader><MessageBody><QualificationConfirmSearchInfo>{}\
         </QualificationConfirmSearchInfo></MessageBody></XmlMsg>",
        part(&HEADER),
        part(&BODY)
    );
    read_request(xml.as_bytes()).expect("a message of this kind").request
}

fn problem(changed: &str, text: Option<&str>) -> FieldProblem {
    let invalid = with(changed, text).expect_err(changed);
    assert_eq!(invalid.problems.len(), 1, "{changed}: {:?}", invalid.problems);
    assert!(invalid.message().contains(changed), "{}", invalid.message());
    assert!(invalid.message().chars().count() <= MAX_ERROR_MESSAGE_CHARS);
    invalid.problems[0]
}

#[test]
fn the_unchanged_request_is_right() {
    let request = with("", None).expect("right");
    assert_eq!(request.institution_code, facts::institution());
    assert_eq!(request.file_identifier.as_deref(), Some(" id \t1 "), "blanks are part of it");
}

#[test]
fn mandatory_elements() {
    for name in [
        "QualificationConfirmationDate",
        "MedicalInstitutionCode",
        "InsurerNumber",
        "InsuredIdentificationNumber",
        "Birthdate",
        "LimitApplicationCertificateRelatedConsFlg",
    ] {
        for text in [None, Some("")] {
            let problem = problem(name, text);
            assert_eq!((problem.element, problem.kind), (name, FieldProblemKind::Missing));
        }
    }
}

#[test]
fn optional_elements() {
    for name in ["ArbitraryFileIdentifier", "InsuredCardSymbol", "InsuredBranchNumber", "ArbitraryIdentifier"]
    {
        assert!(with(name, None).is_ok(), "{name}");
        assert!(with(name, Some("")).is_ok(), "{name}");
    }
}

#[test]
fn formats() {
    for (name, text) in [
        ("QualificationConfirmationDate", "2026-11-22"),
        ("QualificationConfirmationDate", "20261322"),
        ("QualificationConfirmationDate", "20260229"),
        ("QualificationConfirmationDate", "２０２６１１２２"),
        ("QualificationConfirmationDate", "00000000"),
        ("QualificationConfirmationDate", "<A>20261122</A>"),
        ("MedicalInstitutionCode", "131999001"),
        ("MedicalInstitutionCode", "9919990012"),
        ("InsurerNumber", "1234567"),
        ("InsurerNumber", "ABCDEFGH"),
        ("InsuredBranchNumber", "123"),
        ("InsuredBranchNumber", "A1"),
        ("Birthdate", "19821301"),
        ("LimitApplicationCertificateRelatedConsFlg", "2"),
    ] {
        assert_eq!(
            problem(name, Some(text)),
            FieldProblem { element: element(name), kind: FieldProblemKind::Format },
            "{text}"
        );
    }
}

fn element(name: &str) -> &'static str {
    HEADER.iter().chain(&BODY).map(|(known, _)| *known).find(|known| *known == name).expect("known")
}

#[test]
fn lengths() {
    for (name, limit) in [
        ("ArbitraryFileIdentifier", 200),
        ("ArbitraryIdentifier", 200),
        ("InsuredCardSymbol", 20),
        ("InsuredIdentificationNumber", 20),
    ] {
        assert!(with(name, Some(&"９".repeat(limit))).is_ok(), "{name}");
        assert_eq!(problem(name, Some(&"９".repeat(limit + 1))).kind, FieldProblemKind::TooLong, "{name}");
    }
}

#[test]
fn repeated_elements_are_ambiguous() {
    let twice = "19820514</Birthdate><Birthdate>19820515";
    assert_eq!(problem("Birthdate", Some(twice)).kind, FieldProblemKind::Repeated);
}

#[test]
fn insurer_numbers_are_read_in_every_padding() {
    for (text, digits, echoed) in [
        ("06139996", "06139996", "06139996"),
        ("  138990", "138990", "  138990"),
        ("00138990", "138990", "  138990"),
        ("138990", "138990", "  138990"),
        ("１３８９９０", "138990", "  138990"),
    ] {
        let request = with("InsurerNumber", Some(text)).expect("right");
        assert_eq!(request.query.insurer_number.as_str(), digits);
        assert_eq!(request.search_info().insurer_number.padded(), echoed);
    }
}

#[test]
fn all_problems_are_found_and_the_rest_is_echoed() {
    let xml = "<XmlMsg><MessageHeader><QualificationConfirmationDate>20261122</QualificationConfirmationDate>\
        <MedicalInstitutionCode>x</MedicalInstitutionCode>\
        <ArbitraryFileIdentifier>K-1</ArbitraryFileIdentifier></MessageHeader><MessageBody/></XmlMsg>";
    let invalid = read_request(xml.as_bytes()).expect("reads").request.expect_err("is wrong");
    let named: Vec<_> = invalid.problems.iter().map(|p| (p.element, p.kind)).collect();
    assert_eq!(
        named,
        [
            ("MedicalInstitutionCode", FieldProblemKind::Format),
            ("QualificationConfirmSearchInfo", FieldProblemKind::Missing),
        ]
    );
    assert_eq!(invalid.echo.as_of, Some(facts::AS_OF));
    assert_eq!(invalid.echo.institution_code, None);
    assert_eq!(invalid.echo.file_identifier.as_deref(), Some("K-1"));
}

/// The one way an echoed identifier can differ in its bytes; never in its characters.
#[test]
fn characters_with_two_codes_come_back_under_the_code_windows_writes() {
    let echoed = |identifier: &[u8]| {
        let (start, end) =
            (b"<ArbitraryFileIdentifier>".as_slice(), b"</ArbitraryFileIdentifier>".as_slice());
        let declaration = b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>".as_slice();
        let rest = b"</MessageHeader><MessageBody/></XmlMsg>".as_slice();
        let xml = [declaration, b"<XmlMsg><MessageHeader>", start, identifier, end, rest].concat();
        let read = read_request(&xml).expect("a message").request.expect_err("without a question");
        let text = read.echo.file_identifier.expect("an identifier");
        wire::charset::encode(&text, eligibility::codes::CharacterCode::ShiftJis).0
    };
    for kept in [b"K-2026/11".as_slice(), b"\x95\x5C\x83\x5C \xB1", b"\xFB\xFC\x87\x40\xF0\x40"] {
        assert_eq!(echoed(kept), kept);
    }
    assert_eq!(echoed(b"\xEE\xE0"), b"\xFB\xFC");
}
