//! Line sessions: what pressing 「希望する」 makes, and what ends it.

use serde::{Deserialize, Serialize};

use super::{AddressPrefix, CustomerId};
use crate::{Instant, calendar::DAY_MS};

/// How long a session lasts that nobody uses, days. Using the line renews it, so that a working line never
/// asks again and a line that was given up closes by itself.
pub const LINE_SESSION_DAYS: i64 = 30;

/// An authenticated line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSession {
    /// Whose line it is.
    pub customer_id: CustomerId,
    /// The prefix the line had when it was authenticated.
    pub prefix: AddressPrefix,
    /// When it was authenticated.
    pub started_at: Instant,
    /// First moment it no longer holds, unless renewed.
    pub valid_until: Instant,
    /// Set once it was ended before its time.
    pub end: Option<SessionEnd>,
}

/// That a session was ended, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: SessionEndReason,
}

/// Why a session was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEndReason {
    /// The institution pressed 「希望しない」.
    Declined,
    /// The carrier notified another prefix for the line.
    PrefixChanged,
    /// The institution's お客さまID became another.
    CustomerIdChanged,
    /// The operator ended it.
    Operator,
}

impl LineSession {
    /// The session that begins now.
    #[must_use]
    pub const fn start(customer_id: CustomerId, prefix: AddressPrefix, now: Instant) -> Self {
        Self { customer_id, prefix, started_at: now, valid_until: full_term(now), end: None }
    }

    /// Whether the session holds at `now`, as far as it knows by itself: the registered prefix is looked at
    /// by [`super::line_decision`].
    #[must_use]
    pub fn is_live(&self, now: Instant) -> bool {
        self.end.is_none_or(|end| now < end.at) && now < self.valid_until
    }

    /// The session after a request used it: renewed when less than half its term is left, so that a busy line
    /// writes once in a fortnight. A session that is over stays over.
    #[must_use]
    pub fn used(mut self, now: Instant) -> Self {
        let left = self.valid_until.0.saturating_sub(now.0);
        if self.is_live(now) && self.end.is_none() && left < LINE_SESSION_DAYS * DAY_MS / 2 {
            self.valid_until = full_term(now);
        }
        self
    }

    /// The session ended now. The first end stays.
    #[must_use]
    pub fn ended(mut self, reason: SessionEndReason, now: Instant) -> Self {
        self.end = self.end.or(Some(SessionEnd { at: now, reason }));
        self
    }
}

const fn full_term(now: Instant) -> Instant {
    Instant(now.0.saturating_add(LINE_SESSION_DAYS * DAY_MS))
}
