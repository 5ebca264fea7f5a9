//! The wire form of protocol buffers, as far as it is needed.

use super::Malformed;

/// One field, and the bytes it stands in.
pub(super) struct Field<'a> {
    pub(super) number: u64,
    /// Key and content, to be passed on as they are.
    pub(super) raw: &'a [u8],
    content: Content<'a>,
}

enum Content<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes; none of the fields that are read has this form.
    Fixed,
}

impl<'a> Field<'a> {
    pub(super) fn bytes(&self) -> Result<&'a [u8], Malformed> {
        match self.content {
            Content::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed::Protobuf),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed::Name)
    }

    pub(super) fn varint(&self) -> Result<u64, Malformed> {
        match self.content {
            Content::Varint(value) => Ok(value),
            _ => Err(Malformed::Protobuf),
        }
    }

    /// A repeated number, in one of its two forms: each by itself, or all packed into bytes.
    pub(super) fn varints(&self, into: &mut Vec<u64>) -> Result<(), Malformed> {
        let mut rest = match self.content {
            Content::Varint(value) => {
                into.push(value);
                return Ok(());
            }
            Content::Bytes(bytes) => bytes,
            Content::Fixed => return Err(Malformed::Protobuf),
        };
        while !rest.is_empty() {
            into.push(take_varint(&mut rest)?);
        }
        Ok(())
    }
}

/// The fields of a message; ends after the first error.
pub(super) fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, Malformed>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = take_field(&mut rest);
        if field.is_err() {
            rest = &[];
        }
        Some(field)
    })
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, Malformed> {
    let start = *rest;
    let key = take_varint(rest)?;
    let content = match key & 7 {
        0 => Content::Varint(take_varint(rest)?),
        1 => take(rest, 8).map(|_| Content::Fixed)?,
        2 => {
            let length = take_varint(rest)?;
            let length = usize::try_from(length).map_err(|_| Malformed::Protobuf)?;
            Content::Bytes(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| Content::Fixed)?,
        _ => return Err(Malformed::Protobuf),
    };
    let raw = &start[..start.len() - rest.len()];
    Ok(Field { number: key >> 3, raw, content })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Malformed::Protobuf)?;
    *rest = left;
    Ok(taken)
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed::Protobuf)
}

/// Appends a field of bytes.
pub(super) fn put_bytes(to: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    put_varint(to, number << 3 | 2);
    put_varint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

/// Appends a field of a number.
pub(super) fn put_number(to: &mut Vec<u8>, number: u64, value: u64) {
    put_varint(to, number << 3);
    put_varint(to, value);
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}
