//! What can go wrong in a card session, with words for both sides of the counter.

use card::session::SessionError;
use card::transport::TransportError;
use eligibility::errors::ErrorCode;
use wire::card_statement::StatementError;

use crate::terminal_link::LinkError;

/// Why a session ended without an outcome. Holds neither PIN nor personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The card or its reader.
    #[error(transparent)]
    Card(#[from] CardTrouble),
    /// The terminal, or the centre behind it.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// What was decided cannot be stated, so the card was not asked to sign.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// What the card did not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardTrouble {
    /// No card lies on the reader.
    #[error("no card is on the reader")]
    NoCard,
    /// Another kind of card.
    #[error("this is not a My Number card")]
    NotMyNumberCard,
    /// The card was taken away while it was needed.
    #[error("the card was removed")]
    Removed,
    /// It lies there but does not answer sensibly.
    #[error("the card cannot be read")]
    Unreadable,
    /// The PIN is wrong.
    #[error("the PIN is wrong, {tries_left} tries are left")]
    PinWrong {
        /// Tries left; at least one.
        tries_left: u8,
    },
    /// One try is left and nobody confirmed to use it. Nothing was sent to the card.
    #[error("one try is left for the PIN")]
    LastTry,
    /// The PIN is locked, or the card has none (顔認証マイナンバーカード): what such a card answers differently is
    /// not public, and what a simulated one would answer proves nothing. Staff see it printed on the card.
    #[error("the PIN is locked")]
    PinLocked,
    /// The card does not let this terminal sign after a face or visual check.
    #[error("the card wants its PIN")]
    PinlessRefused,
    /// The reader itself: not connected, in use, or its service is down.
    #[error("the card reader does not work: {0}")]
    Reader(TransportError),
}

impl From<SessionError> for CardTrouble {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotMyNumberCard => Self::NotMyNumberCard,
            SessionError::WrongPin { tries_left } => Self::PinWrong { tries_left },
            SessionError::LastTry => Self::LastTry,
            SessionError::PinLocked => Self::PinLocked,
            SessionError::PinlessRefused { .. } | SessionError::PinRequired => Self::PinlessRefused,
            SessionError::Transport(TransportError::NoCard) => Self::NoCard,
            SessionError::Transport(TransportError::Removed) => Self::Removed,
            SessionError::Transport(TransportError::Mute) => Self::Unreadable,
            SessionError::Transport(reader) => Self::Reader(reader),
            SessionError::Apdu(_)
            | SessionError::WrongPinKind
            | SessionError::Status { .. }
            | SessionError::BadFile(_) => Self::Unreadable,
        }
    }
}

impl Trouble {
    /// Code of the catalogue, for the screen and for support.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Card(CardTrouble::NotMyNumberCard) => ErrorCode::NotMyNumberCard.code(),
            Self::Card(CardTrouble::PinWrong { .. } | CardTrouble::LastTry) => ErrorCode::PinWrong.code(),
            Self::Card(CardTrouble::PinLocked) => ErrorCode::PinLocked.code(),
            Self::Card(CardTrouble::PinlessRefused) => ErrorCode::ProofFailed.code(),
            Self::Card(CardTrouble::Removed) => ErrorCode::CardRemoved.code(),
            Self::Card(CardTrouble::Reader(_)) => ErrorCode::ReaderLost.code(),
            Self::Card(CardTrouble::NoCard | CardTrouble::Unreadable) => ErrorCode::CardNotRecognised.code(),
            Self::Link(error) => error.code(),
            Self::Statement(_) => ErrorCode::Internal.code(),
        }
    }

    /// What the patient reads: what happened and what to do now, without blame and without technology.
    #[must_use]
    pub fn for_patient(&self) -> String {
        match self {
            Self::Card(trouble) => trouble.for_patient(),
            Self::Link(_) | Self::Statement(_) => "ただいま確認できません。受付にお声がけください。".into(),
        }
    }

    /// What the staff read: the cause and the way out.
    #[must_use]
    pub fn for_staff(&self) -> String {
        match self {
            Self::Card(trouble) => trouble.for_staff(),
            Self::Link(error) => error.for_staff(),
            Self::Statement(_) => {
                "同意の内容を署名できる形にできません。システム事業者に連絡してください。".into()
            }
        }
    }
}

impl CardTrouble {
    fn for_patient(&self) -> String {
        match self {
            Self::NoCard => "マイナンバーカードを置いてください。".into(),
            Self::NotMyNumberCard => "このカードは使えません。マイナンバーカードを置いてください。".into(),
            Self::Removed => "カードが離れました。もう一度置いて、終わるまでそのままお待ちください。".into(),
            Self::Unreadable => "カードを読み取れません。置き直してください。".into(),
            // The last try is kept back, so it is not promised.
            Self::PinWrong { tries_left: 1 } => {
                "暗証番号が違います。あと1回まちがえると使えなくなるため、最後の1回は残してあります。顔認証にするか、受付にお声がけください。"
                    .into()
            }
            Self::PinWrong { tries_left } => {
                format!("暗証番号が違います。あと{tries_left}回入力できます。顔認証にすることもできます。")
            }
            Self::LastTry => {
                "暗証番号は確かめていません。あと1回まちがえると使えなくなるため、最後の1回は残してあります。顔認証にするか、受付にお声がけください。"
                    .into()
            }
            Self::PinLocked => {
                "暗証番号が使えなくなっています。顔認証にするか、受付にお声がけください。".into()
            }
            Self::PinlessRefused => "暗証番号の入力が必要です。".into(),
            Self::Reader(_) => "カードリーダーが使えません。受付にお声がけください。".into(),
        }
    }

    fn for_staff(&self) -> String {
        match self {
            Self::NoCard => "カードが置かれていません。患者にカードを置いてもらってください。".into(),
            Self::NotMyNumberCard => {
                "マイナンバーカード以外のカードです。マイナンバーカードがなければ資格確認書などで確認してください。".into()
            }
            Self::Removed => "読み取りの途中でカードが離れました。置き直してもらってください。".into(),
            Self::Unreadable => {
                "カードが応答しません。向きを確かめて置き直し、続く場合は資格確認書などで確認してください。".into()
            }
            Self::PinWrong { tries_left } => {
                format!("暗証番号の誤りです（残り{tries_left}回）。顔認証または目視確認に切り替えられます。")
            }
            Self::LastTry => "残り1回のため、入力された暗証番号は照合していません。顔認証または目視確認に切り替えてください。".into(),
            Self::PinLocked => {
                "暗証番号がロックされているか、暗証番号のないカード（券面に「顔認証」とあるもの）です。顔認証または目視確認で確認できます。ロックの解除は住所地の市区町村の窓口です。".into()
            }
            Self::PinlessRefused => "このカードは暗証番号なしでは使えません。暗証番号で確認してください。".into(),
            Self::Reader(error) => format!("{}{}", error.message_ja(), error.remedy_ja()),
        }
    }
}
