//! What makes XML well-formed beyond nesting: names, attributes, references, the declaration, comments, instructions.
//!
//! Nothing in an attribute, comment or instruction is ever used. It is looked at because a document that one parser
//! refuses and another one reads is a document that two programs understand differently.

use crate::xml_tree::Unreadable;

/// Blanks as XML has them; U+3000 is none.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether there is nothing but blanks.
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim_start_matches(BLANKS).is_empty()
}

/// Whether XML 1.0 allows the character.
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether it is a name of XML 1.0.
pub(crate) fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(begins_name) && characters.all(continues_name)
}

fn begins_name(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(c: char) -> bool {
    begins_name(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The character that `&name;` stands for.
pub(crate) fn referred(name: &str) -> Result<char, Unreadable> {
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => match name.strip_prefix('#') {
            Some(number) => numbered(number).ok_or(Unreadable::CharacterReference),
            None => Err(Unreadable::Entity),
        },
    }
}

/// The character of `&#…;`, without `&#` and `;`.
fn numbered(reference: &str) -> Option<char> {
    let (digits, radix) = match reference.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (reference, 10),
    };
    // from_str_radix would take a sign.
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|c| is_xml_char(*c))
}

/// What stands in a tag behind its name.
pub(crate) fn attributes(raw: &str) -> Result<(), Unreadable> {
    if is_blank(raw) {
        return Ok(());
    }
    let pairs = pairs(raw).ok_or(Unreadable::Attribute)?;
    for (_, value) in &pairs {
        if value.contains('<') {
            return Err(Unreadable::Attribute);
        }
        for reference in value.split('&').skip(1) {
            let (name, _) = reference.split_once(';').ok_or(Unreadable::Attribute)?;
            referred(name)?;
        }
    }
    let mut names: Vec<&str> = pairs.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|two| two[0] == two[1]) { Err(Unreadable::RepeatedAttribute) } else { Ok(()) }
}

/// `name="value"`, each behind a blank; `None` when that is not what it is.
fn pairs(raw: &str) -> Option<Vec<(&str, &str)>> {
    let mut pairs = Vec::new();
    let mut rest = raw;
    loop {
        let next = rest.trim_start_matches(BLANKS);
        if next.is_empty() {
            return Some(pairs);
        }
        if next.len() == rest.len() {
            return None;
        }
        let (name, value) = next.split_once('=')?;
        let name = name.trim_end_matches(BLANKS);
        let value = value.trim_start_matches(BLANKS);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = value[1..].split_once(quote)?;
        if !is_name(name) {
            return None;
        }
        pairs.push((name, value));
        rest = after;
    }
}

/// `<?xml …?>` without its brackets: version, then encoding, then standalone, and nothing else.
pub(crate) fn declaration(content: &str) -> Result<(), Unreadable> {
    let pairs = content.strip_prefix("xml").and_then(pairs).ok_or(Unreadable::Declaration)?;
    let mut left = pairs.into_iter().peekable();
    let version =
        left.next_if(|(name, _)| *name == "version").and_then(|(_, value)| value.strip_prefix("1."));
    let encoding = left.next_if(|(name, _)| *name == "encoding");
    let standalone = left.next_if(|(name, _)| *name == "standalone");
    let digits = |minor: &str| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
    let right = version.is_some_and(digits)
        && encoding.is_none_or(|(_, value)| is_encoding_name(value))
        && standalone.is_none_or(|(_, value)| matches!(value, "yes" | "no"))
        && left.next().is_none();
    if right { Ok(()) } else { Err(Unreadable::Declaration) }
}

fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// What stands between `<!--` and `-->`.
pub(crate) fn comment(content: &str) -> Result<(), Unreadable> {
    let wrong = content.contains("--") || content.ends_with('-');
    if wrong { Err(Unreadable::NotWellFormed) } else { Ok(()) }
}

/// What stands between `<?` and `?>` of anything but the declaration.
pub(crate) fn instruction(content: &str) -> Result<(), Unreadable> {
    let target = content.split(BLANKS).next().unwrap_or_default();
    let right = is_name(target) && !target.eq_ignore_ascii_case("xml");
    if right { Ok(()) } else { Err(Unreadable::NotWellFormed) }
}
