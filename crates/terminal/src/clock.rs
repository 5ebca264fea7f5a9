//! The one place where this crate reads the time.

use eligibility::{Instant, calendar};
use jiff::{Timestamp, civil::DateTime};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The wall clock in Asia/Tokyo, to the second.
pub(crate) fn now_in_tokyo() -> DateTime {
    calendar::tokyo_second(Instant(now_ms()))
}
