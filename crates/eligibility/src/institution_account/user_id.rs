//! ユーザーID.

use super::InstitutionRole;
use crate::typed;

/// The length of a ユーザーID, in characters.
pub const USER_ID_CHARS: std::ops::RangeInclusive<usize> = 4..=20;
/// The longest one of a card reader.
const READER_CHARS_MAX: usize = 8;
/// What the one of a card reader begins with.
const READER_PREFIX: &str = "f0";
/// The letters of the accounts that come with the 通知書, each before the 医療機関コード.
const FROM_THE_OFFICE: [char; 2] = ['m', 'r'];

/// ユーザーID: half-width letters and digits, the same however wide or large they are typed. Those that the office
/// gives out (`M` or `R` and the 医療機関コード) keep their capital; all others are small.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

/// A text that is no ユーザーID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user id has 4 to 20 half-width letters and digits")]
pub struct InvalidUserId;

impl UserId {
    /// Reads what was typed: width and case are forgiven.
    ///
    /// # Errors
    /// [`InvalidUserId`].
    pub fn parse(typed: &str) -> Result<Self, InvalidUserId> {
        // Not `bare`: a hyphen is a fault here, not decoration.
        let narrow = typed::hyphenated(typed).ok_or(InvalidUserId)?.to_ascii_lowercase();
        if !USER_ID_CHARS.contains(&narrow.len()) || !narrow.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(InvalidUserId);
        }
        if is_from_the_office(&narrow) { Ok(Self(narrow.to_ascii_uppercase())) } else { Ok(Self(narrow)) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the office gives such ids out: nobody chooses one.
    #[must_use]
    pub fn is_from_the_office(&self) -> bool {
        is_from_the_office(&self.0.to_ascii_lowercase())
    }

    /// Whether an account of this role may have it: a card reader's begins with `f0` and is short.
    #[must_use]
    pub fn suits(&self, role: InstitutionRole) -> bool {
        role != InstitutionRole::FaceReader
            || (self.0.starts_with(READER_PREFIX) && self.0.len() <= READER_CHARS_MAX)
    }
}

fn is_from_the_office(small: &str) -> bool {
    let code = small.strip_prefix(FROM_THE_OFFICE);
    code.is_some_and(|code| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit()))
}

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
