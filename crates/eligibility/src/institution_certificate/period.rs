//! How long a certificate is valid, and when its renewal opens: civil dates in Asia/Tokyo, then instants.

use crate::{
    Date, Instant,
    calendar::{add_days, add_months, days_between, end_of_day, tokyo_date},
};

/// Years a certificate is valid, from issue or renewal (nothing left over is added) …
pub const VALIDITY_YEARS: i32 = 3;
/// … and months.
pub const VALIDITY_MONTHS: i32 = 3;
/// Days before the last day from which renewal is open.
pub const RENEWAL_WINDOW_DAYS: i32 = 90;
/// Days the old certificate stays usable beside its successor.
pub const OVERLAP_DAYS: i32 = 14;
/// Certificates count whole seconds, and their last one belongs to them.
const SECOND_MS: i64 = 1000;

/// From when to when a certificate is valid, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificatePeriod {
    /// The first moment.
    pub not_before: Instant,
    /// The last moment.
    pub not_after: Instant,
}

impl CertificatePeriod {
    /// The period of a certificate issued now: to 23:59:59 in Tokyo of the day three years and three months
    /// later (the month's last, where it has no such day). A holder reads a date, so a date is what ends it.
    #[must_use]
    pub fn issued_at(now: Instant) -> Self {
        let last = add_months(tokyo_date(now), VALIDITY_YEARS * 12 + VALIDITY_MONTHS);
        let not_before = Instant(now.0.saturating_sub(now.0.rem_euclid(SECOND_MS)));
        Self { not_before, not_after: Instant(end_of_day(last).0 - SECOND_MS) }
    }

    /// The civil date in Tokyo of the last moment: the 有効期限 that is shown.
    #[must_use]
    pub fn last_day(&self) -> Date {
        tokyo_date(self.not_after)
    }

    /// The first day renewal is open.
    #[must_use]
    pub fn renewal_opens_on(&self) -> Date {
        add_days(self.last_day(), -RENEWAL_WINDOW_DAYS)
    }

    /// Days left on the day: 0 on the last, negative after it.
    #[must_use]
    pub fn days_left(&self, today: Date) -> i32 {
        days_between(today, self.last_day())
    }

    /// Whether the certificate can be renewed at `now`: within the window and not over.
    #[must_use]
    pub fn may_renew(&self, now: Instant) -> bool {
        tokyo_date(now) >= self.renewal_opens_on() && now >= self.not_before && !self.is_over(now)
    }

    /// Whether the last moment is past. The whole last second still counts.
    #[must_use]
    pub const fn is_over(&self, now: Instant) -> bool {
        now.0 >= self.not_after.0.saturating_add(SECOND_MS)
    }
}

/// First moment an old certificate is no longer taken after its successor was fetched: the end of the 14th day
/// after, in Tokyo. Its own end comes earlier if it is earlier.
#[must_use]
pub fn overlap_until(renewed_at: Instant) -> Instant {
    end_of_day(add_days(tokyo_date(renewed_at), OVERLAP_DAYS))
}
