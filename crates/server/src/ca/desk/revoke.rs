//! Revocation: on disk first, then everywhere within seconds.

use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::RevocationReason;
use store::{ApplicationId, NewRevocation, Revoked};

use super::Desk;
use crate::ca::NotIssued;

impl Desk {
    /// Revokes a certificate from now on. `actor` is `operator:<id>` or `application:<id>`; an application is
    /// completed in the same transaction.
    ///
    /// Terminals are refused at the next reading of their standing, lists and answers are signed anew at once.
    ///
    /// # Errors
    /// Whatever writing to the store meets.
    pub async fn revoke(
        &self,
        institution: &InstitutionCode,
        serial: &str,
        reason: RevocationReason,
        actor: &str,
        application: Option<ApplicationId>,
    ) -> Result<Revoked, NotIssued> {
        let revocation = NewRevocation {
            institution_code: institution.clone(),
            serial: serial.to_owned(),
            reason,
            at: self.clock.now(),
            actor: actor.to_owned(),
            application,
        };
        let revoked = self.store.revoke_certificate(revocation).await?;
        if revoked == Revoked::Now {
            self.bell.notify_one();
        }
        Ok(revoked)
    }
}
