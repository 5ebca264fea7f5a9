//! Ages and sexes, close to Japan in the middle of the 2020s.

use eligibility::{Date, calendar, codes::Sex};

use crate::dice::{Dice, WHOLE};

/// People of each five years of age from 0–4 on, in ten thousands.
const FIVE_YEARS: [u32; 21] =
    [404, 477, 523, 546, 617, 645, 641, 687, 762, 881, 967, 865, 758, 725, 819, 843, 618, 410, 206, 63, 9];
/// Women among a hundred thousand people of each twenty years of age.
const WOMEN: [u32; 6] = [48_800, 48_900, 49_300, 51_000, 59_500, 85_000];
/// Newborns are rarer every year; days are drawn evenly within each five years.
const DAYS_OF_FIVE_YEARS: i32 = 1826;

/// One person, before anything is known but birth and sex.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) birthdate: Date,
    pub(crate) sex: Sex,
    pub(crate) age: i16,
}

impl Body {
    pub(crate) fn draw(dice: &mut Dice, as_of: Date) -> Self {
        let group = dice.weighted(&FIVE_YEARS);
        let days =
            i32::try_from(group).unwrap_or(0) * DAYS_OF_FIVE_YEARS + dice.between(0, DAYS_OF_FIVE_YEARS - 1);
        let birthdate = calendar::add_days(as_of, -days);
        let women = WOMEN.get(group / 4).copied().unwrap_or(WHOLE / 2);
        let sex = if dice.chance(women) { Sex::Female } else { Sex::Male };
        Self { birthdate, sex, age: calendar::age_on(birthdate, as_of) }
    }

    pub(crate) fn is_woman(self) -> bool {
        self.sex == Sex::Female
    }
}
