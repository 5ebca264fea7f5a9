//! The rule compared with another one that knows the facts behind the writings: who is meant is decided here by
//! the numbers of facts, never by comparing texts; when a newer coverage exists, by dates alone.

use std::{cell::Cell, collections::BTreeSet};

use eligibility::{
    Date,
    calendar::add_days,
    codes::Validity,
    coverage::Coverage,
    person::PersonKey,
    verification::{Decision, NumberQuery, decide_by_number},
};
use jiff::civil::date;
use proptest::{prelude::*, test_runner::TestRunner};

use crate::{
    people::{NATIONAL, SOCIETY, coverage, institution, insurer, query},
    verification_properties::{day, history},
};

const INSURERS: [&str; 2] = [SOCIETY, NATIONAL];
/// What one symbol, number or branch may be written like: a row is one fact, rows are different facts.
const SYMBOLS: [&[&str]; 4] = [
    &["2101", "２１０１", " 21 01", "2101　"],
    &["杉-12", "杉－１２", "杉ー12", "杉 ‐ 12"],
    &["杉12", "杉１２"],
    &["02101", "０２１０１"],
];
const NUMBERS: [&[&str]; 3] = [&["345", "３４５", "3 45"], &["0345", "０３４５"], &["346"]];
const BRANCHES: [&[&str]; 3] = [&["00", "００", "0"], &["01", "1", "１"], &["02", "２", "0 2"]];
const BIRTHDAYS: [Date; 2] = [date(1982, 5, 14), date(2024, 2, 29)];

/// What a coverage, or a question, says, as rows of the tables above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    insurer: usize,
    symbol: Option<usize>,
    number: usize,
    branch: Option<usize>,
    birthday: usize,
}

impl Facts {
    /// Whether a question means a coverage: a branch counts only when one was typed.
    fn mean(self, held: Self) -> bool {
        let same = Self { branch: held.branch, ..self } == held;
        same && (self.branch.is_none() || self.branch == held.branch)
    }
}

/// Which writing of each fact is taken.
type Writing = [prop::sample::Index; 3];

fn written(rows: &[&[&str]], row: usize, how: prop::sample::Index) -> String {
    (*how.get(rows[row])).to_owned()
}

fn held(person: usize, facts: Facts, how: Writing, from: i32) -> Coverage {
    let start = add_days(date(2020, 1, 1), from);
    let mut held = coverage(&format!("person {person}"), INSURERS[facts.insurer], start, None);
    held.insured_symbol = facts.symbol.map(|row| written(&SYMBOLS, row, how[0]));
    held.insured_number = written(&NUMBERS, facts.number, how[1]);
    held.branch_number = facts.branch.map(|row| written(&BRANCHES, row, how[2]));
    held.person.birthdate = BIRTHDAYS[facts.birthday];
    held
}

fn question(facts: Facts, how: Writing, as_of: Date) -> NumberQuery {
    NumberQuery {
        as_of,
        insurer_number: insurer(INSURERS[facts.insurer]),
        insured_symbol: facts.symbol.map(|row| written(&SYMBOLS, row, how[0])),
        insured_number: written(&NUMBERS, facts.number, how[1]),
        branch_number: facts.branch.map(|row| written(&BRANCHES, row, how[2])),
        birthdate: BIRTHDAYS[facts.birthday],
        ceiling_consent: false,
    }
}

fn facts() -> impl Strategy<Value = Facts> {
    let symbol = proptest::option::of(0..SYMBOLS.len());
    let branch = proptest::option::weighted(0.8, 0..BRANCHES.len());
    (0..INSURERS.len(), symbol, 0..NUMBERS.len(), branch, 0..BIRTHDAYS.len()).prop_map(
        |(insurer, symbol, number, branch, birthday)| Facts { insurer, symbol, number, branch, birthday },
    )
}

/// The same facts, or with one of them otherwise: twins differ by their branch, near misses by anything.
fn near(facts: Facts) -> impl Strategy<Value = Facts> {
    prop_oneof![
        2 => Just(facts),
        3 => proptest::option::weighted(0.8, 0..BRANCHES.len()).prop_map(move |branch| Facts { branch, ..facts }),
        1 => (0..INSURERS.len()).prop_map(move |insurer| Facts { insurer, ..facts }),
        1 => proptest::option::of(0..SYMBOLS.len()).prop_map(move |symbol| Facts { symbol, ..facts }),
        1 => (0..NUMBERS.len()).prop_map(move |number| Facts { number, ..facts }),
        1 => (0..BIRTHDAYS.len()).prop_map(move |birthday| Facts { birthday, ..facts }),
    ]
}

/// Coverages of up to three persons around one set of facts, and a question about these facts.
#[derive(Debug)]
struct Scene {
    held: Vec<(usize, Facts, Writing, i32)>,
    asked: Facts,
    how: Writing,
}

fn scene() -> impl Strategy<Value = Scene> {
    facts().prop_flat_map(|mine| {
        let held = (0_usize..3, near(mine), any::<Writing>(), 0_i32..1500);
        let asked = prop_oneof![1 => Just(mine), 1 => Just(Facts { branch: None, ..mine }), 1 => near(mine)];
        (proptest::collection::vec(held, 0..5), asked, any::<Writing>())
            .prop_map(|(held, asked, how)| Scene { held, asked, how })
    })
}

fn persons_of(decision: &Decision) -> BTreeSet<PersonKey> {
    decision.coverages.iter().map(|coverage| coverage.person_key.clone()).collect()
}

/// How often each thing arose: a property about something that never arises says nothing.
#[derive(Default)]
struct Arose([Cell<u32>; 4]);

impl Arose {
    fn note(&self, what: usize) {
        self.0[what].set(self.0[what].get() + 1);
    }
    /// Far below what is usual (20 to 1,000), as the cases are others each time.
    fn each_some_times(&self) {
        assert!(self.0.iter().all(|count| count.get() >= 3), "{:?}", self.0);
    }
}

#[test]
fn several_persons_nobody_or_one_as_the_facts_say() {
    let arose = Arose::default();
    let check = |scene: Scene, as_of: Date| {
        let coverages: Vec<Coverage> =
            scene.held.iter().map(|(person, facts, how, from)| held(*person, *facts, *how, *from)).collect();
        let question = question(scene.asked, scene.how, as_of);
        let decision = decide_by_number(&question, &coverages, &institution());
        let meant = scene.held.iter().filter(|(_, facts, ..)| scene.asked.mean(*facts));
        let meant: BTreeSet<usize> = meant.map(|(person, ..)| *person).collect();
        let meant: BTreeSet<PersonKey> =
            meant.into_iter().map(|person| PersonKey(format!("person {person}"))).collect();
        prop_assert_eq!(decision.validity == Validity::SeveralMatch, meant.len() > 1);
        prop_assert_eq!(decision.validity == Validity::NoMatch, meant.is_empty());
        let shown = if meant.len() == 1 { meant.clone() } else { BTreeSet::new() };
        prop_assert_eq!(persons_of(&decision), shown);
        arose.note(match (meant.len(), scene.asked.branch) {
            (0, _) => 0,
            (1, _) => 1,
            (_, None) => 2,
            (_, Some(_)) => 3,
        });
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(2_000));
    runner.run(&(scene(), day()), |(scene, as_of)| check(scene, as_of)).unwrap_or_else(|e| panic!("{e}"));
    arose.each_some_times();
}

proptest! {
    #[test]
    fn twins_are_several_without_a_branch_and_one_with_it(
        mine in facts(), how in any::<[Writing; 3]>(), from in 0_i32..1500, as_of in day(),
    ) {
        // Twins share all but the branch, of which each has one.
        let branches = (0..BRANCHES.len()).filter(|row| Some(*row) != mine.branch).take(2);
        let twins: Vec<Facts> = branches.map(|row| Facts { branch: Some(row), ..mine }).collect();
        let both: Vec<Coverage> =
            twins.iter().enumerate().map(|(at, facts)| held(at, *facts, how[at], from)).collect();
        let without = question(Facts { branch: None, ..mine }, how[2], as_of);
        let decision = decide_by_number(&without, &both, &institution());
        prop_assert_eq!(decision, Decision { validity: Validity::SeveralMatch, coverages: vec![] });
        for (at, twin) in twins.iter().enumerate() {
            let decision = decide_by_number(&question(*twin, how[2], as_of), &both, &institution());
            let expected = if both[at].qualified_on <= as_of { Validity::Valid } else { Validity::Invalid };
            prop_assert_eq!(decision.validity, expected);
            prop_assert_eq!(persons_of(&decision), BTreeSet::from([both[at].person_key.clone()]));
        }
    }
}

/// What a question about one of a person's insurers is answered, by the dates alone; valid is valid, whatever
/// the ticket.
fn expected(all: &[Coverage], asked: &Coverage, as_of: Date) -> Validity {
    let begun = |c: &&Coverage| c.qualified_on <= as_of;
    let lasts = |c: &Coverage| c.disqualified_on.is_none_or(|lost| as_of < lost);
    let named: Vec<&Coverage> =
        all.iter().filter(|c| c.insurer_number == asked.insurer_number).filter(begun).collect();
    if named.iter().any(|c| lasts(c)) {
        return Validity::Valid;
    }
    let Some(last) = named.iter().map(|c| c.qualified_on).max() else { return Validity::Invalid };
    let newer = all.iter().filter(begun).any(|c| lasts(c) || c.qualified_on > last);
    if newer { Validity::InvalidNewerExists } else { Validity::Invalid }
}

#[test]
fn a_newer_coverage_exists_exactly_when_the_dates_say_so() {
    let arose = Arose::default();
    let check = |all: Vec<Coverage>, asked: prop::sample::Index, as_of: Date| {
        let asked = asked.get(&all);
        let decision = decide_by_number(&query(asked, as_of), &all, &institution());
        let validity = match decision.validity {
            Validity::ValidTicketUnregistered => Validity::Valid,
            other => other,
        };
        prop_assert_eq!(validity, expected(&all, asked, as_of));
        // What is told apart: covered elsewhere now; begun later and lost, too; only later than the day.
        let lost = decision.coverages.first().filter(|c| c.disqualified_on.is_some_and(|day| day <= as_of));
        if let Some(lost) = lost {
            let later = |c: &&Coverage| c.qualified_on > lost.qualified_on;
            let covered = all.iter().any(|c| c.covers(as_of));
            let begun = all.iter().filter(later).any(|c| c.qualified_on <= as_of);
            let coming = all.iter().filter(later).any(|c| c.qualified_on > as_of);
            arose.note(match (covered, begun, coming) {
                (true, ..) => 0,
                (false, true, _) => 1,
                (false, false, true) => 2,
                (false, false, false) => 3,
            });
            let outdated = covered || begun;
            prop_assert_eq!(decision.validity == Validity::InvalidNewerExists, outdated);
        }
        Ok(())
    };
    let cases =
        (history().prop_filter("somebody", |all| !all.is_empty()), any::<prop::sample::Index>(), day());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(2_000));
    let outcome = runner.run(&cases, |(all, asked, as_of)| check(all, asked, as_of));
    outcome.unwrap_or_else(|e| panic!("{e}"));
    arose.each_some_times();
}
