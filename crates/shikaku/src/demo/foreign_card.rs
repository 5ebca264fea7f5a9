//! A card that is no My Number card, e.g. one for trains: it knows none of its applications.

use card::transport::{CardTransport, Disposition, TransportError};

/// "File or application not found."
const NOT_FOUND: [u8; 2] = [0x6A, 0x82];
/// Answer to reset of a contactless storage card.
const ATR: [u8; 20] = [
    0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x11, 0x00, 0x3B, 0x00, 0x00,
    0x00, 0x00, 0x42,
];

/// Such a card on the reader.
#[derive(Default)]
pub(crate) struct ForeignCard {
    gone: bool,
}

impl ForeignCard {
    fn answer(&self, bytes: &[u8]) -> Result<Vec<u8>, TransportError> {
        if self.gone { Err(TransportError::Removed) } else { Ok(bytes.to_vec()) }
    }
}

impl CardTransport for ForeignCard {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.answer(&NOT_FOUND)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        self.answer(&ATR)
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.answer(&[]).map(drop)
    }

    fn disconnect(&mut self, _disposition: Disposition) -> Result<(), TransportError> {
        self.gone = true;
        Ok(())
    }
}
