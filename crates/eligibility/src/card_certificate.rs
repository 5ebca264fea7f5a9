//! 利用者証明用電子証明書: the certificate on the card, and what its remaining life allows.

use serde::{Deserialize, Serialize};

use crate::{Instant, calendar};

/// Months before the end from which the answer tells that the certificate expires soon.
pub const NOTICE_MONTHS: i32 = 3;
/// Months after the end in which the card still shows eligibility.
pub const GRACE_MONTHS: i32 = 3;

/// Names one card certificate: serial numbers are unique only within their issuer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CardCertificateId {
    /// Lower-case hex SHA-256 of the issuer's DER name.
    pub issuer: String,
    /// The serial number, lower-case hex without leading zeros.
    pub serial: String,
}

/// What the certificate's dates allow on a day (design decision: three months on either side).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardCertificateState {
    /// Not yet valid: refused.
    NotYetValid,
    /// Valid, more than three months left.
    Valid,
    /// Valid, at most three months left: answer carries OQSB1101I.
    ExpiresSoon,
    /// Expired at most three months ago: eligibility only, OQSB1102W.
    Grace,
    /// Expired longer ago: refused.
    Expired,
}

impl CardCertificateState {
    /// The state at `now` of a certificate valid from `not_before` to `not_after`, both included. Months are
    /// counted by the Tokyo calendar.
    #[must_use]
    pub fn on(not_before: Instant, not_after: Instant, now: Instant) -> Self {
        if now < not_before {
            Self::NotYetValid
        } else if now < calendar::add_months_at(not_after, -NOTICE_MONTHS) {
            Self::Valid
        } else if now <= not_after {
            Self::ExpiresSoon
        } else if now <= calendar::add_months_at(not_after, GRACE_MONTHS) {
            Self::Grace
        } else {
            Self::Expired
        }
    }

    /// Whether the card may be used at all.
    #[must_use]
    pub const fn usable(self) -> bool {
        matches!(self, Self::Valid | Self::ExpiresSoon | Self::Grace)
    }
}
