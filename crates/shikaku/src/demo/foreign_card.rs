//! Cards and readers that fail: a card for trains that knows none of the applications, one that says nothing,
//! one that is taken away, a reader that is not there.

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

/// A place where no command is answered: a dead card, or a reader that is not connected.
pub(crate) struct Silent(pub(crate) TransportError);

impl CardTransport for Silent {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
        Err(self.0.clone())
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Err(self.0.clone())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        Err(self.0.clone())
    }

    fn disconnect(&mut self, _disposition: Disposition) -> Result<(), TransportError> {
        Ok(())
    }
}

/// Commands a card answers before an impatient holder takes it: enough to begin, not to end.
const COMMANDS_BEFORE_TAKEN: u32 = 4;

/// A card that its holder takes back too early.
pub(crate) struct TakenAway<T> {
    card: T,
    left: u32,
}

impl<T> TakenAway<T> {
    /// Taken after a few commands.
    pub(crate) fn soon(card: T) -> Self {
        Self { card, left: COMMANDS_BEFORE_TAKEN }
    }
}

impl<T: CardTransport> CardTransport for TakenAway<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.left = self.left.checked_sub(1).ok_or(TransportError::Removed)?;
        self.card.transmit(command)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        self.card.atr()
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.card.reset()
    }

    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.card.disconnect(disposition)
    }
}
