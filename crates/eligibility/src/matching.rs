//! Normalisation of 記号・番号・枝番 for matching. What is stored is never changed: keys stand beside it.
//!
//! Two writings are the same when they differ only in width, blanks, the kind of hyphen, or the case of
//! ASCII letters. Leading zeros are significant (`0123` and `123` are different numbers: insurers issue both).

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::{Date, coverage::Coverage, verification::NumberQuery};

/// Normalising can expose new work (removing a character lets its neighbours compose), but only a few times.
const MAX_PASSES: usize = 8;

/// The form of 記号, 番号 or 枝番 that is compared. Empty when the text holds nothing but blanks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberKey(String);

impl NumberKey {
    /// Makes the key of any text. Idempotent: the key of a key is itself.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || b == b'-') {
            return Self(text.to_owned());
        }
        let mut current = one_pass(text);
        for _ in 1..MAX_PASSES {
            let next = one_pass(&current);
            if next == current {
                break;
            }
            current = next;
        }
        Self(current)
    }

    /// The key of a text that may be absent; absent and blank are the same.
    #[must_use]
    pub fn of_optional(text: Option<&str>) -> Option<Self> {
        text.map(Self::of).filter(|key| !key.0.is_empty())
    }

    /// The key of a 枝番: as any key, but one digit alone is taken as two (`1` is `01`).
    #[must_use]
    pub fn of_branch(text: Option<&str>) -> Option<Self> {
        let key = Self::of_optional(text)?;
        let single = key.0.len() == 1 && key.0.as_bytes()[0].is_ascii_digit();
        Some(if single { Self(format!("0{}", key.0)) } else { key })
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl AsRef<str> for NumberKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
impl From<NumberKey> for String {
    fn from(key: NumberKey) -> Self {
        key.0
    }
}
impl std::fmt::Display for NumberKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a coverage is the one a number query names: insurer, symbol, number and birthday agree, and the
/// branch number too when one was typed.
///
/// A symbol must be typed exactly when the coverage has one. A typed branch number does not match a coverage
/// that has none yet (a newborn before its number is notified): such a person is asked for without it.
#[must_use]
pub fn matches(query: &NumberQuery, coverage: &Coverage) -> bool {
    QueryKeys::of(query).matches(coverage)
}

/// The keys of a query, made once and compared with many coverages.
pub(crate) struct QueryKeys<'q> {
    insurer: &'q str,
    symbol: Option<NumberKey>,
    number: NumberKey,
    branch: Option<NumberKey>,
    birthdate: Date,
}

impl<'q> QueryKeys<'q> {
    pub(crate) fn of(query: &'q NumberQuery) -> Self {
        Self {
            insurer: query.insurer_number.as_str(),
            symbol: NumberKey::of_optional(query.insured_symbol.as_deref()),
            number: NumberKey::of(&query.insured_number),
            branch: NumberKey::of_branch(query.branch_number.as_deref()),
            birthdate: query.birthdate,
        }
    }

    pub(crate) fn matches(&self, coverage: &Coverage) -> bool {
        coverage.insurer_number.as_str() == self.insurer
            && coverage.person.birthdate == self.birthdate
            && !self.number.is_empty()
            && NumberKey::of(&coverage.insured_number) == self.number
            && NumberKey::of_optional(coverage.insured_symbol.as_deref()) == self.symbol
            && (self.branch.is_none()
                || NumberKey::of_branch(coverage.branch_number.as_deref()) == self.branch)
    }
}

fn one_pass(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !is_blank(*c)).collect();
    let composed =
        if is_nfkc_quick(kept.chars()) == IsNormalized::Yes { kept } else { kept.nfkc().collect::<String>() };
    composed
        .chars()
        .filter(|c| !is_blank(*c))
        .map(|c| if is_hyphen(c) { '-' } else { c.to_ascii_uppercase() })
        .collect()
}

/// Blanks of every kind, the invisible ones included.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{00AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// Everything people and programs write for a hyphen, the long-vowel mark and ruled lines included.
/// The kanji 一 is not among them: it is a digit.
fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{02D7}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{207B}'
                | '\u{208B}'
                | '\u{2212}'
                | '\u{23AF}'
                | '\u{2500}'
                | '\u{2501}'
                | '\u{2796}'
                | '\u{30FC}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
                | '\u{FF70}'
    )
}
