//! Kinds of applications, and how many people must agree to each.

use serde::{Deserialize, Serialize};

/// What is applied for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationKind {
    /// オンライン資格確認利用開始・変更申請, for who does not use it yet.
    UseStart,
    /// オンライン資格確認利用開始・変更申請, for who uses it already.
    UseChange,
    /// 電子証明書発行申請.
    CertificateIssue,
    /// 電子証明書更新申請: made under the certificate that is renewed.
    CertificateRenewal,
    /// 電子証明書失効申請.
    CertificateRevocation,
    /// 承継.
    Succession,
    /// 医療機関等コード変更.
    CodeChange,
    /// お客さまID変更.
    CustomerIdChange,
}

impl ApplicationKind {
    /// Every kind, in the order of the menu.
    pub const ALL: &'static [Self] = &[
        Self::UseStart,
        Self::UseChange,
        Self::CertificateIssue,
        Self::CertificateRenewal,
        Self::CertificateRevocation,
        Self::Succession,
        Self::CodeChange,
        Self::CustomerIdChange,
    ];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UseStart => "use_start",
            Self::UseChange => "use_change",
            Self::CertificateIssue => "certificate_issue",
            Self::CertificateRenewal => "certificate_renewal",
            Self::CertificateRevocation => "certificate_revocation",
            Self::Succession => "succession",
            Self::CodeChange => "code_change",
            Self::CustomerIdChange => "customer_id_change",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The Japanese title. The first two are one procedure, 「オンライン資格確認利用開始・変更申請」: what it is for stands
    /// behind its name, so that a list tells them apart.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::UseStart => "オンライン資格確認利用開始・変更申請（利用開始）",
            Self::UseChange => "オンライン資格確認利用開始・変更申請（変更）",
            Self::CertificateIssue => "電子証明書発行申請",
            Self::CertificateRenewal => "電子証明書更新申請",
            Self::CertificateRevocation => "電子証明書失効申請",
            Self::Succession => "承継申請",
            Self::CodeChange => "医療機関等コード変更申請",
            Self::CustomerIdChange => "お客さまID変更申請",
        }
    }

    /// How many different people of the operator must approve.
    ///
    /// Two where a wrong approval makes somebody else a clinic: a new certificate, another code, another owner.
    /// None where the certificate itself has signed the application (renewal). One for a revocation: it must be
    /// quick, and it can only close a door.
    #[must_use]
    pub const fn approvals_needed(self) -> u8 {
        match self {
            Self::CertificateRenewal => 0,
            Self::UseStart | Self::UseChange | Self::CertificateRevocation | Self::CustomerIdChange => 1,
            Self::CertificateIssue | Self::Succession | Self::CodeChange => 2,
        }
    }

    /// Whether only one of the kind may be open at a time in an institution. Certificates are asked for one a
    /// terminal, so several may be open for different terminals.
    #[must_use]
    pub(crate) const fn is_single(self) -> bool {
        !matches!(self, Self::CertificateIssue | Self::CertificateRenewal | Self::CertificateRevocation)
    }
}
