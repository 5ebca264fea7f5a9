//! Serial numbers: made here, stored by the caller, used once.

use crate::{Error, Result};

/// Bytes of a serial number; 158 of its bits are random.
const SERIAL_BYTES: usize = 20;

/// A new random serial number that nothing may be signed with yet.
#[derive(Debug)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// Twenty bytes from the system's randomness, positive, 158 bits of them unpredictable.
    ///
    /// # Errors
    /// [`Error::Crypto`] when the system has no randomness.
    pub fn random() -> Result<Self> {
        let mut serial = vec![0; SERIAL_BYTES];
        aws_lc_rs::rand::fill(&mut serial).map_err(|_| Error::Crypto("random numbers"))?;
        // Positive, and always twenty bytes long.
        serial[0] = (serial[0] & 0x7f) | 0x40;
        Ok(Self(serial))
    }

    /// Lower-case hex, as certificates, tables and addresses name it.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// The caller says: this number is on disk, where it survives a power cut, and was not there before.
    /// Only then may something be signed with it.
    #[must_use]
    pub fn stored(self) -> StoredSerial {
        StoredSerial(self.0)
    }
}

/// A serial number that is durably recorded. Not `Clone`: one number, one certificate.
#[derive(Debug)]
pub struct StoredSerial(Vec<u8>);

impl StoredSerial {
    /// Lower-case hex.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A serial number's bytes from its hex, with or without leading zeros.
pub(crate) fn bytes_of(text: &str) -> Result<Vec<u8>> {
    let even = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
    let bytes = hex::decode(even).map_err(|_| Error::Malformed("a serial number"))?;
    if bytes.is_empty() || bytes.len() > SERIAL_BYTES {
        return Err(Error::Malformed("a serial number"));
    }
    Ok(bytes)
}
