//! What became of a certificate's successor: whether its renewal may be asked for again.

use super::{CertificatePeriod, Revocation, RevocationReason};
use crate::{Date, Instant};

/// How many certificates may follow one by renewal, those included whose place another took: each is signed and stands
/// in the public log for good. A file got lost so often that the terminal needs looking at.
pub const SUCCESSORS_MAX: u32 = 5;

/// What became of the certificate that follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuccessorState {
    /// Nobody was let in with it yet: its file may never have arrived.
    Unused,
    /// A terminal works with it.
    Used,
    /// It ended before its time.
    Revoked(RevocationReason),
}

impl SuccessorState {
    /// From what is recorded of the successor.
    #[must_use]
    pub const fn of(first_used_at: Option<Instant>, revocation: Option<Revocation>) -> Self {
        match (revocation, first_used_at) {
            (Some(revocation), _) => Self::Revoked(revocation.reason),
            (None, Some(_)) => Self::Used,
            (None, None) => Self::Unused,
        }
    }

    /// Whether another may take its place, while the certificate it follows is still taken beside it.
    ///
    /// Of one that was revoked only where the reason is that another takes its place: whoever revokes for another
    /// reason means the terminal, which has the older key, too, and would undo it by renewing once more. The
    /// institution applies anew, which its post address answers for.
    #[must_use]
    pub const fn may_be_replaced(self) -> bool {
        match self {
            Self::Unused => true,
            Self::Used => false,
            Self::Revoked(reason) => matches!(reason, RevocationReason::Superseded),
        }
    }

    /// Whether the end of what it follows takes nothing away: it was not revoked, and is in use or can still be taken
    /// into use.
    #[must_use]
    pub fn stands_in(self, period: &CertificatePeriod, today: Date) -> bool {
        match self {
            Self::Used => true,
            Self::Unused => period.days_left(today) >= 0,
            Self::Revoked(_) => false,
        }
    }

    /// Whether the terminal is left without one.
    #[must_use]
    pub const fn is_revoked(self) -> bool {
        matches!(self, Self::Revoked(_))
    }
}

#[cfg(test)]
mod tests {
    use super::SuccessorState;
    use crate::Instant;
    use crate::institution_certificate::{Revocation, RevocationReason};

    #[test]
    fn only_what_nobody_depends_on_is_replaced() {
        let revoked = |reason| Some(Revocation { at: Instant(5), reason });
        let of = SuccessorState::of;
        assert!(of(None, None).may_be_replaced());
        assert!(!of(Some(Instant(1)), None).may_be_replaced());
        for reason in RevocationReason::ALL {
            let replaced = *reason == RevocationReason::Superseded;
            assert_eq!(of(Some(Instant(1)), revoked(*reason)).may_be_replaced(), replaced, "{reason:?}");
        }
    }
}
