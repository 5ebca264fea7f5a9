//! Checks of an insurer's file. Messages name fields and rows, never what is in them.

use std::hash::{BuildHasher, Hash, RandomState};

use eligibility::{Date, coverage::Coverage, insurer::InsurerNumber, matching::NumberKey};

use super::{Faults, RowFault};

/// Checks one row by itself.
pub(super) fn row<F: FnMut(RowFault)>(
    insurer: &InsurerNumber,
    coverage: &Coverage,
    row: u64,
    faults: &mut Faults<F>,
) {
    if coverage.insurer_number != *insurer {
        faults.add(row, "insurer_number is not that of the file".to_owned());
    }
    for problem in coverage.problems() {
        faults.add(row, problem.to_string());
    }
}

/// A range of days that something holds, with the row that says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    /// Digest of who or what holds it.
    key: u128,
    from: Date,
    row: u64,
    /// First day after; `None` without end.
    until: Option<Date>,
    /// Digest of the person.
    person: u64,
}

/// What can be seen only over the whole file, at 64 bytes a row: memberships of one person must not
/// overlap, one membership appears once, and a number with its branch belongs to one person at a time.
pub(super) struct WholeFile {
    hashers: [RandomState; 2],
    memberships: Vec<Held>,
    numbers: Vec<Held>,
    ids: Vec<(u128, u64)>,
}

impl Default for WholeFile {
    fn default() -> Self {
        let hashers = [RandomState::new(), RandomState::new()];
        Self { hashers, memberships: vec![], numbers: vec![], ids: vec![] }
    }
}

impl WholeFile {
    /// Keyed anew for each file: nobody can prepare rows that collide, and 128 bits do not by chance.
    fn digest(&self, value: impl Hash) -> u128 {
        let [high, low] = &self.hashers;
        u128::from(high.hash_one(&value)) << 64 | u128::from(low.hash_one(&value))
    }

    /// Remembers a row.
    pub(super) fn add(&mut self, coverage: &Coverage, row: u64) {
        let person_key = self.digest(&coverage.person_key);
        let person = self.hashers[0].hash_one(&coverage.person_key);
        let (from, until) = (coverage.qualified_on, coverage.disqualified_on);
        self.memberships.push(Held { key: person_key, from, row, until, person });
        self.ids.push((self.digest((&coverage.person_key, &coverage.coverage_id)), row));
        // Without a branch number a whole family shares the number.
        if let Some(branch) = NumberKey::of_branch(coverage.branch_number.as_deref()) {
            let symbol = NumberKey::of_optional(coverage.insured_symbol.as_deref());
            let key = self.digest((symbol, NumberKey::of(&coverage.insured_number), branch));
            self.numbers.push(Held { key, from, row, until, person });
        }
    }

    /// Checks the whole.
    pub(super) fn finish<F: FnMut(RowFault)>(mut self, faults: &mut Faults<F>) {
        self.ids.sort_unstable();
        for pair in self.ids.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            faults.add(pair[1].1, format!("coverage_id is that of row {}", pair[0].1));
        }
        overlaps(&mut self.memberships, |one, other| {
            faults.add(
                other.row,
                format!("the membership overlaps that of row {} of the same person", one.row),
            );
        });
        overlaps(&mut self.numbers, |one, other| {
            if one.person != other.person {
                faults.add(
                    other.row,
                    format!("symbol, number and branch are another person's in row {}", one.row),
                );
            }
        });
    }
}

/// Calls `found` for ranges of one key that overlap.
fn overlaps(ranges: &mut [Held], mut found: impl FnMut(&Held, &Held)) {
    ranges.sort_unstable();
    let mut longest: Option<Held> = None;
    for range in ranges {
        match longest.filter(|held| held.key == range.key) {
            Some(held) if held.until.is_none_or(|until| range.from < until) => found(&held, range),
            _ => {}
        }
        let ends_later = longest.is_none_or(|held| {
            held.key != range.key || held.until.is_some_and(|until| range.until.is_none_or(|end| end > until))
        });
        if ends_later {
            longest = Some(*range);
        }
    }
}
