//! The door of the crate: one [`Store`] per process, cheap to clone.

use crate::{Options, Result};

/// A handle on the database. Clones share the same threads, queues and connections.
#[derive(Clone)]
pub struct Store {}

/// What the store did since it was opened, for the operations page and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Read jobs answered.
    pub reads: u64,
    /// Read transactions that carried them.
    pub read_batches: u64,
    /// Write jobs committed.
    pub writes: u64,
    /// Write transactions committed.
    pub write_groups: u64,
    /// Groups that failed and were run again job by job.
    pub regrouped: u64,
    /// Retries after lock conflicts.
    pub retries: u64,
    /// Jobs refused because a queue was full.
    pub overloads: u64,
    /// Whether writing has stopped after a failed durable write.
    pub storage_failed: bool,
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`. Does not change the schema: see [`Store::migrate`].
    ///
    /// # Errors
    /// [`crate::Error::Open`] when the URL, the file or the server cannot be used.
    pub async fn open(_url: &str, _options: Options) -> Result<Self> {
        Err(crate::Error::Closed)
    }

    /// Brings the schema to this version. Safe to run from several processes at once.
    ///
    /// Returns how many migrations were applied now.
    ///
    /// # Errors
    /// [`crate::Error::Database`] when a migration fails (it is rolled back).
    pub async fn migrate(&self) -> Result<usize> {
        Err(crate::Error::Closed)
    }

    /// Whether a read gets through now (readiness).
    ///
    /// # Errors
    /// Whatever reading one row meets.
    pub async fn ping(&self) -> Result<()> {
        Err(crate::Error::Closed)
    }

    /// What the store did since it was opened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters::default()
    }
}
