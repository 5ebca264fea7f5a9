//! Why the authority gives no certificate, each reason by name and in Japanese.

use eligibility::institution_certificate::{CertificateStanding, Revocation};
use eligibility::retrieval::{MistypedRetrieval, RetrievalOutcome};
use pki::csr;
use wire::institution_certificate::{
    CERTIFICATE_ENDED, RENEWAL_NOT_OPEN, RENEWED_BEFORE, REQUEST_REFUSED, retrieval_code,
};

/// A refusal. Its texts may be shown to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The certificate request, or its key.
    Request(csr::Refusal),
    /// The order has a certificate with another key.
    OrderDone,
    /// Number or secret cannot be what any letter has.
    Mistyped(MistypedRetrieval),
    /// The try with a letter.
    Retrieval(RetrievalOutcome),
    /// The letter is right and was not posted yet: whoever has it did not get it by post.
    NotPosted,
    /// Too many tries from one network.
    TooManyTries {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The 取扱パスワード: what is wrong and what to do.
    Password(&'static str, &'static str),
    /// Both a request and a password came.
    BothWays,
    /// Renewal is not open for this certificate.
    NotRenewable(CertificateStanding),
    /// It was renewed with another key before.
    RenewedBefore,
    /// The certificate is there and was revoked: it is not given once more.
    Ended(Revocation),
}

impl Refusal {
    /// The machine's name of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request(_) | Self::BothWays | Self::Password(..) => REQUEST_REFUSED,
            Self::OrderDone => "retrieval-already-done",
            Self::Mistyped(_) => "retrieval-mistyped",
            Self::Retrieval(outcome) => retrieval_code(*outcome).unwrap_or("retrieval-wrong"),
            Self::NotPosted => "retrieval-not-posted",
            Self::TooManyTries { .. } => "retrieval-too-many-tries",
            Self::NotRenewable(_) => RENEWAL_NOT_OPEN,
            Self::RenewedBefore => RENEWED_BEFORE,
            Self::Ended(_) => CERTIFICATE_ENDED,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Request(_) | Self::Mistyped(_) | Self::Password(..) | Self::BothWays => 400,
            Self::Retrieval(RetrievalOutcome::Wrong { .. } | RetrievalOutcome::UsedUp) => 403,
            Self::Retrieval(RetrievalOutcome::Expired | RetrievalOutcome::Withdrawn) | Self::Ended(_) => 410,
            Self::Retrieval(_)
            | Self::NotPosted
            | Self::OrderDone
            | Self::NotRenewable(_)
            | Self::RenewedBefore => 409,
            Self::TooManyTries { .. } => 429,
        }
    }

    /// What is so.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Request(why) => request_message(why),
            Self::OrderDone => RetrievalOutcome::AlreadyRetrieved.message(),
            Self::Mistyped(what) => what.message().to_owned(),
            Self::Retrieval(outcome) => outcome.message(),
            Self::NotPosted => "この電子証明書発行通知書は、まだ発送されていません。".to_owned(),
            Self::TooManyTries { .. } => "この回線からの入力が多すぎます。".to_owned(),
            Self::Password(message, _) => (*message).to_owned(),
            Self::BothWays => "取得方法が2つ指定されています。".to_owned(),
            Self::NotRenewable(standing) => match standing {
                CertificateStanding::Valid { days_left } => {
                    format!(
                        "まだ更新できません。更新できるのは有効期限の90日前からです（あと{days_left}日）。"
                    )
                }
                other => other.sentence(),
            },
            Self::RenewedBefore => "この電子証明書は、すでに更新されています。".to_owned(),
            Self::Ended(revocation) => CertificateStanding::Revoked(*revocation).sentence(),
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Request(why) => request_remedy(why).to_owned(),
            Self::OrderDone => RetrievalOutcome::AlreadyRetrieved.remedy().to_owned(),
            Self::Mistyped(what) => what.remedy().to_owned(),
            Self::Retrieval(outcome) => outcome.remedy().to_owned(),
            Self::NotPosted => {
                "簡易書留で届いた通知書を使ってください。届いたのに表示されるときは、運用窓口にご連絡ください。".to_owned()
            }
            Self::TooManyTries { retry_after_s } => {
                format!("{}分ほど待ってから、もう一度お試しください。", retry_after_s.div_ceil(60).max(1))
            }
            Self::Password(_, remedy) => (*remedy).to_owned(),
            Self::BothWays => "証明書要求と取扱パスワードの、どちらか一方だけを送ってください。".to_owned(),
            Self::NotRenewable(CertificateStanding::Valid { .. }) => {
                "期限が近づくと、メールとマイメニューでお知らせします。".to_owned()
            }
            Self::NotRenewable(standing) => standing.remedy().to_owned(),
            Self::Ended(revocation) => CertificateStanding::Revoked(*revocation).remedy().to_owned(),
            Self::RenewedBefore => {
                "更新後の電子証明書を使ってください。見つからないときは、ポータルサイトから「電子証明書発行申請」を\
                 行ってください。"
                    .to_owned()
            }
        }
    }
}

fn request_message(why: &csr::Refusal) -> String {
    use csr::Refusal as Why;
    match why {
        Why::TooLarge => "証明書要求が大きすぎます。".to_owned(),
        Why::Malformed => "証明書要求（PKCS#10）として読み取れません。".to_owned(),
        Why::WeakKey(kind) => format!("鍵（{kind}）が弱すぎます。P-256の鍵だけを受け付けます。"),
        Why::OversizedKey(kind) => format!("鍵（{kind}）が大きすぎます。P-256の鍵だけを受け付けます。"),
        Why::KeyType(kind) => format!("鍵（{kind}）は使えません。P-256の鍵だけを受け付けます。"),
        Why::InvalidKey => "鍵がP-256の正しい鍵ではありません。".to_owned(),
        Why::ReusedKey => "この鍵には、すでに電子証明書が発行されています。".to_owned(),
        Why::CompromisedKey => "この鍵は漏えいしたものとして登録されています。".to_owned(),
        Why::Subject => "証明書要求の名義が、医療機関コードと端末名称に一致しません。".to_owned(),
        Why::Signature => "証明書要求が、その鍵で署名されていません。".to_owned(),
    }
}

fn request_remedy(why: &csr::Refusal) -> &'static str {
    use csr::Refusal as Why;
    match why {
        Why::Subject => {
            "電子証明書発行通知書にある医療機関コードと端末名称で、証明書要求を作り直してください。"
        }
        _ => "新しい鍵（P-256）を作り、その鍵で証明書要求を作り直してください。",
    }
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum NotIssued {
    /// The authority refuses, and says why.
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// The store could not read or write.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Signing or writing the file failed; nothing left the authority.
    #[error(transparent)]
    Signing(#[from] pki::Error),
    /// A task of ours ended before its work.
    #[error("a task ended early")]
    Task,
}

impl From<Refusal> for NotIssued {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<csr::Refusal> for NotIssued {
    fn from(refusal: csr::Refusal) -> Self {
        Self::Refused(Refusal::Request(refusal))
    }
}
