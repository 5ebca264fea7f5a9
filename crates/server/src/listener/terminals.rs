//! The standing of every connected terminal: registered, revoked, unknown; and how many of its requests are
//! being answered. A request reads two atomics; the store is asked in the background, so that a revocation
//! acts on connections that are already open.

use std::collections::HashMap;
use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, Ordering},
};

use eligibility::Instant;

use super::identity::AskingTerminal;

/// What the store says about a terminal certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Registered and not revoked.
    Registered,
    /// Revoked.
    Revoked,
    /// The store does not know it.
    Unknown,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Registered, Self::Revoked, Self::Unknown];

    fn from_byte(byte: u8) -> Self {
        Self::ALL.into_iter().find(|standing| *standing as u8 == byte).unwrap_or(Self::Unknown)
    }
}

/// One terminal certificate in use, shared by all its connections.
#[derive(Debug)]
pub struct TerminalSlot {
    /// Who it is.
    pub identity: AskingTerminal,
    standing: AtomicU8,
    /// First moment a renewed certificate is no longer taken, milliseconds.
    taken_until: AtomicI64,
    /// Whether nobody was let in with the certificate yet.
    awaits_first_use: AtomicBool,
    /// Whether オンライン資格確認 may be asked with the certificate.
    serves_eligibility: AtomicBool,
    in_flight: AtomicU32,
    connections: AtomicU32,
}

impl TerminalSlot {
    /// The standing as last read.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::from_byte(self.standing.load(Ordering::Acquire))
    }

    /// Records what the store said.
    pub fn set_standing(&self, standing: Standing) {
        self.standing.store(standing as u8, Ordering::Release);
    }

    /// Records until when the certificate is taken; `None` while it has no successor.
    pub fn set_taken_until(&self, until: Option<Instant>) {
        self.taken_until.store(until.map_or(i64::MAX, |until| until.0), Ordering::Release);
    }

    /// Whether nobody was let in with the certificate yet, as far as is known.
    #[must_use]
    pub fn awaits_first_use(&self) -> bool {
        self.awaits_first_use.load(Ordering::Acquire)
    }

    /// Records whether nobody was let in yet.
    pub fn set_awaits_first_use(&self, awaits: bool) {
        self.awaits_first_use.store(awaits, Ordering::Release);
    }

    /// Whether オンライン資格確認 may be asked with the certificate.
    #[must_use]
    pub fn serves_eligibility(&self) -> bool {
        self.serves_eligibility.load(Ordering::Acquire)
    }

    /// Records whether it may.
    pub fn set_serves_eligibility(&self, serves: bool) {
        self.serves_eligibility.store(serves, Ordering::Release);
    }

    /// Whether another certificate has taken its place for good.
    #[must_use]
    pub fn is_superseded(&self, now: Instant) -> bool {
        now.0 >= self.taken_until.load(Ordering::Acquire)
    }

    /// Counts one more connection unless `limit` are open.
    #[must_use]
    pub(crate) fn connect(self: &Arc<Self>, limit: u32) -> Option<OpenConnection> {
        let open = self.connections.fetch_add(1, Ordering::AcqRel);
        let connection = OpenConnection(Arc::clone(self));
        (open < limit).then_some(connection)
    }

    /// Takes one of `limit` places; `None` when all are taken.
    #[must_use]
    pub(crate) fn enter(self: &Arc<Self>, limit: u32) -> Option<Place> {
        let taken = self.in_flight.fetch_add(1, Ordering::AcqRel);
        if taken >= limit {
            self.in_flight.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        Some(Place(Arc::clone(self)))
    }
}

/// A place among a terminal's open connections; given back when dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<TerminalSlot>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A place among a terminal's concurrent requests; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<TerminalSlot>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// All terminals that have a connection open now.
#[derive(Debug, Default)]
pub struct ConnectedTerminals {
    slots: Mutex<HashMap<String, Weak<TerminalSlot>>>,
}

impl ConnectedTerminals {
    /// The slot of this identity, made when it is the first connection.
    pub fn slot(&self, identity: AskingTerminal) -> Arc<TerminalSlot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&identity.fingerprint).and_then(Weak::upgrade) {
            return slot;
        }
        let slot = Arc::new(TerminalSlot {
            standing: AtomicU8::new(Standing::Unknown as u8),
            taken_until: AtomicI64::new(i64::MAX),
            awaits_first_use: AtomicBool::new(false),
            serves_eligibility: AtomicBool::new(true),
            in_flight: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            identity,
        });
        slots.insert(slot.identity.fingerprint.clone(), Arc::downgrade(&slot));
        slot
    }

    /// Every slot in use; forgets those whose connections are gone.
    pub fn in_use(&self) -> Vec<Arc<TerminalSlot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| slot.strong_count() > 0);
        slots.values().filter_map(Weak::upgrade).collect()
    }
}
