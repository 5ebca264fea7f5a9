//! How command and response bytes travel to a card and back, whatever is in between.

mod in_process;
#[cfg(not(pcsc_library))]
mod no_reader;
#[cfg(pcsc_library)]
mod pcsc_reader;

pub use in_process::InProcessTransport;
#[cfg(not(pcsc_library))]
pub use no_reader::{PcscTransport, readers};
#[cfg(pcsc_library)]
pub use pcsc_reader::{PcscTransport, readers};

/// Whether this program was built with real card readers: where the system's PC/SC library was, and the feature `pcsc` on.
pub const READERS_BUILT_IN: bool = cfg!(pcsc_library);

/// A reader and whether a card lies on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderInfo {
    /// The reader's name.
    pub name: String,
    /// Whether it holds a card.
    pub card_present: bool,
}

/// What happens to the card when the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The card stays powered and keeps its security state: a verified PIN stays verified for the next program.
    Leave,
    /// Warm reset. A card may keep a verified PIN across it.
    Reset,
    /// Power off: the only disposition that surely clears a verified PIN. What a kiosk uses.
    Unpower,
}

/// A connection to one card.
pub trait CardTransport: Send {
    /// Sends one command APDU and returns the response APDU (data and the two status bytes).
    ///
    /// # Errors
    /// [`TransportError`] when the card could not be reached; a status word of the card is no error here.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError>;

    /// The answer to reset. Contactless readers make one up: never tell kinds of cards by it.
    ///
    /// # Errors
    /// [`TransportError`] when the card is gone.
    fn atr(&mut self) -> Result<Vec<u8>, TransportError>;

    /// Warm reset: the connection stays.
    ///
    /// # Errors
    /// [`TransportError`] when the card is gone.
    fn reset(&mut self) -> Result<(), TransportError>;

    /// Ends the connection. Any later call answers [`TransportError::Removed`].
    ///
    /// # Errors
    /// [`TransportError`] when the reader refuses; the connection is over all the same.
    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError>;
}

impl CardTransport for Box<dyn CardTransport> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        (**self).transmit(command)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        (**self).atr()
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        (**self).reset()
    }

    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        (**self).disconnect(disposition)
    }
}

/// Why a card could not be reached. Each has its own words and remedy for the front desk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// This program was built without real card readers.
    #[error("this program was built without card readers")]
    NotBuiltIn,
    /// The PC/SC service (pcscd) is not running or not reachable.
    #[error("the PC/SC service is not running")]
    NoService,
    /// The service runs but knows no reader.
    #[error("no card reader is connected")]
    NoReader,
    /// No reader of that name.
    #[error("there is no card reader named {0:?}")]
    UnknownReader(String),
    /// Readers are there, none holds a card.
    #[error("no card is on the reader")]
    NoCard,
    /// The card was taken away, or the connection was ended.
    #[error("the card was removed")]
    Removed,
    /// Another program holds the card.
    #[error("another program is using the card")]
    InUse,
    /// The card is there but does not answer: badly placed, upside down, or no smart card.
    #[error("the card does not answer")]
    Mute,
    /// Anything else the reader's software says.
    #[error("the card reader failed: {0}")]
    Failed(String),
}

impl TransportError {
    /// What happened, in words for the front desk.
    #[must_use]
    pub fn message_ja(&self) -> &'static str {
        match self {
            Self::NotBuiltIn => "このプログラムは、カードリーダーを使えないかたちでビルドされています。",
            Self::NoService => "カードリーダーのサービス(pcscd)が動いていません。",
            Self::NoReader => "カードリーダーが接続されていません。",
            Self::UnknownReader(_) => "指定された名前のカードリーダーが見つかりません。",
            Self::NoCard => "カードが置かれていません。",
            Self::Removed => "読み取りの途中でカードが離れました。",
            Self::InUse => "ほかのアプリがカードを使用しています。",
            Self::Mute => "カードが応答しません。",
            Self::Failed(_) => "カードリーダーでエラーが発生しました。",
        }
    }

    /// What to do about it, in words for the front desk.
    #[must_use]
    pub fn remedy_ja(&self) -> &'static str {
        match self {
            Self::NotBuiltIn => {
                "pkg-config と libpcsclite-dev を入れて、ビルドし直してください\
                 (Debian: apt-get install pkg-config libpcsclite-dev、cargo build -p shikaku)。"
            }
            Self::NoService => {
                "pcscd を起動してください(Debian: apt-get install pcscd、systemctl start pcscd)。"
            }
            Self::NoReader => "カードリーダーの USB ケーブルをつなぎ直してください。",
            Self::UnknownReader(_) => "設定のカードリーダー名を確かめてください。",
            Self::NoCard => "マイナンバーカードをカードリーダーに置いてください。",
            Self::Removed => "カードを置き直し、終わるまで動かさないでください。",
            Self::InUse => "カードを使っているほかのアプリを終了し、もう一度お試しください。",
            Self::Mute => {
                "カードの向きを確かめて置き直してください。続く場合は別のカードリーダーでお試しください。"
            }
            Self::Failed(_) => {
                "カードリーダーをつなぎ直し、もう一度お試しください。続く場合は保守業者に連絡してください。"
            }
        }
    }
}
