//! 顔認証付きカードリーダー操作: what a terminal tells of its reader, what people at the desk want it to do, and what
//! both read as.

use crate::{Instant, errors::ErrorCode};

/// How long a terminal may be silent before its reader counts as not heard of, milliseconds.
pub const UNHEARD_AFTER_MS: i64 = 10 * 60 * 1000;
/// How long a wish waits for its terminal, milliseconds.
pub const COMMAND_LIFE_MS: i64 = 10 * 60 * 1000;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$entry:meta])* $variant:ident = $word:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$entry])* $variant,)+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in messages and records.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The Japanese label.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            /// Reads [`Self::name`].
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

/// Longest 製造番号 of a reader, characters.
pub(crate) const SERIAL_MAX_CHARS: usize = 32;

/// 製造番号 of a card reader: ASCII letters, digits and hyphens, as it stands on the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderSerial(String);

/// What was told cannot be a reader's 製造番号.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reader's serial number has 1 to {SERIAL_MAX_CHARS} ASCII letters, digits and hyphens")]
pub struct NoReaderSerial;

impl ReaderSerial {
    /// Reads a 製造番号.
    ///
    /// # Errors
    /// [`NoReaderSerial`].
    pub fn parse(text: &str) -> Result<Self, NoReaderSerial> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || text.len() > SERIAL_MAX_CHARS || !text.bytes().all(fits) {
            return Err(NoReaderSerial);
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

words! {
    /// What a terminal knows of its reader: from what the reader's program asks of it, nothing else.
    ReaderState {
        /// The reader's program has not asked anything since the terminal started.
        Absent = "absent", "未接続";
        /// It asked, and no session is under way.
        Ready = "ready", "接続中";
        /// A card session is under way.
        InUse = "in_use", "読み取り中";
        /// The last session, or the way to the centre, failed.
        Error = "error", "エラー";
    }
}

words! {
    /// How the reader proves who somebody is.
    ReaderMode {
        /// By face or PIN, nobody beside it.
        Unattended = "unattended", "無人運転";
        /// Staff compare the photograph with the face. Ends with the day.
        Visual = "visual", "目視確認";
    }
}

words! {
    /// What people at the desk want a reader to do.
    ReaderCommand {
        /// Staff will compare photographs.
        Visual = "visual", "目視確認";
        /// Back to face or PIN.
        Unattended = "unattended", "無人運転";
        /// Say whether the reader can be reached.
        Test = "test", "接続テスト";
    }
}

words! {
    /// How a wish ended, as the terminal says.
    CommandOutcome {
        /// The mode is what was wished for.
        Done = "done", "切り替えました";
        /// The terminal hears its reader's program.
        Heard = "heard", "端末とカードリーダーに届きました";
        /// The terminal is there, but has heard nothing from its reader's program for a while.
        Unheard = "unheard", "端末には届きましたが、カードリーダーからの連絡がありません";
    }
}

/// What the list says of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderLook {
    /// The word.
    pub word: &'static str,
    /// `go`, `care` or `stop`.
    pub tone: &'static str,
    /// What to do; empty when there is nothing.
    pub remedy: &'static str,
}

impl ReaderLook {
    /// How a reader stands at `now` by what was told at `told_at`.
    #[must_use]
    pub fn of(state: ReaderState, code: Option<&str>, told_at: Instant, now: Instant) -> Self {
        if now.0.saturating_sub(told_at.0) >= UNHEARD_AFTER_MS {
            return Self {
                word: "連絡なし",
                tone: "stop",
                remedy: "端末の電源とネットワークを確かめてください。端末が動いていれば、数分待ってから最新の状態を表示してください。",
            };
        }
        match state {
            ReaderState::Absent => Self {
                word: state.label(),
                tone: "care",
                remedy: "カードリーダーの電源とケーブルを確かめ、カードリーダーの電源を切ってから端末を再起動し、カードリーダーの電源を入れてください。",
            },
            ReaderState::Ready => Self { word: state.label(), tone: "go", remedy: "" },
            ReaderState::InUse => Self { word: state.label(), tone: "care", remedy: "" },
            ReaderState::Error => Self {
                word: state.label(),
                tone: "stop",
                remedy: code.and_then(ErrorCode::from_code).map_or(
                    "カードリーダーの画面を確かめてください。続くときは保守事業者に連絡してください。",
                    |code| code.entry().ja.desk,
                ),
            },
        }
    }
}

/// How a wish stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandStanding {
    /// The terminal has not fetched it.
    Waiting,
    /// It fetched it and has not said how it went.
    Fetched,
    /// It said.
    Ended(CommandOutcome),
    /// Its life is over.
    Lapsed,
}

impl CommandStanding {
    /// How a wish stands at `now`.
    #[must_use]
    pub fn of(asked_at: Instant, fetched: bool, outcome: Option<CommandOutcome>, now: Instant) -> Self {
        match outcome {
            Some(outcome) => Self::Ended(outcome),
            None if now.0.saturating_sub(asked_at.0) >= COMMAND_LIFE_MS => Self::Lapsed,
            None if fetched => Self::Fetched,
            None => Self::Waiting,
        }
    }

    /// The words in the list.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "端末に届くのを待っています",
            Self::Fetched => "端末に届きました。結果を待っています",
            Self::Ended(outcome) => outcome.label(),
            Self::Lapsed => {
                "端末に届きませんでした。端末の電源とネットワークを確かめて、もう一度操作してください"
            }
        }
    }

    /// Whether the terminal is still to do something.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Fetched)
    }
}
