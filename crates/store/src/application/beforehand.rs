//! What a machine finds in an application at this moment: before it is handed in, and whenever somebody looks at it.

use eligibility::{
    Instant,
    application::{Actor, ApplicationContent, ApplicationState, Finding},
    institution::InstitutionCode,
};

use super::{ApplicationId, StoredApplication, facts, row};
use crate::{Result, Store, engine::Tx, job::Read};

/// What is found now in one that waits for a decision; `None` for a draft and for what is decided: those have the
/// findings of their time.
async fn findings_of(tx: &Tx<'_>, stored: &StoredApplication, now: Instant) -> Result<Option<Vec<Finding>>> {
    let (application, number) = (&stored.application, stored.reception_number.as_deref());
    let waits = matches!(
        application.state,
        ApplicationState::Submitted | ApplicationState::Checking | ApplicationState::FirstApproved
    );
    let Some(content) = stored.content.as_ref().filter(|_| waits) else { return Ok(None) };
    let asked = (content, &*application.applicants);
    facts::findings(tx, &application.institution, (&stored.id, number), asked, now).await.map(Some)
}

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

struct Now {
    institution: InstitutionCode,
    id: ApplicationId,
    now: Instant,
}

impl Read for Now {
    type Output = Option<Vec<Finding>>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let Some(stored) = row::find(tx, &self.institution, &self.id).await? else { return Ok(None) };
        findings_of(tx, &stored, self.now).await
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

    /// What the automatic checks find now in an application that waits for a decision, the heaviest first; `None` when
    /// there is none or it does not wait. Nothing is written: what was found stands in the application's history only
    /// where a decision rests on it.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn findings_now(
        &self,
        (institution, id): (&InstitutionCode, &ApplicationId),
        now: Instant,
    ) -> Result<Option<Vec<Finding>>> {
        self.read(Now { institution: institution.clone(), id: id.clone(), now }).await
    }
}
