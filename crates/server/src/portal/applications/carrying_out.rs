//! Work that no click waits for: what was approved about accounts, lines and codes is carried out.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use eligibility::application::ApplicationKind;
use store::{ApplicationId, CarriedOut, Obstacle, Store};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Approved applications of a kind looked at in one round. Those that wait for their day are among them.
const ROUND_MAX: u32 = 2000;
/// Kinds carried out here; certificates are the authority's.
const KINDS: [ApplicationKind; 5] = [
    ApplicationKind::UseStart,
    ApplicationKind::UseChange,
    ApplicationKind::Succession,
    ApplicationKind::CodeChange,
    ApplicationKind::CustomerIdChange,
];

/// Carries out what was approved.
pub struct CarryingOut {
    store: Store,
    clock: Clock,
    told: Mutex<HashSet<ApplicationId>>,
}

impl CarryingOut {
    /// For this database.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, told: Mutex::default() }
    }

    /// Looks once a second until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.advance().await {
                tracing::error!(%error, "approved applications could not be carried out");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Carries out everything that waits now; how many.
    ///
    /// # Errors
    /// Any error of the store.
    pub async fn advance(&self) -> Result<u64, store::Error> {
        let mut done = 0;
        for kind in KINDS {
            for waiting in self.store.approved_applications(kind, ROUND_MAX).await? {
                let now = self.clock.now();
                match self.store.carry_out_application(&waiting.institution, &waiting.id, now).await {
                    Ok(CarriedOut::Done) => done += 1,
                    Ok(CarriedOut::NotYet | CarriedOut::NotWaiting) => {}
                    Ok(CarriedOut::Held(why)) => self.tell_once(&waiting.id, &why),
                    Ok(CarriedOut::Line(why)) => self.tell_once(&waiting.id, &why),
                    // A line above its limit must not stop the applications behind it.
                    Err(error @ store::Error::Refused { .. }) => {
                        let full = Obstacle::LineFull;
                        self.store.note_obstacle(&waiting.institution, &waiting.id, full, now).await?;
                        self.tell_once(&waiting.id, &error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(done)
    }

    fn tell_once(&self, id: &ApplicationId, why: &dyn std::fmt::Debug) {
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if told.insert(id.clone()) {
            tracing::error!(application = %id, ?why, "an approved application waits for a person of the operator");
        }
    }
}
