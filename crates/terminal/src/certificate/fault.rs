//! Why a certificate was not installed, renewed or exported: in Japanese, each with what to do.

use eligibility::{
    Date, calendar::format_japanese, institution_certificate::CertificateStanding,
    retrieval::MistypedRetrieval,
};

use super::{HeldError, KeepingError, keeping::Purpose};
use crate::central::{CentralError, IdentityError};

/// Why it was not done. Holds nothing secret: it is shown and logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The number or the secret of a letter cannot be right.
    #[error("mistyped: {0}")]
    Mistyped(MistypedRetrieval),
    /// The settings name no site to fetch it from.
    #[error("certificate.retrieval_url is not set")]
    NoRetrievalSite,
    /// Another installation is under way.
    #[error("another installation or renewal is under way")]
    Busy,
    /// The site or the centre does not answer.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The other side's certificate is not valid by this machine's clock.
    #[error("the clock of this machine is probably wrong")]
    Clock,
    /// The other side said no.
    #[error("refused: {code}")]
    Refused {
        /// The code it gave.
        code: String,
        /// Its words.
        what: String,
        /// Its advice.
        remedy: String,
    },
    /// The other side said something that is not understood.
    #[error("not understood: {0}")]
    NotUnderstood(String),
    /// The certificate is another institution's.
    #[error("the certificate is for institution {theirs}, this terminal is of {ours}")]
    AnotherInstitution {
        /// Whose it is.
        theirs: String,
        /// Whose terminal this is.
        ours: String,
    },
    /// The password is wrong, or the file is broken.
    #[error("the file does not open with this password")]
    Password,
    /// No file was chosen, or an empty one.
    #[error("no file was chosen")]
    NoFile,
    /// The file holds no key with a certificate.
    #[error("the file holds no key with a certificate")]
    NoCertificateInFile,
    /// The ZIP around the certificate is encrypted in a way that does not protect it.
    #[error("the ZIP is not encrypted with AES-256")]
    WeakZip,
    /// The file is too large.
    #[error("the file is too large")]
    TooLarge,
    /// Not issued by the authority this terminal trusts.
    #[error("the certificate is not issued by the trusted authority")]
    NotOurs,
    /// By its dates it cannot be used today.
    #[error("the certificate cannot be used today")]
    NotToday {
        /// How it stands.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// There is no certificate.
    #[error("no certificate is installed")]
    NothingInstalled,
    /// There is none that was used before and is still there.
    #[error("there is no former certificate to go back to")]
    NoFormer,
    /// Renewal opens later.
    #[error("renewal opens on {0}")]
    RenewalNotOpen(Date),
    /// The password for an export is too weak.
    #[error("the password needs {} visible ASCII characters", pki::pkcs12::PASSWORD_MIN_CHARS)]
    WeakPassword,
    /// The terminal's own folder cannot be used.
    #[error("the terminal's folder cannot be used: {0}")]
    Storage(String),
}

impl Fault {
    /// What happened.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Mistyped(mistyped) => mistyped.message().to_owned(),
            Self::NoRetrievalSite => "電子証明書の取得先が設定されていません。".into(),
            Self::Busy => "電子証明書の導入または更新を行っているところです。".into(),
            Self::Unreachable(_) => "ネットワークエラー：接続先から応答がありません。".into(),
            Self::Clock => "この端末の日付と時刻が正しくない可能性があります。".into(),
            Self::Refused { what, .. } | Self::NotToday { what, .. } => what.clone(),
            Self::NotUnderstood(_) => "接続先からの応答を読み取れませんでした。".into(),
            Self::AnotherInstitution { theirs, ours } => format!(
                "この電子証明書は医療機関コード{theirs}のものです。この端末の医療機関コードは{ours}です。"
            ),
            Self::Password => {
                "ファイルを開けませんでした。パスワードが違うか、ファイルが壊れています。".into()
            }
            Self::NoFile => "ファイルが選ばれていないか、中身が空です。".into(),
            Self::NoCertificateInFile => "ファイルに電子証明書と鍵が入っていません。".into(),
            Self::WeakZip => "ZIPファイルの暗号化の方式が弱いため、読み取りません。".into(),
            Self::TooLarge => "ファイルが大きすぎます（上限1MB）。".into(),
            Self::NotOurs => {
                "この電子証明書の発行者は「Online Billing NW Common RootCA」ではありません。".into()
            }
            Self::NothingInstalled => "電子証明書がまだ導入されていません。".into(),
            Self::NoFormer => "戻せる1つ前の電子証明書がありません。".into(),
            Self::RenewalNotOpen(from) => {
                format!("まだ更新できません。更新できるのは{}からです。", format_japanese(*from))
            }
            Self::WeakPassword => "パスワードが短すぎるか、使えない文字が含まれています。".into(),
            Self::Storage(_) => "端末の保存先に書き込めませんでした。".into(),
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Mistyped(mistyped) => mistyped.remedy().to_owned(),
            Self::NoRetrievalSite => {
                "ファイル（ZIP・PKCS#12）から導入するか、保守の担当者に設定を依頼してください。".into()
            }
            Self::Busy => "1分ほど待ってから、もう一度お試しください。".into(),
            Self::Unreachable(_) => {
                "「ネットワークのトラブル」の手順を上から順に確認してから、もう一度お試しください。".into()
            }
            Self::Clock => {
                "端末の日付・時刻・タイムゾーン（日本）を正しく合わせてから、もう一度お試しください。".into()
            }
            Self::Refused { remedy, .. } | Self::NotToday { remedy, .. } => remedy.clone(),
            Self::NotUnderstood(_) => "時間をおいて、もう一度お試しください。続くときは運用窓口に問い合わせてください。".into(),
            Self::AnotherInstitution { .. } => {
                CertificateStanding::OfAnotherInstitution.remedy().to_owned()
            }
            Self::Password => {
                "大文字・小文字を確かめて、もう一度入力してください。開けないときはファイルをもう一度入手してください。".into()
            }
            Self::NoFile | Self::NoCertificateInFile => {
                "電子証明書のファイル（.p12、.pfx、またはそれを1つだけ入れた.zip）を選んでください。".into()
            }
            Self::WeakZip => {
                "AES-256で暗号化したZIPか、電子証明書のファイル（.p12、.pfx）そのものを選んでください。\
                 電子証明書取得サイトのファイルは、そのまま使えます。"
                    .into()
            }
            Self::TooLarge => "電子証明書のファイルを選んでいるか確認してください。".into(),
            Self::NotOurs => CertificateStanding::Unknown.remedy().to_owned(),
            Self::NothingInstalled => {
                "電子証明書発行通知書、または電子証明書のファイルから導入してください。".into()
            }
            Self::NoFormer => {
                "今の電子証明書を使えないときは、電子証明書発行通知書、または電子証明書のファイルから導入してください。".into()
            }
            Self::RenewalNotOpen(_) => "今は操作の必要はありません。".into(),
            Self::WeakPassword => format!(
                "半角の英数字と記号で{}文字以上のパスワードを入力してください（空白は使えません）。",
                pki::pkcs12::PASSWORD_MIN_CHARS
            ),
            Self::Storage(_) => {
                "ディスクの空き容量とフォルダーの権限を、保守の担当者に確認してもらってください。".into()
            }
        }
    }

    /// Whether trying again later may help without anybody doing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Unreachable(_) | Self::Clock | Self::NotUnderstood(_))
    }
}

impl From<CentralError> for Fault {
    fn from(error: CentralError) -> Self {
        match error {
            CentralError::Unreachable(what) => Self::Unreachable(what),
            CentralError::Untimely(_) => Self::Clock,
            CentralError::NotUnderstood(what) | CentralError::Unproven(what) => Self::NotUnderstood(what),
            outdated @ CentralError::Outdated => Self::NotUnderstood(outdated.to_string()),
            CentralError::NotAdmitted(what) => Self::Refused {
                code: what,
                what: "接続先がこの端末の電子証明書を受け付けませんでした。".into(),
                remedy: CertificateStanding::Unknown.remedy().into(),
            },
            CentralError::Refused(problem) => Self::Refused {
                what: problem.title.clone(),
                // Behind the Japanese words stand the English ones, for suppliers.
                remedy: problem
                    .detail
                    .as_deref()
                    .and_then(|words| words.split(" / ").next())
                    .unwrap_or_default()
                    .to_owned(),
                code: problem.code.clone(),
            },
        }
    }
}

impl From<KeepingError> for Fault {
    fn from(error: KeepingError) -> Self {
        match error {
            KeepingError::Busy => Self::Busy,
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<HeldError> for Fault {
    fn from(error: HeldError) -> Self {
        match error {
            HeldError::NotTrusted(_) => Self::NotOurs,
            other => Self::NotUnderstood(other.to_string()),
        }
    }
}

impl From<IdentityError> for Fault {
    fn from(error: IdentityError) -> Self {
        Self::Storage(error.to_string())
    }
}

impl From<MistypedRetrieval> for Fault {
    fn from(mistyped: MistypedRetrieval) -> Self {
        Self::Mistyped(mistyped)
    }
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Letter(number) => write!(f, "letter {number}"),
            Self::Renewal(serial) => write!(f, "renewal of {serial}"),
        }
    }
}
