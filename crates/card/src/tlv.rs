//! BER-TLV as this card uses it: tags of one to three bytes, definite lengths up to 65535.

/// The longest value that is read or written.
pub const MAX_LENGTH: usize = 0xFFFF;

/// One element: a tag, exactly as its bytes read as a big-endian number (`0xFF20`), and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Tag bytes as a number.
    pub tag: u32,
    /// Value.
    pub value: &'a [u8],
}

/// Why bytes are no TLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// The bytes end within an element.
    #[error("the TLV is cut short")]
    Truncated,
    /// A tag longer than three bytes, or not encoded the shortest way.
    #[error("the TLV's tag is malformed")]
    Tag,
    /// An indefinite length, or one of more than two bytes.
    #[error("the TLV's length is malformed")]
    Length,
}

/// Reads the first element and returns it with what follows.
///
/// # Errors
/// [`TlvError`]; never panics, whatever the bytes are.
pub fn parse(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), TlvError> {
    let (tag, rest) = parse_tag(bytes)?;
    let (length, rest) = parse_length(rest)?;
    let (value, rest) = rest.split_at_checked(length).ok_or(TlvError::Truncated)?;
    Ok((Tlv { tag, value }, rest))
}

/// Reads all elements, one after the other.
///
/// # Errors
/// [`TlvError`] at the first malformed one.
pub fn parse_all(mut bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (element, rest) = parse(bytes)?;
        elements.push(element);
        bytes = rest;
    }
    Ok(elements)
}

/// How many bytes the first element takes, header included, as its first bytes tell.
///
/// # Errors
/// [`TlvError`] when the header itself is incomplete or malformed.
pub fn total_length(beginning: &[u8]) -> Result<usize, TlvError> {
    let (_, rest) = parse_tag(beginning)?;
    let (length, rest) = parse_length(rest)?;
    Ok(beginning.len() - rest.len() + length)
}

/// Appends one element.
///
/// # Errors
/// [`TlvError::Tag`] when the number is no tag, [`TlvError::Length`] when the value exceeds [`MAX_LENGTH`].
pub fn write(out: &mut Vec<u8>, tag: u32, value: &[u8]) -> Result<(), TlvError> {
    let tag_bytes = tag.to_be_bytes();
    let skip = tag_bytes.iter().take_while(|b| **b == 0).count().min(3);
    if parse_tag(&tag_bytes[skip..]) != Ok((tag, &[][..])) {
        return Err(TlvError::Tag);
    }
    if value.len() > MAX_LENGTH {
        return Err(TlvError::Length);
    }
    out.extend_from_slice(&tag_bytes[skip..]);
    match value.len() {
        short @ 0..=0x7F => out.push(short as u8),
        one @ 0x80..=0xFF => out.extend_from_slice(&[0x81, one as u8]),
        two => out.extend_from_slice(&[0x82, (two >> 8) as u8, two as u8]),
    }
    out.extend_from_slice(value);
    Ok(())
}

fn parse_tag(bytes: &[u8]) -> Result<(u32, &[u8]), TlvError> {
    let (&first, mut rest) = bytes.split_first().ok_or(TlvError::Truncated)?;
    let mut tag = u32::from(first);
    if first & 0x1F != 0x1F {
        return Ok((tag, rest));
    }
    for position in 0..2 {
        let (&next, after) = rest.split_first().ok_or(TlvError::Truncated)?;
        // A first continuation byte without any number bit is padding: two encodings for one tag.
        if position == 0 && next & 0x7F == 0 {
            return Err(TlvError::Tag);
        }
        tag = tag << 8 | u32::from(next);
        rest = after;
        if next & 0x80 == 0 {
            return Ok((tag, rest));
        }
    }
    Err(TlvError::Tag)
}

fn parse_length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvError> {
    match bytes {
        [short @ 0..=0x7F, rest @ ..] => Ok((usize::from(*short), rest)),
        [0x81, one, rest @ ..] => Ok((usize::from(*one), rest)),
        [0x82, high, low, rest @ ..] => Ok((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        [] | [0x81] | [0x82] | [0x82, _] => Err(TlvError::Truncated),
        _ => Err(TlvError::Length),
    }
}
