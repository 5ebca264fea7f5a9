//! Every coverage passes the rules, and histories make sense.

use std::collections::{HashMap, HashSet};

use eligibility::{
    calendar, codes::ReasonOfLoss, coverage::Coverage, insurer::InsurerKind, matching::NumberKey,
};
use jiff::civil::date;

use crate::collected::{Collected, collect};

fn populations() -> impl Iterator<Item = (Collected, jiff::civil::Date)> {
    // An ordinary day, a leap day, the turn of a certificate year, an end of year.
    [(1, date(2026, 11, 22)), (2, date(2028, 2, 29)), (3, date(2027, 8, 1)), (4, date(2026, 12, 31))]
        .into_iter()
        .map(|(seed, as_of)| (collect(6_000, seed, as_of), as_of))
}

#[test]
fn no_coverage_has_a_problem() {
    for (all, as_of) in populations() {
        for coverage in &all.coverages {
            assert_eq!(coverage.problems(), [], "{} on {as_of}", coverage.coverage_id);
        }
        let insurers: HashSet<&str> = all.insurers.iter().map(|insurer| insurer.number.as_str()).collect();
        assert_eq!(insurers.len(), all.insurers.len());
        assert!(all.coverages.iter().all(|c| insurers.contains(c.insurer_number.as_str())));
    }
}

#[test]
fn generated_insurers_have_right_check_digits_and_kinds_of_every_sort() {
    let all = collect(0, 1, date(2026, 11, 22));
    let (right, wrong): (Vec<_>, Vec<_>) = all.insurers.iter().partition(|one| one.number.check_digit_ok());
    assert!(right.len() >= 60, "{}", right.len());
    // Those of the sample messages.
    let wrong: Vec<&str> = wrong.iter().map(|one| one.number.as_str()).collect();
    assert!(wrong.iter().all(|number| ["06139996", "39139991", "12139999"].contains(number)), "{wrong:?}");
    let kinds: HashSet<InsurerKind> = all.insurers.iter().map(|one| one.number.kind()).collect();
    for kind in [
        InsurerKind::National,
        InsurerKind::NationalGuild,
        InsurerKind::JapanHealth,
        InsurerKind::Seamen,
        InsurerKind::DayLabourer,
        InsurerKind::HealthSociety,
        InsurerKind::SelfDefenseForces,
        InsurerKind::MutualAid,
        InsurerKind::LateElderly,
        InsurerKind::SpecialRetired,
        InsurerKind::PublicAssistance,
    ] {
        assert!(kinds.contains(&kind), "{kind:?}");
    }
}

#[test]
fn nobody_has_two_insurances_on_one_day() {
    for (all, as_of) in populations() {
        for (person, coverages) in all.by_person() {
            let insured: Vec<&&Coverage> = coverages.iter().filter(|c| !c.is_public_assistance()).collect();
            for (at, one) in insured.iter().enumerate() {
                for other in &insured[at + 1..] {
                    let overlap = one.qualified_on < other.disqualified_on.unwrap_or(date(9999, 1, 1))
                        && other.qualified_on < one.disqualified_on.unwrap_or(date(9999, 1, 1));
                    assert!(!overlap, "{person:?} on {as_of}");
                }
            }
        }
    }
}

/// Days before a 75th birthday from which the insurers tell of it.
const KNOWN_AHEAD_DAYS: i32 = 30;

#[test]
fn the_75th_birthday_moves_everybody_to_late_elderly_coverage() {
    for (all, as_of) in populations() {
        let known_until = calendar::add_days(as_of, KNOWN_AHEAD_DAYS);
        for coverage in all.citizens() {
            let turn = calendar::late_elderly_from(coverage.person.birthdate);
            let end = coverage.disqualified_on;
            match coverage.insurer_number.kind() {
                InsurerKind::LateElderly => assert!(coverage.qualified_on >= turn && turn <= known_until),
                InsurerKind::PublicAssistance => {}
                _ if turn <= known_until => {
                    assert!(end.is_some_and(|day| day <= turn), "{}", coverage.coverage_id);
                }
                _ => assert!(end.is_none_or(|day| day < turn), "{}", coverage.coverage_id),
            }
        }
    }
}

/// Those whose 75th birthday is this near, on either side, without assistance, alive and insured on its eve.
#[test]
fn the_change_at_75_leaves_no_gap_and_no_overlap() {
    let as_of = date(2026, 11, 22);
    let all = collect(50_000, 75, as_of);
    let (mut changed, mut ahead, mut uninsured) = (0, 0, 0);
    for (person, coverages) in all.by_person() {
        let turn = calendar::late_elderly_from(coverages[0].person.birthdate);
        let near = calendar::days_between(as_of, turn).abs() <= KNOWN_AHEAD_DAYS;
        let apart = coverages
            .iter()
            .any(|c| c.is_public_assistance() || c.reason_of_loss == Some(ReasonOfLoss::Death));
        if !near || apart || !person.0.starts_with('P') {
            continue;
        }
        let on = |day| coverages.iter().filter(move |c| c.covers(day)).collect::<Vec<_>>();
        let after = on(turn);
        assert_eq!(after.len(), 1, "{person:?}");
        assert_eq!(after[0].insurer_number.kind(), InsurerKind::LateElderly, "{person:?}");
        assert_eq!((after[0].qualified_on, after[0].disqualified_on), (turn, None), "{person:?}");
        match on(calendar::previous_day(turn))[..] {
            [] => uninsured += 1,
            [before] => {
                assert_eq!(before.disqualified_on, Some(turn), "{person:?}");
                assert_eq!(before.reason_of_loss, Some(ReasonOfLoss::OtherInsurance), "{person:?}");
                changed += 1;
                ahead += usize::from(turn > as_of);
            }
            _ => panic!("{person:?} is insured twice on the eve"),
        }
    }
    assert!(ahead >= 10 && changed - ahead >= 10, "{changed} changed, {ahead} of them ahead");
    // Whose insurance had ended, or who was between two.
    assert!(uninsured * 10 < changed, "{uninsured} uninsured beside {changed}");
}

#[test]
fn hardly_anybody_who_is_covered_knows_when_it_ends() {
    let as_of = date(2026, 11, 22);
    let all = collect(50_000, 1, as_of);
    let covered: Vec<&Coverage> = all.citizens().filter(|c| c.covers(as_of)).collect();
    let ends_after = |days: i32| {
        let day = calendar::add_days(as_of, days);
        covered.iter().filter(|c| c.disqualified_on.is_some_and(|lost| lost > day)).count()
    };
    let (known, beyond_weeks, beyond_a_year) = (ends_after(0), ends_after(60), ends_after(365));
    assert!(covered.len() > 45_000);
    assert!(beyond_a_year * 50 < covered.len(), "{beyond_a_year} of {}", covered.len());
    // Nor weeks from now: what is told ahead is a change of job on the first, and a 75th birthday.
    assert!(
        known > 0 && beyond_weeks == 0 && known * 50 < covered.len(),
        "{known}, {beyond_weeks} far ahead"
    );
}

#[test]
fn certificates_fit_the_age() {
    for (all, as_of) in populations() {
        for coverage in all.citizens().filter(|c| c.covers(as_of) && !c.is_public_assistance()) {
            let birthdate = coverage.person.birthdate;
            let late = coverage.insurer_number.kind() == InsurerKind::LateElderly;
            let elderly = calendar::elderly_from(birthdate) <= as_of && !late;
            assert_eq!(coverage.elderly_certificate(as_of).is_some(), elderly, "{}", coverage.coverage_id);
            assert_eq!(coverage.copay_ratio.is_some(), late, "{}", coverage.coverage_id);
            for certificate in &coverage.ceiling_certificates {
                assert!(certificate.is_valid_on(as_of), "{}", coverage.coverage_id);
                assert_eq!(certificate.class.is_elderly(), late || elderly, "{}", coverage.coverage_id);
            }
        }
    }
}

#[test]
fn losses_have_their_reasons() {
    for (all, as_of) in populations() {
        let people = all.by_person();
        let reasons: HashSet<ReasonOfLoss> = all.citizens().filter_map(|c| c.reason_of_loss).collect();
        assert_eq!(reasons.len(), ReasonOfLoss::ALL.len(), "{reasons:?}");
        for coverage in all.citizens() {
            assert_eq!(coverage.reason_of_loss.is_some(), coverage.disqualified_on.is_some());
            let newer = people[&coverage.person_key]
                .iter()
                .any(|other| other.qualified_on >= coverage.disqualified_on.unwrap_or(date(9999, 1, 1)));
            if coverage.reason_of_loss == Some(ReasonOfLoss::Death) {
                assert!(!newer && coverage.lost_by(as_of), "{}", coverage.coverage_id);
            }
        }
    }
}

#[test]
fn a_symbol_number_and_branch_never_mean_two_people_of_one_birthday() {
    for (all, as_of) in populations() {
        let mut owners = HashMap::new();
        // Newborn twins without branch numbers are the one case that is truly ambiguous.
        let notified = |c: &&Coverage| calendar::days_between(c.person.birthdate, as_of) >= 60;
        for coverage in all.citizens().filter(notified) {
            let key = (
                coverage.insurer_number.as_str(),
                NumberKey::of_optional(coverage.insured_symbol.as_deref()),
                NumberKey::of(&coverage.insured_number),
                coverage.branch_number.as_deref(),
                coverage.person.birthdate,
            );
            let owner = owners.entry(key).or_insert(&coverage.person_key);
            assert_eq!(*owner, &coverage.person_key);
        }
    }
}

#[test]
fn serial_numbers_of_cards_are_never_used_twice() {
    for (all, _) in populations() {
        let serials: HashSet<&str> = all.cards.iter().map(|card| card.card.serial.as_str()).collect();
        assert_eq!(serials.len(), all.cards.len());
        for card in &all.cards {
            if let Some(newer) = &card.superseded_by {
                let current = all.cards.iter().find(|other| other.card == *newer).expect("the newer card");
                assert_eq!(current.person_key, card.person_key);
                assert_eq!(current.superseded_by, None);
            }
        }
    }
}
