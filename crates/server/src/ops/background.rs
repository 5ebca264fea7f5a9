//! Work that no request waits for: reading standings and the revocation list, signing the audit log, pruning.

use std::sync::Arc;
use std::time::Duration;

use eligibility::Instant;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::audit_log::AuditLog;
use crate::card_revocation::CardRevocation;
use crate::clock::Clock;
use crate::line_auth::Lines;
use crate::terminal_api::standing::Standings;

/// Time between two prunings.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// Time between two tries to write after a write failed.
const WRITE_AGAIN_INTERVAL: Duration = Duration::from_secs(2);
/// Rows one pruning step removes at most, so that it never holds the writer long.
const PRUNE_STEP: u32 = 2_000;
/// Time between two sortings of the measured times.
const METRICS_INTERVAL: Duration = Duration::from_secs(5);
/// Steps of one pruning at most.
const PRUNE_STEPS_MAX: u32 = 500;
/// Time between two looks for refused attempts that were only counted.
const DENIALS_INTERVAL: Duration = Duration::from_secs(60);
/// Counts that one look turns into audit entries at most.
const DENIALS_STEP: u32 = 1_000;
/// A repeated request gets its first answer for this long; afterwards the stored answer goes and the audit
/// entry stays. Nonces and receipts are over long before.
pub const ANSWERS_KEPT_MS: i64 = 35 * 24 * 60 * 60 * 1000;

/// A task that failed is tried again after this, or after its interval if that is shorter.
const RETRY_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What the background tasks work on.
pub(crate) struct Background {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) standings: Arc<Standings>,
    pub(crate) standing_refresh: Duration,
    pub(crate) revocation: Arc<CardRevocation>,
    pub(crate) revocation_refresh: Duration,
    pub(crate) audit: Arc<AuditLog>,
    pub(crate) tree_head_interval: Duration,
    /// The lines in use, and how often to look for changes of them.
    pub(crate) lines: (Arc<Lines>, Duration),
}

impl Background {
    /// Starts all tasks; they end when `stop` is cancelled.
    pub(crate) fn start(self, tasks: &TaskTracker, stop: &CancellationToken) {
        let standings = self.standings;
        repeat(tasks, stop, self.standing_refresh, "terminal certificates", move || {
            let standings = Arc::clone(&standings);
            async move { standings.refresh().await.map_err(|error| error.to_string()) }
        });
        let (revocation, clock) = (self.revocation, self.clock.clone());
        repeat(tasks, stop, self.revocation_refresh, "card revocation list", move || {
            let (revocation, clock) = (Arc::clone(&revocation), clock.clone());
            async move { revocation.refresh(clock.now()).await.map_err(|error| error.to_string()) }
        });
        let audit = self.audit;
        repeat(tasks, stop, self.tree_head_interval, "audit tree head", move || {
            let audit = Arc::clone(&audit);
            async move { audit.advance().await.map_err(|error| error.to_string()) }
        });
        let (lines, refresh) = self.lines;
        repeat(tasks, stop, refresh, "lines", move || {
            let lines = Arc::clone(&lines);
            async move { lines.refresh().await.map_err(|error| error.to_string()) }
        });
        repeat(tasks, stop, METRICS_INTERVAL, "metrics", || async {
            super::metrics::tidy();
            Ok(())
        });
        let store = self.store.clone();
        repeat(tasks, stop, WRITE_AGAIN_INTERVAL, "writing again", move || {
            let store = store.clone();
            async move { store.try_writing_again().await.map_err(|error| error.to_string()) }
        });
        let (store, clock) = (self.store.clone(), self.clock.clone());
        repeat(tasks, stop, DENIALS_INTERVAL, "denied attempts", move || {
            let (store, clock) = (store.clone(), clock.clone());
            async move {
                let told = store.close_denials(clock.now(), DENIALS_STEP).await;
                told.map(drop).map_err(|error| error.to_string())
            }
        });
        let (store, clock) = (self.store, self.clock);
        repeat(tasks, stop, PRUNE_INTERVAL, "pruning", move || {
            let (store, clock) = (store.clone(), clock.clone());
            async move { prune(&store, clock.now()).await.map_err(|error| error.to_string()) }
        });
    }
}

async fn prune(store: &Store, now: Instant) -> store::Result<()> {
    let before = Instant(now.0.saturating_sub(ANSWERS_KEPT_MS));
    for _ in 0..PRUNE_STEPS_MAX {
        if store.prune_verifications(before, PRUNE_STEP).await? < u64::from(PRUNE_STEP) {
            break;
        }
    }
    Ok(())
}

/// Runs `work` now and then at every interval until `stop`; a failure is logged and tried again next time.
fn repeat<W, F>(tasks: &TaskTracker, stop: &CancellationToken, every: Duration, what: &'static str, work: W)
where
    W: Fn() -> F + Send + 'static,
    F: Future<Output = Result<(), String>> + Send,
{
    let stop = stop.clone();
    tasks.spawn(async move {
        let mut pause = Duration::ZERO;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = every;
            if let Err(error) = work().await {
                pause = every.min(RETRY_AFTER_FAILURE);
                metrics::counter!("shikaku_background_failures_total", "task" => what).increment(1);
                tracing::warn!(task = what, %error, "background task failed");
            }
        }
    });
}
