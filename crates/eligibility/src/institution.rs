//! Medical institutions (医療機関・薬局).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// 医療機関コード: 10 digits = prefecture (2) + 点数表区分 (1) + institution (7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstitutionCode(String);

/// A text that is not a 医療機関コード.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("institution code must be 10 digits with prefecture 01-47: {0:?}")]
pub struct InvalidInstitutionCode(pub String);

impl InstitutionCode {
    /// Reads ten ASCII digits whose first two are a prefecture (01–47).
    ///
    /// # Errors
    /// [`InvalidInstitutionCode`] otherwise.
    pub fn parse(text: &str) -> Result<Self, InvalidInstitutionCode> {
        let digits = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit());
        if !digits || !(1..=47).contains(&text[..2].parse::<u8>().unwrap_or(0)) {
            return Err(InvalidInstitutionCode(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The ten digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for InstitutionCode {
    type Error = InvalidInstitutionCode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl From<InstitutionCode> for String {
    fn from(code: InstitutionCode) -> Self {
        code.0
    }
}
impl std::fmt::Display for InstitutionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether two ways of writing an institution's name are one name. Blanks, width, capitals and the shapes of a character
/// (variation selectors) make no difference.
#[must_use]
pub fn names_agree(one: &str, other: &str) -> bool {
    let shape = |c: &char| matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}');
    let plain = |text: &str| -> String {
        text.nfkc().filter(|c| !c.is_whitespace() && !shape(c)).flat_map(char::to_lowercase).collect()
    };
    plain(one) == plain(other)
}
