//! An archive's list of contents, read strictly: exactly one end, nothing before, between or after.

use super::{ArchiveError, MAX_ENTRIES};

/// The closing record without its comment.
const END_LENGTH: usize = 22;
const MAX_COMMENT: usize = u16::MAX as usize;
const END: &[u8] = b"PK\x05\x06";
/// One entry of the list, without name, extra fields and comment.
const HEADER_LENGTH: usize = 46;
const HEADER: &[u8] = b"PK\x01\x02";
/// What stands before each entry's content.
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
/// Stands before the end of an archive of the 64-bit form, which no request of at most 10 MiB needs.
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_64_LENGTH: usize = 20;
/// General purpose flag: encrypted, in whatever way.
const ENCRYPTED: u16 = 1;
/// Compression method that says: AES, see the extra field.
const METHOD_AES: u16 = 99;
/// The extra field of AES, its length and the vendor in it.
const EXTRA_AES: u16 = 0x9901;
const EXTRA_AES_LENGTH: usize = 7;
const VENDOR: &[u8] = b"AE";
/// Key strength: 256 bits.
const STRENGTH_256: u8 = 3;

/// One entry of the list.
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    /// Encrypted with AES and 256 bits, nothing less.
    pub(super) is_aes_256: bool,
}

/// Reads the list.
pub(super) fn read(archive: &[u8]) -> Result<Vec<Entry<'_>>, ArchiveError> {
    let at = end_of(archive)?;
    let end = &archive[at..];
    let field = |from| number_16(end, from).ok_or(ArchiveError::Unreadable);
    let count = usize::from(field(10)?);
    if count > MAX_ENTRIES {
        return Err(ArchiveError::TooLarge);
    }
    let on_one_disk = field(4)? == 0 && field(6)? == 0 && usize::from(field(8)?) == count;
    let is_64_bit =
        at.checked_sub(LOCATOR_64_LENGTH).is_some_and(|from| archive[from..].starts_with(LOCATOR_64));
    let (size, offset) = (number_32(end, 12), number_32(end, 16));
    let (Some(size), Some(offset)) = (size, offset) else { return Err(ArchiveError::Unreadable) };
    if !on_one_disk || is_64_bit || offset.checked_add(size) != Some(at) {
        return Err(ArchiveError::Ambiguous);
    }
    let mut rest = &archive[offset..at];
    let mut entries = Vec::with_capacity(count);
    let mut first_content = None;
    for _ in 0..count {
        let (entry, content_at, after) = entry_of(rest).ok_or(ArchiveError::Ambiguous)?;
        first_content = Some(first_content.map_or(content_at, |first: usize| first.min(content_at)));
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(ArchiveError::Ambiguous);
    }
    // An archive behind something else, such as a program that unpacks itself.
    if first_content.is_some_and(|first| first != 0) || !archive.starts_with(LOCAL_HEADER) && count > 0 {
        return Err(ArchiveError::Surplus);
    }
    Ok(entries)
}

/// Where the closing record begins: the only place that can be its beginning.
fn end_of(archive: &[u8]) -> Result<usize, ArchiveError> {
    let from = archive.len().saturating_sub(END_LENGTH + MAX_COMMENT);
    let starts = archive[from..].windows(END.len()).enumerate();
    let starts: Vec<usize> = starts.filter(|(_, window)| *window == END).map(|(at, _)| from + at).collect();
    let closes = |at: &&usize| {
        let comment = number_16(&archive[**at..], 20);
        comment.is_some_and(|comment| **at + END_LENGTH + usize::from(comment) == archive.len())
    };
    let mut closing = starts.iter().filter(closes);
    match (closing.next(), closing.next()) {
        // Packed content may hold these four bytes by chance; what follows the record may not.
        (Some(at), None) if starts.last() == Some(at) => Ok(*at),
        (Some(_), _) => Err(ArchiveError::Ambiguous),
        (None, _) if starts.is_empty() => Err(ArchiveError::Unreadable),
        (None, _) => Err(ArchiveError::Surplus),
    }
}

/// The first entry of a list, where its content stands, and what follows in the list.
fn entry_of(list: &[u8]) -> Option<(Entry<'_>, usize, &[u8])> {
    if !list.starts_with(HEADER) {
        return None;
    }
    let (flags, method) = (number_16(list, 8)?, number_16(list, 10)?);
    let length = |from| number_16(list, from).map(usize::from);
    let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
    let content_at = number_32(list, 42)?;
    let (name, rest) = list.get(HEADER_LENGTH..)?.split_at_checked(name)?;
    let (extra, rest) = rest.split_at_checked(extra)?;
    let (_, rest) = rest.split_at_checked(comment)?;
    let is_aes_256 =
        flags & ENCRYPTED != 0 && method == METHOD_AES && strength_of(extra) == Some(STRENGTH_256);
    Some((Entry { name, is_aes_256 }, content_at, rest))
}

/// The key strength in the extra field of AES; none without exactly one such field.
fn strength_of(mut extra: &[u8]) -> Option<u8> {
    let mut found = None;
    while !extra.is_empty() {
        let (kind, length) = (number_16(extra, 0)?, usize::from(number_16(extra, 2)?));
        let (value, rest) = extra.get(4..)?.split_at_checked(length)?;
        if kind == EXTRA_AES {
            let is_sound = length == EXTRA_AES_LENGTH && &value[2..4] == VENDOR && found.is_none();
            found = Some(is_sound.then(|| value[4])?);
        }
        extra = rest;
    }
    found
}

fn number_16(bytes: &[u8], from: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(from..from + 2)?.try_into().ok()?))
}

fn number_32(bytes: &[u8], from: usize) -> Option<usize> {
    let number = u32::from_le_bytes(bytes.get(from..from + 4)?.try_into().ok()?);
    usize::try_from(number).ok()
}
