//! The authority's parts together, and its work that no request waits for.

use std::sync::Arc;
use std::time::Duration;

use pki::issuing::IssuingAuthority;
use pki::keys::PrivateKey;
use store::Store;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::issuing::Issuing;
use super::letters::LetterDesk;
use super::notices::Notices;
use super::publication::Publication;
use super::{Desk, PublicLog, SecretHasher, Signing};
use crate::clock::Clock;

/// Time between two looks at what is due when nobody rings.
const TICK: Duration = Duration::from_secs(1);
/// Time between two looks at notices and old letters.
const SLOW_TICK: Duration = Duration::from_secs(60);

/// The parts of an authority.
pub struct Parts {
    /// Decides.
    pub desk: Arc<Desk>,
    /// Signs ahead.
    pub publication: Arc<Publication>,
    /// Carries out what was approved.
    pub issuing: Arc<Issuing>,
    /// Tells of ends.
    pub notices: Arc<Notices>,
    /// The public log.
    pub log: Arc<PublicLog>,
    bell: Arc<Notify>,
}

/// What an authority signs and hashes with.
pub struct Keys {
    /// The issuing authority, with its key.
    pub authority: IssuingAuthority,
    /// The public log's key.
    pub log: PrivateKey,
    /// The key of the 認証ID.
    pub secrets: SecretHasher,
}

impl Parts {
    /// Puts the parts together.
    #[must_use]
    pub fn assemble(store: &Store, clock: &Clock, keys: Keys, letters: LetterDesk) -> Self {
        let signing = Arc::new(Signing::new(keys.authority));
        let log = Arc::new(PublicLog::new(keys.log));
        let bell = Arc::new(Notify::new());
        let (desk_signing, desk_bell) = (Arc::clone(&signing), Arc::clone(&bell));
        let desk = Desk::new(store.clone(), clock.clone(), desk_signing, keys.secrets, desk_bell);
        let desk = Arc::new(desk);
        let publication = Publication::new(store.clone(), clock.clone(), signing, Arc::clone(&log));
        Self {
            publication: Arc::new(publication),
            issuing: Arc::new(Issuing::new(Arc::clone(&desk), letters)),
            notices: Arc::new(Notices::new(store.clone(), clock.clone())),
            desk,
            log,
            bell,
        }
    }

    /// Looks now at what was approved and what is to be published, instead of within a second.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// What is due is done every second, and at once when somebody rings.
    pub(crate) fn start(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let (issuing, publication) = (Arc::clone(&self.issuing), Arc::clone(&self.publication));
        let (bell, ended) = (Arc::clone(&self.bell), stop.clone());
        tasks.spawn(async move {
            loop {
                if let Err(error) = issuing.run().await {
                    failed("approved applications", &error);
                }
                if let Err(error) = publication.run().await {
                    failed("publication", &error);
                }
                tokio::select! {
                    () = ended.cancelled() => return,
                    () = bell.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                }
            }
        });
        let (issuing, notices) = (Arc::clone(&self.issuing), Arc::clone(&self.notices));
        let ended = stop.clone();
        tasks.spawn(async move {
            loop {
                if let Err(error) = notices.run().await {
                    failed("certificate notices", &error);
                }
                if let Err(error) = issuing.tidy().await {
                    failed("old letters", &error);
                }
                tokio::select! {
                    () = ended.cancelled() => return,
                    () = tokio::time::sleep(SLOW_TICK) => {}
                }
            }
        });
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("log", &self.log).finish_non_exhaustive()
    }
}

fn failed(task: &'static str, error: &dyn std::error::Error) {
    metrics::counter!("shikaku_background_failures_total", "task" => task).increment(1);
    tracing::warn!(task, %error, "background task failed");
}
