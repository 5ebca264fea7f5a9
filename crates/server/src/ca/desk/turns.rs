//! What belongs to one letter or one certificate is done one after the other within this process: the second click
//! waits for the first and finds its work done.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// How many are in turn at once; two that share a place wait for each other needlessly, no more.
const PLACES: usize = 128;

/// The turns.
pub(super) struct Turns {
    places: Vec<Mutex<()>>,
    spread: RandomState,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { places: (0..PLACES).map(|_| Mutex::default()).collect(), spread: RandomState::new() }
    }

    /// Waits for one's turn. Never take two at once.
    pub(super) async fn of(&self, what: &str) -> MutexGuard<'_, ()> {
        let place = usize::try_from(self.spread.hash_one(what) % PLACES as u64).unwrap_or_default();
        self.places[place].lock().await
    }
}
