//! People who do not exist, and the questions asked about them.

use eligibility::{
    Instant,
    card_certificate::CardCertificateId,
    codes::{CardClassification, InquiryMethod, Relation, Sex, Validity},
    coverage::Coverage,
    institution::InstitutionCode,
    insurer::InsurerNumber,
    person::{Person, PersonKey, Protection},
};
use store::{
    NewVerification, Store,
    audit::AuditEvent,
    import::{Card, FileMeta, Receipt, RowFault},
};

/// 2026-11-22T00:00:00Z.
pub const NOW: Instant = Instant(1_795_305_600_000);

pub fn at(ms: i64) -> Instant {
    Instant(NOW.0 + ms)
}

pub fn institution(number: u32) -> InstitutionCode {
    InstitutionCode::parse(&format!("13{number:08}")).expect("ten digits")
}

/// 協会けんぽ 東京.
pub fn insurer() -> InsurerNumber {
    InsurerNumber::parse("01130012").expect("a number with its check digit")
}

pub fn person_key(number: u32) -> PersonKey {
    // Spread over the key space, as real opaque keys are.
    PersonKey(format!("{:08x}-{number}", number.wrapping_mul(2_654_435_761)))
}

/// A coverage that began in 2020 and lasts.
pub fn coverage(number: u32) -> Coverage {
    let date = |text: &str| text.parse().expect("a date");
    Coverage {
        coverage_id: format!("m{number}"),
        person_key: person_key(number),
        person: Person {
            // 葛 and 辻 with their variation selectors, and 𠮷 from beyond the BMP.
            name: "葛\u{E0100}󠄀城　𠮷辻\u{E0100}".to_owned(),
            kana: Some("カツラギ　ヨシツジ".to_owned()),
            other_name: None,
            other_kana: None,
            birthdate: date("1980-02-29"),
            sex: Sex::Female,
            sex_on_back: None,
            address: Some("東京都千代田区霞が関１丁目".to_owned()),
            postcode: Some("100-0013".to_owned()),
            protection: Protection::default(),
        },
        insurer_number: insurer(),
        insured_symbol: Some("１２-３".to_owned()),
        insured_number: format!("{number}"),
        branch_number: Some("01".to_owned()),
        relation: Some(Relation::Insured),
        insured_name: Some("葛城　辻".to_owned()),
        classification: CardClassification::General,
        qualified_on: date("2020-04-01"),
        disqualified_on: None,
        reason_of_loss: None,
        card_issued_on: Some(date("2020-04-01")),
        card_valid_from: None,
        card_valid_until: None,
        copay_ratio: None,
        ceiling_certificates: vec![],
        elderly_certificates: vec![],
        specific_disease_certificates: vec![],
        medical_tickets: vec![],
    }
}

pub fn card_of(number: u32) -> CardCertificateId {
    CardCertificateId { issuer: "ab".repeat(32), serial: format!("{number:x}") }
}

pub fn card(number: u32) -> Card {
    Card {
        certificate: card_of(number),
        person_key: person_key(number),
        superseded_by: None,
        registered: true,
    }
}

pub type Rows = Vec<Result<Coverage, RowFault>>;

pub fn rows(coverages: impl IntoIterator<Item = Coverage>) -> Rows {
    coverages.into_iter().map(Ok).collect()
}

pub fn meta(content: u8, rows: usize) -> FileMeta {
    FileMeta { insurer_number: insurer(), content_hash: [content; 32], rows: rows as u64 }
}

/// Imports a file whose content is named by `content`.
pub async fn import(store: &Store, content: u8, rows: Rows, now: Instant) -> store::Result<Receipt> {
    let meta = meta(content, rows.len());
    store.import_insurer_file(meta, rows.into_iter(), || now, |_| (), |_| ()).await
}

pub async fn import_cards(store: &Store, content: u8, cards: Vec<Card>) -> store::Result<Receipt> {
    store.import_cards([content; 32], cards.into_iter().map(Ok), || NOW, |_| ()).await
}

pub fn event(outcome: &str) -> AuditEvent {
    AuditEvent {
        actor: "terminal:受付\"1\"".to_owned(),
        action: "verification.card".to_owned(),
        object: "person:p".to_owned(),
        outcome: outcome.to_owned(),
        detail: String::new(),
    }
}

pub fn verification(institution_number: u32, request_id: &str) -> NewVerification {
    NewVerification {
        institution_code: institution(institution_number),
        request_id: request_id.to_owned(),
        verification_id: format!("v-{request_id}"),
        question_digest: [1; 32],
        method: InquiryMethod::Number,
        proof_method: None,
        proof_digest: None,
        validity: Some(Validity::Valid),
        person_key: Some(person_key(1)),
        answer: format!("answer to {request_id}").into_bytes(),
        consents: vec![],
        wrong_guess: None,
        audit: event("valid"),
        recorded_at: NOW,
    }
}
