//! The guard against guessing insured numbers. Two rules lead into the same slow pace of one question a minute:
//!
//! - the quota: 100 wrong questions in an hour;
//! - the step-up: more than 20 % of the last 50 questions wrong. It ends when the share has fallen again, or after
//!   an hour; after the hour the next 50 questions are counted from nothing.
//!
//! A question is wrong when it showed nobody. A pure state machine over the time it is given; whoever keeps it makes
//! each step durable before the answer leaves. A busy reception that mistypes now and then never meets the guard.

use serde::{Deserialize, Serialize};

use crate::Instant;

/// Wrong questions an institution may ask in one window.
pub const MISSES_PER_WINDOW: u32 = 100;
/// The window of the quota, and how long a step-up lasts at most, milliseconds.
pub const WINDOW_MS: i64 = 60 * 60 * 1000;
/// In the slow pace: one question in this time, milliseconds.
pub const SLOW_INTERVAL_MS: i64 = 60 * 1000;
/// The share of wrong questions is looked at over so many last ones, and never over fewer.
pub const RECENT_QUESTIONS: u32 = 50;
/// More than this many percent of them wrong begin the step-up: 11 of 50.
pub const RECENT_WRONG_PERCENT_MAX: u32 = 20;

/// How the last [`RECENT_QUESTIONS`] questions ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// One bit for each question, the newest lowest; set where it was wrong.
    pub wrong: u64,
    /// Questions in `wrong`, at most [`RECENT_QUESTIONS`].
    pub asked: u32,
}

impl Recent {
    fn with(self, wrong: bool) -> Self {
        let all = (1 << RECENT_QUESTIONS) - 1;
        let asked = self.asked.saturating_add(1).min(RECENT_QUESTIONS);
        Self { wrong: (self.wrong << 1 | u64::from(wrong)) & all, asked }
    }

    /// Wrong questions among them.
    #[must_use]
    pub fn misses(self) -> u32 {
        self.wrong.count_ones()
    }

    fn is_suspicious(self) -> bool {
        self.asked >= RECENT_QUESTIONS && self.misses() * 100 > RECENT_WRONG_PERCENT_MAX * RECENT_QUESTIONS
    }
}

/// What is remembered of one institution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardState {
    /// When the window of the quota began: the first miss of it.
    pub window_started_at: Option<Instant>,
    /// Misses in the window.
    pub misses: u32,
    /// The last question let through in the slow pace, or the one that began it.
    pub last_slow_at: Option<Instant>,
    /// The last questions.
    pub recent: Recent,
    /// When the step-up began; `None` while the share of wrong questions is an honest one.
    pub stepped_up_at: Option<Instant>,
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

/// Why an institution is in the slow pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowReason {
    /// The misses of the window are used up.
    Quota,
    /// Too many of the last questions were wrong.
    Share,
}

impl GuardState {
    /// Whether a question may be asked at `now`. Does not change the state: see [`Self::after`].
    #[must_use]
    pub fn decide(&self, now: Instant) -> GuardDecision {
        let Some(end) = self.slow_until(now) else {
            return GuardDecision::Allowed;
        };
        let next = self.last_slow_at.map_or(now.0, |last| last.0.saturating_add(SLOW_INTERVAL_MS));
        // The end frees at once, and a clock set back never tells anybody to wait longer than an interval.
        let retry_after_ms = next.min(end.0).saturating_sub(now.0).min(SLOW_INTERVAL_MS);
        if retry_after_ms <= 0 { GuardDecision::Allowed } else { GuardDecision::Limited { retry_after_ms } }
    }

    /// Whether the institution is in the slow pace, and why; the quota is named first.
    #[must_use]
    pub fn slow(&self, now: Instant) -> Option<SlowReason> {
        if self.quota_ends_at(now).is_some() {
            return Some(SlowReason::Quota);
        }
        self.step_up_ends_at(now).map(|_| SlowReason::Share)
    }

    /// The state after a question was let through and answered at `now`; `wrong` when it showed nobody
    /// (validity 4 or 5).
    #[must_use]
    pub fn after(self, now: Instant, wrong: bool) -> Self {
        let mut state = self.forget_what_is_over(now);
        let was_slow = state.slow(now).is_some();
        state.recent = state.recent.with(wrong);
        state.stepped_up_at = state.recent.is_suspicious().then(|| state.stepped_up_at.unwrap_or(now));
        if wrong {
            state.window_started_at = state.window_started_at.or(Some(now));
            state.misses = state.misses.saturating_add(1);
        }
        // The question that begins the slow pace counts as its first: the next one waits a full interval.
        if was_slow || state.slow(now).is_some() {
            state.last_slow_at = Some(now);
        }
        state
    }

    /// A window that is over takes its misses with it, a step-up that lasted its hour the questions that led to it.
    fn forget_what_is_over(mut self, now: Instant) -> Self {
        if self.window_started_at.is_some_and(|start| ends(start) <= now) {
            (self.window_started_at, self.misses) = (None, 0);
        }
        if self.stepped_up_at.is_some_and(|start| ends(start) <= now) {
            (self.stepped_up_at, self.recent) = (None, Recent::default());
        }
        self
    }

    fn quota_ends_at(&self, now: Instant) -> Option<Instant> {
        let end = self.window_started_at.map(ends).filter(|end| now < *end);
        end.filter(|_| self.misses >= MISSES_PER_WINDOW)
    }

    fn step_up_ends_at(&self, now: Instant) -> Option<Instant> {
        self.stepped_up_at.map(ends).filter(|end| now < *end)
    }

    fn slow_until(&self, now: Instant) -> Option<Instant> {
        self.quota_ends_at(now).max(self.step_up_ends_at(now))
    }
}

fn ends(start: Instant) -> Instant {
    Instant(start.0.saturating_add(WINDOW_MS))
}
