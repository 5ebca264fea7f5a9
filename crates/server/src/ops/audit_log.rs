//! Signing the audit log, and showing every signed head to the outside, where whoever owns the database cannot
//! change it: one log event each, and one line each in the witness file if there is one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex as Lock, PoisonError};
use std::time::{Duration, Instant};

use store::Store;
use store::audit::SigningKey;
use tokio::sync::Mutex;

use super::witness::{Witness, WitnessError};
use crate::clock::Clock;

/// Intervals after which a log that did not move on turns readiness red: whoever keeps it from being signed, by
/// whatever means, could take back unseen what was not signed.
const INTERVALS_MISSED: u32 = 3;
/// Readiness waits this long at least: a busy machine may need a moment for one round.
const PATIENCE_AT_LEAST: Duration = Duration::from_secs(5);

/// Why the audit log did not move on.
#[derive(Debug, thiserror::Error)]
pub enum AuditLogError {
    /// The store could not take the new entries in, or refused to because the log was changed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Heads could not be shown, or those in the database are not those that were shown before.
    #[error(transparent)]
    Witness(#[from] WitnessError),
}

impl AuditLogError {
    /// Whether somebody changed the log, rather than something being out of order for a while. The store writes
    /// no malformed row, so one in the log was changed by somebody else.
    #[must_use]
    pub fn is_tampering(&self) -> bool {
        match self {
            Self::Store(error) | Self::Witness(WitnessError::Store(error)) => {
                matches!(error, store::Error::AuditBroken { .. } | store::Error::Malformed { .. })
            }
            Self::Witness(error) => matches!(error, WitnessError::Rewritten { .. }),
        }
    }
}

/// The audit log as this server signs and shows it.
pub struct AuditLog {
    store: Store,
    clock: Clock,
    key: SigningKey,
    witness: Mutex<Witness>,
    sound: AtomicBool,
    patience: Duration,
    /// When it moved on last, or this server started.
    moved_on: Lock<Instant>,
}

impl AuditLog {
    /// The log of this store, signed with this key about every `interval` and shown by this witness.
    #[must_use]
    pub fn new(store: Store, clock: Clock, key: SigningKey, witness: Witness, interval: Duration) -> Self {
        let patience = interval.saturating_mul(INTERVALS_MISSED).max(PATIENCE_AT_LEAST);
        let (witness, sound) = (Mutex::new(witness), AtomicBool::new(true));
        Self { store, clock, key, witness, sound, patience, moved_on: Lock::new(Instant::now()) }
    }

    /// Signs what is new and shows what was signed, by this server or another one.
    ///
    /// # Errors
    /// [`AuditLogError`]; after one that [means tampering](AuditLogError::is_tampering) the log is not sound until a
    /// later call succeeds.
    pub async fn advance(&self) -> Result<(), AuditLogError> {
        let outcome = self.sign_and_show().await;
        match &outcome {
            Ok(()) => {
                self.found(true);
                *self.moved_on.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            }
            Err(error) if error.is_tampering() => {
                if self.is_sound() {
                    metrics::counter!("shikaku_audit_alarms_total").increment(1);
                    tracing::error!(%error, "ALARM: the audit log was changed; nothing more is signed");
                }
                self.found(false);
            }
            // Says nothing about the log, until it lasts too long.
            Err(error) if self.is_stale() => {
                metrics::gauge!("shikaku_audit_log_sound").set(0.0);
                tracing::error!(%error, "the audit log has not been signed for too long");
            }
            Err(_) => {}
        }
        outcome
    }

    /// Whether nothing speaks against the log.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.sound.load(Ordering::Acquire)
    }

    /// Whether it has not moved on for about three intervals, whatever the reason.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.moved_on.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > self.patience
    }

    fn found(&self, sound: bool) {
        self.sound.store(sound, Ordering::Release);
        metrics::gauge!("shikaku_audit_log_sound").set(f64::from(u8::from(sound)));
    }

    async fn sign_and_show(&self) -> Result<(), AuditLogError> {
        // Held throughout, so that the newest head is never older than what was shown.
        let mut witness = self.witness.lock().await;
        let newest = self.store.audit_integrate_and_sign(&self.key, self.clock.now()).await?;
        witness.show(&self.store, &newest).await?;
        Ok(())
    }
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditLog").field("sound", &self.is_sound()).finish_non_exhaustive()
    }
}
