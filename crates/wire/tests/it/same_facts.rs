//! Our output of the facts behind a sample equals the sample, element by element and byte by byte.

use eligibility::{
    Instant, calendar,
    card_certificate::CardCertificateState,
    codes::{CharacterCode, ConsentStatus, InquiryMethod, PrescriptionIssue, Validity},
    consent::{CareForm, Consent, ConsentChoice, ConsentFacts, ConsentKind, StandingConsent},
    coverage::Coverage,
    disclosure::Disclosure,
    errors::ErrorCode,
    verification::Decision,
};
use wire::{
    compose::{AnswerContext, answer, refusal},
    message::{ConsentElements, Layout, ResultMessage, read_request, read_result, write_result},
};

use crate::{
    facts::{AS_OF, at, consents, hanako, institution, insurer_name, saburo, taro},
    samples::{RESULTS, bytes},
};

/// The samples are of the edition of 2023. The file's identifier is the one thing the terminal adds.
fn assert_same(message: ResultMessage, sample: &str, file_identifier: &str) {
    let mut message = message.in_edition(ConsentElements::Edition2023);
    message.header.arbitrary_file_identifier = Some(file_identifier.to_owned());
    let expected = read_result(&bytes(sample)).expect("sample reads");
    message.header.character_code_identifier = expected.encoding.into();
    assert_eq!(message, expected.message, "{sample}");
    let written = write_result(&message, expected.encoding, Layout::Indented);
    assert_eq!(text(&written.bytes), text(&bytes(sample)), "{sample}");
    for encoding in [CharacterCode::Utf8, CharacterCode::ShiftJis] {
        let written = write_result(&message, encoding, Layout::Compact);
        let mut again = read_result(&written.bytes).expect("our own result reads").message;
        again.header.character_code_identifier = expected.encoding.into();
        assert_eq!(again, expected.message, "{sample} in {encoding:?}");
    }
}

fn text(bytes: &[u8]) -> String {
    wire::charset::decode(bytes).expect("text").1.into_owned()
}

fn decision(validity: Validity, coverage: Coverage) -> Decision {
    Decision { validity, coverages: vec![coverage] }
}

fn by_number(sample_request: &str, ceiling: bool) -> (AnswerContext<'static>, wire::message::SearchInfo) {
    let request = read_request(&bytes(sample_request)).expect("reads").request.expect("is right");
    assert_eq!(request.query.ceiling_consent, ceiling);
    let context = AnswerContext {
        method: InquiryMethod::Number,
        as_of: AS_OF,
        executed_at: at(9, 5, 12),
        institution: Box::leak(Box::new(institution())),
        disclosure: Disclosure::by_number(ceiling),
        consents: &[],
        reference_number: None,
        prescription_issue_select: None,
        notice: None,
    };
    (context, request.search_info())
}

#[test]
fn number_check_with_ceiling_certificate() {
    let (mut context, search_info) = by_number("OQSsiquc01req_202611220001.xml", true);
    context.reference_number = Some("K0000123");
    let mut message = answer(&decision(Validity::Valid, hanako()), &context, insurer_name);
    message.body.search_info = Some(search_info);
    assert_same(message, RESULTS[0], "K0000123-001");
}

#[test]
fn number_check_without_consent() {
    let (mut context, search_info) = by_number("OQSsiquc01req_202611220002.xml", false);
    context.executed_at = at(9, 5, 30);
    let mut message = answer(&decision(Validity::Valid, taro()), &context, insurer_name);
    message.body.search_info = Some(search_info);
    assert_same(message, RESULTS[1], "K0000456-001");
}

#[test]
fn nobody_matches() {
    let (mut context, search_info) = by_number("OQSsiquc01req_202611220003.xml", true);
    context.executed_at = at(9, 6, 1);
    let nobody = Decision { validity: Validity::NoMatch, coverages: vec![] };
    let mut message = answer(&nobody, &context, insurer_name);
    assert_eq!(message.body.processing_result_code.as_deref(), Some("OQSB1001W"));
    message.body.search_info = Some(search_info);
    assert_same(message, RESULTS[2], "K0000789-001");
}

#[test]
fn wrong_element() {
    // What the sample's question must have been, with a birthday that is no day.
    let asked = text(&bytes("OQSsiquc01req_202611220001.xml"))
        .replace("K0000123-001", "K0000999-001")
        .replace("<Birthdate>19820514<", "<Birthdate>19820230<");
    let invalid = read_request(asked.as_bytes()).expect("reads").request.expect_err("a wrong element");
    let echo = &invalid.echo;
    let mut message = refusal(
        ErrorCode::FieldFormat,
        Some(&invalid.message()),
        InquiryMethod::Number,
        echo.institution_code.as_ref().expect("is right"),
        echo.as_of,
        at(9, 7, 0),
    );
    message.header.arbitrary_file_identifier.clone_from(&echo.file_identifier);
    // We name the element (ADR 8); the sample only says that one is wrong. Nothing else differs.
    let sample = read_result(&bytes(RESULTS[3])).expect("sample reads").message;
    assert_eq!(sample.header.error_message.as_deref(), Some("項目の形式が不正です。"));
    assert_eq!(message.header.error_message.as_deref(), Some("生年月日（Birthdate）の形式が不正です。"));
    let written = text(&write_result(&message, CharacterCode::Utf8, Layout::Indented).bytes);
    let unnamed = written.replace("<ErrorMessage>生年月日（Birthdate）の", "<ErrorMessage>項目の");
    assert_eq!(unnamed, text(&bytes(RESULTS[3])));
    // Where no element is named, the catalogue's text is the sample's.
    let plain = refusal(
        ErrorCode::FieldFormat,
        None,
        InquiryMethod::Number,
        &institution(),
        Some(AS_OF),
        at(9, 7, 0),
    );
    assert_same(plain, RESULTS[3], "K0000999-001");
}

struct CardSession {
    state: CardCertificateState,
    consents: Vec<Consent>,
    reference_number: Option<&'static str>,
    prescription: Option<PrescriptionIssue>,
}

fn by_card(coverage: Coverage, executed_at: eligibility::Instant, session: &CardSession) -> ResultMessage {
    let choices: Vec<ConsentChoice> =
        session.consents.iter().map(|c| ConsentChoice { kind: c.kind, granted: c.granted }).collect();
    let facts = ConsentFacts {
        care_form: CareForm::Outpatient,
        chosen: &session.consents,
        earlier: &[],
        checkup_asked: Disclosure::checkup_asked(coverage.person.birthdate, AS_OF),
        now: executed_at,
    };
    let consents = facts.standing();
    let institution = institution();
    let context = AnswerContext {
        method: InquiryMethod::Card,
        as_of: AS_OF,
        executed_at,
        institution: &institution,
        disclosure: Disclosure::by_card(session.state, &choices, coverage.person.birthdate, AS_OF),
        consents: &consents,
        reference_number: session.reference_number,
        prescription_issue_select: session.prescription,
        notice: session.state.notice(),
    };
    answer(&decision(Validity::Valid, coverage), &context, insurer_name)
}

use ConsentKind::{Checkup, Medication, Operation, SpecificDisease, Treatment};

#[test]
fn face_result_with_every_consent() {
    let now = at(9, 15, 2);
    let choices =
        [(SpecificDisease, false), (Checkup, true), (Medication, true), (Treatment, true), (Operation, true)];
    let session = CardSession {
        state: CardCertificateState::Valid,
        consents: consents(now, &choices),
        reference_number: Some("K0000123"),
        prescription: Some(PrescriptionIssue::Paper),
    };
    assert_same(by_card(hanako(), now, &session), RESULTS[4], "QX3k7_0aNjMCF0E=");
}

#[test]
fn face_result_of_a_card_that_expires_soon() {
    let now = at(9, 22, 10);
    let choices = [
        (SpecificDisease, true),
        (Checkup, false),
        (Medication, true),
        (Treatment, false),
        (Operation, true),
    ];
    let session = CardSession {
        state: CardCertificateState::ExpiresSoon,
        consents: consents(now, &choices),
        reference_number: None,
        prescription: None,
    };
    let message = by_card(taro(), now, &session);
    assert_eq!(message.body.processing_result_code.as_deref(), Some("OQSB1101I"));
    assert_same(message, RESULTS[5], "B7u_QfxBNjMCL4x=");
}

#[test]
fn face_result_of_public_assistance() {
    let now = at(9, 30, 0);
    let choices = [(Checkup, true), (Medication, true), (Treatment, false), (Operation, false)];
    let session = CardSession {
        state: CardCertificateState::Valid,
        consents: consents(now, &choices),
        reference_number: None,
        prescription: None,
    };
    assert_same(by_card(saburo(), now, &session), RESULTS[6], "C8v_RgyCNjMCM5y=");
}

#[test]
fn grace_shows_eligibility_and_no_more() {
    let now = at(9, 22, 10);
    let choices = [(SpecificDisease, true), (Checkup, true), (Medication, true)];
    let session = CardSession {
        state: CardCertificateState::Grace,
        consents: consents(now, &choices),
        reference_number: None,
        prescription: None,
    };
    let message = by_card(taro(), now, &session);
    let result = &message.body.results[0];
    assert_eq!(result.name, "見本　太郎");
    assert_eq!(result.ceiling_consent, None);
    assert_eq!(result.ceiling_certificate, None);
    assert_eq!(result.specific_disease_consent, None);
    assert!(result.specific_disease_certificates.is_empty());
    assert_eq!((&result.checkup, &result.medication), (&None, &None));
    assert_eq!(message.body.processing_result_code.as_deref(), Some("OQSB1102W"));
}

#[test]
fn the_edition_of_2025_says_all_that_of_2023_did_and_six_kinds_more() {
    let now = at(9, 15, 2);
    let choices = [(Checkup, true), (Medication, true), (Treatment, false), (Operation, true)];
    let session = CardSession {
        state: CardCertificateState::Valid,
        consents: consents(now, &choices),
        reference_number: Some("K0000123"),
        prescription: None,
    };
    let message = by_card(hanako(), now, &session);
    assert_eq!(
        message.clone().in_edition(ConsentElements::default()),
        message,
        "the newest leaves nothing out"
    );
    let lines = |edition| {
        let message = message.clone().in_edition(edition);
        let xml = text(&write_result(&message, CharacterCode::Utf8, Layout::Indented).bytes);
        xml.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let older = lines(ConsentElements::Edition2023);
    let mut added = lines(ConsentElements::Edition2025);
    let mut kept = older.iter();
    let mut next = kept.next();
    added.retain(|line| {
        let is_kept = next == Some(line);
        next = if is_kept { kept.next() } else { next };
        !is_kept
    });
    assert_eq!(next, None, "everything of the older edition stands in the newer one, in the same order");
    let names: Vec<&str> = added.iter().map(|line| line.split(['<', '>']).nth(1).expect("a name")).collect();
    let granted = |stem: &str| ["ConsFlg", "ConsTime", "AvailableTime"].map(|part| format!("{stem}{part}"));
    let expected: Vec<String> = [granted("DiagnosisName"), granted("InfectiousInfo")].concat();
    let refused = ["AllergyInfoConsFlg", "ContraindicationInfoConsFlg", "TestInfoConsFlg"].map(str::to_owned);
    assert_eq!(names, [expected, refused.to_vec(), granted("PrescriptionInfo").to_vec()].concat());
}

#[test]
fn what_a_consent_holds_stands_by_itself_too() {
    let now = at(9, 15, 2);
    let choices = [(Checkup, true), (Medication, true), (Treatment, false), (Operation, true)];
    let session = CardSession {
        state: CardCertificateState::Valid,
        consents: consents(now, &choices),
        reference_number: None,
        prescription: None,
    };
    let message = by_card(hanako(), now, &session);
    let xml = text(&write_result(&message, CharacterCode::Utf8, Layout::Compact).bytes);
    let shown = |name: &str| {
        let of = |part: &str| {
            let after = xml.split_once(&format!("<{name}{part}>"))?.1;
            Some(after.split_once('<').expect("an end").0.to_owned())
        };
        (of("ConsFlg"), of("ConsTime"), of("AvailableTime"))
    };
    let some = |text: &str| Some(text.to_owned());
    let granted = (some("1"), some("20261122091502"), some("20261123091502"));
    for name in ["PharmacistsInfo", "PrescriptionInfo", "OperationInfo", "DiagnosisName", "InfectiousInfo"] {
        assert_eq!(shown(name), granted, "{name}");
    }
    for name in ["DiagnosisInfo", "AllergyInfo", "ContraindicationInfo", "TestInfo"] {
        assert_eq!(shown(name), (some("0"), None, None), "{name}: a refusal is the flag alone");
    }
    assert_eq!(read_result(xml.as_bytes()).expect("reads").message, message);
    // Not asked, no element; an expired certificate takes no consent.
    let silent = CardSession { consents: vec![], ..session };
    let message = by_card(hanako(), now, &silent);
    let result = &message.body.results[0];
    assert_eq!((&result.prescription, &result.test, &result.infection), (&None, &None, &None));
    let expired =
        CardSession { state: CardCertificateState::Grace, consents: consents(now, &choices[..2]), ..silent };
    assert_eq!(by_card(hanako(), now, &expired).body.results[0].prescription, None);
}

#[test]
fn every_state_of_consent_is_written() {
    let now = at(9, 15, 2);
    let ended = calendar::from_tokyo(AS_OF.at(0, 0, 0, 0));
    let given =
        |kind, status, granted_at, valid_until| StandingConsent { kind, status, granted_at, valid_until };
    let context = AnswerContext {
        method: InquiryMethod::Card,
        as_of: AS_OF,
        executed_at: now,
        institution: &institution(),
        disclosure: Disclosure { medication: true, ..Disclosure::default() },
        consents: &[
            given(Checkup, ConsentStatus::NotAgreed, None, None),
            given(Medication, ConsentStatus::Agreed, Some(now), None),
            given(Treatment, ConsentStatus::TermExpired, Some(Instant(ended.0 - 3_600_000)), Some(ended)),
            given(Operation, ConsentStatus::CannotBeAsked, None, None),
        ],
        reference_number: None,
        prescription_issue_select: None,
        notice: None,
    };
    let message = answer(&decision(Validity::Valid, hanako()), &context, insurer_name);
    let xml = text(&write_result(&message, CharacterCode::Utf8, Layout::Compact).bytes);
    for written in [
        "<SpecificHealthCheckupsInfoConsFlg>0</SpecificHealthCheckupsInfoConsFlg><PharmacistsInfoConsFlg>1<",
        "<PharmacistsInfoConsTime>20261122091502</PharmacistsInfoConsTime><DiagnosisInfoConsFlg>2<",
        "<DiagnosisInfoConsTime>20261121230000</DiagnosisInfoConsTime>",
        "<DiagnosisInfoAvailableTime>20261122000000</DiagnosisInfoAvailableTime><OperationInfoConsFlg>3<",
        "<OperationInfoConsFlg>3</OperationInfoConsFlg><DiagnosisNameConsFlg>3<",
        "<TestInfoConsFlg>2<",
    ] {
        assert!(xml.contains(written), "{written} in {xml}");
    }
    assert!(!xml.contains("SpecificDiseasesCertificateRelatedConsFlg"), "not asked, no element");
}

#[test]
fn a_withheld_address_stays_inside() {
    let mut coverage = hanako();
    coverage.person.protection.address_withheld = true;
    let session = CardSession {
        state: CardCertificateState::Valid,
        consents: vec![],
        reference_number: None,
        prescription: None,
    };
    let message = by_card(coverage, at(9, 0, 0), &session);
    assert_eq!((&message.body.results[0].address, &message.body.results[0].post_number), (&None, &None));
}
