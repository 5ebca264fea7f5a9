//! The one place where this crate reads the time.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

/// Asia/Tokyo: nine hours ahead, without summer time since 1951, so no time zone database is needed.
const TOKYO_HOURS: i8 = 9;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The wall clock in Asia/Tokyo, to the second.
pub(crate) fn now_in_tokyo() -> DateTime {
    let now = Timestamp::now();
    let local = Offset::constant(TOKYO_HOURS).to_datetime(now);
    local.with().subsec_nanosecond(0).build().unwrap_or(local)
}
