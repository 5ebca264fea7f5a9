//! The simulated card as a transport, without any reader in between.

use std::sync::{Arc, Mutex};

use crate::simulator::{SharedCard, SimulatedCard};
use crate::transport::{CardTransport, Disposition, TransportError};

/// A connection to a simulated card in this process.
///
/// The card itself outlives the connection ([`Self::shared`]): its counters stay locked for the next one,
/// as a real card's do.
pub struct InProcessTransport {
    card: Option<SharedCard>,
}

impl InProcessTransport {
    /// Puts the card on an imaginary reader and powers it.
    #[must_use]
    pub fn new(card: SimulatedCard) -> Self {
        Self::shared(Arc::new(Mutex::new(card)))
    }

    /// Connects to a card that others hold too.
    #[must_use]
    pub fn shared(card: SharedCard) -> Self {
        let mut transport = Self { card: Some(card) };
        // A card that has just been put on a reader starts from power-off.
        let _ = transport.with_card(SimulatedCard::power_off);
        transport
    }

    fn with_card<R>(&mut self, act: impl FnOnce(&mut SimulatedCard) -> R) -> Result<R, TransportError> {
        let card = self.card.as_ref().ok_or(TransportError::Removed)?;
        let mut card = card.lock().map_err(|_| TransportError::Mute)?;
        Ok(act(&mut card))
    }
}

impl CardTransport for InProcessTransport {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.with_card(|card| card.process(command))
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        self.with_card(|card| card.atr().to_vec())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.with_card(SimulatedCard::warm_reset)
    }

    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.with_card(|card| match disposition {
            Disposition::Leave => {}
            Disposition::Reset => card.warm_reset(),
            Disposition::Unpower => card.power_off(),
        })?;
        self.card = None;
        Ok(())
    }
}
