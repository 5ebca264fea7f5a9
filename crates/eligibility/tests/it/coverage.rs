use eligibility::{
    codes::{CardClassification, CeilingCertificateKind, CeilingClass, ReasonOfLoss, SpecificDisease},
    coverage::{
        CeilingCertificate, CopayRatio, Coverage, ElderlyCertificate, Problem, SpecificDiseaseCertificate,
    },
};
use jiff::civil::date;
use proptest::prelude::*;

use crate::people::{BORN, SOCIETY, TODAY, WELFARE, coverage, ticket};

fn ceiling(kind: CeilingCertificateKind, class: CeilingClass) -> CeilingCertificate {
    CeilingCertificate {
        kind,
        class,
        issued_on: date(2026, 4, 1),
        valid_from: date(2026, 4, 1),
        valid_until: Some(date(2027, 3, 31)),
        long_term_on: None,
    }
}

fn elderly(ratio: CopayRatio) -> ElderlyCertificate {
    ElderlyCertificate { issued_on: TODAY, valid_from: TODAY, valid_until: None, ratio }
}

#[test]
fn coverage_begins_on_its_first_day_and_ends_before_the_day_of_loss() {
    let mine = coverage("p", SOCIETY, date(2024, 2, 29), Some(date(2025, 4, 1)));
    for (day, covered) in [
        (date(2024, 2, 28), false),
        (date(2024, 2, 29), true),
        (date(2025, 3, 31), true),
        (date(2025, 4, 1), false),
    ] {
        assert_eq!(mine.covers(day), covered, "{day}");
        assert_eq!(mine.lost_by(day), day >= date(2025, 4, 1));
    }
    assert!(coverage("p", SOCIETY, date(2024, 2, 29), None).covers(date(2999, 1, 1)));
}

#[test]
fn an_ordinary_coverage_has_no_problem() {
    assert_eq!(coverage("p", SOCIETY, BORN, None).problems(), []);
    let mut assisted = coverage("p", WELFARE, date(2025, 6, 1), None);
    assisted.medical_tickets.push(ticket("1319990012", date(2026, 11, 1)));
    assert_eq!(assisted.problems(), []);
}

#[test]
fn each_problem_names_its_field() {
    type Break = fn(&mut Coverage);
    let cases: &[(&str, Problem, Break)] = &[
        ("coverage_id", Problem::Empty, |c| c.coverage_id.clear()),
        ("person_key", Problem::TooLong, |c| c.person_key.0 = "x".repeat(65)),
        ("insured_number", Problem::Empty, |c| c.insured_number = "\u{200B}".to_owned()),
        ("insured_number", Problem::TooLong, |c| c.insured_number = "1".repeat(21)),
        ("insured_symbol", Problem::WrongForm, |c| c.insured_symbol = Some("杉\n12".to_owned())),
        ("branch_number", Problem::WrongForm, |c| c.branch_number = Some("1".to_owned())),
        ("person.name", Problem::Empty, |c| c.person.name = "　".to_owned()),
        ("person.address", Problem::TooLong, |c| c.person.address = Some("あ".repeat(201))),
        ("person.postcode", Problem::WrongForm, |c| c.person.postcode = Some("1000099".to_owned())),
        ("qualified_on", Problem::BeforeBirth, |c| c.qualified_on = date(1982, 5, 13)),
        ("disqualified_on", Problem::Inverted, |c| c.disqualified_on = Some(c.qualified_on)),
        ("reason_of_loss", Problem::NotAllowed, |c| c.reason_of_loss = Some(ReasonOfLoss::Death)),
        ("card_valid_until", Problem::Inverted, |c| c.card_valid_until = Some(date(1982, 5, 13))),
        ("classification", Problem::NotAllowed, |c| c.classification = CardClassification::PublicAssistance),
        ("copay_ratio", Problem::NotAllowed, |c| c.copay_ratio = Some(CopayRatio::Ten)),
        ("medical_tickets", Problem::NotAllowed, |c| {
            c.medical_tickets = vec![ticket("1319990012", date(2026, 11, 1))]
        }),
        ("ceiling_certificates.class", Problem::NotAllowed, |c| {
            c.ceiling_certificates = vec![ceiling(CeilingCertificateKind::Ceiling, CeilingClass::A05)];
        }),
        ("ceiling_certificates.valid_until", Problem::Inverted, |c| {
            let mut inverted = ceiling(CeilingCertificateKind::Ceiling, CeilingClass::A03);
            inverted.valid_until = Some(date(2026, 3, 31));
            c.ceiling_certificates = vec![inverted];
        }),
        ("elderly_certificates.ratio", Problem::NotAllowed, |c| {
            c.elderly_certificates = vec![elderly(CopayRatio::Ten)]
        }),
        ("elderly_certificates", Problem::TooLong, |c| {
            c.elderly_certificates = vec![elderly(CopayRatio::Twenty); 101]
        }),
    ];
    for (field, problem, break_it) in cases {
        let mut broken = coverage("p", SOCIETY, BORN, None);
        break_it(&mut broken);
        let found = broken.validate().expect_err(field);
        assert_eq!((found.field, found.problem), (*field, *problem));
    }
    let mut broken = coverage("p", WELFARE, date(2025, 6, 1), None);
    let mut inverted = ticket("1319990012", date(2026, 11, 2));
    inverted.valid_until = date(2026, 11, 1);
    inverted.issue_number.clear();
    broken.medical_tickets.push(inverted);
    let fields: Vec<&str> = broken.problems().iter().map(|problem| problem.field).collect();
    assert_eq!(
        fields,
        ["medical_tickets.valid_until", "medical_tickets.treatment_month", "medical_tickets.issue_number"]
    );
}

#[test]
fn messages_of_problems_carry_no_values() {
    let mut broken = coverage("秘密", SOCIETY, BORN, None);
    broken.insured_number = "7654321".repeat(9);
    let message = broken.validate().expect_err("too long").to_string();
    assert_eq!(message, "insured_number is too long");
}

#[test]
fn ceiling_classes_go_with_their_certificates() {
    for (class, kind) in [
        ("A01", "01"),
        ("A02", "01"),
        ("A03", "01"),
        ("A04", "01"),
        ("A05", "02"),
        ("A06", "02"),
        ("B01", "01"),
        ("B02", "01"),
        ("B03", "01"),
        ("B04", "01"),
        ("B05", "02"),
        ("B06", "02"),
        ("B07", "02"),
        ("B08", "02"),
        ("B09", "01"),
        ("B10", "01"),
    ] {
        let class = CeilingClass::from_code(class).expect(class);
        assert_eq!(class.usual_kind().code(), kind, "{class:?}");
        assert!(ceiling(class.usual_kind(), class).is_consistent());
        assert_eq!(ceiling(CeilingCertificateKind::Meals, class).is_consistent(), class.is_low_income());
        assert_ne!(ceiling(CeilingCertificateKind::Ceiling, class).is_consistent(), class.is_low_income());
    }
}

#[test]
fn only_certificates_of_the_day_count_and_the_newest_wins() {
    let mut mine = coverage("p", SOCIETY, BORN, None);
    let old = ceiling(CeilingCertificateKind::Ceiling, CeilingClass::A03);
    let mut new = old.clone();
    new.class = CeilingClass::A04;
    new.valid_from = date(2026, 8, 1);
    mine.ceiling_certificates = vec![old.clone(), new.clone()];
    assert_eq!(mine.ceiling_certificate(date(2026, 7, 31)), Some(&old));
    assert_eq!(mine.ceiling_certificate(date(2026, 8, 1)), Some(&new));
    assert_eq!(mine.ceiling_certificate(date(2027, 3, 31)), Some(&new));
    assert_eq!(mine.ceiling_certificate(date(2027, 4, 1)), None);
    mine.elderly_certificates = vec![elderly(CopayRatio::Twenty)];
    assert!(
        mine.elderly_certificate(TODAY).is_some() && mine.elderly_certificate(date(2026, 11, 21)).is_none()
    );
    mine.specific_disease_certificates = vec![SpecificDiseaseCertificate {
        disease: SpecificDisease::ChronicRenalFailure,
        issued_on: TODAY,
        valid_from: TODAY,
        valid_until: Some(TODAY),
        self_pay_yen: 10_000,
    }];
    assert_eq!(mine.specific_disease_certificates(TODAY).count(), 1);
    assert_eq!(mine.specific_disease_certificates(date(2026, 11, 23)).count(), 0);
}

#[test]
fn shares_are_written_as_their_codes() {
    for (ratio, code, label) in [
        (CopayRatio::Ten, "010", "1割"),
        (CopayRatio::Twenty, "020", "2割"),
        (CopayRatio::Thirty, "030", "3割"),
    ] {
        assert_eq!((ratio.code(), ratio.label()), (code, label));
        assert_eq!(CopayRatio::from_code(code), Ok(ratio));
        assert_eq!(serde_json::to_string(&ratio).expect("json"), format!("\"{code}\""));
    }
    assert!(CopayRatio::from_code("20").is_err());
}

proptest! {
    #[test]
    fn a_day_is_before_within_or_after_a_coverage(from in 0_i32..20_000, length in 1_i32..5_000, day in -1_000_i32..27_000) {
        let start = eligibility::calendar::add_days(BORN, from);
        let end = eligibility::calendar::add_days(start, length);
        let asked = eligibility::calendar::add_days(BORN, day);
        let mine = coverage("p", SOCIETY, start, Some(end));
        let states = [asked < mine.qualified_on, mine.covers(asked), mine.lost_by(asked)];
        prop_assert_eq!(states.iter().filter(|state| **state).count(), 1);
        prop_assert!(mine.validate().is_ok());
    }

    #[test]
    fn coverage_survives_json(name in "\\PC{1,20}", symbol in proptest::option::of("\\PC{1,10}")) {
        let mut mine = coverage("p", SOCIETY, BORN, None);
        mine.person.name = name;
        mine.insured_symbol = symbol;
        let json = serde_json::to_string(&mine).expect("json");
        prop_assert_eq!(serde_json::from_str::<Coverage>(&json).expect("json"), mine);
    }
}
