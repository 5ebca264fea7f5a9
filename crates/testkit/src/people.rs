//! People with coverage, said in one line each. Every name is made up.

use eligibility::Date;
use eligibility::codes::{
    CardClassification, CeilingCertificateKind, CeilingClass, ElderlyMedicalCare, InfectionAct,
    PrefecturalExpense, Relation, Sex, SingleOrCombined, SocialInsurance, SpecificDisease, TreatmentType,
};
use eligibility::coverage::{CeilingCertificate, Coverage, SpecificDiseaseCertificate};
use eligibility::institution::InstitutionCode;
use eligibility::insurer::InsurerNumber;
use eligibility::person::{Person, PersonKey, Protection};
use eligibility::public_assistance::{MedicalTicket, TicketType};

/// A coverage that began long ago and lasts, of an adult, with a ceiling certificate and a specific disease
/// certificate. Change what a test is about.
#[must_use]
pub fn coverage(
    insurer: &InsurerNumber,
    person_key: &str,
    number: &str,
    name: &str,
    birthdate: Date,
) -> Coverage {
    let long_ago = Date::constant(2015, 4, 1);
    Coverage {
        coverage_id: format!("c-{person_key}-{number}"),
        person_key: PersonKey(person_key.to_owned()),
        person: person(name, birthdate),
        insurer_number: insurer.clone(),
        insured_symbol: Some("１２".to_owned()),
        insured_number: number.to_owned(),
        branch_number: Some("00".to_owned()),
        relation: Some(Relation::Insured),
        insured_name: Some(name.to_owned()),
        classification: CardClassification::General,
        qualified_on: long_ago,
        disqualified_on: None,
        reason_of_loss: None,
        card_issued_on: Some(long_ago),
        card_valid_from: Some(long_ago),
        card_valid_until: None,
        copay_ratio: None,
        ceiling_certificates: vec![CeilingCertificate {
            kind: CeilingCertificateKind::Ceiling,
            class: CeilingClass::A03,
            issued_on: long_ago,
            valid_from: long_ago,
            valid_until: None,
            long_term_on: None,
        }],
        elderly_certificates: Vec::new(),
        specific_disease_certificates: vec![SpecificDiseaseCertificate {
            disease: SpecificDisease::ChronicRenalFailure,
            issued_on: long_ago,
            valid_from: long_ago,
            valid_until: None,
            self_pay_yen: 10_000,
        }],
        medical_tickets: Vec::new(),
    }
}

/// A coverage of 医療扶助, with a ticket for `institution` in the month of `day` when one is named.
#[must_use]
pub fn public_assistance(
    welfare_office: &InsurerNumber,
    person_key: &str,
    number: &str,
    name: &str,
    birthdate: Date,
    ticket: Option<(&InstitutionCode, Date)>,
) -> Coverage {
    let mut found = coverage(welfare_office, person_key, number, name, birthdate);
    found.classification = CardClassification::PublicAssistance;
    found.insured_symbol = None;
    found.branch_number = None;
    found.relation = None;
    found.insured_name = None;
    found.ceiling_certificates.clear();
    found.specific_disease_certificates.clear();
    found.medical_tickets = ticket.into_iter().map(|(code, day)| medical_ticket(code, day)).collect();
    found
}

fn person(name: &str, birthdate: Date) -> Person {
    Person {
        name: name.to_owned(),
        kana: Some("シケン　ハナコ".to_owned()),
        other_name: None,
        other_kana: None,
        birthdate,
        sex: Sex::Female,
        sex_on_back: None,
        address: Some("東京都千代田区試験一丁目２番３号".to_owned()),
        postcode: Some("100-0001".to_owned()),
        protection: Protection::default(),
    }
}

fn medical_ticket(institution: &InstitutionCode, day: Date) -> MedicalTicket {
    MedicalTicket {
        ticket_type: TicketType::Medical,
        valid_from: day.first_of_month(),
        valid_until: day.last_of_month(),
        issue_number: "0000001".to_owned(),
        treatment_month: day.first_of_month(),
        institution_code: institution.clone(),
        institution_name: "試験診療所".to_owned(),
        prescriber: None,
        injury_names: vec!["試験病".to_owned()],
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
