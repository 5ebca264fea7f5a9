//! The place where a card lies: a reader through PC/SC, or the demo's tray.

use std::sync::{Arc, Mutex, PoisonError};

use card::transport::{CardTransport, Disposition, PcscTransport, TransportError, readers};
use zeroize::Zeroizing;

/// Where cards are put down.
pub trait Slot: Send {
    /// Whether a card lies there now. Asked several times a second.
    ///
    /// # Errors
    /// [`TransportError`] when the reader itself cannot be used.
    fn holds_card(&mut self) -> Result<bool, TransportError>;

    /// Connects to the card.
    ///
    /// # Errors
    /// [`TransportError`] when there is none, or it cannot be reached.
    fn connect(&mut self) -> Result<Box<dyn CardTransport>, TransportError>;

    /// 照合番号B as the reader itself read it from the print; `None` where nothing reads it.
    fn printed_number(&mut self) -> Option<Zeroizing<String>>;
}

/// A reader through PC/SC. It has no eye for the print.
pub struct PcscSlot {
    reader: Option<String>,
}

impl PcscSlot {
    /// The named reader; without a name any that holds a card.
    #[must_use]
    pub fn new(reader: Option<String>) -> Self {
        Self { reader }
    }
}

impl Slot for PcscSlot {
    fn holds_card(&mut self) -> Result<bool, TransportError> {
        let all = readers()?;
        if all.is_empty() {
            return Err(TransportError::NoReader);
        }
        let Some(wanted) = &self.reader else { return Ok(all.iter().any(|reader| reader.card_present)) };
        let named = all.iter().find(|reader| &reader.name == wanted);
        named.map(|reader| reader.card_present).ok_or_else(|| TransportError::UnknownReader(wanted.clone()))
    }

    fn connect(&mut self) -> Result<Box<dyn CardTransport>, TransportError> {
        Ok(Box::new(PcscTransport::connect(self.reader.as_deref())?))
    }

    fn printed_number(&mut self) -> Option<Zeroizing<String>> {
        None
    }
}

/// Opens a connection to a simulated card.
pub type Connect = Box<dyn FnMut() -> Result<Box<dyn CardTransport>, TransportError> + Send>;

/// A simulated card to be put down.
pub struct TrayCard {
    /// Its name, for who looks at the tray.
    pub id: String,
    /// How it is reached.
    pub connect: Connect,
    /// 照合番号B printed on it; `None` for what has none.
    pub printed_number: Option<Zeroizing<String>>,
}

#[derive(Default)]
struct Lying {
    card: Option<TrayCard>,
    /// Counts cards that were put down or taken, so that a connection knows its own.
    turn: u64,
}

/// A reader without hardware: a tray on which simulated cards are put down.
#[derive(Clone, Default)]
pub struct Tray(Arc<Mutex<Lying>>);

impl Tray {
    fn with<R>(&self, act: impl FnOnce(&mut Lying) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a card down; another that lay there is taken away.
    pub fn put(&self, card: TrayCard) {
        self.with(|lying| {
            lying.turn += 1;
            lying.card = Some(card);
        });
    }

    /// Takes the card away, at any moment.
    pub fn take(&self) {
        self.with(|lying| {
            lying.turn += 1;
            lying.card = None;
        });
    }

    /// Which card lies there.
    #[must_use]
    pub fn lying(&self) -> Option<String> {
        self.with(|lying| lying.card.as_ref().map(|card| card.id.clone()))
    }

    fn turn(&self) -> u64 {
        self.with(|lying| lying.turn)
    }
}

impl Slot for Tray {
    fn holds_card(&mut self) -> Result<bool, TransportError> {
        Ok(self.with(|lying| lying.card.is_some()))
    }

    fn connect(&mut self) -> Result<Box<dyn CardTransport>, TransportError> {
        let tray = self.clone();
        self.with(|lying| {
            let turn = lying.turn;
            let card = lying.card.as_mut().ok_or(TransportError::NoCard)?;
            let inner = (card.connect)()?;
            Ok(Box::new(OnTray { inner, tray, turn }) as Box<dyn CardTransport>)
        })
    }

    fn printed_number(&mut self) -> Option<Zeroizing<String>> {
        self.with(|lying| lying.card.as_ref()?.printed_number.clone())
    }
}

/// A connection that ends when its card is taken.
struct OnTray {
    inner: Box<dyn CardTransport>,
    tray: Tray,
    turn: u64,
}

impl OnTray {
    fn lies_there(&self) -> Result<(), TransportError> {
        if self.tray.turn() == self.turn { Ok(()) } else { Err(TransportError::Removed) }
    }
}

impl CardTransport for OnTray {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.lies_there()?;
        self.inner.transmit(command)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        self.lies_there()?;
        self.inner.atr()
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.lies_there()?;
        self.inner.reset()
    }

    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        // A card that was taken has lost its power: nothing it verified stays.
        self.inner.disconnect(disposition)
    }
}
