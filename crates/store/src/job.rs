//! A job: a question or a change, written once for both engines.

use std::future::Future;

use crate::{Result, audit::Chains, engine::Tx};

/// Reads from one snapshot. Run again from the start after a lock conflict.
pub(crate) trait Read: Send + Sync + 'static {
    /// What it finds.
    type Output: Send + 'static;

    /// Reads.
    fn run(&self, tx: &Tx<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// Changes rows within a transaction that it may share with other jobs, so it leaves no trace elsewhere:
/// a failed group is rolled back and its jobs are run again, one by one.
pub(crate) trait Write: Send + Sync + 'static {
    /// What the caller learns once the change is durable.
    type Output: Send + 'static;

    /// The institution or other key that it mainly touches: equal keys go to the same writer.
    fn key(&self) -> &str;

    /// Changes.
    fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> impl Future<Output = Result<Self::Output>> + Send;
}
