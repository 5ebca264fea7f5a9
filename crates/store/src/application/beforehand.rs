//! What a machine finds in an application before it is handed in.

use eligibility::{
    Instant,
    application::{Actor, ApplicationContent, Finding},
    institution::InstitutionCode,
};

use super::{ApplicationId, facts};
use crate::{Result, Store, engine::Tx, job::Read};

struct Beforehand {
    institution: InstitutionCode,
    id: ApplicationId,
    content: ApplicationContent,
    by: Actor,
    now: Instant,
}

impl Read for Beforehand {
    type Output = Vec<Finding>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<Finding>> {
        let applicants = std::slice::from_ref(&self.by);
        facts::findings(tx, &self.institution, (&self.id, None), (&self.content, applicants), self.now).await
    }
}

impl Store {
    /// What would be found in a draft if `by` handed it in now, the heaviest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn findings_beforehand(
        &self,
        (institution, id): (&InstitutionCode, &ApplicationId),
        content: ApplicationContent,
        by: Actor,
        now: Instant,
    ) -> Result<Vec<Finding>> {
        let (institution, id) = (institution.clone(), id.clone());
        self.read(Beforehand { institution, id, content, by, now }).await
    }
}
