//! How the lines in use stand, kept in memory. Changes are numbered, so a look every few seconds reads only what
//! changed; a change made in this process is looked at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use eligibility::{Instant, institution::InstitutionCode};
use store::{LineChange, Store};

use super::slot::{LineRefusal, LineSlot};
use crate::clock::Clock;

/// Without a successful look for this long no line is believed to be connected.
pub const LINES_MAX_AGE: Duration = Duration::from_secs(30);
/// Addresses of one institution that are remembered; the one that rested longest gives way to another.
pub const ADDRESSES_MAX: usize = 64;
/// An address that nobody used for this long is forgotten, milliseconds.
const REST_MS: i64 = 10 * 60 * 1000;
/// Changes one reading takes at most.
const CHANGES_STEP: u32 = 500;
/// Readings of one look at most: what is left is for the next.
const STEPS_MAX: u32 = 1_000;

/// The lines in use.
pub struct Lines {
    store: Store,
    clock: Clock,
    slots: RwLock<HashMap<String, Vec<Arc<LineSlot>>>>,
    opened: std::time::Instant,
    /// Milliseconds since `opened` at the beginning of the last good look.
    read_at: AtomicU64,
    /// Held while looking: the last change seen.
    seen: tokio::sync::Mutex<LineChange>,
}

/// Whether one request may pass, to be asked again while its body comes.
#[derive(Clone, Debug)]
pub struct LinePass {
    lines: Arc<Lines>,
    slot: Arc<LineSlot>,
}

impl LinePass {
    /// Whether the request gets through now.
    ///
    /// # Errors
    /// [`LineRefusal`] when it does not.
    pub fn check(&self) -> Result<(), LineRefusal> {
        if self.lines.is_stale() {
            return Err(LineRefusal::Stale);
        }
        self.slot.check(self.lines.clock.now())
    }
}

impl Lines {
    /// Begins to follow the lines of this store.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn follow(store: Store, clock: Clock) -> store::Result<Arc<Self>> {
        let seen = store.newest_line_change().await?;
        Ok(Arc::new(Self {
            store,
            clock,
            slots: RwLock::default(),
            opened: std::time::Instant::now(),
            read_at: AtomicU64::new(0),
            seen: tokio::sync::Mutex::new(seen),
        }))
    }

    /// The pass of an institution's requests from `peer`, the address of the connection. Only the first request from
    /// an address waits for the database.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn pass(
        self: &Arc<Self>,
        institution: &InstitutionCode,
        peer: IpAddr,
    ) -> store::Result<LinePass> {
        let peer = peer.to_canonical();
        let now = self.clock.now();
        let slot = self.find(institution, peer).unwrap_or_else(|| self.add(institution, peer, now));
        slot.used(now);
        if !slot.is_read() {
            let record = self.store.line_of(institution).await?;
            slot.set(record.as_ref(), now);
        }
        Ok(LinePass { lines: Arc::clone(self), slot })
    }

    fn find(&self, institution: &InstitutionCode, peer: IpAddr) -> Option<Arc<LineSlot>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(institution.as_str())?.iter().find(|slot| slot.peer == peer).map(Arc::clone)
    }

    fn add(&self, institution: &InstitutionCode, peer: IpAddr, now: Instant) -> Arc<LineSlot> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let own = slots.entry(institution.as_str().to_owned()).or_default();
        if let Some(slot) = own.iter().find(|slot| slot.peer == peer) {
            return Arc::clone(slot);
        }
        if own.len() >= ADDRESSES_MAX {
            let rested = own.iter().enumerate().min_by_key(|(_, slot)| slot.used_at()).map(|(at, _)| at);
            own.swap_remove(rested.unwrap_or(0));
        }
        let slot = Arc::new(LineSlot::new(institution.clone(), peer, now));
        own.push(Arc::clone(&slot));
        slot
    }

    /// Looks for what changed, renews what was used, forgets what was not.
    ///
    /// # Errors
    /// Any error of the store; what was known stays and grows stale.
    pub async fn refresh(&self) -> store::Result<()> {
        let mut seen = self.seen.lock().await;
        let began = self.elapsed_ms();
        for _ in 0..STEPS_MAX {
            let changes = self.store.lines_changed_after(seen.clone(), CHANGES_STEP).await?;
            for change in &changes {
                self.read_again(&change.institution_code).await?;
            }
            let all = changes.len() < CHANGES_STEP as usize;
            if let Some(last) = changes.into_iter().next_back() {
                *seen = last;
            }
            if all {
                self.read_at.store(began, Ordering::Release);
                break;
            }
        }
        drop(seen);
        self.forget_rested();
        self.renew_used().await
    }

    async fn read_again(&self, institution: &str) -> store::Result<()> {
        let own = {
            let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
            slots.get(institution).cloned().unwrap_or_default()
        };
        let Some(first) = own.first() else { return Ok(()) };
        let record = self.store.line_of(&first.institution).await?;
        for slot in &own {
            slot.set(record.as_ref(), self.clock.now());
        }
        Ok(())
    }

    fn forget_rested(&self) {
        let before = self.clock.now().0.saturating_sub(REST_MS);
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, own| {
            // One that a request holds just now is about to be used.
            own.retain(|slot| slot.used_at().0 >= before || Arc::strong_count(slot) > 1);
            !own.is_empty()
        });
    }

    async fn renew_used(&self) -> store::Result<()> {
        let due: Vec<Arc<LineSlot>> = {
            let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
            slots.values().flatten().filter(|slot| slot.take_renewal()).cloned().collect()
        };
        for slot in due {
            if self.store.use_line(&slot.institution, slot.peer, self.clock.now()).await? {
                self.read_again(slot.institution.as_str()).await?;
            }
        }
        Ok(())
    }

    fn is_stale(&self) -> bool {
        let age = self.elapsed_ms().saturating_sub(self.read_at.load(Ordering::Acquire));
        age > LINES_MAX_AGE.as_millis() as u64
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("stale", &self.is_stale()).finish_non_exhaustive()
    }
}
