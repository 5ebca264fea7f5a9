//! 利用者証明用電子証明書: the certificate on the card, and what its remaining life allows.

use serde::{Deserialize, Serialize};

use crate::{Instant, calendar, errors::ErrorCode};

/// Months before the end from which the answer tells that the certificate expires soon.
pub(crate) const NOTICE_MONTHS: i32 = 3;
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

    /// Why a card in this state is refused; `None` when it may be used.
    #[must_use]
    pub const fn refusal(self) -> Option<ErrorCode> {
        match self {
            Self::NotYetValid => Some(ErrorCode::CardCertificateNotYetValid),
            Self::Expired => Some(ErrorCode::CardExpired),
            Self::Valid | Self::ExpiresSoon | Self::Grace => None,
        }
    }

    /// What is said beside the answer of a card in this state.
    #[must_use]
    pub const fn notice(self) -> Option<ErrorCode> {
        match self {
            Self::ExpiresSoon => Some(ErrorCode::CardExpiresSoon),
            Self::Grace => Some(ErrorCode::CardInGrace),
            Self::NotYetValid | Self::Valid | Self::Expired => None,
        }
    }

    /// Whether the patient is asked for consent at all: an expired certificate (grace) shows eligibility and no more.
    #[must_use]
    pub const fn takes_consent(self) -> bool {
        match self {
            Self::Valid | Self::ExpiresSoon => true,
            Self::NotYetValid | Self::Grace | Self::Expired => false,
        }
    }
}
