//! Insurers' names for answers: there are a few thousand insurers, so every name asked for is kept a while.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use eligibility::insurer::InsurerNumber;
use store::Store;

/// A changed name shows within this time.
const KEPT: Duration = Duration::from_secs(300);
/// Names kept at most; Japan has about 3,400 insurers and 1,300 welfare offices.
const NAMES_MAX: usize = 16_384;

/// Names by number.
pub struct InsurerNames {
    store: Store,
    names: RwLock<HashMap<InsurerNumber, (Arc<str>, Instant)>>,
}

impl InsurerNames {
    /// Reads names from this store when they are asked for.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, names: RwLock::default() }
    }

    /// The insurer's name; empty when the store has none.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn of(&self, number: &InsurerNumber) -> store::Result<Arc<str>> {
        if let Some(name) = self.kept(number) {
            return Ok(name);
        }
        let name: Arc<str> =
            self.store.insurer(number).await?.map_or_else(|| "".into(), |found| found.name.into());
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        names.insert(number.clone(), (Arc::clone(&name), Instant::now()));
        Ok(name)
    }

    fn kept(&self, number: &InsurerNumber) -> Option<Arc<str>> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let (name, read_at) = names.get(number)?;
        (read_at.elapsed() < KEPT).then(|| Arc::clone(name))
    }
}
