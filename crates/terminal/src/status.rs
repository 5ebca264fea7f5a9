//! How the terminal is doing: counters and states without personal data, for health checks.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde::Serialize;

/// The running figures.
#[derive(Debug, Default)]
pub struct Status {
    answered: AtomicU64,
    refused: AtomicU64,
    quarantined: AtomicU64,
    card_checks: AtomicU64,
    central_trouble: AtomicBool,
    drop_trouble: Mutex<Option<String>>,
}

/// One reading of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    /// Nothing is wrong now.
    pub healthy: bool,
    /// Requests answered with a result since the start.
    pub answered: u64,
    /// Requests answered with an `.err` file since the start.
    pub refused: u64,
    /// Things put into quarantine since the start.
    pub quarantined: u64,
    /// Card sessions answered since the start.
    pub card_checks: u64,
    /// The last question to the central system failed.
    pub central_trouble: bool,
    /// What keeps the file drop from working, e.g. a full disk. It is retried.
    pub drop_trouble: Option<String>,
}

impl Status {
    /// The figures now.
    #[must_use]
    pub fn report(&self) -> StatusReport {
        let drop_trouble = self.trouble().clone();
        let central_trouble = self.central_trouble.load(Ordering::Relaxed);
        StatusReport {
            healthy: drop_trouble.is_none() && !central_trouble,
            answered: self.answered.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            quarantined: self.quarantined.load(Ordering::Relaxed),
            card_checks: self.card_checks.load(Ordering::Relaxed),
            central_trouble,
            drop_trouble,
        }
    }

    pub(crate) fn count_answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_quarantined(&self) {
        self.quarantined.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_card_check(&self) {
        self.card_checks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn set_central_trouble(&self, trouble: bool) {
        self.central_trouble.store(trouble, Ordering::Relaxed);
    }

    /// Notes (or clears) what keeps the drop from working; `true` when that is news.
    pub(crate) fn set_drop_trouble(&self, trouble: Option<String>) -> bool {
        let mut now = self.trouble();
        let news = *now != trouble;
        *now = trouble;
        news
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.drop_trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
