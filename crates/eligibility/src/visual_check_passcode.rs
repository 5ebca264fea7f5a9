//! 目視確認用パスコード: four digits with which staff tell the reader that they compare face and photograph themselves.
//!
//! Four digits are soon guessed, so a passcode lives for a day at most and dies of five wrong entries in its whole
//! life, whichever reader they were made at and however much time lay between. Each entry is counted durably before
//! anything is compared.

use crate::{
    Instant,
    calendar::{DAY_MS, end_of_day, tokyo_date},
    typed,
};

/// Digits of a passcode.
pub const DIGITS: usize = 4;
/// Wrong entries that kill a passcode, over its whole life.
pub const FAILURES_MAX: u32 = 5;
/// A passcode lives at most so long, milliseconds; it ends with its day in Tokyo in any case.
pub const LONGEST_MS: i64 = DAY_MS;
/// The alarm for the operator looks back so far, milliseconds.
pub const ALARM_WINDOW_MS: i64 = 60 * 60 * 1000;
/// With wrong entries at more institutions than this in [`ALARM_WINDOW_MS`], somebody is guessing all over the country.
pub const ALARM_INSTITUTIONS: u64 = 20;

/// Four digits. Never logged, stored only hashed with a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Passcode(String);

/// What was entered cannot be a passcode; whoever sends it has not guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a passcode has {DIGITS} digits")]
pub struct NoPasscode;

impl Passcode {
    /// A passcode from random bytes, each as likely as any other (the difference is below 2⁻⁵⁰).
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        Self(format!("{:04}", u64::from_be_bytes(random) % 10_000))
    }

    /// Reads what was entered: any width, blanks and hyphens anywhere.
    ///
    /// # Errors
    /// [`NoPasscode`] unless it is four digits.
    pub fn parse(text: &str) -> Result<Self, NoPasscode> {
        let digits = typed::bare(text).ok_or(NoPasscode)?;
        if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoPasscode);
        }
        Ok(Self(digits))
    }

    /// The digits, to be shown once or hashed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passcode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passcode(****)")
    }
}

/// How the newest passcode of an institution stands. An older one is dead since the newer one was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasscodeState {
    /// When it was issued.
    pub issued_at: Instant,
    /// Wrong entries, and right ones that are being compared.
    pub failures: u32,
}

/// Whether an entry is compared with a passcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasscodeStanding {
    /// It is, once it is counted.
    Live {
        /// Wrong entries left, this one included.
        tries_left: u32,
    },
    /// Its day is over.
    Expired,
    /// Too many wrong entries: a new one must be issued.
    UsedUp,
}

/// When a passcode issued now ends: with the day in Tokyo, at most [`LONGEST_MS`] later.
#[must_use]
pub fn ends_at(issued_at: Instant) -> Instant {
    let longest = Instant(issued_at.0.saturating_add(LONGEST_MS));
    end_of_day(tokyo_date(issued_at)).min(longest)
}

impl PasscodeState {
    /// How it stands. A clock that was set back makes nothing live that was not issued yet.
    #[must_use]
    pub fn standing(&self, now: Instant) -> PasscodeStanding {
        if now < self.issued_at || now >= ends_at(self.issued_at) {
            return PasscodeStanding::Expired;
        }
        match FAILURES_MAX.saturating_sub(self.failures) {
            0 => PasscodeStanding::UsedUp,
            tries_left => PasscodeStanding::Live { tries_left },
        }
    }

    /// Whether an entry may be compared, once it is counted.
    #[must_use]
    pub fn may_be_compared(&self, now: Instant) -> bool {
        matches!(self.standing(now), PasscodeStanding::Live { .. })
    }
}

/// Whether so many institutions with wrong entries in the last hour are an alarm for the operator.
#[must_use]
pub const fn is_alarming(institutions_failing: u64) -> bool {
    institutions_failing > ALARM_INSTITUTIONS
}
