//! Tells operators that an institution may be guessing insured numbers: when the guard slows it down, and while
//! it does.
//!
//! The guard itself is durable and lies in the store, which says with whose commit the slow pace began. This is
//! only the bell: it remembers of an institution no more than when it last rang for it, so that after a restart a
//! question that is held back rings again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eligibility::Instant;
use eligibility::enumeration::{RECENT_QUESTIONS, SlowReason};
use eligibility::institution::InstitutionCode;
use metrics::{Counter, counter};
use store::Slowed;

/// An institution rings at most once in this time, milliseconds.
const PAUSE_MS: i64 = 60 * 60 * 1000;
/// Institutions remembered at once.
const INSTITUTIONS_MAX: usize = 65_536;

/// When the bell last rang for each institution.
pub(crate) struct GuessingAlarm {
    rang_at: Mutex<HashMap<InstitutionCode, Instant>>,
    looked_up: Counter,
    not_found: Counter,
    conflicts: Counter,
    limited: Counter,
    alarms_by_share: Counter,
    alarms_by_limit: Counter,
}

impl GuessingAlarm {
    /// Remembers nobody yet.
    pub(crate) fn new() -> Self {
        const ALARMS: &str = "shikaku_number_checks_alarms_total";
        crate::ops::metrics::install();
        Self {
            rang_at: Mutex::default(),
            looked_up: counter!("shikaku_number_checks_looked_up_total"),
            not_found: counter!("shikaku_number_checks_not_found_total"),
            conflicts: counter!("shikaku_number_checks_conflicts_total"),
            limited: counter!("shikaku_number_checks_limited_total"),
            alarms_by_share: counter!(ALARMS, "reason" => "share"),
            alarms_by_limit: counter!(ALARMS, "reason" => "limit"),
        }
    }

    /// A number was looked up: no question that gets no answer of its own comes here.
    pub(super) fn looked_up(&self) {
        self.looked_up.increment(1);
    }

    /// A number check came under another one's id, which counts as a wrong guess.
    pub(super) fn conflict(&self) {
        self.conflicts.increment(1);
    }

    /// A number check was answered; `wrong` when the answer showed nobody.
    pub(super) fn answered(&self, wrong: bool) {
        if wrong {
            self.not_found.increment(1);
        }
    }

    /// A number check slowed its institution down.
    pub(crate) fn slowed(&self, institution: &InstitutionCode, slowed: Slowed, now: Instant) {
        if !self.rings(institution, now) {
            return;
        }
        match slowed.reason {
            SlowReason::Share => self.alarms_by_share.increment(1),
            SlowReason::Quota => self.alarms_by_limit.increment(1),
        }
        tracing::warn!(
            institution_code = institution.as_str(),
            not_found = slowed.not_found,
            number_checks = RECENT_QUESTIONS,
            "many number checks lead nowhere: somebody there may be guessing, or mistypes; slowed to one a minute"
        );
    }

    /// A number check was held back by the guard.
    pub(crate) fn held_back(&self, institution: &InstitutionCode, now: Instant) {
        self.limited.increment(1);
        if self.rings(institution, now) {
            self.alarms_by_limit.increment(1);
            tracing::warn!(
                institution_code = institution.as_str(),
                "number checks are held back: too many of them led nowhere"
            );
        }
    }

    /// Whether it may ring now; then it has.
    fn rings(&self, institution: &InstitutionCode, now: Instant) -> bool {
        let mut rang_at = self.rang_at.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = |at: &Instant| now.0 < at.0.saturating_add(PAUSE_MS);
        if rang_at.get(institution).is_some_and(paused) {
            return false;
        }
        if rang_at.len() >= INSTITUTIONS_MAX {
            rang_at.retain(|_, at| paused(at));
        }
        // When everybody is guessing, one more institution rings each time: the memory stays bounded.
        if rang_at.len() < INSTITUTIONS_MAX {
            rang_at.insert(institution.clone(), now);
        }
        true
    }
}
