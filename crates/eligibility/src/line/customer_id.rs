//! お客さまID, the carrier's name of a line.

use serde::{Deserialize, Serialize};

use crate::typed;

/// The letters an お客さまID may begin with.
pub const CUSTOMER_ID_PREFIXES: [&str; 2] = ["CAF", "COP"];
/// The digits after the letters.
pub const CUSTOMER_ID_DIGITS: usize = 10;

/// お客さまID: `CAF` or `COP` and ten digits, kept in that one writing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomerId(String);

/// A text that is not an お客さまID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCustomerId {
    /// It begins with other letters.
    #[error("a customer id begins with CAF or COP")]
    Letters,
    /// What follows the letters is not ten digits.
    #[error("CAF or COP is followed by {CUSTOMER_ID_DIGITS} digits")]
    Digits,
}

impl InvalidCustomerId {
    /// What is wrong, in Japanese.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Letters => "お客さまIDは「CAF」または「COP」で始まります。",
            Self::Digits => "お客さまIDの「CAF」「COP」の後は10桁の数字です。",
        }
    }
}

impl CustomerId {
    /// Reads what was typed: any width, either case, blanks and hyphens anywhere.
    ///
    /// # Errors
    /// [`InvalidCustomerId`] when the letters or the digits are others.
    pub fn parse(text: &str) -> Result<Self, InvalidCustomerId> {
        let bare = typed::bare(text).ok_or(InvalidCustomerId::Digits)?;
        let digits = CUSTOMER_ID_PREFIXES
            .iter()
            .find_map(|letters| bare.strip_prefix(letters))
            .ok_or(InvalidCustomerId::Letters)?;
        if digits.len() != CUSTOMER_ID_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidCustomerId::Digits);
        }
        Ok(Self(bare))
    }

    /// The letters and digits without anything between.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CustomerId {
    type Error = InvalidCustomerId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl std::str::FromStr for CustomerId {
    type Err = InvalidCustomerId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
impl From<CustomerId> for String {
    fn from(id: CustomerId) -> Self {
        id.0
    }
}
impl std::fmt::Display for CustomerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
