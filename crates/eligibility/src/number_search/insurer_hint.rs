//! A 保険者番号 whose check digit does not fit: which digit may be wrong, and what it should be.

use crate::insurer::{InsurerKind, InsurerNumber};

/// Suggestions named at most: more helps nobody.
const SUGGESTIONS_MAX: usize = 3;
/// Digits that look alike on a worn card or in handwriting, or lie side by side under one finger.
const ALIKE: &[(char, char)] = &[
    ('1', '7'),
    ('3', '8'),
    ('5', '6'),
    ('0', '6'),
    ('0', '8'),
    ('6', '8'),
    ('4', '9'),
    ('3', '5'),
    ('8', '9'),
];

/// What may be wrong with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsurerNumberHint {
    /// The last digit that would fit the others.
    pub check_digit: char,
    /// Places (from 1, counted from the left) of neighbours whose exchange gives a plausible number.
    pub exchanged: Vec<usize>,
    /// Places (from 1) and the digit that would make the number fit, where the one typed looks like it.
    pub misread: Vec<(usize, char)>,
    /// The first two digits are those of no kind of insurer.
    pub unknown_law_code: bool,
    /// The two digits of the prefecture are not 01 to 47.
    pub unknown_prefecture: bool,
}

impl InsurerNumberHint {
    /// Looks at a number that does not fit.
    #[must_use]
    pub fn of(number: &InsurerNumber) -> Self {
        let digits: Vec<char> = number.as_str().chars().collect();
        let fits = |digits: &[char]| {
            let text: String = digits.iter().collect();
            InsurerNumber::parse(&text).ok().filter(InsurerNumber::check_digit_ok).filter(is_plausible)
        };
        let exchanged = (1..digits.len())
            .filter(|place| {
                let mut other = digits.clone();
                other.swap(place - 1, *place);
                other != digits && fits(&other).is_some()
            })
            .collect();
        let misread = (0..digits.len())
            .flat_map(|place| alike(digits[place]).map(move |digit| (place, digit)))
            .filter(|(place, digit)| {
                let mut other = digits.clone();
                other[*place] = *digit;
                fits(&other).is_some()
            })
            .map(|(place, digit)| (place + 1, digit))
            .collect();
        let first = &number.as_str()[..digits.len() - 1];
        let check_digit = InsurerNumber::with_check_digit(first)
            .ok()
            .and_then(|right| right.as_str().chars().last())
            .unwrap_or('0');
        Self {
            check_digit,
            exchanged,
            misread,
            unknown_law_code: number.kind() == InsurerKind::Other,
            unknown_prefecture: !is_prefecture(number),
        }
    }

    /// What to look at, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut said = Vec::new();
        if self.unknown_law_code {
            said.push("左の2桁（法別番号）に当てはまる保険がありません".to_owned());
        }
        if self.unknown_prefecture {
            said.push("都道府県を表す2桁が01から47の間にありません".to_owned());
        }
        let exchanged = self
            .exchanged
            .iter()
            .map(|place| format!("左から{place}桁目と{}桁目が入れ替わっていませんか", place + 1));
        let misread = self
            .misread
            .iter()
            .map(|(place, digit)| format!("左から{place}桁目は「{digit}」ではありませんか"));
        said.extend(exchanged.chain(misread).take(SUGGESTIONS_MAX));
        let digit = self.check_digit;
        said.push(format!("ほかの桁が正しければ、最後の桁は「{digit}」です"));
        format!("{}。券面と1桁ずつ見比べてください。", said.join("。"))
    }
}

/// Whether a number could be one of an insurer.
fn is_plausible(number: &InsurerNumber) -> bool {
    number.kind() != InsurerKind::Other && is_prefecture(number)
}

fn is_prefecture(number: &InsurerNumber) -> bool {
    number.prefecture().parse().is_ok_and(|prefecture: u8| (1..=47).contains(&prefecture))
}

fn alike(digit: char) -> impl Iterator<Item = char> {
    ALIKE.iter().filter_map(move |(one, other)| match digit {
        _ if digit == *one => Some(*other),
        _ if digit == *other => Some(*one),
        _ => None,
    })
}
