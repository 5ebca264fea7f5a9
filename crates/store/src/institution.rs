//! Institutions: who may ask.

use eligibility::institution::InstitutionCode;

use crate::{Result, Store};

/// One medical institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// 医療機関コード.
    pub code: InstitutionCode,
    /// 医療機関名.
    pub name: String,
}

impl Store {
    /// Adds an institution, or changes its name.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_institution(&self, _institution: Institution) -> Result<()> {
        Err(crate::Error::Closed)
    }

    /// Finds one institution.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn institution(&self, _code: &InstitutionCode) -> Result<Option<Institution>> {
        Err(crate::Error::Closed)
    }
}
