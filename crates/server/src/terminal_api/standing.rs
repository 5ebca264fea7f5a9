//! Which terminal certificates are registered, which are revoked: the store's table, kept current in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use eligibility::Instant;
use eligibility::institution_certificate::{CertificateUses, overlap_until};
use store::{Store, TerminalStanding};

use crate::listener::identity::AskingTerminal;
use crate::listener::terminals::{ConnectedTerminals, Standing, TerminalSlot};

/// Without a successful reading for this long, nobody is believed to be registered: a revocation must act
/// within a minute even while the database is away.
pub const STANDING_MAX_AGE: Duration = Duration::from_secs(60);
/// However many unknown certificates come, the extra readings they cause begin at least this far apart.
const EXTRA_READING_PAUSE: Duration = Duration::from_millis(250);
/// Changes are read again this far back: a commit can become visible after one with a later time.
const OVERLAP_MS: i64 = 60_000;
/// Everything is read again after this: whoever revokes may do so with a clock that is wrong by more than the
/// overlap, and the revocation must still act within [`STANDING_MAX_AGE`]. Half of it, because the reading that comes
/// just too early for this may be followed by the next one as late as the settings allow: another half.
const WHOLE_READING_MS: u64 = 30_000;

/// The table, and everyone connected now.
pub struct Standings {
    store: Store,
    known: RwLock<HashMap<String, Known>>,
    newest_change: AtomicI64,
    /// Milliseconds since the table was opened, by a clock that nobody sets.
    elapsed_ms: Box<dyn Fn() -> u64 + Send + Sync>,
    /// By that clock; `u64::MAX` before the first reading.
    read_at: AtomicU64,
    /// Held while reading: when the whole table was last read.
    reading: tokio::sync::Mutex<Option<u64>>,
    connected: ConnectedTerminals,
    /// When the latest extra reading began.
    extra_reading: tokio::sync::Mutex<Option<u64>>,
}

struct Known {
    institution: String,
    revoked: bool,
    taken_until: Option<Instant>,
    awaits_first_use: bool,
    /// Whether オンライン資格確認 may be asked with it.
    serves_eligibility: bool,
}

impl Standings {
    /// An empty table: nobody is known until the first [`Standings::refresh`].
    #[must_use]
    pub fn new(store: Store) -> Arc<Self> {
        let opened = std::time::Instant::now();
        Self::timed_by(store, move || u64::try_from(opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1))
    }

    /// The same by another measure of time: milliseconds that never go back.
    #[must_use]
    pub fn timed_by(store: Store, elapsed_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            store,
            known: RwLock::default(),
            newest_change: AtomicI64::new(0),
            elapsed_ms: Box::new(elapsed_ms),
            read_at: AtomicU64::new(u64::MAX),
            reading: tokio::sync::Mutex::default(),
            connected: ConnectedTerminals::default(),
            extra_reading: tokio::sync::Mutex::default(),
        })
    }

    /// Reads what changed and tells every open connection.
    ///
    /// # Errors
    /// Whatever reading the store meets; the table then stays as it is and grows stale.
    pub async fn refresh(&self) -> store::Result<()> {
        self.read(false).await
    }

    /// Reads everything anew, also what changed under a clock that was late.
    ///
    /// # Errors
    /// As [`Standings::refresh`].
    pub async fn refresh_whole(&self) -> store::Result<()> {
        self.read(true).await
    }

    async fn read(&self, everything: bool) -> store::Result<()> {
        let mut whole_read_at = self.reading.lock().await;
        let began = self.elapsed_ms();
        let whole = everything || whole_read_at.is_none_or(|at| began.saturating_sub(at) >= WHOLE_READING_MS);
        let newest = self.newest_change.load(Ordering::Acquire);
        let since = Instant(if whole { 0 } else { newest.saturating_sub(OVERLAP_MS) });
        let changed = self.store.terminal_standings_changed_since(since).await?;
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            for TerminalStanding { certificate, superseded_at, awaits_first_use, uses } in changed {
                self.newest_change.fetch_max(certificate.changed_at.0, Ordering::AcqRel);
                let institution = certificate.institution_code.as_str().to_owned();
                let revoked = certificate.revoked_at.is_some();
                let taken_until = superseded_at.map(overlap_until);
                // One that was brought from elsewhere says nothing of its uses: it was registered to ask.
                let serves_eligibility = uses.is_none_or(CertificateUses::serves_eligibility);
                let found = Known { institution, revoked, taken_until, awaits_first_use, serves_eligibility };
                known.insert(certificate.fingerprint, found);
            }
        }
        if whole {
            *whole_read_at = Some(began);
        }
        self.read_at.store(began, Ordering::Release);
        for slot in self.connected.in_use() {
            self.tell(&slot);
        }
        Ok(())
    }

    /// The slot of a terminal that connects. A certificate not yet in the table is looked for before the
    /// first question is judged, so that a newly issued one is taken from its first connection on.
    pub async fn slot_of(&self, identity: AskingTerminal) -> Arc<TerminalSlot> {
        let slot = self.connected.slot(identity);
        self.tell(&slot);
        if slot.standing() == Standing::Unknown
            && let Err(error) = self.read_for_newcomers().await
        {
            tracing::warn!(%error, "terminal certificates could not be read");
        }
        slot
    }

    /// Writes down, once, that a terminal is let in with its certificate: from then on its renewal is not asked for
    /// again. A certificate whose place was taken meanwhile shows as revoked afterwards.
    ///
    /// # Errors
    /// Whatever the store meets; nobody is let in then.
    pub async fn note_first_use(&self, slot: &TerminalSlot, now: Instant) -> store::Result<()> {
        if !slot.awaits_first_use() {
            return Ok(());
        }
        let AskingTerminal { institution_code, fingerprint, .. } = &slot.identity;
        let first = self.store.note_first_use(institution_code, fingerprint, now).await?;
        if let Some(known) = self.known.write().unwrap_or_else(PoisonError::into_inner).get_mut(fingerprint) {
            known.awaits_first_use = false;
        }
        slot.set_awaits_first_use(false);
        // Whoever took its place may have done so with a clock that is late: what changed lately would not show it.
        if first { Ok(()) } else { self.refresh_whole().await }
    }

    /// Whether the table is too old to believe.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let read_at = self.read_at.load(Ordering::Acquire);
        read_at == u64::MAX || self.elapsed_ms().saturating_sub(read_at) > STANDING_MAX_AGE.as_millis() as u64
    }

    fn tell(&self, slot: &TerminalSlot) {
        let (standing, taken_until, awaits, serves) = self.look_up(&slot.identity);
        slot.set_serves_eligibility(serves);
        slot.set_taken_until(taken_until);
        slot.set_awaits_first_use(awaits && standing == Standing::Registered);
        slot.set_standing(standing);
    }

    fn look_up(&self, identity: &AskingTerminal) -> (Standing, Option<Instant>, bool, bool) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.get(&identity.fingerprint) {
            Some(found) if found.institution != identity.institution_code.as_str() => {
                (Standing::Unknown, None, false, true)
            }
            Some(found) => {
                let standing = if found.revoked { Standing::Revoked } else { Standing::Registered };
                (standing, found.taken_until, found.awaits_first_use, found.serves_eligibility)
            }
            None => (Standing::Unknown, None, false, true),
        }
    }

    /// Returns after a reading that began once this was called: the newcomers of one moment share it.
    async fn read_for_newcomers(&self) -> store::Result<()> {
        let asked = self.elapsed_ms();
        let mut latest = self.extra_reading.lock().await;
        if latest.is_some_and(|began| began > asked) {
            return Ok(());
        }
        if let Some(began) = *latest {
            let rested = Duration::from_millis(self.elapsed_ms().saturating_sub(began));
            tokio::time::sleep(EXTRA_READING_PAUSE.saturating_sub(rested)).await;
        }
        *latest = Some(self.elapsed_ms());
        self.refresh().await
    }

    fn elapsed_ms(&self) -> u64 {
        (self.elapsed_ms)()
    }
}

impl std::fmt::Debug for Standings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standings").field("stale", &self.is_stale()).finish_non_exhaustive()
    }
}
