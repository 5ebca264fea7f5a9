//! What people type by hand, made readable: width, blanks and hyphens are forgiven, lengths are not.

use unicode_normalization::UnicodeNormalization;

use crate::matching::NumberKey;

/// The longest text of one field that is looked at, in bytes; longer is refused unread.
pub(crate) const TYPED_MAX_BYTES: usize = 1000;

/// The text in narrow capitals without blanks and hyphens; `None` when it is too long to look at.
pub(crate) fn bare(text: &str) -> Option<String> {
    (text.len() <= TYPED_MAX_BYTES).then(|| NumberKey::of(text).as_str().replace('-', ""))
}

/// The text in narrow capitals without blanks, hyphens made ASCII; `None` when it is too long to look at.
pub(crate) fn hyphenated(text: &str) -> Option<String> {
    (text.len() <= TYPED_MAX_BYTES).then(|| NumberKey::of(text).into())
}

/// The text as one line: composed (NFC, so that every character and variation selector stays), outer blanks
/// gone. `None` when it is too long to look at or holds a control character.
pub(crate) fn one_line(text: &str) -> Option<String> {
    if text.len() > TYPED_MAX_BYTES {
        return None;
    }
    let line: String = text.trim().nfc().collect();
    (!line.chars().any(char::is_control)).then_some(line)
}
