//! 照会番号: the institution's own number for a patient. Unique per institution and person, kept across insurers.

use eligibility::{institution::InstitutionCode, person::PersonKey};

use crate::{Result, Store};

impl Store {
    /// Sets (or with `None` removes) the institution's number for a person.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] unless it is 1–20 ASCII letters, digits or hyphens and no other person of
    /// that institution has it; any write error of the store.
    pub async fn set_reference_number(
        &self,
        _institution: &InstitutionCode,
        _person: &PersonKey,
        _number: Option<String>,
    ) -> Result<()> {
        Err(crate::Error::Closed)
    }

    /// The institution's number for a person.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn reference_number(
        &self,
        _institution: &InstitutionCode,
        _person: &PersonKey,
    ) -> Result<Option<String>> {
        Err(crate::Error::Closed)
    }
}
