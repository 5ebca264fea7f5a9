//! A check that comes again: known by its request id before anything else of it is judged anew.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    Recorded, Result, Store,
    audit::Chains,
    engine::Tx,
    job::{Read, Write},
    verification::{self, Attempt},
};

/// A question that may be on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedCheck {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Names the question within the institution.
    pub request_id: String,
    /// SHA-256 over everything asked.
    pub question_digest: [u8; 32],
    /// `actor` of the audit entry of a conflict.
    pub actor: String,
    /// `action` of the audit entry of a conflict.
    pub action: String,
    /// Now.
    pub asked_at: Instant,
}

impl Read for RepeatedCheck {
    /// The digest of the question on record, and its answer.
    type Output = Option<([u8; 32], Vec<u8>)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        verification::existing(tx, &self.institution_code, &self.request_id).await
    }
}

/// The request id is another question's, and nothing of this one is guarded.
struct Conflict(RepeatedCheck);

impl Write for Conflict {
    type Output = Recorded;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Recorded> {
        let attempt = Attempt {
            institution: &self.0.institution_code,
            request_id: &self.0.request_id,
            actor: &self.0.actor,
            action: &self.0.action,
            now: self.0.asked_at,
        };
        attempt.conflict(tx, chains, false).await
    }
}

impl Store {
    /// What became of a question that is on record: [`Recorded::Repeated`] with its first answer, or
    /// [`Recorded::Conflict`], audited, where the id is another question's. `None`: it was not recorded so far, and
    /// [`Store::record_verification`] decides again.
    ///
    /// # Errors
    /// Any read error of the store; any write error where a conflict is to be audited.
    pub async fn repeated_check(&self, check: RepeatedCheck) -> Result<Option<Recorded>> {
        match self.read(check.clone()).await? {
            None => Ok(None),
            Some((digest, answer)) if digest == check.question_digest => {
                Ok(Some(Recorded::Repeated { answer }))
            }
            Some(_) => self.write(Conflict(check)).await.map(Some),
        }
    }
}
