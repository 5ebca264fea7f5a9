//! Answers that were promised and cannot be delivered yet: tried again until they are, at the start and afterwards,
//! whether or not their request still lies there.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use super::{
    desk::{Desk, FACE_KEY, TRY_AGAIN, off},
    journal::{Delivery, State},
};
use crate::central::Central;

/// Answers remembered as owed at most. Those beyond stay promised in the journal and wait for their request, their
/// card session or the next start.
const MAX_OWED: usize = 4_096;

/// Keys of the journal whose answers are owed.
#[derive(Debug, Default)]
pub(super) struct Owed {
    keys: Mutex<BTreeSet<String>>,
}

impl Owed {
    /// Notes that the answer of this key could not be delivered.
    pub(super) fn note(&self, key: &str) {
        let mut keys = self.lock();
        if keys.len() < MAX_OWED {
            keys.insert(key.to_owned());
        }
    }

    fn all(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    /// Forgets one; `true` when none is left.
    fn forget(&self, key: &str) -> bool {
        let mut keys = self.lock();
        keys.remove(key);
        keys.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries what is owed again each second, until `shutdown`.
pub(super) async fn keep_promises<C: Central>(desk: Arc<Desk<C>>, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(TRY_AGAIN)).await.is_some() {
        for key in desk.owed.all() {
            if let Err(error) = desk.deliver_owed(&key).await {
                desk.report_trouble(&error);
            }
        }
    }
}

impl<C: Central> Desk<C> {
    /// Delivers what an earlier life promised. One answer that cannot be delivered keeps neither the others nor the
    /// terminal from working: it stays promised.
    pub(super) fn keep_promises_of_an_earlier_life(&self) -> io::Result<()> {
        let promised: Vec<_> = self.journal.undelivered();
        let deliveries: Vec<_> =
            promised.iter().filter_map(|record| deliveries_of(&record.state)).flatten().cloned().collect();
        self.outbox.sweep(&deliveries)?;
        for record in &promised {
            let Some(deliveries) = deliveries_of(&record.state) else { continue };
            // What was replaced meanwhile waits for its request or its card session, which is attended anew.
            let Err(error) = self.outbox.deliver(deliveries) else { continue };
            let request_id = record.request_id;
            tracing::error!(%request_id, %error, "a promised answer cannot be delivered yet; it is tried again");
            self.status.set_drop_trouble(Some(error.to_string()));
            self.owed.note(&record.key);
        }
        Ok(())
    }

    async fn deliver_owed(self: &Arc<Self>, key: &str) -> io::Result<()> {
        let (_turn, _face_turn) = match key.starts_with(FACE_KEY) {
            true => (None, Some(self.face_turn(key).await)),
            false => match self.turns.take(key) {
                Some(turn) => (Some(turn), None),
                // Its request is being attended to.
                None => return Ok(()),
            },
        };
        if let Some(record) = self.journal.get(key)
            && let Some(deliveries) = deliveries_of(&record.state).map(<[Delivery]>::to_vec)
        {
            let desk = Arc::clone(self);
            let delivered = off(move || desk.outbox.deliver(&deliveries)).await?;
            let whole = delivered.taken.is_empty() && !delivered.replaced;
            tracing::info!(request_id = %record.request_id, whole, "an answer that was owed left");
        }
        if self.owed.forget(key) {
            self.status.set_drop_trouble(None);
        }
        Ok(())
    }
}

fn deliveries_of(state: &State) -> Option<&[Delivery]> {
    match state {
        State::Answered(deliveries) => Some(deliveries),
        State::Seen | State::Done | State::Shown(_) => None,
    }
}
