//! Consents, as stored per institution, person, kind and form of care.

use eligibility::{
    Instant,
    consent::{CareForm, Consent, ConsentKind},
    institution::InstitutionCode,
    person::PersonKey,
};

use crate::{Result, Store};

/// What a patient chose at this check: written together with the verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConsent {
    /// Which information.
    pub kind: ConsentKind,
    /// For which form of care.
    pub care_form: CareForm,
    /// `true` agreed, `false` refused.
    pub granted: bool,
    /// First moment it no longer holds; `None` = until ended otherwise.
    pub valid_until: Option<Instant>,
}

/// A consent with the form of care it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConsent {
    /// For which form of care.
    pub care_form: CareForm,
    /// The consent.
    pub consent: Consent,
}

impl Store {
    /// A person's latest choices at one institution, ended ones included: the caller applies the clock.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn consents(
        &self,
        _institution: &InstitutionCode,
        _person: &PersonKey,
    ) -> Result<Vec<StoredConsent>> {
        Err(crate::Error::Closed)
    }
}
