//! One household with everything its members share: name, address, insurance.

use eligibility::{Date, calendar};

use crate::{
    batch::Household,
    career::{self, Circumstances, Counters, Spell},
    dice::Dice,
    insurers::Funds,
    names::{FamilyName, full},
    places::{self, PLACES},
    pyramid::Body,
};

/// Second parents who earn an own living, in a hundred thousand.
const OWN_LIVING: u32 = 52_000;
/// Years of work: outside them nobody is given an own insurance by work.
const WORKING: std::ops::RangeInclusive<i16> = 20..=69;

/// What the members of a household share.
pub(crate) struct Clan {
    pub(crate) family: FamilyName,
    pub(crate) place: usize,
    pub(crate) address: String,
    pub(crate) postcode: String,
    /// 被保険者氏名 of the household's insurance.
    pub(crate) head_name: String,
    pub(crate) spells: Vec<Spell>,
}

/// A member: body, name, and the insurance of an own living if any.
pub(crate) struct Member {
    pub(crate) body: Body,
    pub(crate) name: String,
    pub(crate) kana: String,
    pub(crate) own: Option<Vec<Spell>>,
    /// Place in the household: the head is 0.
    pub(crate) rank: usize,
    pub(crate) death: Option<Date>,
}

/// Names, settles and insures a household.
pub(crate) fn settle(
    dice: &mut Dice,
    funds: &Funds,
    counters: &mut Counters,
    household: &Household,
    as_of: Date,
) -> (Clan, Vec<Member>) {
    let family = FamilyName::draw(dice);
    let place = places::draw(dice);
    let (address, postcode) = places::address(dice, &PLACES[place]);
    let single = household.members.len() == 1;
    let mut members: Vec<Member> = Vec::with_capacity(household.members.len());
    for (rank, body) in household.members.iter().enumerate() {
        let given = family.given(dice, body.is_woman());
        let earns =
            rank == 1 && household.parents == 2 && WORKING.contains(&body.age) && dice.chance(OWN_LIVING);
        let circumstances = Circumstances { place, age: body.age.min(59), single: false, as_of };
        members.push(Member {
            body: *body,
            name: full(family.name.0, given.0),
            kana: full(family.name.1, given.1),
            own: earns.then(|| career::insured(dice, funds, counters, &circumstances)),
            rank,
            death: death(dice, *body, as_of),
        });
    }
    let circumstances = Circumstances { place, age: household.members[0].age, single, as_of };
    let spells = career::spells(dice, funds, counters, &circumstances);
    // Who lives on welfare shares it; nobody in the household has a job's insurance beside it.
    if spells.last().is_some_and(|spell| funds.welfare.contains(&spell.fund)) {
        for member in &mut members {
            member.own = None;
        }
    }
    let head_name = members[0].name.clone();
    (Clan { family, place, address, postcode, head_name, spells }, members)
}

/// Deaths of the last year, still in the insurers' data.
fn death(dice: &mut Dice, body: Body, as_of: Date) -> Option<Date> {
    let parts = match body.age {
        ..50 => 60,
        50..65 => 400,
        65..75 => 1_300,
        75..85 => 3_500,
        _ => 11_000,
    };
    let days = dice.between(1, 365);
    let day = calendar::add_days(as_of, -days);
    (dice.chance(parts) && day > body.birthdate).then_some(day)
}
