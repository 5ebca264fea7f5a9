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

/// The text as one line: composed, outer blanks gone. `None` when it is too long to look at or holds a control
/// character.
pub(crate) fn one_line(text: &str) -> Option<String> {
    if text.len() > TYPED_MAX_BYTES {
        return None;
    }
    let line = composed(text.trim());
    (!line.chars().any(char::is_control)).then_some(line)
}

/// Marks joined to their letters (か + ゙ is が), every other character as it is. NFC alone would also make 神 (U+FA19),
/// 福 (U+FA1B) and some hundred more of the compatibility ideographs the characters they are variants of: other names.
fn composed(text: &str) -> String {
    let changes_alone = |letter: char| !std::iter::once(letter).nfc().eq(std::iter::once(letter));
    let mut line = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, letter)) = rest.char_indices().find(|(_, letter)| changes_alone(*letter)) {
        line.extend(rest[..at].nfc());
        line.push(letter);
        rest = &rest[at + letter.len_utf8()..];
    }
    line.extend(rest.nfc());
    line
}
