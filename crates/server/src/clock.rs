//! The one clock. Everything that asks what time it is asks here, so that a test can drive time and a
//! terminal's idea of time is never believed.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eligibility::{Date, Instant, calendar};

/// Tells the time: the system's, or in tests one that is set by hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Driven(Arc<AtomicI64>),
}

/// Sets a driven clock.
#[derive(Clone, Debug)]
pub struct ClockHands(Arc<AtomicI64>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until its hands are moved.
    #[must_use]
    pub fn driven(start: Instant) -> (Self, ClockHands) {
        let now = Arc::new(AtomicI64::new(start.0));
        (Self(Source::Driven(Arc::clone(&now))), ClockHands(now))
    }

    /// The moment now.
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Source::System => Instant(system_milliseconds()),
            Source::Driven(now) => Instant(now.load(Ordering::SeqCst)),
        }
    }

    /// The civil date now in Asia/Tokyo.
    #[must_use]
    pub fn today(&self) -> Date {
        calendar::tokyo_date(self.now())
    }
}

impl ClockHands {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, now: Instant) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

fn system_milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let milliseconds = u64::try_from(self.now().0).ok()?;
        Some(rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_millis(milliseconds)))
    }
}
