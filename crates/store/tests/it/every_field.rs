//! What an insurer says of somebody comes back as it was, every field of it.

use eligibility::{
    codes::{
        CardClassification, CeilingCertificateKind, CeilingClass, ElderlyMedicalCare, InfectionAct,
        PrefecturalExpense, ReasonOfLoss, SingleOrCombined, SocialInsurance, SpecificDisease, TreatmentType,
    },
    coverage::{CeilingCertificate, CopayRatio, Coverage, ElderlyCertificate, SpecificDiseaseCertificate},
    insurer::InsurerNumber,
    public_assistance::{MedicalTicket, TicketType},
};
use store::import::FileMeta;

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(every_field_comes_back_as_it_was);

fn date(text: &str) -> eligibility::Date {
    text.parse().expect("a date")
}

fn ticket(number: &str) -> MedicalTicket {
    MedicalTicket {
        ticket_type: TicketType::Medical,
        valid_from: date("2026-11-01"),
        valid_until: date("2026-11-30"),
        issue_number: number.to_owned(),
        treatment_month: date("2026-11-01"),
        institution_code: institution(1),
        institution_name: "霞が関診療所".to_owned(),
        prescriber: None,
        injury_names: vec!["高血圧症".to_owned()],
        treatment_type: TreatmentType::ALL[0],
        self_pay_yen: 0,
        district_contact: None,
        handling_contact: None,
        single_or_combined: SingleOrCombined::ALL[0],
        social_insurance: SocialInsurance::ALL[0],
        inconsistent: false,
        infection: InfectionAct::ALL[0],
        elderly_medical_care: ElderlyMedicalCare::ALL[0],
        prefectural_expense: PrefecturalExpense::ALL[0],
        remarks: vec![],
    }
}

/// Somebody at work, with every certificate there is.
fn at_work() -> Coverage {
    let mut rich = coverage(1);
    let person = &mut rich.person;
    person.other_name = Some("髙﨑　\u{1F468}\u{200D}".to_owned());
    person.other_kana = Some("タカサキ".to_owned());
    person.protection.address_withheld = true;
    person.protection.self_access_blocked = true;
    let (from, until) = (date("2025-08-01"), Some(date("2026-07-31")));
    rich.disqualified_on = Some(date("2026-08-01"));
    rich.reason_of_loss = Some(ReasonOfLoss::ALL[0]);
    rich.card_valid_from = Some(from);
    rich.card_valid_until = until;
    rich.ceiling_certificates = vec![CeilingCertificate {
        kind: CeilingCertificateKind::Ceiling,
        class: CeilingClass::A03,
        issued_on: from,
        valid_from: from,
        valid_until: until,
        long_term_on: None,
    }];
    rich.elderly_certificates = vec![ElderlyCertificate {
        issued_on: from,
        valid_from: from,
        valid_until: until,
        ratio: CopayRatio::Twenty,
    }];
    rich.specific_disease_certificates = vec![SpecificDiseaseCertificate {
        disease: SpecificDisease::ALL[0],
        issued_on: from,
        valid_from: from,
        valid_until: None,
        self_pay_yen: 10_000,
    }];
    rich
}

fn of(insurer: &str, number: u32) -> Coverage {
    Coverage { insurer_number: InsurerNumber::parse(insurer).expect("a number"), ..coverage(number) }
}

/// Somebody of 75 or more, whose card says the share.
fn old() -> Coverage {
    Coverage { copay_ratio: Some(CopayRatio::Thirty), ..of("39131115", 2) }
}

/// Somebody with 医療扶助.
fn aided() -> Coverage {
    Coverage {
        classification: CardClassification::PublicAssistance,
        medical_tickets: vec![ticket("1"), ticket("2")],
        ..of("12131017", 3)
    }
}

async fn every_field_comes_back_as_it_was(db: Database) {
    for (number, one) in (1..).zip([at_work(), old(), aided()]) {
        one.validate().expect("as an insurer may send it");
        let insurer_number = one.insurer_number.clone();
        let file = FileMeta { insurer_number, content_hash: [number; 32], rows: 1 };
        let rows = rows([one.clone()]).into_iter();
        db.store.import_insurer_file(file, rows, || NOW, |_| (), |_| ()).await.expect("imports");
        assert_eq!(db.store.coverages_of(&person_key(number.into())).await, Ok(vec![one]));
    }
}
