//! 失効: why a certificate ends before its time.

use serde::{Deserialize, Serialize};

use crate::Instant;

/// That a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Since when.
    pub at: Instant,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a certificate is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// The terminal or its key was lost, stolen or copied.
    KeyCompromise,
    /// The terminal is no longer used.
    CessationOfOperation,
    /// Another certificate was issued in its place.
    Superseded,
    /// The institution has another code or owner.
    AffiliationChanged,
    /// The operator withdrew the right to use it.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::KeyCompromise,
        Self::CessationOfOperation,
        Self::Superseded,
        Self::AffiliationChanged,
        Self::PrivilegeWithdrawn,
    ];

    /// Whether an institution may give it in a 失効申請; the last is the operator's alone.
    #[must_use]
    pub const fn is_for_applicants(self) -> bool {
        !matches!(self, Self::PrivilegeWithdrawn)
    }

    /// The name in forms and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyCompromise => "key_compromise",
            Self::CessationOfOperation => "cessation_of_operation",
            Self::Superseded => "superseded",
            Self::AffiliationChanged => "affiliation_changed",
            Self::PrivilegeWithdrawn => "privilege_withdrawn",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }

    /// The reason code of RFC 5280, 5.3.1.
    #[must_use]
    pub const fn crl_code(self) -> u8 {
        match self {
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// Reads a reason code of RFC 5280.
    #[must_use]
    pub fn from_crl_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.crl_code() == code)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::KeyCompromise => "端末または証明書の紛失・盗難・漏えい",
            Self::CessationOfOperation => "端末の使用終了",
            Self::Superseded => "電子証明書の再発行",
            Self::AffiliationChanged => "医療機関等コードの変更・承継",
            Self::PrivilegeWithdrawn => "運営者による利用停止",
        }
    }
}
