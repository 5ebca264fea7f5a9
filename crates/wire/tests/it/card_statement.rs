//! What a card signs: one text for one meaning.

use eligibility::{
    Date, calendar,
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice, ConsentKind},
    institution::InstitutionCode,
    verification::ProofMethod,
};
use proptest::prelude::*;
use serde_json::json;
use wire::{
    card_statement::{CARD_PROOF_CONTEXT, StatementError},
    terminal_api::{CardCheckRequest, VisualCheck},
};

use crate::facts::{AS_OF, institution};

const FINGERPRINT: &str = "ab12";

/// A statement that owns what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    institution: InstitutionCode,
    fingerprint: String,
    request: CardCheckRequest,
}

impl Said {
    fn text(&self) -> Result<String, StatementError> {
        let statement = self.request.statement(&self.institution, &self.fingerprint);
        statement.to_be_signed().map(|text| String::from_utf8(text).expect("ASCII"))
    }
}

fn said() -> Said {
    let choice = |kind, granted| ConsentChoice { kind, granted };
    let request = CardCheckRequest {
        nonce: "bm9uY2U".into(),
        certificate: "AA==".into(),
        signature: "AA==".into(),
        proof_method: ProofMethod::Face,
        as_of: AS_OF,
        consents: vec![choice(ConsentKind::Treatment, false), choice(ConsentKind::Checkup, true)],
        care_form: CareForm::Outpatient,
        prescription_issue_select: Some(PrescriptionIssue::Electronic),
        visual_check: None,
    };
    Said { institution: institution(), fingerprint: FINGERPRINT.into(), request }
}

#[test]
fn the_text_is_the_one_that_is_documented() {
    let mut said = said();
    assert_eq!(
        said.text().expect("a text"),
        "shikaku-card-proof-v2\nnonce:bm9uY2U\ninstitution:1319990012\nterminal:ab12\nproof_method:face\n\
         as_of:2026-11-22\ncare_form:outpatient\nprescription_issue_select:1\nconsent:checkup:granted\n\
         consent:treatment:refused"
    );
    said.request.consents.clear();
    said.request.prescription_issue_select = None;
    assert!(said.text().expect("a text").ends_with("\nprescription_issue_select:none"));
    assert!(CARD_PROOF_CONTEXT.ends_with("-v2"));
}

#[test]
fn names_are_those_of_the_messages() {
    for kind in ConsentKind::ALL {
        assert_eq!(json!(kind), kind.name());
    }
    for form in CareForm::ALL {
        assert_eq!(json!(form), form.name());
    }
    for method in ProofMethod::ALL {
        assert_eq!(json!(method), method.name());
    }
}

fn visual_check(reader_serial: &str) -> Option<VisualCheck> {
    Some(VisualCheck { passcode: "0042".into(), reader_serial: reader_serial.into(), staff_name: None })
}

#[test]
fn the_passcode_is_not_signed_and_the_reader_is() {
    let mut said = said();
    said.request.visual_check = visual_check("R-0001");
    let text = said.text().expect("a text");
    assert!(text.contains("\nproof_method:face\nreader:R-0001\nas_of:"), "{text}");
    assert!(!text.contains("0042"), "the card tells nobody what staff typed");
    assert_eq!(read_back(&text).request.visual_check.expect("a reader").reader_serial, "R-0001");
    said.request.visual_check = visual_check("R\nas_of:2026-01-01");
    assert_eq!(said.text(), Err(StatementError::Characters("reader serial number")));
}

#[test]
fn every_field_is_in_the_text() {
    let first = said();
    let change = |change: &dyn Fn(&mut Said)| {
        let mut other = first.clone();
        change(&mut other);
        assert_ne!(other, first, "something is changed");
        other.text().expect("a text")
    };
    let texts = [
        first.text().expect("a text"),
        change(&|said| said.request.nonce.push('A')),
        change(&|said| said.institution = InstitutionCode::parse("1311111111").expect("a code")),
        change(&|said| said.fingerprint = "ab13".into()),
        change(&|said| said.request.proof_method = ProofMethod::Visual),
        change(&|said| said.request.visual_check = visual_check("R-0001")),
        change(&|said| said.request.visual_check = visual_check("R-0002")),
        change(&|said| said.request.as_of = calendar::add_days(AS_OF, 1)),
        change(&|said| said.request.care_form = CareForm::HomeVisit),
        change(&|said| said.request.prescription_issue_select = Some(PrescriptionIssue::Paper)),
        change(&|said| said.request.prescription_issue_select = None),
        change(&|said| said.request.consents[0].granted = true),
        change(&|said| said.request.consents[1].granted = false),
        change(&|said| said.request.consents[0].kind = ConsentKind::Operation),
        change(&|said| said.request.consents.truncate(1)),
        change(&|said| {
            said.request.consents.push(ConsentChoice { kind: ConsentKind::Ceiling, granted: false });
        }),
    ];
    let different: std::collections::BTreeSet<&String> = texts.iter().collect();
    assert_eq!(different.len(), texts.len(), "{texts:#?}");
}

#[test]
fn what_could_be_read_in_two_ways_is_not_stated() {
    let mut twice = said();
    for granted in [true, false] {
        twice.request.consents = said().request.consents;
        twice.request.consents.push(ConsentChoice { kind: ConsentKind::Treatment, granted });
        assert_eq!(twice.text(), Err(StatementError::RepeatedConsent));
    }
    for hostile in ["", "a\nconsent:operation:granted", "a\r", "a:b", "a b", "ナ", "a\0"] {
        let mut nonce = said();
        nonce.request.nonce = hostile.into();
        assert_eq!(nonce.text(), Err(StatementError::Characters("nonce")), "{hostile:?}");
        let mut fingerprint = said();
        fingerprint.fingerprint = hostile.into();
        let refused = Err(StatementError::Characters("terminal fingerprint"));
        assert_eq!(fingerprint.text(), refused, "{hostile:?}");
    }
}

fn date() -> impl Strategy<Value = Date> {
    (-1i32..=2).prop_map(|days| calendar::add_days(AS_OF, days))
}

/// Few values for each field, so that two statements are often alike but for one thing. Any text at all stands in
/// the two fields that are text, those of other lines among them.
fn any_said() -> impl Strategy<Value = Said> {
    let text =
        || prop_oneof![Just("a".to_owned()), Just("b".to_owned()), "[a-zA-Z0-9_-]{1,12}", "\\PC*\n?\\PC*"];
    let consents = proptest::sample::subsequence(ConsentKind::ALL, 0..=ConsentKind::ALL.len()).prop_shuffle();
    let choices = (consents, any::<u8>()).prop_map(|(kinds, granted)| {
        let choice = |(place, kind): (usize, &ConsentKind)| ConsentChoice {
            kind: *kind,
            granted: granted >> place & 1 == 1,
        };
        kinds.iter().enumerate().map(choice).collect::<Vec<_>>()
    });
    let issue = proptest::option::of(proptest::sample::select(PrescriptionIssue::ALL));
    let institution = proptest::sample::select(vec!["1319990012", "1311111111"]);
    let method = proptest::sample::select(ProofMethod::ALL);
    let care_form = proptest::sample::select(CareForm::ALL);
    (text(), institution, text(), method, date(), care_form, choices, issue).prop_map(
        |(nonce, institution, fingerprint, proof_method, as_of, care_form, consents, issue)| {
            let mut said = said();
            said.institution = InstitutionCode::parse(institution).expect("a code");
            said.fingerprint = fingerprint;
            let (certificate, signature) = (String::new(), String::new());
            said.request = CardCheckRequest {
                nonce,
                certificate,
                signature,
                proof_method,
                as_of,
                consents,
                care_form,
                prescription_issue_select: issue,
                visual_check: None,
            };
            said
        },
    )
}

/// The first statement with some fields of the second: often alike but for one thing.
fn mixed(one: &Said, other: &Said, from_other: u8) -> Said {
    let mut said = one.clone();
    let fields: [fn(&mut Said, &Said); 8] = [
        |said, other| said.institution.clone_from(&other.institution),
        |said, other| said.fingerprint.clone_from(&other.fingerprint),
        |said, other| said.request.nonce.clone_from(&other.request.nonce),
        |said, other| said.request.proof_method = other.request.proof_method,
        |said, other| said.request.as_of = other.request.as_of,
        |said, other| said.request.care_form = other.request.care_form,
        |said, other| said.request.prescription_issue_select = other.request.prescription_issue_select,
        |said, other| said.request.consents.clone_from(&other.request.consents),
    ];
    let taken = fields.iter().enumerate().filter(|(place, _)| from_other >> place & 1 == 1);
    taken.for_each(|(_, take)| take(&mut said, other));
    said
}

/// The same with the consents in one order: their order in a request means nothing.
fn meaning(said: &Said) -> Said {
    let mut said = said.clone();
    said.request.consents.sort_by_key(|choice| choice.kind);
    said
}

/// Reads a text back, knowing nothing of how it was written but the documented form.
fn read_back(text: &str) -> Said {
    let mut lines = text.split('\n');
    let mut next = |name: &str| {
        let line = lines.next().unwrap_or_else(|| panic!("{name} is missing"));
        line.strip_prefix(name).unwrap_or_else(|| panic!("{name} is not in its place: {line}")).to_owned()
    };
    assert_eq!(next(CARD_PROOF_CONTEXT), "");
    let nonce = next("nonce:");
    let institution = InstitutionCode::parse(&next("institution:")).expect("a code");
    let fingerprint = next("terminal:");
    let proof_method = serde_json::from_value(json!(next("proof_method:"))).expect("a method");
    let mut as_of = next("");
    let mut visual_check = None;
    if let Some(serial) = as_of.strip_prefix("reader:") {
        visual_check =
            Some(VisualCheck { passcode: String::new(), reader_serial: serial.to_owned(), staff_name: None });
        as_of = next("");
    }
    let as_of = as_of.strip_prefix("as_of:").expect("the day in its place").parse().expect("a date");
    let care_form = serde_json::from_value(json!(next("care_form:"))).expect("a form");
    let issue = next("prescription_issue_select:");
    let issue = (issue != "none").then(|| PrescriptionIssue::from_code(&issue).expect("a code"));
    let consent = |line: &str| {
        let (kind, word) =
            line.strip_prefix("consent:").expect("a consent").split_once(':').expect("two parts");
        assert!(["granted", "refused"].contains(&word), "{word}");
        let kind = serde_json::from_value(json!(kind)).expect("a kind");
        ConsentChoice { kind, granted: word == "granted" }
    };
    let request = CardCheckRequest {
        nonce,
        certificate: String::new(),
        signature: String::new(),
        proof_method,
        as_of,
        consents: lines.map(consent).collect(),
        care_form,
        prescription_issue_select: issue,
        visual_check,
    };
    Said { institution, fingerprint, request }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn two_statements_have_one_text_only_when_they_say_the_same(
        one in any_said(),
        other in any_said(),
        from_other in any::<u8>(),
    ) {
        let other = mixed(&one, &other, from_other & from_other.rotate_left(3));
        if let (Ok(text), Ok(other_text)) = (one.text(), other.text()) {
            prop_assert_eq!(text == other_text, meaning(&one) == meaning(&other));
        }
    }

    #[test]
    fn a_text_reads_back_as_what_was_said(said in any_said()) {
        if let Ok(text) = said.text() {
            prop_assert_eq!(read_back(&text), meaning(&said));
        }
    }
}
