//! Households out of drawn people: drawing people first keeps the age pyramid exact, whatever the households.

use eligibility::Date;

use crate::{dice::Dice, pyramid::Body};

/// People drawn together. Large enough that every child finds parents of a fitting age.
pub(crate) const BATCH: usize = 2048;

/// Up to this age everybody lives with parents.
const MINOR_AGE: i16 = 17;
/// From this age on nobody is placed as a child.
const GROWN_AGE: i16 = 26;
/// Couples among a hundred thousand women who have a man of the same rank of age.
const COUPLES: u32 = 68_000;
/// Grown-up children (18–25) who still live with parents.
const STAY_HOME: u32 = 55_000;
/// Single people from 75 on who live with a child's household.
const WITH_CHILD_FAMILY: u32 = 22_000;
/// Siblings of nearly the same age who are made twins.
const TWINS: u32 = 15_000;
/// Years a mother may be older than her child.
const MOTHER_YEARS: std::ops::RangeInclusive<i16> = 21..=41;

/// People at one address; the first is its head.
pub(crate) struct Household {
    /// Parents first, then whoever lives with them.
    pub(crate) members: Vec<Body>,
    /// How many of them are the couple, or the one adult, the household formed around.
    pub(crate) parents: usize,
}

/// Draws `count` people and sorts them into households.
pub(crate) fn draw(dice: &mut Dice, count: usize, as_of: Date) -> Vec<Household> {
    let mut drawn: Vec<Body> = (0..count).map(|_| Body::draw(dice, as_of)).collect();
    // Stable, and births decide: the same stream gives the same households.
    drawn.sort_by_key(|body| std::cmp::Reverse(body.age));
    let (mut children, mut adults) = (Vec::new(), Vec::new());
    for body in drawn {
        let child = body.age <= MINOR_AGE || (body.age < GROWN_AGE && dice.chance(STAY_HOME));
        if child { children.push(body) } else { adults.push(body) }
    }
    let (mut households, singles) = couples(dice, adults);
    // Parents by the woman's age, youngest last as drawn; look-ups below rely on this order.
    households.sort_by_key(|household| std::cmp::Reverse(parent_age(household)));
    for single in singles {
        place_single(dice, &mut households, single);
    }
    for child in children {
        place_child(dice, &mut households, child);
    }
    households
}

/// Pairs men and women of the same rank of age; the rest stay single.
fn couples(dice: &mut Dice, adults: Vec<Body>) -> (Vec<Household>, Vec<Body>) {
    let (women, men): (Vec<Body>, Vec<Body>) = adults.into_iter().partition(|body| body.is_woman());
    let mut households = Vec::with_capacity(women.len());
    let mut singles = Vec::new();
    let mut men = men.into_iter();
    for woman in women {
        match men.next() {
            Some(man)
                if man.age < 90
                    && (man.age - woman.age).abs() <= 8
                    && dice.chance(couple_chance(woman.age)) =>
            {
                households.push(Household { members: vec![man, woman], parents: 2 });
            }
            Some(man) => singles.extend([man, woman]),
            None => singles.push(woman),
        }
    }
    singles.extend(men);
    (households, singles)
}

fn couple_chance(age: i16) -> u32 {
    match age {
        ..22 => 2_000,
        22..30 => 30_000,
        30..40 => COUPLES,
        40..75 => COUPLES + 4_000,
        _ => COUPLES - 18_000,
    }
}

/// The age that children are measured by: the woman's, or the only adult's.
fn parent_age(household: &Household) -> i16 {
    let parents = &household.members[..household.parents];
    parents.iter().find(|body| body.is_woman()).or(parents.first()).map_or(0, |body| body.age)
}

fn place_single(dice: &mut Dice, households: &mut Vec<Household>, single: Body) {
    let range = fitting(households, single.age, |mine, parent| MOTHER_YEARS.contains(&(mine - parent)));
    if single.age >= 75 && !range.is_empty() && dice.chance(WITH_CHILD_FAMILY) {
        let chosen = range.start + dice.below(u32::try_from(range.len()).unwrap_or(1)) as usize;
        households[chosen].members.push(single);
        return;
    }
    let at = households.partition_point(|other| parent_age(other) >= single.age);
    households.insert(at, Household { members: vec![single], parents: 1 });
}

/// Puts a child with parents of a fitting age: three draws prefer couples over single people.
fn place_child(dice: &mut Dice, households: &mut Vec<Household>, child: Body) {
    if households.is_empty() {
        // Only in populations of a handful of people, none of them grown up.
        households.push(Household { members: vec![child], parents: 1 });
        return;
    }
    let mut range = fitting(households, child.age, |mine, parent| MOTHER_YEARS.contains(&(parent - mine)));
    if range.is_empty() {
        range = 0..households.len();
    }
    let Ok(width) = u32::try_from(range.len()) else { return };
    let mut chosen = range.start + dice.below(width) as usize;
    for _ in 0..8 {
        if households[chosen].parents == 2 && households[chosen].members.len() < 6 {
            break;
        }
        chosen = range.start + dice.below(width) as usize;
    }
    let household = &mut households[chosen];
    let sibling =
        household.members.iter().find(|body| body.age <= MINOR_AGE && (body.age - child.age).abs() <= 1);
    let twin = sibling.filter(|_| dice.chance(TWINS)).map(|body| (body.birthdate, body.age));
    let (birthdate, age) = twin.unwrap_or((child.birthdate, child.age));
    household.members.push(Body { birthdate, age, ..child });
}

/// The households whose parent's age fits, a run because they are sorted by it.
fn fitting(households: &[Household], age: i16, fits: impl Fn(i16, i16) -> bool) -> std::ops::Range<usize> {
    let first = households.iter().position(|household| fits(age, parent_age(household)));
    let Some(first) = first else { return 0..0 };
    let run = households[first..].iter().take_while(|household| fits(age, parent_age(household))).count();
    first..first + run
}
