//! Signs ahead what the network fetches: lists of the revoked in shards, answers about each certificate, heads of the
//! public log. Whoever gives them out needs no key.

use std::sync::Arc;

use eligibility::Instant;
use eligibility::institution_certificate::Revocation;
use pki::ocsp::PRESIGNED_VALIDITY_H;
use pki::serial::Serial;
use store::{AUTHORITY, NewAnswer, Reservation, Reserved, RevokedAsOf, Store, StoredList};
use tokio::sync::Mutex;

use super::{AnswerSigner, NotIssued, PublicLog, Signing};
use crate::clock::Clock;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// A list is signed anew after this long, changed or not; it is good for days.
const LIST_MAX_AGE_MS: i64 = 6 * HOUR_MS;
/// An answer is signed anew when so much of its time is left.
const ANSWER_LEFT_MS: i64 = PRESIGNED_VALIDITY_H / 2 * HOUR_MS;
/// Answers signed and stored in one step.
const ANSWERS_STEP: u32 = 500;
/// Steps of one round at most: what was revoked meanwhile is on the lists before the next ones.
const STEPS_MAX: usize = 10;
/// Answers about certificates that are over, dropped in one step.
const DROP_STEP: u32 = 2_000;

/// Signs ahead.
pub struct Publication {
    store: Store,
    clock: Clock,
    signing: Arc<Signing>,
    log: Arc<PublicLog>,
    state: Mutex<State>,
}

/// What was published last, as this process knows.
#[derive(Default)]
struct State {
    signer: Option<AnswerSigner>,
    /// Everything revoked, as it was last read.
    read: Option<RevokedAsOf>,
    /// What of it is on the lists.
    listed: Option<Vec<(String, Revocation)>>,
    lists_checked_at: Option<Instant>,
}

impl State {
    /// What belongs on the lists now: an expired certificate leaves them without anything being read.
    fn revoked(&self, now: Instant) -> Vec<(String, Revocation)> {
        let certificates = self.read.iter().flat_map(|read| &read.certificates);
        let lasting = certificates.filter(|one| one.not_after >= now);
        lasting.map(|one| (one.serial.clone(), one.revocation)).collect()
    }
}

impl Publication {
    /// Publishes for this authority.
    #[must_use]
    pub fn new(store: Store, clock: Clock, signing: Arc<Signing>, log: Arc<PublicLog>) -> Self {
        Self { store, clock, signing, log, state: Mutex::default() }
    }

    /// Signs whatever is due now.
    ///
    /// # Errors
    /// A fault of the store or of signing; the rest is done next time.
    pub async fn run(&self) -> Result<(), NotIssued> {
        let mut state = self.state.lock().await;
        self.lists(&mut state).await?;
        self.answers(&mut state).await?;
        self.log.advance(&self.store, self.clock.now()).await
    }

    async fn lists(&self, state: &mut State) -> Result<(), NotIssued> {
        let now = self.clock.now();
        let Some(distribution) = self.signing.authority().distribution().cloned() else { return Ok(()) };
        let fresh = state.lists_checked_at.is_some_and(|at| now.0 - at.0 < HOUR_MS && now >= at);
        // The count is for speed: what was revoked without it (by a former release beside this one, in a database that
        // was put back) is found within the hour.
        let known = state.read.as_ref().map(|read| read.count).filter(|_| fresh);
        if let Some(read) = self.store.revoked_certificates(known, now).await? {
            state.read = Some(read);
        }
        let revoked = state.revoked(now);
        let unchanged = state.listed.as_ref() == Some(&revoked);
        if unchanged && fresh {
            return Ok(());
        }
        for shard in 0..distribution.shards() {
            let here = |(serial, _): &&(String, Revocation)| {
                distribution.shard_of(serial).is_ok_and(|its| its == shard)
            };
            let own: Vec<_> = revoked.iter().filter(here).collect();
            let before = state.listed.as_ref().map(|all| all.iter().filter(here).collect::<Vec<_>>());
            self.list(shard, &revoked, before.as_ref() == Some(&own)).await?;
        }
        state.listed = Some(revoked);
        state.lists_checked_at = Some(now);
        Ok(())
    }

    async fn list(
        &self,
        shard: u16,
        revoked: &[(String, Revocation)],
        unchanged: bool,
    ) -> Result<(), NotIssued> {
        let now = self.clock.now();
        let issuer = self.signing.authority().label();
        let stored = self.store.revocation_list_of(&issuer, shard).await?;
        let young =
            |list: &StoredList| now.0 - list.this_update.0 < LIST_MAX_AGE_MS && now >= list.this_update;
        if unchanged && stored.as_ref().is_some_and(young) {
            return Ok(());
        }
        let number = stored.map_or(1, |list| list.number + 1);
        let (list, next_update) = self.signing.list(shard, revoked, number.unsigned_abs(), now)?;
        let stored = StoredList { issuer, shard, number, list, this_update: now, next_update };
        if !self.store.put_revocation_list(stored).await? {
            // Another process was faster; what it knew may be older than what we know.
            return Err(store::Error::Busy { tries: 1 }.into());
        }
        Ok(())
    }

    async fn answers(&self, state: &mut State) -> Result<(), NotIssued> {
        let now = self.clock.now();
        if state.signer.as_ref().is_none_or(|signer| signer.is_old(now)) {
            state.signer = Some(self.new_signer().await?);
        }
        let Some(signer) = &state.signer else { return Ok(()) };
        for _ in 0..STEPS_MAX {
            let before = Instant(now.0 + ANSWER_LEFT_MS);
            let due = self.store.answers_due(before, now, ANSWERS_STEP).await?;
            let full = due.len() == ANSWERS_STEP as usize;
            let mut signed = Vec::with_capacity(due.len());
            for due in due {
                let (answer, next_update) = signer.answer(&due.serial, due.revocation, now)?;
                signed.push(NewAnswer { due, answer, this_update: now, next_update });
            }
            // Nothing kept: each was revoked in between, and is signed anew next time.
            let kept = if signed.is_empty() { 0 } else { self.store.put_answers(signed).await? };
            if !full || kept == 0 {
                break;
            }
        }
        self.store.drop_answers_over(now, DROP_STEP).await?;
        Ok(())
    }

    async fn new_signer(&self) -> Result<AnswerSigner, NotIssued> {
        let (key, serial) = (AnswerSigner::new_key()?, Serial::random()?);
        let now = self.clock.now();
        let reservation = Reservation {
            serial: serial.hex(),
            institution_code: AUTHORITY.to_owned(),
            order_id: format!("ocsp:{}", serial.hex()),
            purpose: "ocsp_signer",
            key_fingerprint: key.public_key().fingerprint(),
            at: now,
        };
        if self.store.reserve_serial(reservation).await? != Reserved::Stored {
            return Err(pki::Error::Crypto("random numbers repeat themselves").into());
        }
        let signer = self.signing.answer_signer(key, serial.stored(), now)?;
        let issued = signer.certificate();
        self.store.log_own_certificate(&issued.serial, issued.der.clone(), now).await?;
        Ok(signer)
    }
}

impl std::fmt::Debug for Publication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Publication")
    }
}
