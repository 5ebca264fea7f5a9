//! When a certificate is renewed without being asked: not all terminals on the first day, and again after a failure.

use std::time::Duration;

use eligibility::{
    Instant,
    calendar::{start_of_day, tokyo_date},
};

use super::Facts;

/// Renewals are spread over so many days from the day they open.
const SPREAD_DAYS: i64 = 14;
/// With so few days left nobody waits for their turn.
const NO_WAITING_DAYS: i32 = 60;
/// A day, ms.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Pause after the first failure; doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);
/// Longest pause in the last days.
const LAST_DAYS_PAUSE: Duration = Duration::from_secs(60 * 60);
/// The last days.
pub(super) const LAST_DAYS: i32 = 7;

/// Whether it is this certificate's turn.
pub(super) fn is_due(facts: &Facts, now: Instant) -> bool {
    if !facts.period.may_renew(now) {
        return false;
    }
    let opens = start_of_day(facts.period.renewal_opens_on());
    let hurry = facts.period.days_left(tokyo_date(now)) <= NO_WAITING_DAYS;
    hurry || now.0 >= opens.0 + turn_ms(&facts.fingerprint)
}

/// When within the spread a terminal comes: always the same for the same certificate, so a restart changes nothing.
fn turn_ms(fingerprint: &str) -> i64 {
    let dice = i64::from(u32::from_str_radix(fingerprint.get(..8).unwrap_or("0"), 16).unwrap_or(0));
    // Multiplied first: a share of one millisecond would be none.
    dice * (SPREAD_DAYS * DAY_MS) / i64::from(u32::MAX)
}

/// How long to wait after so many failures in a row; `dice` (0 to 1) keeps terminals from coming together.
pub(super) fn pause(failures: u32, days_left: i32, dice: f64) -> Duration {
    let longest = if days_left <= LAST_DAYS { LAST_DAYS_PAUSE } else { LONGEST_PAUSE };
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest);
    doubled.mul_f64(0.5 + dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_spread_over_all_the_days() {
        assert_eq!(turn_ms("00000000"), 0);
        assert_eq!(turn_ms("ffffffff"), SPREAD_DAYS * DAY_MS);
        let middle = turn_ms("80000000") / DAY_MS;
        assert!((SPREAD_DAYS / 2 - 1..=SPREAD_DAYS / 2).contains(&middle), "{middle} days");
    }
}
