//! 電子証明書: the client certificate of an institution's terminal, from its first day to the day after its last.
//!
//! One certificate belongs to one terminal of one institution; where the same machine checks eligibility and
//! sends claims, it serves both.

mod letter_end;
mod notice;
mod period;
mod revocation;
mod standing;
mod successor;

pub use letter_end::{
    LETTER_POSTING_DAYS, LETTER_WISH_DAYS, LetterEnd, letter_wish_over_before, posting_overdue_before,
};
pub use notice::{NOTICE_AFTER_DAYS, NOTICE_BEFORE_DAYS, NOTICE_DAILY_DAYS, Notice, NoticeKind, notice_due};
pub use period::{
    CertificatePeriod, OVERLAP_DAYS, RENEWAL_WINDOW_DAYS, VALIDITY_MONTHS, VALIDITY_YEARS, overlap_until,
};
pub use revocation::{Revocation, RevocationReason};
pub use standing::{CertificateStanding, KnownCertificate};
pub use successor::{SUCCESSORS_MAX, SuccessorState};

use serde::{Deserialize, Serialize};

use crate::typed;

/// The longest 端末名称, in characters: it stands in the certificate's common name, which holds 64.
pub const TERMINAL_NAME_MAX_CHARS: usize = 40;

/// The longest common name that a certificate holds, in characters.
const COMMON_NAME_MAX_CHARS: usize = 64;

/// 端末名称: which machine of the institution the certificate is for, e.g. 「みなと薬局1号機」.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TerminalName(String);

/// A text that cannot be a 端末名称.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTerminalName {
    /// Nothing but blanks.
    #[error("a terminal has a name")]
    Empty,
    /// Longer than a certificate carries.
    #[error("a terminal name has at most {TERMINAL_NAME_MAX_CHARS} characters")]
    TooLong,
    /// Line breaks or other control characters.
    #[error("a terminal name is one line")]
    Control,
}

impl TerminalName {
    /// Reads 1 to [`TERMINAL_NAME_MAX_CHARS`] characters of any script in one line; every character stays.
    ///
    /// # Errors
    /// [`InvalidTerminalName`].
    pub fn parse(text: &str) -> Result<Self, InvalidTerminalName> {
        if text.len() > typed::TYPED_MAX_BYTES {
            return Err(InvalidTerminalName::TooLong);
        }
        let name = typed::one_line(text).ok_or(InvalidTerminalName::Control)?;
        match name.chars().count() {
            0 => Err(InvalidTerminalName::Empty),
            1..=TERMINAL_NAME_MAX_CHARS => Ok(Self(name)),
            _ => Err(InvalidTerminalName::TooLong),
        }
    }

    /// Reads a name that a certificate has: up to 64 characters, each as it is. What was issued once is
    /// read for as long as it lives, whatever is asked of new names.
    ///
    /// # Errors
    /// [`InvalidTerminalName`].
    pub fn of_certificate(text: &str) -> Result<Self, InvalidTerminalName> {
        match text.chars().count() {
            0 => Err(InvalidTerminalName::Empty),
            length if length > COMMON_NAME_MAX_CHARS => Err(InvalidTerminalName::TooLong),
            _ if text.trim() != text || text.chars().any(char::is_control) => {
                Err(InvalidTerminalName::Control)
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TerminalName {
    type Error = InvalidTerminalName;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl From<TerminalName> for String {
    fn from(name: TerminalName) -> Self {
        name.0
    }
}
impl std::fmt::Display for TerminalName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a certificate is used for; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateUses {
    /// オンライン資格確認 alone.
    Eligibility,
    /// オンライン請求 alone.
    Billing,
    /// Both, on the same machine: one certificate serves both.
    EligibilityAndBilling,
}

impl CertificateUses {
    /// From the two boxes of the form; `None` when neither is ticked.
    #[must_use]
    pub const fn of(eligibility: bool, billing: bool) -> Option<Self> {
        match (eligibility, billing) {
            (true, true) => Some(Self::EligibilityAndBilling),
            (true, false) => Some(Self::Eligibility),
            (false, true) => Some(Self::Billing),
            (false, false) => None,
        }
    }

    /// Whether it may be used for オンライン資格確認.
    #[must_use]
    pub const fn serves_eligibility(self) -> bool {
        matches!(self, Self::Eligibility | Self::EligibilityAndBilling)
    }

    /// Whether it may be used for オンライン請求.
    #[must_use]
    pub const fn serves_billing(self) -> bool {
        matches!(self, Self::Billing | Self::EligibilityAndBilling)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eligibility => "オンライン資格確認",
            Self::Billing => "オンライン請求",
            Self::EligibilityAndBilling => "オンライン資格確認・オンライン請求（兼用）",
        }
    }
}
