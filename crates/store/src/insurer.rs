//! Insurers' names.

use eligibility::insurer::{Insurer, InsurerNumber};

use crate::{Result, Store};

impl Store {
    /// Adds insurers, or changes their names; their coverage is left as it is.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_insurers(&self, _insurers: Vec<Insurer>) -> Result<()> {
        Err(crate::Error::Closed)
    }

    /// Finds one insurer.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn insurer(&self, _number: &InsurerNumber) -> Result<Option<Insurer>> {
        Err(crate::Error::Closed)
    }
}
