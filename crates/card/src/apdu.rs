//! Command and response APDUs (ISO 7816-4): short and extended lengths, parsed and written.

use std::fmt;

use zeroize::Zeroizing;

/// The longest command body this card family needs; anything longer is refused on both sides.
pub const MAX_DATA: usize = 4096;
/// What a short Le of zero asks for.
pub const LE_SHORT_MAX: u32 = 256;
/// What an extended Le of zero asks for.
pub const LE_EXTENDED_MAX: u32 = 65_536;

/// Instruction bytes of this card.
pub mod ins {
    /// VERIFY (secret body).
    pub const VERIFY: u8 = 0x20;
    /// CHANGE REFERENCE DATA (secret body).
    pub const CHANGE_PIN: u8 = 0x24;
    /// PERFORM SECURITY OPERATION: signing.
    pub const SIGN: u8 = 0x2A;
    /// EXTERNAL AUTHENTICATE.
    pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;
    /// GET CHALLENGE.
    pub const GET_CHALLENGE: u8 = 0x84;
    /// Terminal certificate of 特定機関認証.
    pub const TERMINAL_CERTIFICATE: u8 = 0xA2;
    /// SELECT.
    pub const SELECT: u8 = 0xA4;
    /// READ BINARY.
    pub const READ_BINARY: u8 = 0xB0;
    /// READ RECORD.
    pub const READ_RECORD: u8 = 0xB2;
    /// GET RESPONSE.
    pub const GET_RESPONSE: u8 = 0xC0;
}

/// A command APDU. The body is wiped when dropped, since it may be a PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// Class byte.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Body; empty means no Lc.
    pub data: Zeroizing<Vec<u8>>,
    /// Bytes expected back (1 to 65536); `None` means no Le.
    pub le: Option<u32>,
}

impl fmt::Debug for Command {
    /// The header and the lengths only: a body may be a secret or a person's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cla, ins, p1, p2, .. } = self;
        write!(f, "{cla:02X} {ins:02X} {p1:02X} {p2:02X} lc={} le={:?}", self.data.len(), self.le)
    }
}

/// Why bytes are not an APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// Fewer than four bytes of command, or fewer than two of response.
    #[error("the APDU is too short")]
    TooShort,
    /// Lc, body and Le do not add up.
    #[error("the APDU's lengths do not add up")]
    Lengths,
    /// The body is longer than [`MAX_DATA`].
    #[error("the APDU's body is too long")]
    TooLong,
}

impl Command {
    /// A command without body or expected answer.
    #[must_use]
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2, data: Zeroizing::new(Vec::new()), le: None }
    }

    /// With this body.
    #[must_use]
    pub fn data(mut self, data: &[u8]) -> Self {
        self.data = Zeroizing::new(data.to_vec());
        self
    }

    /// Expecting this many bytes back (256 or 65536: as many as there are).
    #[must_use]
    pub fn le(mut self, le: u32) -> Self {
        self.le = Some(le);
        self
    }

    /// The bytes on the wire: short lengths where they fit, extended ones otherwise.
    ///
    /// # Errors
    /// [`ApduError::TooLong`] when the body exceeds [`MAX_DATA`], [`ApduError::Lengths`] when Le is 0 or above 65536.
    pub fn write(&self) -> Result<Zeroizing<Vec<u8>>, ApduError> {
        if self.data.len() > MAX_DATA {
            return Err(ApduError::TooLong);
        }
        if self.le.is_some_and(|le| le == 0 || le > LE_EXTENDED_MAX) {
            return Err(ApduError::Lengths);
        }
        let mut out = Vec::with_capacity(self.data.len() + 9);
        out.extend_from_slice(&[self.cla, self.ins, self.p1, self.p2]);
        // Truncation is the encoding: 256 and 65536 are written as zero.
        let short = self.data.len() <= 255 && self.le.is_none_or(|le| le <= LE_SHORT_MAX);
        if short {
            if !self.data.is_empty() {
                out.push(self.data.len() as u8);
                out.extend_from_slice(&self.data);
            }
            out.extend(self.le.map(|le| le as u8));
            return Ok(Zeroizing::new(out));
        }
        out.push(0);
        if !self.data.is_empty() {
            out.extend_from_slice(&(self.data.len() as u16).to_be_bytes());
            out.extend_from_slice(&self.data);
        }
        if let Some(le) = self.le {
            out.extend_from_slice(&(le as u16).to_be_bytes());
        }
        Ok(Zeroizing::new(out))
    }

    /// Reads a command from the wire.
    ///
    /// # Errors
    /// [`ApduError`] when the bytes are no command; never panics.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let (header, rest) = bytes.split_first_chunk::<4>().ok_or(ApduError::TooShort)?;
        let [cla, ins, p1, p2] = *header;
        let (data, le) = parse_body(rest)?;
        if data.len() > MAX_DATA {
            return Err(ApduError::TooLong);
        }
        Ok(Self { cla, ins, p1, p2, data: Zeroizing::new(data.to_vec()), le })
    }
}

/// Splits what follows the header into body and Le, short or extended.
fn parse_body(rest: &[u8]) -> Result<(&[u8], Option<u32>), ApduError> {
    let Some((&first, after)) = rest.split_first() else { return Ok((&[], None)) };
    if after.is_empty() {
        return Ok((&[], Some(short_le(first))));
    }
    if first != 0 {
        return split_body(after, usize::from(first), |le| match le {
            [] => Some(None),
            [le] => Some(Some(short_le(*le))),
            _ => None,
        });
    }
    let (length, after) = after.split_first_chunk::<2>().ok_or(ApduError::Lengths)?;
    let length = u16::from_be_bytes(*length);
    if after.is_empty() {
        return Ok((&[], Some(extended_le(length))));
    }
    if length == 0 {
        return Err(ApduError::Lengths);
    }
    split_body(after, usize::from(length), |le| match le {
        [] => Some(None),
        [high, low] => Some(Some(extended_le(u16::from_be_bytes([*high, *low])))),
        _ => None,
    })
}

fn split_body(
    after: &[u8],
    length: usize,
    le: impl Fn(&[u8]) -> Option<Option<u32>>,
) -> Result<(&[u8], Option<u32>), ApduError> {
    let (data, tail) = after.split_at_checked(length).ok_or(ApduError::Lengths)?;
    Ok((data, le(tail).ok_or(ApduError::Lengths)?))
}

fn short_le(byte: u8) -> u32 {
    if byte == 0 { LE_SHORT_MAX } else { u32::from(byte) }
}

fn extended_le(value: u16) -> u32 {
    if value == 0 { LE_EXTENDED_MAX } else { u32::from(value) }
}

/// The two status bytes of a response.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl StatusWord {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// The end of the file came before Le bytes.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// Wrong secret, no counter.
    pub const WRONG_NO_COUNTER: Self = Self(0x6300);
    /// Wrong Lc or Le.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// The file is of another kind.
    pub const WRONG_FILE_KIND: Self = Self(0x6981);
    /// A PIN is needed first.
    pub const SECURITY_STATUS: Self = Self(0x6982);
    /// The secret is locked.
    pub const BLOCKED: Self = Self(0x6984);
    /// Not now.
    pub const CONDITIONS: Self = Self(0x6985);
    /// No file is selected.
    pub const NO_FILE_SELECTED: Self = Self(0x6986);
    /// Bytes in the body make no sense.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// No such file or application.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// No such record.
    pub const RECORD_NOT_FOUND: Self = Self(0x6A83);
    /// P1 or P2 is wrong.
    pub const WRONG_PARAMETERS: Self = Self(0x6A86);
    /// The offset lies beyond the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// No such instruction.
    pub const UNKNOWN_INSTRUCTION: Self = Self(0x6D00);
    /// No such class.
    pub const UNKNOWN_CLASS: Self = Self(0x6E00);

    /// `63Cx`: x tries are left.
    #[must_use]
    pub const fn tries_left(tries: u8) -> Self {
        Self(0x63C0 | (tries & 0x0F) as u16)
    }

    /// The tries a `63Cx` tells.
    #[must_use]
    pub const fn tries(self) -> Option<u8> {
        if self.0 & 0xFFF0 == 0x63C0 { Some((self.0 & 0x0F) as u8) } else { None }
    }
}

/// A response APDU. The data are wiped when dropped: they may be a person's.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Data, without the status bytes.
    pub data: Zeroizing<Vec<u8>>,
    /// Status.
    pub status: StatusWord,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {}", self.data.len(), self.status)
    }
}

impl Response {
    /// Reads a response from the wire.
    ///
    /// # Errors
    /// [`ApduError::TooShort`] with fewer than two bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let (data, status) = bytes.split_last_chunk::<2>().ok_or(ApduError::TooShort)?;
        Ok(Self { data: Zeroizing::new(data.to_vec()), status: StatusWord(u16::from_be_bytes(*status)) })
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = self.data.to_vec();
        out.extend_from_slice(&self.status.0.to_be_bytes());
        out
    }
}
