//! When a terminal was first let in with a certificate: from then on somebody depends on it.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

const MARK: &str = "UPDATE institution_certificate SET first_used_at = $1 \
     WHERE institution_code = $2 AND fingerprint = $3 AND first_used_at IS NULL AND revoked_at IS NULL";

struct Mark {
    institution: InstitutionCode,
    fingerprint: String,
    now: Instant,
}

impl Write for Mark {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let row = bind![self.now.0, self.institution.as_str(), &self.fingerprint];
        Ok(tx.execute(MARK, row).await? == 1)
    }
}

impl Store {
    /// Writes down that a terminal is let in with this certificate for the first time. False when that is known, or
    /// when the certificate was revoked.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn note_first_use(
        &self,
        institution: &InstitutionCode,
        fingerprint: &str,
        now: Instant,
    ) -> Result<bool> {
        let fingerprint = fingerprint.to_owned();
        self.write(Mark { institution: institution.clone(), fingerprint, now }).await
    }
}
