//! The error catalogue: code, what happened, what the front desk does, what the supplier does.
//!
//! A code is the system's three letters, a layer letter (`A` system and form, `B` business, `R` reader), four
//! digits and a severity letter. The official list of codes is not public; apart from its shape these codes
//! are the project's own. The texts never carry data of a person, an institution or a file.

mod catalogue;
mod declare;

pub use catalogue::ErrorCode;

use crate::codes::{ProcessingStatus, ResultSegment};

/// The longest message receipt computers keep, in characters.
pub const MESSAGE_MAX_CHARS: usize = 60;

/// How bad it is; the last letter of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// `I`: something to know, the answer stands.
    Information,
    /// `W`: the answer is limited, or says "nobody".
    Warning,
    /// `E`: no answer.
    Error,
}

impl Severity {
    /// The letter in the code.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Information => 'I',
            Self::Warning => 'W',
            Self::Error => 'E',
        }
    }

    /// The Japanese word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Information => "お知らせ",
            Self::Warning => "警告",
            Self::Error => "エラー",
        }
    }
}

/// What happened and what to do, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guidance {
    /// What happened. In Japanese at most [`MESSAGE_MAX_CHARS`], as it is written into messages verbatim.
    pub what: &'static str,
    /// What the front desk does.
    pub desk: &'static str,
    /// What the supplier (the vendor who looks after the terminal) does.
    pub supplier: &'static str,
}

/// One entry of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorEntry {
    /// The code, e.g. `OQSB1001W`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// 処理結果区分 of a result message that carries the code: in its header when `Failed`, else in its body.
    pub segment: ResultSegment,
    /// 処理結果状況 of such a message.
    pub status: ProcessingStatus,
    /// The HTTP status the central side answers with; 200 when the code stands inside an answer.
    pub http_status: u16,
    /// Texts in Japanese.
    pub ja: Guidance,
    /// Texts in English.
    pub en: Guidance,
}

impl ErrorCode {
    /// The code as written in messages. [`ErrorCode::SelfAccessBlocked`] has that of
    /// [`ErrorCode::CardNotRegistered`]: from outside they must be one.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.entry().code
    }

    /// The Japanese message, at most [`MESSAGE_MAX_CHARS`].
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.entry().ja.what
    }

    /// The HTTP status of an answer that fails with this code.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        self.entry().http_status
    }

    /// Finds a code by its text; the outward one where two share it.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|error| error.code() == code)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
impl std::error::Error for ErrorCode {}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
impl<'de> serde::Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("unknown error code"))
    }
}
