//! The whole population, from the first persona to the last citizen.

use eligibility::{calendar, card_certificate::CardCertificateId, person::PersonKey};

use crate::{
    CITIZEN_SERIAL_BASE, MAX_PERSONS, Options, REPLACED_SERIAL_BASE,
    batch::{self, BATCH},
    career::Counters,
    clan::{self, Clan, Member},
    dice::Dice,
    insurers::{Funds, insurers},
    member::Registry,
    personas,
    sink::{Card, Sink},
};

/// People with a card, registered cards among them, and cards that replaced an older one, in a hundred thousand.
const WITH_CARD: u32 = 81_000;
const REGISTERED: u32 = 88_000;
const REPLACED: u32 = 5_000;

/// What was generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// People, personas included.
    pub persons: u64,
    /// Coverages.
    pub coverages: u64,
    /// Card certificates, replaced ones included.
    pub cards: u64,
}

/// Generates a population into a sink: insurers, personas, then `options.persons` people (at most
/// [`MAX_PERSONS`]). `progress` gets the number of people done, now and then.
///
/// # Errors
/// The first error of the sink.
pub fn generate<S: Sink>(
    options: &Options,
    sink: &mut S,
    mut progress: impl FnMut(u64),
) -> Result<Counts, S::Error> {
    for insurer in insurers() {
        sink.insurer(&insurer)?;
    }
    let mut counts = Counts::default();
    for persona in personas(options.as_of) {
        persona.coverages.iter().try_for_each(|coverage| sink.coverage(coverage))?;
        let cards = persona.card_records(&options.card_issuer);
        cards.iter().try_for_each(|card| sink.card(card))?;
        counts.persons += 1;
        counts.coverages += persona.coverages.len() as u64;
        counts.cards += cards.len() as u64;
    }
    let funds = Funds::new();
    let mut counters = Counters::new(&funds);
    let mut dice = Dice::new(options.seed);
    let mut people = Citizens { options, sink, counts: &mut counts, ordinal: 0 };
    let total = options.persons.min(MAX_PERSONS);
    while people.ordinal < total {
        let left = usize::try_from(total - people.ordinal).unwrap_or(BATCH);
        for household in batch::draw(&mut dice, left.min(BATCH), options.as_of) {
            let (clan, members) = clan::settle(&mut dice, &funds, &mut counters, &household, options.as_of);
            let mut registry = Registry { funds: &funds, counters: &mut counters, as_of: options.as_of };
            for member in &members {
                people.add(&mut dice, &mut registry, &clan, member)?;
            }
        }
        progress(people.counts.persons);
    }
    Ok(counts)
}

struct Citizens<'c, S> {
    options: &'c Options,
    sink: &'c mut S,
    counts: &'c mut Counts,
    ordinal: u32,
}

impl<S: Sink> Citizens<'_, S> {
    fn add(
        &mut self,
        dice: &mut Dice,
        registry: &mut Registry<'_>,
        clan: &Clan,
        member: &Member,
    ) -> Result<(), S::Error> {
        // 'P' sorts after the 'D' of the personas, and the digits keep the order.
        let key = PersonKey(format!("P{:09}", self.ordinal));
        let coverages = registry.coverages(dice, clan, member, &key);
        coverages.iter().try_for_each(|coverage| self.sink.coverage(coverage))?;
        self.counts.persons += 1;
        self.counts.coverages += coverages.len() as u64;
        let infant = calendar::age_on(member.body.birthdate, self.options.as_of) == 0;
        if dice.chance(if infant { WITH_CARD / 2 } else { WITH_CARD }) {
            self.add_cards(dice, key)?;
        }
        self.ordinal += 1;
        Ok(())
    }

    fn add_cards(&mut self, dice: &mut Dice, person_key: PersonKey) -> Result<(), S::Error> {
        let registered = dice.chance(REGISTERED);
        let issuer = &self.options.card_issuer;
        let current = certificate(issuer, CITIZEN_SERIAL_BASE + self.ordinal);
        if dice.chance(REPLACED) {
            let card = certificate(issuer, REPLACED_SERIAL_BASE + self.ordinal);
            let superseded_by = Some(current.clone());
            self.sink.card(&Card { card, person_key: person_key.clone(), registered, superseded_by })?;
            self.counts.cards += 1;
        }
        self.sink.card(&Card { card: current, person_key, registered, superseded_by: None })?;
        self.counts.cards += 1;
        Ok(())
    }
}

pub(crate) fn certificate(issuer: &str, serial: u32) -> CardCertificateId {
    CardCertificateId { issuer: issuer.to_owned(), serial: format!("{serial:x}") }
}
