//! Tells the operator that passcodes are being guessed all over the country: each institution alone sees nothing.

use std::sync::{Mutex, PoisonError};

use eligibility::Instant;
use eligibility::visual_check_passcode::{ALARM_INSTITUTIONS, ALARM_WINDOW_MS};
use metrics::{Counter, counter};

/// Counts wrong entries and rings at most once an hour.
pub(super) struct PasscodeAlarm {
    wrong: Counter,
    alarms: Counter,
    rang_at: Mutex<Option<Instant>>,
}

impl PasscodeAlarm {
    pub(super) fn new() -> Self {
        Self {
            wrong: counter!("shikaku_passcodes_wrong_total"),
            alarms: counter!("shikaku_passcode_alarms_total"),
            rang_at: Mutex::new(None),
        }
    }

    /// An entry was wrong; whether it rang.
    pub(super) fn failed(&self, alarming: bool, institutions: u64, now: Instant) -> bool {
        self.wrong.increment(1);
        if !alarming {
            return false;
        }
        let mut rang_at = self.rang_at.lock().unwrap_or_else(PoisonError::into_inner);
        if rang_at.is_some_and(|at| now.0 < at.0.saturating_add(ALARM_WINDOW_MS)) {
            return false;
        }
        *rang_at = Some(now);
        self.alarms.increment(1);
        tracing::warn!(
            institutions,
            more_than = ALARM_INSTITUTIONS,
            "ALARM: passcodes for visual checks fail at many institutions within an hour: somebody may be guessing"
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use super::PasscodeAlarm;
    use eligibility::Instant;
    use eligibility::visual_check_passcode::{ALARM_WINDOW_MS, is_alarming};

    #[test]
    fn it_rings_beyond_twenty_institutions_and_once_an_hour() {
        let alarm = PasscodeAlarm::new();
        let failed = |institutions, now| alarm.failed(is_alarming(institutions), institutions, Instant(now));
        assert!(!failed(20, 0));
        assert!(failed(21, 1));
        assert!(!failed(22, ALARM_WINDOW_MS));
        assert!(failed(22, ALARM_WINDOW_MS + 1));
    }
}
