//! What stands in for real readers where the program was built without the system's PC/SC library: the same names, and
//! every attempt is told why there is none.

use super::{CardTransport, Disposition, ReaderInfo, TransportError};

/// Lists no readers.
///
/// # Errors
/// Always [`TransportError::NotBuiltIn`].
pub fn readers() -> Result<Vec<ReaderInfo>, TransportError> {
    Err(TransportError::NotBuiltIn)
}

/// A connection that nobody can have.
pub enum PcscTransport {}

impl PcscTransport {
    /// Connects to no card.
    ///
    /// # Errors
    /// Always [`TransportError::NotBuiltIn`].
    pub fn connect(_reader: Option<&str>) -> Result<Self, TransportError> {
        Err(TransportError::NotBuiltIn)
    }
}

impl CardTransport for PcscTransport {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
        match *self {}
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        match *self {}
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        match *self {}
    }

    fn disconnect(&mut self, _disposition: Disposition) -> Result<(), TransportError> {
        match *self {}
    }
}
