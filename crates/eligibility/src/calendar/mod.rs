//! Civil dates in Asia/Tokyo: arithmetic, the ages Japanese law counts by, and the forms of messages.
//!
//! Japan has kept +09:00 without summer time since 1951, so no time-zone database is needed for the
//! instants this system knows.

mod era;
mod forms;

pub use era::{Era, InvalidDate, JapaneseDate, format_both, format_japanese, parse_date};
pub use forms::{
    InvalidForm, digits_n8, digits_n14, format_n6, format_n8, format_n14, parse_n6, parse_n8, parse_n14,
};

use jiff::{
    Timestamp, ToSpan,
    civil::{DateTime, Time},
    tz::Offset,
};

use crate::{Date, Instant};

/// Milliseconds Asia/Tokyo is ahead of UTC.
pub(crate) const TOKYO_OFFSET_MS: i64 = 9 * 60 * 60 * 1000;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The age from whose birthday on 後期高齢者医療 covers everybody.
pub(crate) const LATE_ELDERLY_AGE: i16 = 75;
/// The age after which 高齢受給者証 are issued.
pub(crate) const ELDERLY_AGE: i16 = 70;
/// The age whose March 31 ends 未就学.
pub(crate) const SCHOOL_AGE: i16 = 6;

/// The same, as the calendar counts it.
const TOKYO: Offset = jiff::tz::offset(9);
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The day after; the last day jiff knows stays itself.
#[must_use]
pub fn next_day(date: Date) -> Date {
    date.tomorrow().unwrap_or(date)
}

/// The day before; the first day jiff knows stays itself.
#[must_use]
pub fn previous_day(date: Date) -> Date {
    date.yesterday().unwrap_or(date)
}

/// Days from `from` to `to`, negative when `to` is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i32 {
    let hours = to.duration_since(from).as_hours();
    i32::try_from(hours / 24).unwrap_or(if hours < 0 { i32::MIN } else { i32::MAX })
}

/// The date so many days later (earlier when negative), held at the ends of the calendar.
#[must_use]
pub fn add_days(date: Date, days: i32) -> Date {
    date.saturating_add(i64::from(days).days())
}

/// The date so many months later (earlier when negative): the same day of the month, or the month's last.
#[must_use]
pub fn add_months(date: Date, months: i32) -> Date {
    date.saturating_add(months.months())
}

/// The first day of the date's month.
#[must_use]
pub fn first_of_month(date: Date) -> Date {
    date.first_of_month()
}

/// The last day of the date's month.
#[must_use]
pub fn last_of_month(date: Date) -> Date {
    date.last_of_month()
}

/// The first day of the next month.
#[must_use]
pub fn first_of_next_month(date: Date) -> Date {
    next_day(date.last_of_month())
}

/// The `years`-th birthday. A birthday of February 29 falls on March 1 in common years.
#[must_use]
pub fn birthday(birthdate: Date, years: i16) -> Date {
    let year = birthdate.year().saturating_add(years).min(9998);
    Date::new(year, birthdate.month(), birthdate.day())
        .or_else(|_| Date::new(year, 3, 1))
        .unwrap_or(birthdate)
}

/// The day on whose end a person reaches an age (年齢計算ニ関スル法律): the day before the birthday.
#[must_use]
pub fn reaches_age_on(birthdate: Date, years: i16) -> Date {
    previous_day(birthday(birthdate, years))
}

/// Age in the everyday sense: birthdays up to and including the date. Zero before birth.
#[must_use]
pub fn age_on(birthdate: Date, date: Date) -> i16 {
    count_years(birthdate, date, birthday)
}

/// Age as law counts it: a year is added on the day before the birthday. Zero before birth.
#[must_use]
pub fn legal_age_on(birthdate: Date, date: Date) -> i16 {
    count_years(birthdate, date, reaches_age_on)
}

fn count_years(birthdate: Date, date: Date, anniversary: fn(Date, i16) -> Date) -> i16 {
    // One more than the difference of years: a birthday of January 1 is reached in the year before.
    let most = date.year().saturating_sub(birthdate.year()).saturating_add(1);
    (0..=2)
        .map(|less| most - less)
        .find(|years| *years > 0 && anniversary(birthdate, *years) <= date)
        .unwrap_or(0)
}

/// The first day of 後期高齢者医療: the 75th birthday itself.
#[must_use]
pub fn late_elderly_from(birthdate: Date) -> Date {
    birthday(birthdate, LATE_ELDERLY_AGE)
}

/// The first day of a 高齢受給者証: the first of the month after 70 is reached, so that those born on the
/// first of a month have it from their birthday.
#[must_use]
pub fn elderly_from(birthdate: Date) -> Date {
    first_of_next_month(reaches_age_on(birthdate, ELDERLY_AGE))
}

/// The last day of 未就学: the first March 31 on or after the day six is reached.
#[must_use]
pub fn preschool_until(birthdate: Date) -> Date {
    let reached = reaches_age_on(birthdate, SCHOOL_AGE);
    let year = if reached.month() <= 3 { reached.year() } else { reached.year() + 1 };
    Date::new(year, 3, 31).unwrap_or(reached)
}

/// Whether the person is 未就学 on the date.
#[must_use]
pub fn is_preschool(birthdate: Date, date: Date) -> bool {
    birthdate <= date && date <= preschool_until(birthdate)
}

/// The civil date in Tokyo at an instant.
#[must_use]
pub fn tokyo_date(instant: Instant) -> Date {
    tokyo_datetime(instant).date()
}

/// The civil date and time in Tokyo at an instant, held at the ends of the calendar.
#[must_use]
pub fn tokyo_datetime(instant: Instant) -> DateTime {
    let held = instant.0.clamp(Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
    TOKYO.to_datetime(Timestamp::from_millisecond(held).unwrap_or_default())
}

/// The civil date and time in Tokyo at an instant, cut to the second, as messages have it.
#[must_use]
pub fn tokyo_second(instant: Instant) -> DateTime {
    tokyo_datetime(Instant(instant.0.saturating_sub(instant.0.rem_euclid(1000))))
}

/// The instant of a civil date and time in Tokyo.
#[must_use]
pub fn from_tokyo(local: DateTime) -> Instant {
    let time = local.time();
    let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    let within = seconds * 1000 + i64::from(time.millisecond());
    Instant(i64::from(days_between(EPOCH, local.date())) * DAY_MS + within - TOKYO_OFFSET_MS)
}

/// The instant a day begins in Tokyo.
#[must_use]
pub fn start_of_day(date: Date) -> Instant {
    from_tokyo(date.to_datetime(Time::midnight()))
}

/// The first instant after a day in Tokyo.
#[must_use]
pub fn end_of_day(date: Date) -> Instant {
    Instant(start_of_day(date).0 + DAY_MS)
}

/// The instant so many months later by the Tokyo calendar, at the same time of day.
#[must_use]
pub fn add_months_at(instant: Instant, months: i32) -> Instant {
    let local = tokyo_datetime(instant);
    from_tokyo(add_months(local.date(), months).to_datetime(local.time()))
}
