//! The guard against guessing insured numbers: 100 wrong questions an hour, then one question a minute.
//!
//! A pure state machine over the time it is given; whoever keeps it makes each step durable before the answer
//! leaves. Right answers cost nothing, so a busy reception never meets the guard.

use serde::{Deserialize, Serialize};

use crate::Instant;

/// Wrong questions an institution may ask in one window.
pub const MISSES_PER_WINDOW: u32 = 100;
/// The window, milliseconds.
pub const WINDOW_MS: i64 = 60 * 60 * 1000;
/// Beyond the misses: one question in this time, milliseconds, until the window ends.
pub const SLOW_INTERVAL_MS: i64 = 60 * 1000;

/// What is remembered of one institution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardState {
    /// When the window began: the first miss of it.
    pub window_started_at: Option<Instant>,
    /// Misses in the window.
    pub misses: u32,
    /// The last question let through while limited.
    pub last_slow_at: Option<Instant>,
}

/// Whether a question may be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardDecision {
    /// Ask.
    Allowed,
    /// Not now.
    Limited {
        /// Milliseconds until the next question is let through.
        retry_after_ms: i64,
    },
}

impl GuardState {
    /// Whether a question may be asked at `now`. Does not change the state: see [`Self::on_asked`].
    #[must_use]
    pub fn decide(&self, now: Instant) -> GuardDecision {
        if !self.is_limited(now) {
            return GuardDecision::Allowed;
        }
        let next = self.last_slow_at.map_or(now.0, |last| last.0.saturating_add(SLOW_INTERVAL_MS));
        // The end of the window frees at once, and a clock set back never locks longer than an interval.
        let end = self.window_started_at.map_or(now.0, |start| start.0.saturating_add(WINDOW_MS));
        let retry_after_ms = next.min(end).saturating_sub(now.0).min(SLOW_INTERVAL_MS);
        if retry_after_ms <= 0 { GuardDecision::Allowed } else { GuardDecision::Limited { retry_after_ms } }
    }

    /// Whether the misses of the running window are used up: then the institution and the operator are told.
    #[must_use]
    pub fn is_limited(&self, now: Instant) -> bool {
        self.misses >= MISSES_PER_WINDOW && self.window_runs(now)
    }

    /// The state after a question was let through at `now`, whatever it found.
    #[must_use]
    pub fn on_asked(mut self, now: Instant) -> Self {
        if self.is_limited(now) {
            self.last_slow_at = Some(now);
        }
        self
    }

    /// The state after a question at `now` showed nobody (validity 4 or 5). Call besides [`Self::on_asked`].
    #[must_use]
    pub fn on_miss(self, now: Instant) -> Self {
        if !self.window_runs(now) {
            return Self { window_started_at: Some(now), misses: 1, last_slow_at: None };
        }
        let misses = self.misses.saturating_add(1);
        // The miss that uses up the window starts the slow pace: the next question waits a full interval.
        let last_slow_at = if misses >= MISSES_PER_WINDOW { Some(now) } else { self.last_slow_at };
        Self { misses, last_slow_at, ..self }
    }

    fn window_runs(&self, now: Instant) -> bool {
        self.window_started_at.is_some_and(|start| now.0 < start.0.saturating_add(WINDOW_MS))
    }
}
