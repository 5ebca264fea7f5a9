//! How a certificate stands, said in Japanese with what to do.

use super::{CertificatePeriod, CertificateUses, Revocation, RevocationReason, overlap_until};
use crate::{
    Date, Instant,
    calendar::{format_japanese, tokyo_date},
    errors::ErrorCode,
    institution::InstitutionCode,
};

/// What the authority knows of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCertificate {
    /// Whose it is.
    pub institution_code: InstitutionCode,
    /// From when to when it is valid.
    pub period: CertificatePeriod,
    /// What it may be used for.
    pub uses: CertificateUses,
    /// When its successor was fetched; `None` while it has none.
    pub superseded_at: Option<Instant>,
    /// Set once it is revoked.
    pub revocation: Option<Revocation>,
}

/// How a certificate stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStanding {
    /// Valid.
    Valid {
        /// Days to the last day.
        days_left: i32,
    },
    /// Valid, and renewal is open.
    RenewalOpen {
        /// Days to the last day.
        days_left: i32,
    },
    /// Renewed, and still taken beside its successor.
    Overlap {
        /// First moment it is no longer taken.
        until: Instant,
    },
    /// Renewed, and the overlap is over.
    Superseded,
    /// Its first moment is still to come.
    NotYetValid,
    /// Its last day is past.
    Expired {
        /// The last day.
        last_day: Date,
    },
    /// Revoked, whatever its dates.
    Revoked(Revocation),
    /// Not issued here.
    Unknown,
    /// Issued here, to another institution than the one that is asked for.
    OfAnotherInstitution,
}

impl CertificateStanding {
    /// How a certificate stands for `institution` at `now`; `None` = the authority knows of no such certificate.
    ///
    /// Revoked goes before expired, so that who lost a terminal is told that the revocation worked.
    #[must_use]
    pub fn of(known: Option<&KnownCertificate>, institution: &InstitutionCode, now: Instant) -> Self {
        let Some(known) = known else {
            return Self::Unknown;
        };
        if known.institution_code != *institution {
            return Self::OfAnotherInstitution;
        }
        if let Some(revocation) = known.revocation.filter(|revocation| revocation.at <= now) {
            return Self::Revoked(revocation);
        }
        let period = &known.period;
        if now < period.not_before {
            return Self::NotYetValid;
        }
        if period.is_over(now) {
            return Self::Expired { last_day: period.last_day() };
        }
        let days_left = period.days_left(tokyo_date(now));
        match known.superseded_at.map(overlap_until) {
            Some(until) if now < until => Self::Overlap { until },
            Some(_) => Self::Superseded,
            None if period.may_renew(now) => Self::RenewalOpen { days_left },
            None => Self::Valid { days_left },
        }
    }

    /// Whether a terminal may work with it.
    #[must_use]
    pub const fn may_be_used(self) -> bool {
        matches!(self, Self::Valid { .. } | Self::RenewalOpen { .. } | Self::Overlap { .. })
    }

    /// The error a request with it is answered with; `None` when it may be used.
    #[must_use]
    pub const fn refusal(self) -> Option<ErrorCode> {
        match self {
            Self::Valid { .. } | Self::RenewalOpen { .. } | Self::Overlap { .. } => None,
            Self::Superseded => Some(ErrorCode::InstitutionCertificateSuperseded),
            Self::Expired { .. } => Some(ErrorCode::InstitutionCertificateExpired),
            Self::Revoked(_) => Some(ErrorCode::InstitutionCertificateRevoked),
            Self::NotYetValid => Some(ErrorCode::TerminalNotReady),
            Self::Unknown | Self::OfAnotherInstitution => Some(ErrorCode::InstitutionCertificateUnknown),
        }
    }

    /// How it stands, in one sentence.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Valid { days_left } => format!("電子証明書は有効です（あと{days_left}日）。"),
            Self::RenewalOpen { days_left } => {
                format!("電子証明書は有効です。有効期限まであと{days_left}日で、更新できます。")
            }
            Self::Overlap { until } => {
                let last = format_japanese(tokyo_date(Instant(until.0 - 1)));
                format!("電子証明書は更新済みです。この古い証明書は{last}まで使えます。")
            }
            Self::Superseded => "更新前の古い電子証明書のため、使えません。".to_owned(),
            Self::NotYetValid => "電子証明書の有効期間がまだ始まっていません。".to_owned(),
            Self::Expired { last_day } => {
                format!("電子証明書の有効期限（{}）が切れています。", format_japanese(last_day))
            }
            Self::Revoked(Revocation { at, reason }) => format!(
                "電子証明書は{}に失効しました（理由：{}）。有効期限切れではありません。",
                format_japanese(tokyo_date(at)),
                reason.label()
            ),
            Self::Unknown => "この電子証明書は、この認証局が発行したものではありません。".to_owned(),
            Self::OfAnotherInstitution => "この電子証明書は、ほかの医療機関等のものです。".to_owned(),
        }
    }

    /// What to do now; empty when nothing is to be done.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Valid { .. } => "",
            Self::RenewalOpen { .. } => {
                "資格確認端末から電子証明書更新申請サイトを開き、更新してください。自動更新を有効にしている端末では\
                 操作は不要です。"
            }
            Self::Overlap { .. } => "端末が新しい電子証明書を使っていることを確認してください。",
            Self::Superseded => {
                "更新した新しい電子証明書を端末に導入してください。見つからないときは「電子証明書発行申請」を行って\
                 ください。"
            }
            Self::NotYetValid => "端末の日付と時刻が正しいか確認してください。",
            Self::Expired { .. } => {
                "更新はできません。ポータルサイトから「電子証明書発行申請」を行ってください。届くまでの間は資格確認書\
                 などで確認してください。"
            }
            Self::Revoked(Revocation { reason, .. }) => remedy_of_revoked(reason),
            Self::Unknown => {
                "証明書の管理画面で、発行者が「Online Billing NW Common RootCA」の電子証明書を選んでいるか確認して\
                 ください。"
            }
            Self::OfAnotherInstitution => {
                "医療機関コードが同じ電子証明書を選んでください。併設の施設では、施設ごとに電子証明書が必要です。"
            }
        }
    }
}

const fn remedy_of_revoked(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::KeyCompromise => {
            "この証明書は二度と使えません。端末の安全を確認し、ポータルサイトから「電子証明書発行申請」を行って\
             ください。"
        }
        RevocationReason::CessationOfOperation => {
            "この端末をまた使うときは、ポータルサイトから「電子証明書発行申請」を行ってください。"
        }
        RevocationReason::Superseded | RevocationReason::AffiliationChanged => {
            "新しい電子証明書を端末に導入し、この証明書は端末から削除してください。"
        }
        RevocationReason::PrivilegeWithdrawn => "運用窓口に問い合わせてください。",
    }
}
