//! Months of the calendar, as forms ask for them (利用開始予定年月).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{
    Date,
    calendar::{parse_date, parse_n6},
};

/// The longest text that is looked at, in bytes.
const TYPED_MAX_BYTES: usize = 100;

/// A year and a month. Written `2026-11`, as `<input type="month">` sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct YearMonth(Date);

/// A text that is not a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a month, e.g. 2026-11")]
pub struct InvalidMonth;

impl YearMonth {
    /// The month a date lies in.
    #[must_use]
    pub fn of(date: Date) -> Self {
        Self(date.first_of_month())
    }

    /// Reads a month as people write it: `2026-11`, `2026/11`, `202611`, `2026年11月`, `令和8年11月`, `R8.11`;
    /// full-width characters included.
    ///
    /// # Errors
    /// [`InvalidMonth`].
    pub fn parse(text: &str) -> Result<Self, InvalidMonth> {
        if text.len() > TYPED_MAX_BYTES {
            return Err(InvalidMonth);
        }
        let narrow: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        if narrow.len() == 6 && narrow.bytes().all(|b| b.is_ascii_digit()) {
            return parse_n6(&narrow).map(Self).map_err(|_| InvalidMonth);
        }
        // A month is the date of its first day with the day left out.
        let whole = match narrow.strip_suffix('月') {
            Some(month) => format!("{month}月1日"),
            None => {
                let mark = narrow.chars().rev().find(|c| matches!(c, '-' | '/' | '.')).ok_or(InvalidMonth)?;
                format!("{narrow}{mark}1")
            }
        };
        parse_date(&whole).map(Self::of).map_err(|_| InvalidMonth)
    }

    /// The first day of the month.
    #[must_use]
    pub const fn first_day(self) -> Date {
        self.0
    }

    /// Months from `earlier` to this one, negative when this one is earlier.
    #[must_use]
    pub fn months_since(self, earlier: Self) -> i32 {
        let count = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        count(self.0) - count(earlier.0)
    }

    /// `2026年11月`.
    #[must_use]
    pub fn label(self) -> String {
        format!("{}年{}月", self.0.year(), self.0.month())
    }
}

impl TryFrom<String> for YearMonth {
    type Error = InvalidMonth;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl From<YearMonth> for String {
    fn from(month: YearMonth) -> Self {
        month.to_string()
    }
}
impl std::fmt::Display for YearMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}
