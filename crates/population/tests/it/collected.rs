//! A population in memory.

use std::{collections::BTreeMap, convert::Infallible};

use eligibility::{Date, coverage::Coverage, insurer::Insurer, person::PersonKey};
use population::{Card, Options, Sink};

#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) insurers: Vec<Insurer>,
    pub(crate) coverages: Vec<Coverage>,
    pub(crate) cards: Vec<Card>,
}

impl Sink for Collected {
    type Error = Infallible;
    fn insurer(&mut self, insurer: &Insurer) -> Result<(), Infallible> {
        self.insurers.push(insurer.clone());
        Ok(())
    }
    fn coverage(&mut self, coverage: &Coverage) -> Result<(), Infallible> {
        self.coverages.push(coverage.clone());
        Ok(())
    }
    fn card(&mut self, card: &Card) -> Result<(), Infallible> {
        self.cards.push(card.clone());
        Ok(())
    }
}

impl Collected {
    pub(crate) fn by_person(&self) -> BTreeMap<&PersonKey, Vec<&Coverage>> {
        let mut people: BTreeMap<&PersonKey, Vec<&Coverage>> = BTreeMap::new();
        for coverage in &self.coverages {
            people.entry(&coverage.person_key).or_default().push(coverage);
        }
        people
    }

    /// Without the personas, who are there to be special.
    pub(crate) fn citizens(&self) -> impl Iterator<Item = &Coverage> {
        self.coverages.iter().filter(|coverage| coverage.person_key.0.starts_with('P'))
    }
}

pub(crate) fn collect(persons: u32, seed: u64, as_of: Date) -> Collected {
    let mut collected = Collected::default();
    let options = Options { as_of, ..Options::new(persons, seed) };
    let Ok(counts) = population::generate(&options, &mut collected, |_| {});
    assert_eq!(counts.coverages, collected.coverages.len() as u64);
    assert_eq!(counts.cards, collected.cards.len() as u64);
    collected
}
