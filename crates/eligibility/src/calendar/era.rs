//! The Japanese calendar (和暦), 明治 to 令和.

use crate::Date;
use jiff::civil::date;

/// Longer texts are not dates; reading stops before work is done on them.
const MAX_DATE_CHARS: usize = 32;

/// An era (元号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// 明治, counted from 1868-01-25 (the change was made retroactive to New Year of that lunar year).
    Meiji,
    /// 大正, from 1912-07-30.
    Taisho,
    /// 昭和, from 1926-12-25.
    Showa,
    /// 平成, from 1989-01-08.
    Heisei,
    /// 令和, from 2019-05-01.
    Reiwa,
}

impl Era {
    /// Every era, oldest first.
    pub const ALL: &'static [Self] = &[Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// The first day.
    #[must_use]
    pub const fn first_day(self) -> Date {
        match self {
            Self::Meiji => date(1868, 1, 25),
            Self::Taisho => date(1912, 7, 30),
            Self::Showa => date(1926, 12, 25),
            Self::Heisei => date(1989, 1, 8),
            Self::Reiwa => date(2019, 5, 1),
        }
    }

    /// The last day; `None` for the present era. The days of change in 1912 and 1926 belong to both eras.
    #[must_use]
    pub const fn last_day(self) -> Option<Date> {
        match self {
            Self::Meiji => Some(date(1912, 7, 30)),
            Self::Taisho => Some(date(1926, 12, 25)),
            Self::Showa => Some(date(1989, 1, 7)),
            Self::Heisei => Some(date(2019, 4, 30)),
            Self::Reiwa => None,
        }
    }

    /// The name, two kanji.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// The letter of the short form.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Meiji => 'M',
            Self::Taisho => 'T',
            Self::Showa => 'S',
            Self::Heisei => 'H',
            Self::Reiwa => 'R',
        }
    }

    /// The writings that may begin a date: the name, its one-character forms and the letter.
    const fn marks(self) -> [&'static str; 5] {
        match self {
            Self::Meiji => ["明治", "㍾", "明", "M", "m"],
            Self::Taisho => ["大正", "㍽", "大", "T", "t"],
            Self::Showa => ["昭和", "㍼", "昭", "S", "s"],
            Self::Heisei => ["平成", "㍻", "平", "H", "h"],
            Self::Reiwa => ["令和", "㋿", "令", "R", "r"],
        }
    }
}

/// A date of the Japanese calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JapaneseDate {
    /// The era.
    pub era: Era,
    /// The year of the era, from 1 (元年).
    pub year: i16,
    /// The month.
    pub month: i8,
    /// The day of the month.
    pub day: i8,
}

/// Why a text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDate {
    /// The text has no form this reader knows.
    #[error("not a date: write it as 令和8年11月22日, R8.11.22 or 2026-11-22")]
    Form,
    /// There is no such day in the calendar.
    #[error("no such day in the calendar")]
    NoSuchDay,
    /// The era had ended, or not begun.
    #[error("the day lies outside the era")]
    OutsideEra,
}

impl JapaneseDate {
    /// The date in its era; a day of change belongs to the new one. `None` before 明治.
    #[must_use]
    pub fn of(date: Date) -> Option<Self> {
        let era = Era::ALL.iter().rev().copied().find(|era| era.first_day() <= date)?;
        let year = date.year() - era.first_day().year() + 1;
        Some(Self { era, year, month: date.month(), day: date.day() })
    }

    /// The civil date.
    ///
    /// # Errors
    /// [`InvalidDate`] when there is no such day, or it lies outside the era.
    pub fn to_date(self) -> Result<Date, InvalidDate> {
        if self.year < 1 {
            return Err(InvalidDate::NoSuchDay);
        }
        let year = self.era.first_day().year().saturating_add(self.year - 1);
        let date = Date::new(year, self.month, self.day).map_err(|_| InvalidDate::NoSuchDay)?;
        let ended = self.era.last_day().is_some_and(|last| last < date);
        if ended || date < self.era.first_day() { Err(InvalidDate::OutsideEra) } else { Ok(date) }
    }

    /// The short form, `R8.11.22`.
    #[must_use]
    pub fn short(self) -> String {
        format!("{}{}.{}.{}", self.era.letter(), self.year, self.month, self.day)
    }
}

/// `令和8年11月22日`, the first year as 元年.
impl std::fmt::Display for JapaneseDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.era.name())?;
        match self.year {
            1 => f.write_str("元")?,
            year => write!(f, "{year}")?,
        }
        write!(f, "年{}月{}日", self.month, self.day)
    }
}

/// `令和8年11月22日`; days before 明治 as `1868年1月1日`.
#[must_use]
pub fn format_japanese(date: Date) -> String {
    match JapaneseDate::of(date) {
        Some(japanese) => japanese.to_string(),
        None => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
    }
}

/// `令和8年11月22日（2026年11月22日）`, as pages for staff say a day; days before 明治 as `1868年1月1日`.
#[must_use]
pub fn format_both(date: Date) -> String {
    let told = format_japanese(date);
    match JapaneseDate::of(date) {
        Some(_) => format!("{told}（{}年{}月{}日）", date.year(), date.month(), date.day()),
        None => told,
    }
}

/// Reads a date as people write it: 和暦 (`令和8年11月22日`, `R8.11.22`, `S57/5/14`, `S570514`, 元年) or 西暦
/// (`2026年11月22日`, `2026/11/22`, `2026-11-22`, `20261122`), full-width characters included.
///
/// # Errors
/// [`InvalidDate`] with the reason.
pub fn parse_date(text: &str) -> Result<Date, InvalidDate> {
    if text.chars().count() > MAX_DATE_CHARS {
        return Err(InvalidDate::Form);
    }
    let narrow: String = text.chars().filter(|c| !c.is_whitespace()).map(narrow).collect();
    let found = Era::ALL.iter().find_map(|era| {
        let rest = era.marks().into_iter().find_map(|mark| narrow.strip_prefix(mark))?;
        Some((*era, rest))
    });
    match found {
        Some((era, rest)) => {
            let (year, month, day) = parts(rest, 2).ok_or(InvalidDate::Form)?;
            JapaneseDate { era, year, month, day }.to_date()
        }
        None => {
            let western = narrow.strip_prefix("西暦").unwrap_or(&narrow);
            let (year, month, day) = parts(western, 4).ok_or(InvalidDate::Form)?;
            // Two digits without an era could be anything.
            if year < 1000 {
                return Err(InvalidDate::Form);
            }
            Date::new(year, month, day).map_err(|_| InvalidDate::NoSuchDay)
        }
    }
}

/// Full-width letters, digits and marks to ASCII; every separator to one.
fn narrow(c: char) -> char {
    let c = match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    match c {
        '年' | '月' | '/' | '.' | '-' | '・' | '‐' | '−' => '/',
        _ => c,
    }
}

/// Year, month and day, separated or run together with the year `year_digits` wide.
fn parts(text: &str, year_digits: usize) -> Option<(i16, i8, i8)> {
    let text = text.strip_suffix('日').unwrap_or(text);
    if text.len() == year_digits + 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        let (year, rest) = text.split_at(year_digits);
        return Some((year.parse().ok()?, rest[..2].parse().ok()?, rest[2..].parse().ok()?));
    }
    let mut fields = text.split('/');
    let (year, month, day) = (fields.next()?, fields.next()?, fields.next()?);
    let year = if year == "元" { 1 } else { number(year, 4)? };
    let done = fields.next().is_none();
    done.then_some((year, i8::try_from(number(month, 2)?).ok()?, i8::try_from(number(day, 2)?).ok()?))
}

fn number(digits: &str, most: usize) -> Option<i16> {
    let plain = !digits.is_empty() && digits.len() <= most && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}
