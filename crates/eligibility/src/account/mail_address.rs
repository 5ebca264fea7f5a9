//! Mail addresses: the name of a portal account.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest address, in bytes (RFC 5321).
pub const MAIL_ADDRESS_MAX_BYTES: usize = 254;
/// The longest part before the `@`, in bytes.
const LOCAL_MAX_BYTES: usize = 64;
/// The longest label of a domain, in bytes.
const LABEL_MAX_BYTES: usize = 63;
/// What may stand in the local part besides letters, digits and dots.
const LOCAL_MARKS: &[u8] = b"!#$%&'*+-/=?^_`{|}~";

/// A mail address, kept as typed but for the domain, which is lower case.
///
/// Two addresses are equal when they differ in case alone: no provider gives `A@x` and `a@x` to two people,
/// but somebody may try to have two accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// A text that is not a mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMailAddress {
    /// Not one `@` with something on both sides.
    #[error("a mail address has one @")]
    At,
    /// Longer than mail allows.
    #[error("a mail address has at most {MAIL_ADDRESS_MAX_BYTES} bytes")]
    TooLong,
    /// The part before the `@` has characters or dots where none may be.
    #[error("the part before @ has characters that cannot stand there")]
    Local,
    /// The part after the `@` is no domain.
    #[error("the part after @ is not a domain name")]
    Domain,
}

impl InvalidMailAddress {
    /// What is wrong, in Japanese.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::At => "メールアドレスの形式が正しくありません。",
            Self::TooLong => "メールアドレスが長すぎます。",
            Self::Local => "メールアドレスの「@」の前に使えない文字があります。",
            Self::Domain => "メールアドレスの「@」の後が正しくありません。",
        }
    }

    /// What to do, in Japanese.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        "「uketsuke@example.jp」のように半角で入力してください。"
    }
}

impl MailAddress {
    /// Reads an address of ASCII letters as mail programs send it (no quotes, no comments, no address in
    /// brackets); full-width letters are narrowed, outer blanks dropped.
    ///
    /// # Errors
    /// [`InvalidMailAddress`] names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidMailAddress> {
        if text.len() > 4 * MAIL_ADDRESS_MAX_BYTES {
            return Err(InvalidMailAddress::TooLong);
        }
        let narrow: String = text.trim().nfkc().collect();
        let (local, domain) = narrow.split_once('@').ok_or(InvalidMailAddress::At)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(InvalidMailAddress::At);
        }
        if narrow.len() > MAIL_ADDRESS_MAX_BYTES || local.len() > LOCAL_MAX_BYTES {
            return Err(InvalidMailAddress::TooLong);
        }
        let atom = |b: u8| b.is_ascii_alphanumeric() || LOCAL_MARKS.contains(&b);
        if !local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom)) {
            return Err(InvalidMailAddress::Local);
        }
        if !is_domain(domain) {
            return Err(InvalidMailAddress::Domain);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The address, to send to and to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form two addresses are compared by and stored under.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// At least two labels of letters, digits and inner hyphens; the last is not a number.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=LABEL_MAX_BYTES).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_name =
        domain.rsplit('.').next().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()));
    domain.contains('.') && domain.split('.').all(label) && last_is_name
}

impl PartialEq for MailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for MailAddress {}
impl std::hash::Hash for MailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
impl TryFrom<String> for MailAddress {
    type Error = InvalidMailAddress;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.0
    }
}
impl std::fmt::Display for MailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
