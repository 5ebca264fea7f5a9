//! Forgetting: sessions, links and dialogues that are over, and what is kept for a while only.

use std::time::Duration;

use eligibility::Instant;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_secs(10 * 60);
/// Rows of a kind that one round removes at most.
const AT_ONCE: u32 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A form that was handed in is known for so long.
const FORMS_MS: i64 = 7 * DAY_MS;
/// A count of guesses that nobody touches is forgotten after so long.
const ATTEMPTS_MS: i64 = 30 * DAY_MS;
/// That a mail was sent is known for so long.
const MAILS_MS: i64 = 90 * DAY_MS;

/// Works until `stop` is cancelled.
pub async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(error) = round(&store, clock.now()).await {
            tracing::warn!(%error, "what is over could not be removed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn round(store: &Store, now: Instant) -> Result<(), store::Error> {
    let before = |age: i64| Instant(now.0.saturating_sub(age));
    store.remove_ended_web_sessions(now, AT_ONCE).await?;
    store.remove_ended_mail_links(now, AT_ONCE).await?;
    store.remove_ended_passkey_dialogues(now, AT_ONCE).await?;
    store.forget_forms(before(FORMS_MS), AT_ONCE).await?;
    store.forget_attempts(before(ATTEMPTS_MS), AT_ONCE).await?;
    store.forget_mails(before(MAILS_MS), AT_ONCE).await?;
    Ok(())
}
