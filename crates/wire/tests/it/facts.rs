//! The facts behind the samples, as domain values.

use eligibility::{
    Date, Instant, calendar,
    codes::*,
    consent::{Consent, ConsentKind, OUTPATIENT_CONSENT_MS},
    coverage::*,
    institution::InstitutionCode,
    insurer::InsurerNumber,
    person::{Person, PersonKey, Protection},
    public_assistance::MedicalTicket,
};
use jiff::civil::date;

pub(crate) const AS_OF: Date = date(2026, 11, 22);

pub(crate) fn institution() -> InstitutionCode {
    InstitutionCode::parse("1319990012").expect("ten digits")
}

pub(crate) fn insurer(number: &str) -> InsurerNumber {
    InsurerNumber::parse(number).expect("an insurer number")
}

pub(crate) fn at(hour: i8, minute: i8, second: i8) -> Instant {
    calendar::from_tokyo(AS_OF.at(hour, minute, second, 0))
}

pub(crate) fn insurer_name(number: &InsurerNumber) -> &'static str {
    match number.as_str() {
        "06139996" => "架空製作所健康保険組合",
        "39139991" => "架空県後期高齢者医療広域連合",
        "12139999" => "架空区福祉事務所",
        other => panic!("no name for {other}"),
    }
}

pub(crate) fn consents(now: Instant, choices: &[(ConsentKind, bool)]) -> Vec<Consent> {
    let until = Instant(now.0 + OUTPATIENT_CONSENT_MS);
    let consent = |&(kind, granted)| Consent {
        kind,
        granted,
        granted_at: now,
        valid_until: Some(until),
        renewed_at: None,
    };
    choices.iter().map(consent).collect()
}

fn person(name: &str, kana: &str, birthdate: Date, sex: Sex, address: &str, postcode: &str) -> Person {
    Person {
        name: name.into(),
        kana: Some(kana.into()),
        other_name: None,
        other_kana: None,
        birthdate,
        sex,
        sex_on_back: None,
        address: Some(address.into()),
        postcode: Some(postcode.into()),
        protection: Protection::default(),
    }
}

fn coverage(person: Person, insurer_number: &str, insured_number: &str, qualified_on: Date) -> Coverage {
    Coverage {
        coverage_id: "1".into(),
        person_key: PersonKey("p1".into()),
        person,
        insurer_number: insurer(insurer_number),
        insured_symbol: None,
        insured_number: insured_number.into(),
        branch_number: None,
        relation: Some(Relation::Insured),
        insured_name: None,
        classification: CardClassification::General,
        qualified_on,
        disqualified_on: None,
        reason_of_loss: None,
        card_issued_on: None,
        card_valid_from: None,
        card_valid_until: None,
        copay_ratio: None,
        ceiling_certificates: vec![],
        elderly_certificates: vec![],
        specific_disease_certificates: vec![],
        medical_tickets: vec![],
    }
}

fn ceiling(class: CeilingClass) -> CeilingCertificate {
    CeilingCertificate {
        kind: CeilingCertificateKind::Ceiling,
        class,
        issued_on: date(2026, 4, 1),
        valid_from: date(2026, 4, 1),
        valid_until: Some(date(2027, 3, 31)),
        long_term_on: None,
    }
}

pub(crate) fn hanako() -> Coverage {
    let person = person(
        "架空　花子",
        "カクウ　ハナコ",
        date(1982, 5, 14),
        Sex::Female,
        "東京都架空区見本町１丁目２番３号",
        "100-0099",
    );
    Coverage {
        insured_symbol: Some("2101".into()),
        branch_number: Some("00".into()),
        insured_name: Some("架空　花子".into()),
        card_issued_on: Some(date(2018, 4, 5)),
        card_valid_from: Some(date(2018, 4, 1)),
        ceiling_certificates: vec![ceiling(CeilingClass::A03)],
        ..coverage(person, "06139996", "345", date(2018, 4, 1))
    }
}

pub(crate) fn taro() -> Coverage {
    let person = person(
        "見本　太郎",
        "ミホン　タロウ",
        date(1944, 2, 3),
        Sex::Male,
        "東京都架空区例示二丁目５番地",
        "100-0098",
    );
    Coverage {
        card_issued_on: Some(date(2026, 8, 1)),
        card_valid_from: Some(date(2026, 8, 1)),
        card_valid_until: Some(date(2027, 7, 31)),
        copay_ratio: Some(CopayRatio::Twenty),
        ceiling_certificates: vec![ceiling(CeilingClass::B09)],
        specific_disease_certificates: vec![SpecificDiseaseCertificate {
            disease: SpecificDisease::ChronicRenalFailure,
            issued_on: date(2024, 1, 10),
            valid_from: date(2024, 1, 1),
            valid_until: None,
            self_pay_yen: 10_000,
        }],
        ..coverage(person, "39139991", "01234567", date(2019, 2, 3))
    }
}

pub(crate) fn saburo() -> Coverage {
    let person = person(
        "例題　三郎",
        "レイダイ　サブロウ",
        date(1970, 12, 31),
        Sex::Male,
        "東京都架空区試験３－４－５",
        "100-0097",
    );
    Coverage {
        classification: CardClassification::PublicAssistance,
        relation: None,
        medical_tickets: vec![ticket()],
        ..coverage(person, "12139999", "7654321", date(2025, 6, 1))
    }
}

pub(crate) fn ticket() -> MedicalTicket {
    MedicalTicket {
        ticket_type: TicketType::Medical,
        valid_from: date(2026, 11, 1),
        valid_until: date(2026, 11, 30),
        issue_number: "00012345".into(),
        treatment_month: date(2026, 11, 1),
        institution_code: institution(),
        institution_name: "架空内科医院".into(),
        prescriber: None,
        injury_names: vec!["高血圧症".into()],
        treatment_type: TreatmentType::Outpatient,
        self_pay_yen: 0,
        district_contact: Some("担当　一郎".into()),
        handling_contact: Some("取扱　二郎".into()),
        single_or_combined: SingleOrCombined::Single,
        social_insurance: SocialInsurance::No,
        inconsistent: false,
        infection: InfectionAct::No,
        elderly_medical_care: ElderlyMedicalCare::No,
        prefectural_expense: PrefecturalExpense::No,
        remarks: vec![],
    }
}
