//! The one place where this crate reads the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use eligibility::{Date, Instant, calendar};

/// Now.
pub(crate) fn now() -> Instant {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// The civil date in Asia/Tokyo.
pub(crate) fn today() -> Date {
    calendar::tokyo_date(now())
}
