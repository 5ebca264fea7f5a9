//! Small builders: an ordinary coverage, changed where a test needs it.

use eligibility::{
    Date,
    codes::{
        CardClassification, ElderlyMedicalCare, InfectionAct, PrefecturalExpense, Sex, SingleOrCombined,
        SocialInsurance, TicketType, TreatmentType,
    },
    coverage::Coverage,
    institution::InstitutionCode,
    insurer::InsurerNumber,
    person::{Person, PersonKey, Protection},
    public_assistance::MedicalTicket,
    verification::NumberQuery,
};
use jiff::civil::date;

pub(crate) const BORN: Date = date(1982, 5, 14);
pub(crate) const TODAY: Date = date(2026, 11, 22);
pub(crate) const SOCIETY: &str = "06139996";
pub(crate) const NATIONAL: &str = "138990";
pub(crate) const WELFARE: &str = "12139999";

pub(crate) fn institution() -> InstitutionCode {
    InstitutionCode::parse("1319990012").expect("ten digits")
}

pub(crate) fn insurer(number: &str) -> InsurerNumber {
    InsurerNumber::parse(number).expect("an insurer number")
}

pub(crate) fn coverage(person: &str, insurer_number: &str, from: Date, lost: Option<Date>) -> Coverage {
    let insurer_number = insurer(insurer_number);
    let assistance = insurer_number.as_str().starts_with("12");
    Coverage {
        coverage_id: format!("{person}-{insurer_number}-{from}"),
        person_key: PersonKey(person.to_owned()),
        person: Person {
            name: "架空　花子".to_owned(),
            kana: Some("カクウ　ハナコ".to_owned()),
            other_name: None,
            other_kana: None,
            birthdate: BORN,
            sex: Sex::Female,
            sex_on_back: None,
            address: Some("東京都架空区見本町１丁目２番３号".to_owned()),
            postcode: Some("100-0099".to_owned()),
            protection: Protection::default(),
        },
        insurer_number,
        insured_symbol: (!assistance).then(|| "2101".to_owned()),
        insured_number: "345".to_owned(),
        branch_number: (!assistance).then(|| "00".to_owned()),
        relation: None,
        insured_name: None,
        classification: if assistance {
            CardClassification::PublicAssistance
        } else {
            CardClassification::General
        },
        qualified_on: from,
        disqualified_on: lost,
        reason_of_loss: None,
        card_issued_on: None,
        card_valid_from: Some(from),
        card_valid_until: None,
        copay_ratio: None,
        ceiling_certificates: Vec::new(),
        elderly_certificates: Vec::new(),
        specific_disease_certificates: Vec::new(),
        medical_tickets: Vec::new(),
    }
}

pub(crate) fn query(of: &Coverage, as_of: Date) -> NumberQuery {
    NumberQuery {
        as_of,
        insurer_number: of.insurer_number.clone(),
        insured_symbol: of.insured_symbol.clone(),
        insured_number: of.insured_number.clone(),
        branch_number: of.branch_number.clone(),
        birthdate: of.person.birthdate,
        ceiling_consent: false,
    }
}

pub(crate) fn ticket(institution_code: &str, month: Date) -> MedicalTicket {
    MedicalTicket {
        ticket_type: TicketType::Medical,
        valid_from: month,
        valid_until: month.last_of_month(),
        issue_number: "00012345".to_owned(),
        treatment_month: month,
        institution_code: InstitutionCode::parse(institution_code).expect("ten digits"),
        institution_name: "架空内科医院".to_owned(),
        prescriber: None,
        injury_names: vec!["高血圧症".to_owned()],
        treatment_type: TreatmentType::Outpatient,
        self_pay_yen: 0,
        district_contact: None,
        handling_contact: None,
        single_or_combined: SingleOrCombined::Single,
        social_insurance: SocialInsurance::No,
        inconsistent: false,
        infection: InfectionAct::No,
        elderly_medical_care: ElderlyMedicalCare::No,
        prefectural_expense: PrefecturalExpense::No,
        remarks: Vec::new(),
    }
}
