//! The place the certificate in use stands in: whoever speaks to the centre looks here, and sees when it changes.

use std::sync::Arc;

use tokio::sync::watch;

use crate::central::Identity;

/// Shared by everything that shows the certificate.
#[derive(Clone, Debug)]
pub struct IdentitySlot(Arc<watch::Sender<Option<Arc<Identity>>>>);

impl IdentitySlot {
    /// A slot with this certificate, or none yet.
    #[must_use]
    pub fn new(identity: Option<Identity>) -> Self {
        Self(Arc::new(watch::Sender::new(identity.map(Arc::new))))
    }

    /// The certificate in use.
    #[must_use]
    pub fn get(&self) -> Option<Arc<Identity>> {
        self.0.borrow().clone()
    }

    /// From now on this one is used; what is under way with the former comes to its end.
    pub fn put(&self, identity: Option<Identity>) {
        self.0.send_replace(identity.map(Arc::new));
    }
}
