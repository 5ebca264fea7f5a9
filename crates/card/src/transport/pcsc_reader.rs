//! Real readers, through PC/SC.

use std::ffi::{CStr, CString};
use std::time::Duration;

use pcsc::{Card, Context, Error, Protocols, ReaderState, Scope, ShareMode, State};

use crate::transport::{CardTransport, Disposition, ReaderInfo, TransportError};

/// Room for any response this card family gives: at most as long as a command, and the status bytes.
const RESPONSE_BUFFER: usize = crate::apdu::MAX_DATA + 2;

/// Lists the readers that are connected; no reader gives an empty list.
///
/// # Errors
/// [`TransportError::NoService`] when pcscd is not running.
pub fn readers() -> Result<Vec<ReaderInfo>, TransportError> {
    let context = Context::establish(Scope::User).map_err(translate)?;
    let states = states(&context)?;
    Ok(states
        .iter()
        .map(|state| ReaderInfo {
            name: state.name().to_string_lossy().into_owned(),
            card_present: state.event_state().contains(State::PRESENT),
        })
        .collect())
}

/// A connection to the card on a reader: exclusive, and powered off at the end.
///
/// Exclusive because a verified PIN would otherwise let any other program sign.
pub struct PcscTransport {
    // Keeps the service connection alive as long as the card.
    _context: Context,
    card: Option<Card>,
}

impl PcscTransport {
    /// Connects to the card: on the named reader, or on the first that holds one (never simply the first).
    ///
    /// # Errors
    /// [`TransportError`], a distinct one for no service, no reader, no card and a card in use.
    pub fn connect(reader: Option<&str>) -> Result<Self, TransportError> {
        let context = Context::establish(Scope::User).map_err(translate)?;
        let states = states(&context)?;
        if states.is_empty() {
            return Err(TransportError::NoReader);
        }
        let chosen = choose(&states, reader)?;
        let protocols = Protocols::T0 | Protocols::T1;
        let card = context.connect(chosen, ShareMode::Exclusive, protocols).map_err(translate)?;
        Ok(Self { _context: context, card: Some(card) })
    }

    fn card(&mut self) -> Result<&mut Card, TransportError> {
        self.card.as_mut().ok_or(TransportError::Removed)
    }
}

impl CardTransport for PcscTransport {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let mut buffer = zeroize::Zeroizing::new(vec![0; RESPONSE_BUFFER]);
        let response = self.card()?.transmit(command, &mut buffer).map_err(translate)?;
        Ok(response.to_vec())
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(self.card()?.status2_owned().map_err(translate)?.atr().to_vec())
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        let protocols = Protocols::T0 | Protocols::T1;
        self.card()?
            .reconnect(ShareMode::Exclusive, protocols, pcsc::Disposition::ResetCard)
            .map_err(translate)
    }

    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        let card = self.card.take().ok_or(TransportError::Removed)?;
        let disposition = match disposition {
            Disposition::Leave => pcsc::Disposition::LeaveCard,
            Disposition::Reset => pcsc::Disposition::ResetCard,
            Disposition::Unpower => pcsc::Disposition::UnpowerCard,
        };
        card.disconnect(disposition).map_err(|(_, error)| translate(error))
    }
}

impl Drop for PcscTransport {
    fn drop(&mut self) {
        // The library's own drop would only reset the card, which may keep a verified PIN.
        let _ = self.disconnect(Disposition::Unpower);
    }
}

fn choose<'a>(states: &'a [ReaderState], reader: Option<&str>) -> Result<&'a CStr, TransportError> {
    let present = |state: &&ReaderState| state.event_state().contains(State::PRESENT);
    let Some(wanted) = reader else {
        return states.iter().find(present).map(ReaderState::name).ok_or(TransportError::NoCard);
    };
    let named = states.iter().find(|state| state.name().to_bytes() == wanted.as_bytes());
    let named = named.ok_or_else(|| TransportError::UnknownReader(wanted.to_owned()))?;
    if present(&named) { Ok(named.name()) } else { Err(TransportError::NoCard) }
}

fn states(context: &Context) -> Result<Vec<ReaderState>, TransportError> {
    let names: Vec<CString> = match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => return Ok(Vec::new()),
        other => other.map_err(translate)?,
    };
    let mut states: Vec<ReaderState> =
        names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect();
    if !states.is_empty() {
        context.get_status_change(Duration::ZERO, &mut states).map_err(translate)?;
    }
    Ok(states)
}

fn translate(error: Error) -> TransportError {
    match error {
        Error::NoService | Error::ServiceStopped => TransportError::NoService,
        Error::NoReadersAvailable | Error::ReaderUnavailable => TransportError::NoReader,
        Error::UnknownReader => TransportError::NoReader,
        Error::NoSmartcard => TransportError::NoCard,
        Error::RemovedCard | Error::ResetCard | Error::InvalidHandle => TransportError::Removed,
        Error::SharingViolation => TransportError::InUse,
        Error::UnresponsiveCard | Error::UnpoweredCard | Error::UnsupportedCard | Error::ProtoMismatch => {
            TransportError::Mute
        }
        other => TransportError::Failed(other.to_string()),
    }
}
