//! Dates and times as messages write them: N8 `YYYYMMDD`, N6 `YYYYMM`, N14 `YYYYMMDDhhmmss` (Tokyo).

use jiff::civil::{DateTime, Time};

use super::{from_tokyo, tokyo_datetime};
use crate::{Date, Instant};

/// A text that is not a date or time of the expected form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct InvalidForm {
    /// The form, e.g. `YYYYMMDD`.
    pub expected: &'static str,
}

/// The ASCII digits of `YYYYMMDD`.
#[must_use]
pub fn digits_n8(date: Date) -> [u8; 8] {
    let year = date.year().unsigned_abs();
    let mut digits = [0; 8];
    put_pairs(
        &mut digits,
        [year / 100, year % 100, date.month().unsigned_abs().into(), date.day().unsigned_abs().into()],
    );
    digits
}

/// The ASCII digits of `YYYYMMDDhhmmss`, of a civil time.
#[must_use]
pub fn digits_n14(local: DateTime) -> [u8; 14] {
    let mut digits = [0; 14];
    let (date, time) = digits.split_at_mut(8);
    date.copy_from_slice(&digits_n8(local.date()));
    put_pairs(time, [local.hour(), local.minute(), local.second()].map(|part| part.unsigned_abs().into()));
    digits
}

/// `YYYYMMDD`.
#[must_use]
pub fn format_n8(date: Date) -> String {
    digits_n8(date).into_iter().map(char::from).collect()
}

/// `YYYYMM`.
#[must_use]
pub fn format_n6(date: Date) -> String {
    let mut text = format_n8(date);
    text.truncate(6);
    text
}

/// `YYYYMMDDhhmmss` in Tokyo.
#[must_use]
pub fn format_n14(instant: Instant) -> String {
    digits_n14(tokyo_datetime(instant)).into_iter().map(char::from).collect()
}

/// Reads `YYYYMMDD`.
///
/// # Errors
/// [`InvalidForm`] when the text is not eight ASCII digits or no such day exists.
pub fn parse_n8(text: &str) -> Result<Date, InvalidForm> {
    let refuse = InvalidForm { expected: "YYYYMMDD" };
    date_of_digits(text).ok_or(refuse)
}

/// Reads `YYYYMM` as the first day of that month.
///
/// # Errors
/// [`InvalidForm`] when the text is not six ASCII digits or no such month exists.
pub fn parse_n6(text: &str) -> Result<Date, InvalidForm> {
    let refuse = InvalidForm { expected: "YYYYMM" };
    if text.len() != 6 {
        return Err(refuse);
    }
    date_of_digits(&format!("{text}01")).ok_or(refuse)
}

/// Reads `YYYYMMDDhhmmss` of Tokyo.
///
/// # Errors
/// [`InvalidForm`] when the text is not fourteen ASCII digits or no such time exists.
pub fn parse_n14(text: &str) -> Result<Instant, InvalidForm> {
    let refuse = || InvalidForm { expected: "YYYYMMDDhhmmss" };
    if text.len() != 14 || !text.is_ascii() {
        return Err(refuse());
    }
    let (day, time) = text.split_at(8);
    let date = date_of_digits(day).ok_or_else(refuse)?;
    let part = |at: usize| number(&time[at..at + 2]).and_then(|n| i8::try_from(n).ok());
    let (Some(hour), Some(minute), Some(second)) = (part(0), part(2), part(4)) else {
        return Err(refuse());
    };
    let time = Time::new(hour, minute, second, 0).map_err(|_| refuse())?;
    Ok(from_tokyo(date.to_datetime(time)))
}

fn date_of_digits(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.is_ascii() {
        return None;
    }
    let year = i16::try_from(number(&text[..4])?).ok()?;
    let month = i8::try_from(number(&text[4..6])?).ok()?;
    let day = i8::try_from(number(&text[6..])?).ok()?;
    if year == 0 {
        return None;
    }
    Date::new(year, month, day).ok()
}

fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Writes numbers below a hundred as two digits each; the calendar ends with the year 9999.
fn put_pairs<const N: usize>(digits: &mut [u8], numbers: [u16; N]) {
    for (pair, number) in digits.as_chunks_mut::<2>().0.iter_mut().zip(numbers) {
        *pair = [number / 10 % 10, number % 10].map(|digit| b'0' + digit as u8);
    }
}
