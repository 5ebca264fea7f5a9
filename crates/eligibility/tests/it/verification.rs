//! The outcome matrix, row by row.

use eligibility::{
    codes::{ReasonOfLoss, Validity},
    coverage::Coverage,
    errors::ErrorCode,
    verification::{Decision, decide_by_card, decide_by_number, self_access_blocked},
};
use jiff::civil::date;

use crate::people::{BORN, NATIONAL, SOCIETY, TODAY, WELFARE, coverage, institution, query, ticket};

fn ids(decision: &Decision) -> Vec<&str> {
    decision.coverages.iter().map(|c| c.coverage_id.as_str()).collect()
}

fn by_number(asked: &Coverage, candidates: &[Coverage]) -> Decision {
    decide_by_number(&query(asked, TODAY), candidates, &institution())
}

fn by_card(coverages: &[Coverage]) -> Decision {
    decide_by_card(coverages, TODAY, &institution())
}

#[test]
fn valid_on_the_day_is_1() {
    let mine = coverage("p", SOCIETY, date(2018, 4, 1), None);
    for decision in [by_number(&mine, std::slice::from_ref(&mine)), by_card(std::slice::from_ref(&mine))] {
        assert_eq!((decision.validity, ids(&decision)), (Validity::Valid, vec![mine.coverage_id.as_str()]));
        assert_eq!(decision.error(), None);
        assert_eq!(decision.coverages[0], mine);
    }
}

#[test]
fn lost_is_2_and_shows_when_and_why() {
    let mut mine = coverage("p", SOCIETY, date(2018, 4, 1), Some(date(2026, 11, 22)));
    mine.reason_of_loss = Some(ReasonOfLoss::Other);
    for decision in [by_number(&mine, std::slice::from_ref(&mine)), by_card(std::slice::from_ref(&mine))] {
        assert_eq!(decision.validity, Validity::Invalid);
        assert_eq!(decision.coverages[0].disqualified_on, Some(date(2026, 11, 22)));
        assert_eq!(decision.coverages[0].reason_of_loss, Some(ReasonOfLoss::Other));
    }
}

#[test]
fn the_day_before_the_loss_is_still_valid() {
    let mine = coverage("p", SOCIETY, date(2018, 4, 1), Some(date(2026, 11, 23)));
    assert_eq!(by_number(&mine, std::slice::from_ref(&mine)).validity, Validity::Valid);
}

#[test]
fn not_yet_begun_is_2_and_valid_when_asked_for_a_later_day() {
    let mine = coverage("p", SOCIETY, date(2026, 12, 1), None);
    assert_eq!(by_number(&mine, std::slice::from_ref(&mine)).validity, Validity::Invalid);
    assert_eq!(by_card(std::slice::from_ref(&mine)).validity, Validity::Invalid);
    let later = query(&mine, date(2026, 12, 1));
    assert_eq!(
        decide_by_number(&later, std::slice::from_ref(&mine), &institution()).validity,
        Validity::Valid
    );
}

#[test]
fn lost_with_newer_coverage_is_3_by_number_and_1_by_card() {
    let old = coverage("p", SOCIETY, date(2018, 4, 1), Some(date(2026, 9, 1)));
    let new = coverage("p", NATIONAL, date(2026, 9, 1), None);
    let all = [old.clone(), new.clone()];
    let decision = by_number(&old, &all);
    assert_eq!(
        (decision.validity, ids(&decision)),
        (Validity::InvalidNewerExists, vec![old.coverage_id.as_str()])
    );
    let decision = by_card(&all);
    assert_eq!((decision.validity, ids(&decision)), (Validity::Valid, vec![new.coverage_id.as_str()]));
    // Asked for a day when the old one was valid, it is.
    let past = decide_by_number(&query(&old, date(2026, 8, 31)), &all, &institution());
    assert_eq!(past.validity, Validity::Valid);
    let past = decide_by_card(&all, date(2026, 8, 31), &institution());
    assert_eq!(ids(&past), [old.coverage_id.as_str()]);
}

#[test]
fn coverage_that_begins_only_later_is_not_newer_yet() {
    let old = coverage("p", SOCIETY, date(2018, 4, 1), Some(date(2026, 9, 1)));
    let coming = coverage("p", NATIONAL, date(2026, 12, 1), None);
    let all = [old.clone(), coming.clone()];
    assert_eq!(by_number(&old, &all).validity, Validity::Invalid);
    assert_eq!(ids(&by_card(&all)), [old.coverage_id.as_str()]);
    assert_eq!(by_number(&coming, &all).validity, Validity::Invalid);
}

#[test]
fn the_newer_coverage_of_another_person_does_not_count() {
    let old = coverage("p", SOCIETY, date(2018, 4, 1), Some(date(2026, 9, 1)));
    let mut sibling = coverage("q", SOCIETY, date(2026, 9, 1), None);
    sibling.person.birthdate = date(1984, 1, 1);
    assert_eq!(by_number(&old, &[old.clone(), sibling]).validity, Validity::Invalid);
}

#[test]
fn nobody_is_4_and_a_wrong_birthday_is_nobody() {
    let mine = coverage("p", SOCIETY, date(2018, 4, 1), None);
    let nobody = by_number(&mine, &[]);
    let mut wrong = query(&mine, TODAY);
    wrong.birthdate = date(1982, 5, 15);
    let wrong_birthday = decide_by_number(&wrong, std::slice::from_ref(&mine), &institution());
    assert_eq!(nobody, wrong_birthday);
    assert_eq!((nobody.validity, nobody.error()), (Validity::NoMatch, Some(ErrorCode::NoMatch)));
    assert!(nobody.coverages.is_empty());
    assert_eq!(by_card(&[]), nobody);
}

#[test]
fn twins_without_branch_are_5_and_with_branch_one_of_them() {
    let first = coverage("p", SOCIETY, BORN, None);
    let mut second = coverage("q", SOCIETY, BORN, None);
    second.branch_number = Some("01".to_owned());
    let all = [first.clone(), second.clone()];
    let mut asked = query(&first, TODAY);
    asked.branch_number = Some(" ".to_owned());
    let both = decide_by_number(&asked, &all, &institution());
    assert_eq!((both.validity, both.error()), (Validity::SeveralMatch, Some(ErrorCode::SeveralMatch)));
    assert!(both.coverages.is_empty());
    asked.branch_number = Some("1".to_owned());
    assert_eq!(ids(&decide_by_number(&asked, &all, &institution())), [second.coverage_id.as_str()]);
}

#[test]
fn the_same_person_twice_is_not_several() {
    let old = coverage("p", SOCIETY, date(2018, 4, 1), Some(date(2020, 4, 1)));
    let new = coverage("p", SOCIETY, date(2024, 4, 1), None);
    let all = [old.clone(), new.clone()];
    assert_eq!(ids(&by_number(&old, &all)), [new.coverage_id.as_str()]);
    let between = decide_by_number(&query(&old, date(2022, 1, 1)), &all, &institution());
    assert_eq!((between.validity, ids(&between)), (Validity::Invalid, vec![old.coverage_id.as_str()]));
}

#[test]
fn public_assistance_without_a_ticket_here_is_6() {
    let mut mine = coverage("p", WELFARE, date(2025, 6, 1), None);
    for not_here in [
        vec![],
        vec![ticket("1319990099", date(2026, 11, 1))],
        vec![ticket("1319990012", date(2026, 10, 1))],
        vec![ticket("1319990012", date(2025, 11, 1))],
    ] {
        mine.medical_tickets = not_here;
        for decision in [by_number(&mine, std::slice::from_ref(&mine)), by_card(std::slice::from_ref(&mine))]
        {
            assert_eq!(decision.validity, Validity::ValidTicketUnregistered);
            assert_eq!(decision.coverages[0].medical_tickets, []);
        }
    }
    mine.medical_tickets =
        vec![ticket("1319990012", date(2026, 11, 1)), ticket("1319990099", date(2026, 11, 1))];
    let decision = by_card(std::slice::from_ref(&mine));
    assert_eq!(decision.validity, Validity::Valid);
    assert_eq!(decision.coverages[0].medical_tickets, [ticket("1319990012", date(2026, 11, 1))]);
    let lost = coverage("p", WELFARE, date(2025, 6, 1), Some(date(2026, 1, 1)));
    assert_eq!(by_card(&[lost]).validity, Validity::Invalid);
}

#[test]
fn assistance_beside_insurance_gives_two_results() {
    let insurance = coverage("p", SOCIETY, date(2018, 4, 1), None);
    let mut assistance = coverage("p", WELFARE, date(2025, 6, 1), None);
    assistance.medical_tickets = vec![ticket("1319990012", date(2026, 11, 1))];
    let all = [assistance.clone(), insurance.clone()];
    let both = [insurance.coverage_id.as_str(), assistance.coverage_id.as_str()];
    assert_eq!((by_card(&all).validity, ids(&by_card(&all))), (Validity::Valid, both.to_vec()));
    assert_eq!(ids(&by_number(&insurance, &all)), both);
    assert_eq!(ids(&by_number(&assistance, &all)), [both[1], both[0]]);
}

#[test]
fn without_a_ticket_an_insurance_number_does_not_tell_of_assistance_but_the_card_does() {
    let insurance = coverage("p", SOCIETY, date(2018, 4, 1), None);
    let assistance = coverage("p", WELFARE, date(2025, 6, 1), None);
    let all = [insurance.clone(), assistance.clone()];
    assert_eq!(ids(&by_number(&insurance, &all)), [insurance.coverage_id.as_str()]);
    assert_eq!(by_card(&all).coverages.len(), 2);
    assert_eq!(by_card(&all).validity, Validity::Valid);
}

#[test]
fn the_address_of_a_protected_person_does_not_leave() {
    let open = coverage("p", SOCIETY, date(2018, 4, 1), Some(date(2026, 9, 1)));
    let mut withheld = coverage("p", NATIONAL, date(2026, 9, 1), None);
    withheld.person.protection.address_withheld = true;
    // The flag of one insurer protects what another one knows.
    let all = [open.clone(), withheld];
    for decision in [by_number(&open, &all), by_card(&all)] {
        assert_eq!(decision.coverages[0].person.address, None);
        assert_eq!(decision.coverages[0].person.postcode, None);
        assert_eq!(decision.coverages[0].person.name, open.person.name);
    }
    assert!(!self_access_blocked(&all));
    let mut blocked = open.clone();
    blocked.person.protection.self_access_blocked = true;
    assert!(self_access_blocked(&[open, blocked.clone()]));
    assert_eq!(by_number(&blocked, std::slice::from_ref(&blocked)).coverages[0].person.address, None);
}
