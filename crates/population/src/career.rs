//! Which insurers a household belonged to, and when: jobs, changes of job, gaps, welfare.

use eligibility::{Date, calendar, codes::ReasonOfLoss};

use crate::{
    dice::Dice,
    insurers::{Funds, Numbering},
};

/// Households on welfare, in a hundred thousand; more among single people.
const WELFARE: u32 = 1_400;
const WELFARE_SINGLE: u32 = 2_600;
/// Households on welfare that came from 国保, and those that keep a job's insurance beside it.
const WELFARE_AFTER_NATIONAL: u32 = 25_000;
const WELFARE_BESIDE_INSURANCE: u32 = 6_000;
/// Households that changed insurers in the last years.
const CHANGED: u32 = 24_000;
/// Of those, with some weeks between.
const WITH_GAP: u32 = 12_000;
/// Households whose insurance ended lately and has not been followed yet.
const LOST_LATELY: u32 = 600;
/// Households that change insurers on the first of next month, known already.
const CHANGE_AHEAD: u32 = 500;

/// A membership of a household, or of one who earns an own living.
#[derive(Clone, Copy)]
pub(crate) struct Spell {
    /// The place of the fund in [`Funds::all`].
    pub(crate) fund: usize,
    /// The household's number within the fund, from 1.
    pub(crate) number: u32,
    pub(crate) from: Date,
    /// The first day no longer covered, and why.
    pub(crate) until: Option<(Date, ReasonOfLoss)>,
}

/// How many numbers each fund has given out.
pub(crate) struct Counters(Vec<u32>);

impl Counters {
    pub(crate) fn new(funds: &Funds) -> Self {
        Self(vec![0; funds.all.len()])
    }

    pub(crate) fn next(&mut self, fund: usize) -> u32 {
        self.0[fund] += 1;
        self.0[fund]
    }
}

/// What a career depends on.
pub(crate) struct Circumstances {
    pub(crate) place: usize,
    pub(crate) age: i16,
    pub(crate) single: bool,
    pub(crate) as_of: Date,
}

/// The spells of a household or an earner, oldest first.
pub(crate) fn spells(
    dice: &mut Dice,
    funds: &Funds,
    counters: &mut Counters,
    of: &Circumstances,
) -> Vec<Spell> {
    let welfare = if of.single { WELFARE_SINGLE } else { WELFARE };
    if dice.chance(welfare) {
        return on_welfare(dice, funds, counters, of);
    }
    insured(dice, funds, counters, of)
}

/// The spells of somebody in work or retired.
pub(crate) fn insured(
    dice: &mut Dice,
    funds: &Funds,
    counters: &mut Counters,
    of: &Circumstances,
) -> Vec<Spell> {
    let mut spells = Vec::with_capacity(2);
    let changed = dice.chance(CHANGED);
    // Most have stayed for years; those who changed lately are seen with their former insurer.
    let tenure =
        if changed { dice.between(0, 1_200) } else { dice.between(30, 5_000).min(dice.between(30, 9_000)) };
    let from = calendar::add_days(of.as_of, -tenure);
    if changed {
        let gap = if dice.chance(WITH_GAP) { dice.between(5, 60) } else { 0 };
        let lost = calendar::add_days(from, -gap);
        let reason = if gap == 0 { ReasonOfLoss::OtherInsurance } else { ReasonOfLoss::Other };
        let before = calendar::add_days(lost, -dice.between(200, 4_000));
        spells.push(open(dice, funds, counters, of, before, Some((lost, reason))));
    }
    let end = calendar::first_of_next_month(of.as_of);
    if dice.chance(CHANGE_AHEAD) {
        spells.push(open(dice, funds, counters, of, from, Some((end, ReasonOfLoss::OtherInsurance))));
        spells.push(open(dice, funds, counters, of, end, None));
    } else {
        let lately = calendar::add_days(of.as_of, -dice.between(0, 60));
        let lost = dice.chance(LOST_LATELY) && from < lately;
        spells.push(open(dice, funds, counters, of, from, lost.then_some((lately, ReasonOfLoss::Other))));
    }
    spells
}

fn on_welfare(dice: &mut Dice, funds: &Funds, counters: &mut Counters, of: &Circumstances) -> Vec<Spell> {
    let from = calendar::add_days(of.as_of, -dice.between(20, 3_000));
    let mut spells = Vec::with_capacity(2);
    if dice.chance(WELFARE_AFTER_NATIONAL) {
        let fund = funds.national[of.place];
        let before = calendar::add_days(from, -dice.between(300, 4_000));
        let until = Some((from, ReasonOfLoss::PublicAssistance));
        spells.push(Spell { fund, number: counters.next(fund), from: before, until });
    } else if of.age < 65 && dice.chance(WELFARE_BESIDE_INSURANCE) {
        let fund = funds.association[of.place];
        spells.push(Spell { fund, number: counters.next(fund), from, until: None });
    }
    let fund = funds.welfare[of.place];
    spells.push(Spell { fund, number: counters.next(fund), from, until: None });
    spells
}

fn open(
    dice: &mut Dice,
    funds: &Funds,
    counters: &mut Counters,
    of: &Circumstances,
    from: Date,
    until: Option<(Date, ReasonOfLoss)>,
) -> Spell {
    let fund = draw_fund(dice, funds, of);
    Spell { fund, number: counters.next(fund), from, until }
}

/// A fund by age: 国保, 国保組合, 協会けんぽ, 組合, 共済, the rest.
fn draw_fund(dice: &mut Dice, funds: &Funds, of: &Circumstances) -> usize {
    let weights: [u32; 6] = match of.age {
        ..60 => [15, 3, 41, 29, 11, 1],
        60..65 => [28, 4, 36, 24, 7, 1],
        65..75 => [66, 4, 18, 8, 3, 1],
        _ => [60, 2, 25, 10, 3, 0],
    };
    match dice.weighted(&weights) {
        0 => funds.national[of.place],
        1 => *dice.pick(&funds.guilds),
        2 => funds.association[of.place],
        3 => funds.societies[dice.weighted(&funds.society_weights)],
        4 => *dice.pick(&funds.mutuals),
        _ => *dice.pick(&funds.single),
    }
}

/// 記号 and 番号 of a household's number within a fund. Numbers of one fund never repeat.
pub(crate) fn written(numbering: Numbering, number: u32) -> (Option<String>, String) {
    match numbering {
        Numbering::LongSymbol => (Some((21_000_000 + number / 5_000).to_string()), number.to_string()),
        Numbering::ShortSymbol => (Some((1_000 + number / 2_000 % 9_000).to_string()), number.to_string()),
        Numbering::CharacterSymbol(character) => {
            let digits = (10 + number % 90).to_string();
            let wide = digits.chars().filter_map(|c| char::from_u32(c as u32 + 0xFEE0));
            let symbol = character.chars().chain(['－']).chain(wide).collect();
            (Some(symbol), (100_000 + number).to_string())
        }
        Numbering::NoSymbol => (None, format!("{:08}", 1_000_000 + number)),
        Numbering::Recipient => (None, format!("{:07}", 100_000 + number)),
    }
}
