//! 照会番号: an institution's own number for a patient. It comes back with every later answer to that institution,
//! and to no other.
//!
//! Unique per institution and person, kept when the insurer changes; registering again overwrites.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{coverage::Coverage, insurer::InsurerNumber, matching::NumberKey, person::PersonKey};

/// Characters of a 照会番号 at most. The interface has room for fifty; what a receipt computer sends beyond is refused
/// by name of the element, never cut.
pub const REFERENCE_NUMBER_MAX_CHARS: usize = 20;

/// A 照会番号: 1 to 20 ASCII letters, digits and hyphens, capitals and small letters told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReferenceNumber(String);

/// A text that is no 照会番号.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReferenceNumber {
    /// Nothing, or blanks only.
    #[error("a reference number is missing")]
    Empty,
    /// More than [`REFERENCE_NUMBER_MAX_CHARS`] characters.
    #[error("a reference number has at most {REFERENCE_NUMBER_MAX_CHARS} characters")]
    TooLong,
    /// Another character than ASCII letters, digits and hyphens.
    #[error("a reference number holds ASCII letters, digits and hyphens only")]
    Character,
}

impl ReferenceNumber {
    /// Reads what programs write: blanks around it do not matter, everything else does.
    ///
    /// # Errors
    /// [`InvalidReferenceNumber`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidReferenceNumber> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidReferenceNumber::Empty);
        }
        if text.chars().count() > REFERENCE_NUMBER_MAX_CHARS {
            return Err(InvalidReferenceNumber::TooLong);
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(InvalidReferenceNumber::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads what people type: full width is taken as half width, and every kind of hyphen as one.
    ///
    /// # Errors
    /// [`InvalidReferenceNumber`] says what is wrong.
    pub fn parse_typed(text: &str) -> Result<Self, InvalidReferenceNumber> {
        // Longer than any writing of twenty characters: not worth looking at.
        if text.len() > REFERENCE_NUMBER_MAX_CHARS * 16 {
            return Err(InvalidReferenceNumber::TooLong);
        }
        let narrow: String = text
            .nfkc()
            .map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー' | '－') { '-' } else { c })
            .collect();
        Self::parse(&narrow)
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ReferenceNumber {
    type Error = InvalidReferenceNumber;
    fn try_from(text: String) -> Result<Self, InvalidReferenceNumber> {
        Self::parse(&text)
    }
}
impl From<ReferenceNumber> for String {
    fn from(number: ReferenceNumber) -> Self {
        number.0
    }
}

/// Whose number is to be registered: the insurance data on the card, without a birthday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The number.
    pub reference_number: ReferenceNumber,
    /// 保険者番号.
    pub insurer_number: InsurerNumber,
    /// 記号 as typed.
    pub insured_symbol: Option<String>,
    /// 番号 as typed.
    pub insured_number: String,
    /// 枝番 as typed.
    pub branch_number: Option<String>,
}

impl Registration {
    /// The person meant: the only one among the candidates whose insurer, symbol, number and, where it was typed,
    /// branch number agree. Nobody, or several (a family asked for without 枝番), is `None`.
    #[must_use]
    pub fn person(&self, candidates: &[Coverage]) -> Option<PersonKey> {
        let number = NumberKey::of(&self.insured_number);
        let symbol = NumberKey::of_optional(self.insured_symbol.as_deref());
        let branch = NumberKey::of_branch(self.branch_number.as_deref());
        let mut found = candidates.iter().filter(|coverage| {
            coverage.insurer_number == self.insurer_number
                && !number.is_empty()
                && NumberKey::of(&coverage.insured_number) == number
                && NumberKey::of_optional(coverage.insured_symbol.as_deref()) == symbol
                && (branch.is_none() || NumberKey::of_branch(coverage.branch_number.as_deref()) == branch)
        });
        let first = found.next()?;
        found.all(|other| other.person_key == first.person_key).then(|| first.person_key.clone())
    }
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationOutcome {
    /// The number is the person's now.
    Registered,
    /// Nobody, or more than one person, has these numbers.
    NotIdentified,
    /// Another patient of the institution has the number.
    Taken,
    /// The institution asked for too many numbers that lead nowhere; nothing was looked at.
    HeldBack,
}
