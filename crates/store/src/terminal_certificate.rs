//! Terminal certificates: which client certificates are known, and which are revoked.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{Result, Store};

/// One client certificate of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalCertificate {
    /// Whose terminal it is.
    pub institution_code: InstitutionCode,
    /// SHA-256 of the DER certificate, lower-case hex.
    pub fingerprint: String,
    /// The terminal's name within its institution.
    pub terminal_name: String,
    /// Last moment of validity.
    pub not_after: Instant,
    /// Since when it is revoked; `None` while it is good.
    pub revoked_at: Option<Instant>,
    /// When this row last changed.
    pub changed_at: Instant,
}

impl Store {
    /// Records an issued terminal certificate. Registering the same one again changes nothing.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn register_terminal_certificate(&self, _certificate: TerminalCertificate) -> Result<()> {
        Err(crate::Error::Closed)
    }

    /// Revokes a terminal certificate from `now` on. `false` when it is unknown; revoking twice keeps the
    /// first moment.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn revoke_terminal_certificate(
        &self,
        _institution: &InstitutionCode,
        _fingerprint: &str,
        _now: Instant,
    ) -> Result<bool> {
        Err(crate::Error::Closed)
    }

    /// Certificates that were registered or revoked at or after `since`, oldest change first: what a server
    /// needs to keep its own table current. Ask with the newest `changed_at` seen.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn terminal_certificates_changed_since(
        &self,
        _since: Instant,
    ) -> Result<Vec<TerminalCertificate>> {
        Err(crate::Error::Closed)
    }
}
