//! Log lines that a stranger can cause as often as he likes: one in a while, with the number of those kept back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two lines of one kind.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);

/// One kind of line.
pub(crate) struct Seldom(Mutex<Told>);

struct Told {
    at: Option<Instant>,
    kept_back: u64,
}

impl Seldom {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Told { at: None, kept_back: 0 }))
    }

    /// How many were kept back since the last line, when it is time for another; otherwise this one is kept back too.
    pub(crate) fn due(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.at.is_some_and(|at| now.saturating_duration_since(at) < INTERVAL) {
            told.kept_back += 1;
            return None;
        }
        told.at = Some(now);
        Some(std::mem::take(&mut told.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_and_a_number() {
        let (seldom, begin) = (Seldom::new(), Instant::now());
        assert_eq!(seldom.due(begin), Some(0));
        for _ in 0..1000 {
            assert_eq!(seldom.due(begin + INTERVAL / 2), None);
        }
        assert_eq!(seldom.due(begin + INTERVAL), Some(1000));
        assert_eq!(seldom.due(begin + INTERVAL), None);
    }
}
