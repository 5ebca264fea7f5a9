//! Why a conversation with a card did not give what was wanted, with words for the front desk.

use crate::apdu::{ApduError, StatusWord};
use crate::transport::TransportError;

/// Why a conversation with a card failed. Carries no secret and nothing about the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The card could not be reached.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The card's bytes are no response, or a command could not be built.
    #[error("malformed APDU: {0}")]
    Apdu(#[from] ApduError),
    /// The card has no JPKI application.
    #[error("this is not a My Number Card")]
    NotMyNumberCard,
    /// The card wants a PIN first.
    #[error("the card wants a PIN first")]
    PinRequired,
    /// The card refused the PIN.
    #[error("wrong PIN, {tries_left} tries left")]
    WrongPin {
        /// Tries left; at least one.
        tries_left: u8,
    },
    /// The secret is locked; nothing was sent, or this was the last try.
    #[error("the PIN is locked")]
    PinLocked,
    /// One try is left and nobody confirmed to use it; nothing was sent.
    #[error("only one try is left")]
    LastTry,
    /// Another kind of secret was given than this reading needs.
    #[error("a secret of another kind is needed")]
    WrongPinKind,
    /// The card did not accept the terminal for signing without PIN.
    #[error("the card does not let this terminal sign without PIN ({status})")]
    PinlessRefused {
        /// What the card answered.
        status: StatusWord,
    },
    /// The card answered something unexpected.
    #[error("could not {doing}: the card answered {status}")]
    Status {
        /// What was being done.
        doing: &'static str,
        /// What the card answered.
        status: StatusWord,
    },
    /// A file on the card cannot be understood.
    #[error("a file on the card cannot be understood: {0}")]
    BadFile(&'static str),
}

impl SessionError {
    /// What happened, in words for the front desk.
    #[must_use]
    pub fn message_ja(&self) -> String {
        match self {
            Self::Transport(error) => error.message_ja().into(),
            Self::NotMyNumberCard => "マイナンバーカードではありません。".into(),
            Self::PinRequired => "暗証番号の入力が必要です。".into(),
            Self::WrongPin { tries_left } => format!("暗証番号が違います。あと{tries_left}回入力できます。"),
            Self::PinLocked => "暗証番号がロックされています。".into(),
            Self::LastTry => "あと1回まちがえると暗証番号がロックされます。".into(),
            Self::PinlessRefused { .. } => "このカードは、この端末では暗証番号なしで使えません。".into(),
            Self::WrongPinKind | Self::Apdu(_) | Self::Status { .. } | Self::BadFile(_) => {
                "カードを読み取れませんでした。".into()
            }
        }
    }

    /// What to do about it, in words for the front desk.
    #[must_use]
    pub fn remedy_ja(&self) -> &'static str {
        match self {
            Self::Transport(error) => error.remedy_ja(),
            Self::NotMyNumberCard => "マイナンバーカードを置いてください。",
            Self::PinRequired => "暗証番号を入力するか、顔認証または目視確認をしてください。",
            Self::WrongPin { .. } => "もう一度入力するか、顔認証または目視確認に切り替えてください。",
            Self::PinLocked => {
                "顔認証または目視確認に切り替えてください。ロックの解除は住所地の市区町村の窓口でできます。"
            }
            Self::LastTry => "ご本人の確認を得てから入力するか、顔認証または目視確認に切り替えてください。",
            Self::PinlessRefused { .. } => "暗証番号で確認してください。",
            Self::WrongPinKind | Self::Apdu(_) | Self::Status { .. } | Self::BadFile(_) => {
                "カードを置き直してください。続く場合は、資格確認書などで確認してください。"
            }
        }
    }
}
