//! One line as one institution uses it from one address: a request reads a few atomics.

use std::net::IpAddr;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use eligibility::{
    Instant,
    calendar::DAY_MS,
    institution::InstitutionCode,
    line::{LINE_SESSION_DAYS, LineDecision},
};
use store::LineRecord;

/// Why a request does not get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineRefusal {
    /// The line is the institution's own and not connected: it happens, and the page helps.
    NotConnected,
    /// The address is of no line of this institution: its certificate is used somewhere else.
    Elsewhere,
    /// How lines stand was not read for too long.
    Stale,
}

/// Not read yet. Every moment is later.
const UNREAD: i64 = i64::MIN;
/// The line is known and not connected.
const NOT_CONNECTED: i64 = i64::MIN + 1;
/// The address is of no line of the institution.
const ELSEWHERE: i64 = i64::MIN + 2;
/// Let through for ever: until somebody changes the line.
const ALWAYS: i64 = i64::MAX;
/// A session with less time left is renewed when it is used.
const RENEW_BELOW_MS: i64 = LINE_SESSION_DAYS * DAY_MS / 2;

/// A line in use.
#[derive(Debug)]
pub struct LineSlot {
    pub(super) institution: InstitutionCode,
    pub(super) peer: IpAddr,
    /// Requests before this moment get through; see the constants for other meanings.
    until: AtomicI64,
    /// Number of the change that `until` is from: readings may end in another order than they began.
    read: Mutex<i64>,
    used_at: AtomicI64,
    renewal_due: AtomicBool,
}

impl LineSlot {
    pub(super) fn new(institution: InstitutionCode, peer: IpAddr, now: Instant) -> Self {
        Self {
            institution,
            peer,
            until: AtomicI64::new(UNREAD),
            read: Mutex::new(i64::MIN),
            used_at: AtomicI64::new(now.0),
            renewal_due: AtomicBool::new(false),
        }
    }

    /// Whether a request gets through now.
    pub(super) fn check(&self, now: Instant) -> Result<(), LineRefusal> {
        let until = self.until.load(Ordering::Acquire);
        if now.0 < until {
            if until != ALWAYS && until - now.0 < RENEW_BELOW_MS {
                self.renewal_due.store(true, Ordering::Relaxed);
            }
            return Ok(());
        }
        Err(match until {
            UNREAD => LineRefusal::Stale,
            ELSEWHERE => LineRefusal::Elsewhere,
            _ => LineRefusal::NotConnected,
        })
    }

    /// Takes what the store says; what an earlier change said is ignored.
    pub(super) fn set(&self, record: Option<&LineRecord>, now: Instant) {
        let change = record.map_or(0, |record| record.change);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if change < *read {
            return;
        }
        *read = change;
        let decision = record.map(|record| record.decision(self.peer, now));
        let until = match decision {
            Some(LineDecision::Connected { until }) => until.0,
            Some(LineDecision::NotNeeded) => ALWAYS,
            Some(LineDecision::OfferChoice(_)) => NOT_CONNECTED,
            Some(LineDecision::NotALine | LineDecision::NoCustomerId) | None => ELSEWHERE,
        };
        self.until.store(until, Ordering::Release);
    }

    pub(super) fn is_read(&self) -> bool {
        self.until.load(Ordering::Acquire) != UNREAD
    }

    pub(super) fn used(&self, now: Instant) {
        self.used_at.store(now.0, Ordering::Relaxed);
    }

    pub(super) fn used_at(&self) -> Instant {
        Instant(self.used_at.load(Ordering::Relaxed))
    }

    pub(super) fn take_renewal(&self) -> bool {
        self.renewal_due.swap(false, Ordering::Relaxed)
    }
}
