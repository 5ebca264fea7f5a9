//! Tells operators that an institution may be guessing insured numbers, before and when the guard holds it back.
//!
//! The guard itself is durable and lies in the store. This is only the bell: it forgets at a restart, and knows
//! of an institution no more than how its last number checks ended.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use metrics::{Counter, counter};

/// Number checks of an institution that are looked at.
const CHECKS_LOOKED_AT: u32 = 50;
/// More wrong guesses than this many percent of them ring the bell.
const WRONG_PERCENT_MAX: u32 = 20;
/// An institution rings at most once in this time, milliseconds.
const PAUSE_MS: i64 = 60 * 60 * 1000;
/// Institutions remembered at once.
const INSTITUTIONS_MAX: usize = 65_536;

/// How the last number checks of each institution ended.
pub(crate) struct GuessingAlarm {
    recent: Mutex<HashMap<InstitutionCode, Recent>>,
    not_found: Counter,
    limited: Counter,
    alarms_by_share: Counter,
    alarms_by_limit: Counter,
}

#[derive(Clone, Copy, Default)]
struct Recent {
    /// One bit for each check, the newest lowest; set where it showed nobody.
    wrong: u64,
    /// Checks seen, up to [`CHECKS_LOOKED_AT`].
    seen: u32,
    rang_at: Option<Instant>,
    last_at: Option<Instant>,
}

impl Recent {
    fn take(&mut self, wrong: bool) {
        let looked_at = (1 << CHECKS_LOOKED_AT) - 1;
        self.wrong = (self.wrong << 1 | u64::from(wrong)) & looked_at;
        self.seen = (self.seen + 1).min(CHECKS_LOOKED_AT);
    }

    fn is_suspicious(&self) -> bool {
        self.seen == CHECKS_LOOKED_AT && self.wrong.count_ones() * 100 > WRONG_PERCENT_MAX * CHECKS_LOOKED_AT
    }

    /// Whether it may ring now; then it has.
    fn rings(&mut self, now: Instant) -> bool {
        let paused = self.rang_at.is_some_and(|at| now.0 < at.0.saturating_add(PAUSE_MS));
        if !paused {
            self.rang_at = Some(now);
        }
        !paused
    }
}

impl GuessingAlarm {
    /// Remembers nobody yet.
    pub(crate) fn new() -> Self {
        const ALARMS: &str = "shikaku_number_checks_alarms_total";
        crate::ops::metrics::install();
        Self {
            recent: Mutex::default(),
            not_found: counter!("shikaku_number_checks_not_found_total"),
            limited: counter!("shikaku_number_checks_limited_total"),
            alarms_by_share: counter!(ALARMS, "reason" => "share"),
            alarms_by_limit: counter!(ALARMS, "reason" => "limit"),
        }
    }

    /// A number check was answered; `wrong` when the answer showed nobody.
    pub(super) fn answered(&self, institution: &InstitutionCode, wrong: bool, now: Instant) {
        if wrong {
            self.not_found.increment(1);
        }
        let rings = self.with(institution, now, |recent| {
            recent.take(wrong);
            (recent.is_suspicious() && recent.rings(now)).then_some(recent.wrong.count_ones())
        });
        if let Some(not_found) = rings {
            self.alarms_by_share.increment(1);
            tracing::warn!(
                institution_code = institution.as_str(),
                not_found,
                number_checks = CHECKS_LOOKED_AT,
                "many number checks lead nowhere: somebody there may be guessing, or mistypes"
            );
        }
    }

    /// A number check was held back by the guard.
    pub(super) fn held_back(&self, institution: &InstitutionCode, now: Instant) {
        self.limited.increment(1);
        if self.with(institution, now, |recent| recent.rings(now)) {
            self.alarms_by_limit.increment(1);
            tracing::warn!(
                institution_code = institution.as_str(),
                "number checks are held back: the wrong guesses of this hour are used up"
            );
        }
    }

    fn with<T>(
        &self,
        institution: &InstitutionCode,
        now: Instant,
        use_it: impl FnOnce(&mut Recent) -> T,
    ) -> T {
        let mut table = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= INSTITUTIONS_MAX && !table.contains_key(institution) {
            table.retain(|_, recent| recent.last_at.is_some_and(|at| now.0 < at.0.saturating_add(PAUSE_MS)));
            if table.len() >= INSTITUTIONS_MAX {
                // Everybody is busy. What is lost is the memory of fifty checks each; the guard loses nothing.
                table.clear();
            }
        }
        let recent = table.entry(institution.clone()).or_default();
        recent.last_at = Some(now);
        use_it(recent)
    }
}
