//! Passwords: 12 to 64 characters of any script, and not one that others would try first.
//!
//! No rules about kinds of characters and no forced change: length counts. Refused is what is on the list of
//! common words (alone, joined, decorated, in "leet"), what is made of the user's own name, address or
//! institution, and what is a repetition or a sequence.

mod shape;
mod well_known;

use unicode_normalization::UnicodeNormalization;

use super::MailAddress;
use crate::field::Fault;

/// The shortest password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 12;
/// The longest password, in characters.
pub const PASSWORD_MAX_CHARS: usize = 64;
/// The longest text that is looked at, in bytes: 64 characters with marks and variation selectors.
const TYPED_MAX_BYTES: usize = 2048;
/// An own word in Latin letters counts from this length on …
const OWN_ASCII_CHARS: usize = 4;
/// … and this much of it in a password is too much.
const OWN_ASCII_SHARED: usize = 5;
/// The same for other scripts, whose words are shorter.
const OWN_OTHER_CHARS: usize = 2;
/// See [`OWN_ASCII_SHARED`].
const OWN_OTHER_SHARED: usize = 3;

/// A password as typed at login, in the form that is hashed and compared. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedPassword(String);

impl TypedPassword {
    /// The comparable form (NFKC: an input method left in full width makes no other password); `None` when so
    /// long that it cannot be one. The caller then still does the work of a comparison.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        if text.len() > TYPED_MAX_BYTES {
            return None;
        }
        let normal: String = text.nfkc().collect();
        (normal.chars().count() <= PASSWORD_MAX_CHARS).then_some(Self(normal))
    }

    /// The text to hash.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A password that may be set. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(TypedPassword);

/// What the user's own words are: name, mail address, institution. They may not be in the password.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnWords<'a> {
    /// Names of the person, kanji and kana.
    pub names: &'a [&'a str],
    /// The mail address.
    pub mail: Option<&'a MailAddress>,
    /// Name and code of the institution, user id, telephone number.
    pub institution: &'a [&'a str],
}

/// Why a password may not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Fewer than [`PASSWORD_MIN_CHARS`].
    #[error("shorter than {PASSWORD_MIN_CHARS} characters")]
    TooShort,
    /// More than [`PASSWORD_MAX_CHARS`].
    #[error("longer than {PASSWORD_MAX_CHARS} characters")]
    TooLong,
    /// A line break or another character no keyboard types into a password field.
    #[error("not to be typed: it has a control character")]
    ControlCharacter,
    /// Made of words that are tried first.
    #[error("made of common words")]
    Common,
    /// Made of the user's name, mail address or institution.
    #[error("made of a name of the user or the institution")]
    OwnWord,
    /// The same few characters over and over.
    #[error("a repetition")]
    Repeated,
    /// Neighbours on the keyboard, in the alphabet or in 五十音.
    #[error("a sequence")]
    Sequence,
}

impl PasswordRefusal {
    /// What is wrong, in Japanese.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::TooShort => "パスワードが短すぎます（12文字以上）。",
            Self::TooLong => "パスワードが長すぎます（64文字以下）。",
            Self::ControlCharacter => "パスワードに使えない文字（改行など）があります。",
            Self::Common => "よく使われるパスワードのため、すぐに推測されます。",
            Self::OwnWord => "氏名・メールアドレス・医療機関名などが含まれています。",
            Self::Repeated => "同じ文字や同じ並びの繰り返しです。",
            Self::Sequence => "「12345」「qwerty」のような続いた並びでできています。",
        }
    }

    /// What to do, in Japanese.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::TooShort => {
                "12文字以上で入力してください。関係のない言葉を4つほど並べると覚えやすくなります。"
            }
            Self::TooLong => "64文字以下で入力してください。",
            Self::ControlCharacter => "文字・数字・記号・空白だけで入力してください。",
            Self::Common | Self::Repeated | Self::Sequence => {
                "関係のない言葉を4つほど並べるなど、ほかの人が思いつかないものにしてください。"
            }
            Self::OwnWord => "ご自身や医療機関等に関係のない言葉で入力してください。",
        }
    }
}

impl NewPassword {
    /// Takes a password that may be set.
    ///
    /// # Errors
    /// [`PasswordRefusal`], the first that applies.
    pub fn parse(text: &str, own: &OwnWords<'_>) -> Result<Self, PasswordRefusal> {
        let typed = TypedPassword::of(text).ok_or(PasswordRefusal::TooLong)?;
        let chars: Vec<char> = typed.0.chars().collect();
        if chars.len() < PASSWORD_MIN_CHARS {
            return Err(PasswordRefusal::TooShort);
        }
        if chars.iter().any(|c| c.is_control()) {
            return Err(PasswordRefusal::ControlCharacter);
        }
        let folded = fold(&typed.0);
        if shape::is_repetition(&folded) {
            return Err(PasswordRefusal::Repeated);
        }
        if shape::is_sequence(&folded) {
            return Err(PasswordRefusal::Sequence);
        }
        if own.parts().iter().any(|part| shares(part, &folded)) {
            return Err(PasswordRefusal::OwnWord);
        }
        if well_known::is_common(&folded) {
            return Err(PasswordRefusal::Common);
        }
        Ok(Self(typed))
    }

    /// The text to hash.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl From<PasswordRefusal> for Fault {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::new(refusal.message(), refusal.remedy())
    }
}
impl std::fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedPassword(****)")
    }
}
impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(****)")
    }
}

impl OwnWords<'_> {
    /// The words that tell whose password it is; what every clinic has in its name does not.
    fn parts(&self) -> Vec<Vec<char>> {
        let mail = self.mail.map(|mail| mail.as_str());
        let whole = self.names.iter().chain(self.institution).copied().chain(mail);
        let mut parts: Vec<Vec<char>> = whole
            .flat_map(|text| {
                let plain: String = fold(text).into_iter().collect();
                let split = well_known::GENERIC.iter().fold(plain, |text, word| text.replace(word, " "));
                split
                    .split(|c: char| !c.is_alphanumeric())
                    .map(|part| part.chars().collect::<Vec<char>>())
                    .collect::<Vec<_>>()
            })
            .filter(|part| {
                part.len() >= if part.iter().all(char::is_ascii) { OWN_ASCII_CHARS } else { OWN_OTHER_CHARS }
            })
            .collect();
        parts.sort();
        parts.dedup();
        parts
    }
}

/// Whether too much of an own word stands in the password.
fn shares(part: &[char], password: &[char]) -> bool {
    let ascii = part.iter().all(char::is_ascii);
    let shared = part.len().min(if ascii { OWN_ASCII_SHARED } else { OWN_OTHER_SHARED });
    part.windows(shared).any(|piece| password.windows(shared).any(|there| there == piece))
}

/// Lower case, full width narrowed, katakana as hiragana: the form in which words are compared.
fn fold(text: &str) -> Vec<char> {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ァ'..='ヶ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
            other => other,
        })
        .collect()
}
