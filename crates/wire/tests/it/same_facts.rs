//! Our output of the facts behind a sample equals the sample, element by element and byte by byte.

use eligibility::{
    card_certificate::CardCertificateState,
    codes::{CharacterCode, InquiryMethod, PrescriptionIssue, Validity},
    consent::{Consent, ConsentChoice, ConsentKind},
    coverage::Coverage,
    disclosure::Disclosure,
    errors::ErrorCode,
    verification::Decision,
};
use wire::{
    compose::{AnswerContext, answer, refusal},
    message::{ConsentInfo, Layout, ResultMessage, read_request, read_result, write_result},
};

use crate::{
    facts::{AS_OF, at, consents, hanako, institution, insurer_name, saburo, taro},
    samples::{RESULTS, bytes},
};

fn assert_same(mut message: ResultMessage, sample: &str, file_identifier: &str) {
    message.header.arbitrary_file_identifier = Some(file_identifier.to_owned());
    as_before_2025(&mut message);
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

/// The samples are of the edition before 2025, which had no elements of their own for what the kinds of consent
/// hold: these must say what their kind says; the rest is the sample.
fn as_before_2025(message: &mut ResultMessage) {
    for result in &mut message.body.results {
        let of = |kind: &Option<ConsentInfo>| [kind.clone(), kind.clone(), kind.clone()];
        let surgery = [result.disease_name.take(), result.infection.take(), result.operation.clone()];
        assert_eq!(surgery, of(&result.operation));
        let treatment = [result.allergy.take(), result.drug_allergy.take(), result.test.take()];
        assert_eq!(treatment, of(&result.treatment));
        assert_eq!(result.prescription.take(), result.medication);
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
    // The sample's wording is older than the catalogue's; the rest is the same.
    message.body.processing_result_message = Some("該当する資格情報が見つかりません。".into());
    message.body.search_info = Some(search_info);
    assert_same(message, RESULTS[2], "K0000789-001");
}

#[test]
fn wrong_element() {
    let message = refusal(
        ErrorCode::FieldFormat,
        Some("項目の形式が不正です。"),
        InquiryMethod::Number,
        &institution(),
        Some(AS_OF),
        at(9, 7, 0),
    );
    assert_same(message, RESULTS[3], "K0000999-001");
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
    let institution = institution();
    let context = AnswerContext {
        method: InquiryMethod::Card,
        as_of: AS_OF,
        executed_at,
        institution: &institution,
        disclosure: Disclosure::by_card(session.state, &choices, coverage.person.birthdate, AS_OF),
        consents: &session.consents,
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
    let mut message = by_card(taro(), now, &session);
    assert_eq!(message.body.processing_result_code.as_deref(), Some("OQSB1101I"));
    let wording = "マイナンバーカードの電子証明書の有効期限が３か月以内です。";
    message.body.processing_result_message = Some(wording.into());
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
