//! Certificates and tickets on a coverage that is valid on the day the population is seen from.

use eligibility::{
    Date, calendar,
    codes::{
        CeilingClass, ElderlyMedicalCare, InfectionAct, PrefecturalExpense, SingleOrCombined,
        SocialInsurance, SpecificDisease, TicketType, TreatmentType,
    },
    coverage::{CeilingCertificate, CopayRatio, Coverage, ElderlyCertificate, SpecificDiseaseCertificate},
    institution::InstitutionCode,
    insurer::InsurerKind,
    public_assistance::MedicalTicket,
};

use crate::{DEMO_INSTITUTION, DEMO_INSTITUTION_NAME, dice::Dice};

/// Coverages with a ceiling certificate, in a hundred thousand: under 70, and from 70 on.
const CEILING_YOUNG: u32 = 5_000;
const CEILING_ELDERLY: u32 = 22_000;
/// People on dialysis: under 65, and from 65 on; people with one of the two rare diseases.
const DIALYSIS: [u32; 2] = [130, 750];
const HEMOPHILIA: u32 = 4;
const HIV: u32 = 3;
/// People on welfare with a ticket in a month, and those among them with one of the demonstration's institution.
const TICKET: u32 = 45_000;
const TICKET_OF_DEMO: u32 = 4_000;
/// Months before and after the day that tickets exist for.
const TICKET_MONTHS: std::ops::RangeInclusive<i32> = -1..=1;
const INJURIES: &[&str] = &["高血圧症", "糖尿病", "気管支喘息", "腰痛症", "うつ病", "脂質異常症", "慢性胃炎"];
const INSTITUTIONS: &[(&str, &str)] =
    &[("1319990020", "見本診療所"), ("2719990011", "例示病院"), ("0119990018", "仮名クリニック")];

/// The last August 1 on or before a day: certificates of insurers of places run from there for a year.
pub(crate) fn year_from(day: Date) -> Date {
    let year = if day.month() >= 8 { day.year() } else { day.year() - 1 };
    Date::new(year, 8, 1).unwrap_or(day)
}

/// The July 31 that ends such a year.
pub(crate) fn year_until(day: Date) -> Date {
    calendar::previous_day(calendar::add_months(year_from(day), 12))
}

/// Adds what the person would have on the day.
pub(crate) fn add(dice: &mut Dice, coverage: &mut Coverage, as_of: Date) {
    if !coverage.covers(as_of) {
        return;
    }
    if coverage.is_public_assistance() {
        tickets(dice, coverage, as_of);
        return;
    }
    let elderly = coverage.person.birthdate;
    let elderly = calendar::elderly_from(elderly) <= as_of;
    let late = coverage.insurer_number.kind() == InsurerKind::LateElderly;
    if late {
        coverage.copay_ratio = Some(late_ratio(dice));
    } else if elderly {
        coverage.elderly_certificates.push(elderly_certificate(dice, coverage, as_of));
    }
    let ceiling = if late || elderly { CEILING_ELDERLY } else { CEILING_YOUNG };
    if dice.chance(ceiling) {
        let class = ceiling_class(dice, coverage, late, elderly);
        coverage.ceiling_certificates.push(ceiling_certificate(dice, coverage, class, as_of));
    }
    diseases(dice, coverage, as_of);
}

fn late_ratio(dice: &mut Dice) -> CopayRatio {
    [CopayRatio::Ten, CopayRatio::Twenty, CopayRatio::Thirty][dice.weighted(&[73, 20, 7])]
}

fn elderly_certificate(dice: &mut Dice, coverage: &Coverage, as_of: Date) -> ElderlyCertificate {
    let birthdate = coverage.person.birthdate;
    let valid_from = year_from(as_of).max(calendar::elderly_from(birthdate)).max(coverage.qualified_on);
    let last = calendar::previous_day(calendar::late_elderly_from(birthdate));
    let ratio = [CopayRatio::Twenty, CopayRatio::Thirty][dice.weighted(&[86, 14])];
    let valid_until = Some(year_until(as_of).min(last));
    ElderlyCertificate { issued_on: valid_from, valid_from, valid_until, ratio }
}

fn ceiling_class(dice: &mut Dice, coverage: &Coverage, late: bool, elderly: bool) -> CeilingClass {
    use CeilingClass as C;
    let ratio = coverage.copay_ratio.or(coverage.elderly_certificates.first().map(|one| one.ratio));
    if !late && !elderly {
        return [C::A01, C::A02, C::A03, C::A04, C::A05, C::A06][dice.weighted(&[3, 7, 38, 36, 15, 1])];
    }
    match (late, ratio) {
        (_, Some(CopayRatio::Thirty)) => [C::B01, C::B02, C::B03][dice.weighted(&[10, 40, 50])],
        (true, Some(CopayRatio::Twenty)) => C::B09,
        (true, _) => [C::B10, C::B05, C::B06, C::B07][dice.weighted(&[30, 45, 23, 2])],
        (false, _) => [C::B04, C::B05, C::B06, C::B08][dice.weighted(&[20, 50, 29, 1])],
    }
}

fn ceiling_certificate(
    dice: &mut Dice,
    coverage: &Coverage,
    class: CeilingClass,
    as_of: Date,
) -> CeilingCertificate {
    let birthdate = coverage.person.birthdate;
    // A class of one age must not reach into another age.
    let turn = if class.is_elderly() {
        calendar::late_elderly_from(birthdate)
    } else {
        calendar::elderly_from(birthdate)
    };
    let begin = year_from(as_of).max(coverage.qualified_on);
    let begin = if class.is_elderly() { begin.max(calendar::elderly_from(birthdate)) } else { begin };
    let until = year_until(as_of);
    let until = if turn > as_of { until.min(calendar::previous_day(turn)) } else { until };
    let begin = if turn <= as_of { begin.max(turn) } else { begin };
    let long_term = class.is_low_income() && dice.chance(12_000);
    CeilingCertificate {
        kind: class.usual_kind(),
        class,
        issued_on: begin,
        valid_from: begin,
        valid_until: Some(until),
        long_term_on: long_term.then(|| calendar::first_of_month(begin)),
    }
}

fn diseases(dice: &mut Dice, coverage: &mut Coverage, as_of: Date) {
    let age = calendar::age_on(coverage.person.birthdate, as_of);
    let dialysis = if age < 20 { 0 } else { DIALYSIS[usize::from(age >= 65)] };
    let drawn = [
        (SpecificDisease::ChronicRenalFailure, dialysis),
        (SpecificDisease::Hemophilia, HEMOPHILIA),
        (SpecificDisease::Hiv, HIV),
    ];
    for (disease, parts) in drawn {
        if !dice.chance(parts) {
            continue;
        }
        let begin = calendar::first_of_month(calendar::add_days(as_of, -dice.between(0, 2_500)));
        let valid_from = begin.max(coverage.qualified_on);
        let upper = disease == SpecificDisease::ChronicRenalFailure && age < 70 && dice.chance(12_000);
        coverage.specific_disease_certificates.push(SpecificDiseaseCertificate {
            disease,
            issued_on: valid_from,
            valid_from,
            valid_until: None,
            self_pay_yen: if upper { 20_000 } else { 10_000 },
        });
    }
}

fn tickets(dice: &mut Dice, coverage: &mut Coverage, as_of: Date) {
    let combined = dice.chance(6_000);
    for months in TICKET_MONTHS {
        if !dice.chance(TICKET) {
            continue;
        }
        let month = calendar::add_months(calendar::first_of_month(as_of), months);
        let (code, name) = if dice.chance(TICKET_OF_DEMO) {
            (DEMO_INSTITUTION, DEMO_INSTITUTION_NAME)
        } else {
            *dice.pick(INSTITUTIONS)
        };
        let issue = dice.below(100_000_000);
        let mut ticket = ticket(code, name, month, &format!("{issue:08}"));
        ticket.injury_names = vec![(*dice.pick(INJURIES)).to_owned()];
        if combined {
            ticket.single_or_combined = SingleOrCombined::Combined;
            ticket.social_insurance = SocialInsurance::Yes;
        }
        coverage.medical_tickets.push(ticket);
    }
}

/// A plain 医療券 for one month.
pub(crate) fn ticket(code: &str, name: &str, month: Date, issue_number: &str) -> MedicalTicket {
    MedicalTicket {
        ticket_type: TicketType::Medical,
        valid_from: month,
        valid_until: calendar::last_of_month(month),
        issue_number: issue_number.to_owned(),
        treatment_month: month,
        institution_code: InstitutionCode::parse(code).expect("the codes in this crate have ten digits"),
        institution_name: name.to_owned(),
        prescriber: None,
        injury_names: Vec::new(),
        treatment_type: TreatmentType::Outpatient,
        self_pay_yen: 0,
        district_contact: Some("担当　一郎".to_owned()),
        handling_contact: Some("取扱　二郎".to_owned()),
        single_or_combined: SingleOrCombined::Single,
        social_insurance: SocialInsurance::No,
        inconsistent: false,
        infection: InfectionAct::No,
        elderly_medical_care: ElderlyMedicalCare::No,
        prefectural_expense: PrefecturalExpense::No,
        remarks: Vec::new(),
    }
}
