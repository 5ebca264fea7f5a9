//! The two encodings of the interface: UTF-8 and Windows-31J (called Shift_JIS there).

mod fallback;

use std::borrow::Cow;

use eligibility::codes::CharacterCode;
use encoding_rs::SHIFT_JIS;
use unicode_normalization::{UnicodeNormalization as _, char::compose, char::is_combining_mark};

pub use fallback::{FALLBACKS, kanji_substitutes};

use crate::xml_tree::{MAX_MESSAGE_BYTES, Unreadable};

/// 〓, what stands for a character the encoding cannot hold and no table can replace.
pub const GETA: char = '〓';

/// Bytes looked at for the XML declaration.
const DECLARATION_BYTES: usize = 256;
const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";

/// User-defined characters (外字): U+E000 and so many after it stand at F040–F9FC.
const USER_DEFINED: std::ops::RangeInclusive<u32> = 0xE000..=0xE757;
/// Index of F040 in the double-byte plane.
const USER_DEFINED_POINTER: u32 = 8836;

/// In which encoding results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ResultEncoding {
    /// The encoding of the request.
    #[default]
    SameAsRequest,
    /// UTF-8 without a byte order mark.
    Utf8,
    /// Windows-31J.
    ShiftJis,
}

impl ResultEncoding {
    /// The encoding to write, given the request's.
    #[must_use]
    pub const fn resolve(self, request: CharacterCode) -> CharacterCode {
        match self {
            Self::SameAsRequest => request,
            Self::Utf8 => CharacterCode::Utf8,
            Self::ShiftJis => CharacterCode::ShiftJis,
        }
    }
}

/// One character that was written otherwise, once however often it occurred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution {
    /// The character as it should be, with its variation selector or combining mark.
    pub original: String,
    /// What was written: the nearest form the encoding has, nothing for a bare selector, or 〓.
    pub replacement: String,
}

pub(crate) fn note(substitutions: &mut Vec<Substitution>, original: String, replacement: String) {
    if !substitutions.iter().any(|known| known.original == original) {
        substitutions.push(Substitution { original, replacement });
    }
}

/// Decodes a message by its byte order mark and XML declaration; without either it is UTF-8.
///
/// # Errors
/// [`Unreadable`] when the size limit is passed, the encoding is another, or bytes are no characters in it.
pub fn decode(bytes: &[u8]) -> Result<(CharacterCode, Cow<'_, str>), Unreadable> {
    decode_within(bytes, MAX_MESSAGE_BYTES)
}

/// The same with another limit on bytes.
pub(crate) fn decode_within(
    bytes: &[u8],
    most_bytes: usize,
) -> Result<(CharacterCode, Cow<'_, str>), Unreadable> {
    if bytes.len() > most_bytes {
        return Err(Unreadable::TooLarge);
    }
    let (marked, bytes) = match bytes.strip_prefix(UTF8_BOM) {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    if bytes.trim_ascii().is_empty() {
        return Err(Unreadable::Empty);
    }
    let encoding = declared(bytes)?;
    if marked && encoding == Some(CharacterCode::ShiftJis) {
        return Err(Unreadable::ContradictoryEncoding);
    }
    let encoding = encoding.unwrap_or(CharacterCode::Utf8);
    let text = match encoding {
        CharacterCode::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        CharacterCode::ShiftJis => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes),
    };
    Ok((encoding, text.ok_or(Unreadable::NotText)?))
}

/// The encoding the XML declaration names, if there is one.
fn declared(bytes: &[u8]) -> Result<Option<CharacterCode>, Unreadable> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Unreadable::UnknownEncoding);
    }
    let start = bytes.trim_ascii_start();
    let start = &start[..start.len().min(DECLARATION_BYTES)];
    let Some(declaration) = start.strip_prefix(b"<?xml") else { return Ok(None) };
    let end = declaration.iter().position(|b| *b == b'>').ok_or(Unreadable::NotWellFormed)?;
    let declaration = std::str::from_utf8(&declaration[..end]).map_err(|_| Unreadable::NotWellFormed)?;
    let Some((_, after)) = declaration.split_once("encoding") else { return Ok(None) };
    let value = after.trim_start().strip_prefix('=').map(str::trim_start).ok_or(Unreadable::NotWellFormed)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(Unreadable::NotWellFormed)?;
    let name = value[1..].split(quote).next().unwrap_or_default();
    match name.trim().to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Ok(Some(CharacterCode::Utf8)),
        "shift_jis" | "shift-jis" | "sjis" | "x-sjis" | "windows-31j" | "ms932" | "cp932" | "ms_kanji" => {
            Ok(Some(CharacterCode::ShiftJis))
        }
        _ => Err(Unreadable::UnknownEncoding),
    }
}

/// Encodes text; in Windows-31J characters it lacks are replaced (see [`Substitution`]), never by `?` or `●`.
#[must_use]
pub fn encode(text: &str, encoding: CharacterCode) -> (Vec<u8>, Vec<Substitution>) {
    match encoding {
        CharacterCode::Utf8 => (text.as_bytes().to_vec(), Vec::new()),
        CharacterCode::ShiftJis => encode_shift_jis(text),
    }
}

/// The name an XML declaration gives the encoding.
#[must_use]
pub const fn declaration_name(encoding: CharacterCode) -> &'static str {
    match encoding {
        CharacterCode::Utf8 => "UTF-8",
        CharacterCode::ShiftJis => "Shift_JIS",
    }
}

/// Whether Windows-31J holds the character itself.
#[must_use]
pub fn in_shift_jis(c: char) -> bool {
    shift_jis_char(c).is_some()
}

fn encode_shift_jis(text: &str) -> (Vec<u8>, Vec<Substitution>) {
    let mut bytes = Vec::with_capacity(text.len());
    let mut substitutions = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (cluster, after) = split_cluster(rest);
        rest = after;
        if cluster.len() == c.len_utf8()
            && let Some(encoded) = shift_jis_char(c)
        {
            encoded.push_to(&mut bytes);
            continue;
        }
        let replacement = replacement(cluster);
        for c in replacement.chars() {
            if let Some(encoded) = shift_jis_char(c) {
                encoded.push_to(&mut bytes);
            }
        }
        note(&mut substitutions, cluster.to_owned(), replacement);
    }
    (bytes, substitutions)
}

/// One character with the selectors and voice marks that belong to it.
fn split_cluster(text: &str) -> (&str, &str) {
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| !is_selector(*c) && !matches!(c, '\u{3099}' | '\u{309A}'))
        .map_or(text.len(), |(index, _)| index);
    text.split_at(end)
}

/// Variation selectors (IVS and the others) and joiners: they choose a form, they are no character.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{200B}'..='\u{200D}' | '\u{FEFF}')
}

/// What is written instead of a cluster Windows-31J cannot hold as it is.
fn replacement(cluster: &str) -> String {
    let mut plain = String::new();
    for c in cluster.chars().filter(|c| !is_selector(*c)) {
        let joined = plain.chars().next_back().and_then(|last| compose(last, c));
        match joined {
            Some(joined) if !shift_jis_all(c.encode_utf8(&mut [0; 4])) => {
                plain.pop();
                plain.push(joined);
            }
            _ => plain.push(c),
        }
    }
    plain.chars().map(replace_char).collect()
}

fn replace_char(c: char) -> String {
    if in_shift_jis(c) {
        return c.to_string();
    }
    match c {
        '\u{3099}' => return "゛".to_owned(),
        '\u{309A}' => return "゜".to_owned(),
        _ => {}
    }
    if let Some(known) = fallback::known(c) {
        return known;
    }
    // Compatibility forms, then letters without their accents.
    let compatible: String = std::iter::once(c).nfkc().map(full_width_sign).collect();
    if shift_jis_all(&compatible) {
        return compatible;
    }
    if let Some(known) = as_one_char(&compatible).and_then(fallback::known) {
        return known;
    }
    let bare: String =
        std::iter::once(c).nfkd().filter(|c| !is_combining_mark(*c)).map(full_width_sign).collect();
    if !bare.is_empty() && shift_jis_all(&bare) {
        return bare;
    }
    GETA.to_string()
}

fn as_one_char(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// ASCII signs as full-width ones: a substitute comes after escaping, so it must not be markup, nor a `?`.
fn full_width_sign(c: char) -> char {
    if c.is_ascii_punctuation() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(GETA) } else { c }
}

fn shift_jis_all(text: &str) -> bool {
    text.chars().all(in_shift_jis)
}

/// One or two bytes of Windows-31J.
#[derive(Clone, Copy)]
struct Encoded {
    bytes: [u8; 2],
    length: usize,
}

impl Encoded {
    fn push_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.bytes[..self.length]);
    }
}

fn shift_jis_char(c: char) -> Option<Encoded> {
    if c.is_ascii() {
        return Some(Encoded { bytes: [u8::try_from(c).unwrap_or(b'?'), 0], length: 1 });
    }
    // The web's encoder would quietly turn these into other characters; here that is a substitution to report.
    if matches!(c, '¥' | '‾' | '−') {
        return None;
    }
    let number = u32::from(c);
    if USER_DEFINED.contains(&number) {
        return Some(user_defined(number));
    }
    let mut bytes = [0; 2];
    let mut encoder = SHIFT_JIS.new_encoder();
    let (result, _, length) =
        encoder.encode_from_utf8_without_replacement(c.encode_utf8(&mut [0; 4]), &mut bytes, true);
    (result == encoding_rs::EncoderResult::InputEmpty).then_some(Encoded { bytes, length })
}

fn user_defined(number: u32) -> Encoded {
    let pointer = USER_DEFINED_POINTER + (number - USER_DEFINED.start());
    let (lead, trail) = (pointer / 188, pointer % 188);
    let lead = lead + if lead < 0x1F { 0x81 } else { 0xC1 };
    let trail = trail + if trail < 0x3F { 0x40 } else { 0x41 };
    // Both fit: the range above ends at F9FC.
    Encoded { bytes: [lead.to_le_bytes()[0], trail.to_le_bytes()[0]], length: 2 }
}
