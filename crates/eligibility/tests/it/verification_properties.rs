//! What holds for every history: ranges, overlaps, gaps, several insurers. Who is meant by a question, and
//! when a newer coverage exists, stands in `verification_oracle`.

use eligibility::{
    Date,
    calendar::add_days,
    codes::Validity,
    coverage::Coverage,
    verification::{decide_by_card, decide_by_number},
};
use jiff::civil::date;
use proptest::prelude::*;

use crate::people::{NATIONAL, SOCIETY, WELFARE, coverage, institution, query, ticket};

const BASE: Date = date(2020, 1, 1);

fn one_coverage(person: &'static str) -> impl Strategy<Value = Coverage> {
    let insurer = prop_oneof![Just(SOCIETY), Just(NATIONAL), Just(WELFARE), Just("39139991")];
    (insurer, 0_i32..1500, proptest::option::of(1_i32..900), 0_i32..24, any::<bool>()).prop_map(
        move |(insurer, from, length, month, here)| {
            let start = add_days(BASE, from);
            let mut made = coverage(person, insurer, start, length.map(|days| add_days(start, days)));
            if insurer == WELFARE {
                let institution = if here { "1319990012" } else { "1319990099" };
                let month = eligibility::calendar::add_months(date(2020, 1, 1), month);
                made.medical_tickets.push(ticket(institution, month));
            }
            made
        },
    )
}

pub(crate) fn history() -> impl Strategy<Value = Vec<Coverage>> {
    proptest::collection::vec(one_coverage("p"), 0..6)
}

pub(crate) fn day() -> impl Strategy<Value = Date> {
    (-100_i32..2800).prop_map(|days| add_days(BASE, days))
}

proptest! {
    #[test]
    fn a_card_is_valid_exactly_when_some_coverage_is(all in history(), as_of in day()) {
        let decision = decide_by_card(&all, as_of, &institution());
        let covered = all.iter().any(|c| c.covers(as_of));
        let valid = matches!(decision.validity, Validity::Valid | Validity::ValidTicketUnregistered);
        prop_assert_eq!(valid, covered);
        prop_assert_eq!(decision.validity == Validity::NoMatch, all.is_empty());
        prop_assert!(!matches!(decision.validity, Validity::InvalidNewerExists | Validity::SeveralMatch));
        prop_assert!(decision.coverages.iter().all(|c| c.covers(as_of)) || !valid);
        let newest = all.iter().filter(|c| c.covers(as_of) && !c.is_public_assistance()).map(|c| c.qualified_on).max();
        if let Some(newest) = newest {
            prop_assert_eq!(decision.coverages[0].qualified_on, newest);
        }
        // Six only where assistance stands alone.
        if decision.validity == Validity::ValidTicketUnregistered {
            prop_assert!(newest.is_none());
        }
    }

    #[test]
    fn a_number_answers_about_the_coverage_it_names(all in history(), asked in 0_usize..6, as_of in day()) {
        prop_assume!(!all.is_empty());
        let asked = &all[asked % all.len()];
        let decision = decide_by_number(&query(asked, as_of), &all, &institution());
        let named = |c: &&Coverage| c.insurer_number == asked.insurer_number;
        prop_assert_eq!(&decision.coverages[0].insurer_number, &asked.insurer_number);
        let covered = all.iter().filter(named).any(|c| c.covers(as_of));
        let valid = matches!(decision.validity, Validity::Valid | Validity::ValidTicketUnregistered);
        prop_assert_eq!(valid, covered);
        prop_assert!(!valid || decision.coverages.iter().all(|c| c.covers(as_of)));
    }

    #[test]
    fn the_order_of_candidates_makes_no_difference(mut all in history(), asked in 0_usize..6, as_of in day()) {
        prop_assume!(!all.is_empty());
        // Equal days of beginning and end are told apart by nothing; leave them out.
        all.sort_by_key(|c| (c.qualified_on, c.disqualified_on));
        all.dedup_by_key(|c| c.qualified_on);
        let question = query(&all[asked % all.len()], as_of);
        let forward = (decide_by_number(&question, &all, &institution()), decide_by_card(&all, as_of, &institution()));
        all.reverse();
        let backward = (decide_by_number(&question, &all, &institution()), decide_by_card(&all, as_of, &institution()));
        prop_assert_eq!(forward, backward);
    }

    #[test]
    fn no_answer_carries_another_institutions_ticket(all in history(), as_of in day()) {
        let answers = all.iter().map(|asked| decide_by_number(&query(asked, as_of), &all, &institution()));
        for decision in answers.chain([decide_by_card(&all, as_of, &institution())]) {
            prop_assert!(decision.coverages.len() <= 2);
            let tickets = decision.coverages.iter().flat_map(|c| &c.medical_tickets);
            for ticket in tickets {
                prop_assert!(ticket.serves(&institution(), as_of));
            }
        }
    }
}
