//! What one element holds: text in the message, a value in the domain.

use std::ops::Deref;

use eligibility::{
    Date, calendar, codes, coverage::CopayRatio, institution::InstitutionCode, insurer::InsurerNumber,
};
use jiff::civil::DateTime;

use crate::kana;

/// The text of one element and the value it stands for.
///
/// `read` is given text that is not empty; `None` means that the text is not of this format.
pub(crate) trait Leaf: Sized {
    fn text(&self) -> Text<'_>;
    fn read(text: &str) -> Option<Self>;
}

/// The text of one element. An answer has dozens of days and moments: their digits need no memory of their own.
pub(crate) enum Text<'a> {
    /// A part of the value.
    Kept(&'a str),
    /// Made for this.
    Made(String),
    /// `YYYYMMDD`.
    Day([u8; 8]),
    /// `YYYYMMDDhhmmss`.
    Moment([u8; 14]),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        let ascii = |digits| std::str::from_utf8(digits).unwrap_or_default();
        match self {
            Self::Kept(text) => text,
            Self::Made(text) => text,
            Self::Day(digits) => ascii(digits),
            Self::Moment(digits) => ascii(digits),
        }
    }
}

/// A code table of the interface.
pub trait CodeTable: Copy + PartialEq {
    /// The code as written.
    fn code(self) -> &'static str;
    /// Reads a code; `None` when the table lacks it.
    fn from_code(code: &str) -> Option<Self>;
}

/// A code as read: of the table, or text the table does not know (later editions add codes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code<T> {
    /// A value of the table.
    Known(T),
    /// Anything else, kept as it came.
    Unknown(String),
}

impl<T: CodeTable> Code<T> {
    /// The value, if the table knows it.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }

    /// Whether this is exactly that value.
    pub fn is(&self, value: T) -> bool {
        self.known() == Some(value)
    }

    /// The code as written.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Known(value) => value.code(),
            Self::Unknown(text) => text,
        }
    }
}

impl<T: CodeTable> From<T> for Code<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: CodeTable> Leaf for Code<T> {
    fn text(&self) -> Text<'_> {
        Text::Kept(self.as_text())
    }
    fn read(text: &str) -> Option<Self> {
        Some(T::from_code(text).map_or_else(|| Self::Unknown(text.to_owned()), Self::Known))
    }
}

macro_rules! code_tables {
    ($($table:ident),+ $(,)?) => { $(
        impl CodeTable for codes::$table {
            fn code(self) -> &'static str { self.code() }
            fn from_code(code: &str) -> Option<Self> { Self::from_code(code).ok() }
        }
    )+ };
}

code_tables!(
    CardClassification,
    CeilingCertificateKind,
    CeilingChange,
    CeilingClass,
    CeilingConsentFlag,
    CharacterCode,
    Consistency,
    ConsentStatus,
    DesignatedInstitution,
    ElderlyMedicalCare,
    InfectionAct,
    InquiryMethod,
    PrefecturalExpense,
    Preschool,
    PrescriptionIssue,
    ProcessingStatus,
    ReasonOfLoss,
    Relation,
    ResultSegment,
    Sex,
    SingleOrCombined,
    SocialInsurance,
    SpecificDisease,
    TicketType,
    TreatmentType,
    Validity,
);

impl CodeTable for CopayRatio {
    fn code(self) -> &'static str {
        self.code()
    }
    fn from_code(code: &str) -> Option<Self> {
        Self::from_code(code).ok()
    }
}

impl Leaf for String {
    fn text(&self) -> Text<'_> {
        Text::Kept(self)
    }
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Leaf for u32 {
    fn text(&self) -> Text<'_> {
        Text::Made(self.to_string())
    }
    fn read(text: &str) -> Option<Self> {
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
    }
}

impl Leaf for InstitutionCode {
    fn text(&self) -> Text<'_> {
        Text::Kept(self.as_str())
    }
    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Leaf for InsurerNumber {
    /// Padded with blanks to eight, as the interface writes it.
    fn text(&self) -> Text<'_> {
        Text::Made(self.padded())
    }
    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Leaf for Date {
    fn text(&self) -> Text<'_> {
        Text::Day(calendar::digits_n8(*self))
    }
    fn read(text: &str) -> Option<Self> {
        calendar::parse_n8(text).ok()
    }
}

impl Leaf for DateTime {
    fn text(&self) -> Text<'_> {
        Text::Moment(calendar::digits_n14(*self))
    }
    fn read(text: &str) -> Option<Self> {
        calendar::parse_n14(text).ok().map(calendar::tokyo_datetime)
    }
}

/// A month (`YYYYMM`), kept as its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month(pub Date);

impl Leaf for Month {
    fn text(&self) -> Text<'_> {
        Text::Made(calendar::format_n6(self.0))
    }
    fn read(text: &str) -> Option<Self> {
        calendar::parse_n6(text).ok().map(Self)
    }
}

/// A name in kana: full-width katakana here, half-width in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kana(pub String);

impl Leaf for Kana {
    fn text(&self) -> Text<'_> {
        Text::Made(kana::narrow(&self.0))
    }
    fn read(text: &str) -> Option<Self> {
        Some(Self(kana::widen(text)))
    }
}
