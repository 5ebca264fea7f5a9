//! Recording verifications: one effect per request id, audit in the same commit, guessing held back.

use eligibility::{
    Instant,
    codes::{InquiryMethod, Validity},
    institution::InstitutionCode,
    person::PersonKey,
    verification::ProofMethod,
};

use crate::{
    NewConsent, Result, Store,
    audit::{AuditEvent, Chains},
    consent, denial,
    engine::{Tx, bind},
    enumeration::{self, Counted, Look, Slowed},
    job::Write,
};

/// A decided verification that is to become durable before its answer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVerification {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Names the question within the institution; for cards `n:` and the nonce's digest, so that the
    /// primary key makes a nonce single-use.
    pub request_id: String,
    /// UUIDv7 text.
    pub verification_id: String,
    /// SHA-256 over everything asked: the same id with another question is a conflict.
    pub question_digest: [u8; 32],
    /// Card or number.
    pub method: InquiryMethod,
    /// How the holder proved who they are; cards only.
    pub proof_method: Option<ProofMethod>,
    /// SHA-256 over certificate and signature; cards only.
    pub proof_digest: Option<[u8; 32]>,
    /// 資格有効性; `None` when the check ended in an error answer.
    pub validity: Option<Validity>,
    /// The person the answer is about, when there is exactly one.
    pub person_key: Option<PersonKey>,
    /// The whole answer in whatever form the caller keeps it, given again when the same request comes again.
    pub answer: Vec<u8>,
    /// The patient's choices; written only when `person_key` is known.
    pub consents: Vec<NewConsent>,
    /// Whether the question counts as a wrong guess (number checks that found nobody). The guard decides
    /// within the same commit and may turn the outcome into [`Recorded::Limited`]. `None`: not guarded.
    pub wrong_guess: Option<bool>,
    /// What the audit log says; institution and time are added from this record.
    pub audit: AuditEvent,
    /// Now.
    pub recorded_at: Instant,
}

/// What became of a verification that was to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Recorded now, durably: send the answer.
    Fresh,
    /// As [`Self::Fresh`]; and it was the question that slowed the institution down. Told once, by the commit that
    /// made it so, whichever process that was.
    FreshThenSlow(Slowed),
    /// The same question under the same id was recorded before: send this answer, its first one.
    Repeated {
        /// The first answer, as it was given to be kept.
        answer: Vec<u8>,
    },
    /// The id was used for another question: nothing is sent. The attempt is audited; a guarded one counts as a
    /// wrong guess, or an id used before would be a way to ask without being counted.
    Conflict,
    /// As [`Self::Conflict`]; and it was the question that slowed the institution down.
    ConflictThenSlow(Slowed),
    /// Too many wrong questions: nothing is sent, whatever the answer is. The attempt is audited.
    Limited {
        /// From when the next question is taken.
        retry_at: Instant,
    },
}

/// `outcome` of the audit entry when the guard held a question back.
const OUTCOME_LIMITED: &str = "denied:limited";
/// `outcome` of the audit entry when a request id came with another question.
const OUTCOME_CONFLICT: &str = "denied:request-id-reused";

const EXISTING: &str = "SELECT question_digest, answer FROM verification \
     WHERE institution_code = $1 AND request_id = $2";
const INSERT: &str = "INSERT INTO verification (institution_code, request_id, verification_id, \
     question_digest, method, proof_method, proof_digest, validity, person_key, answer, recorded_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
     ON CONFLICT (institution_code, request_id) DO NOTHING";
const PRUNE: &str = "DELETE FROM verification WHERE (institution_code, request_id) IN \
     (SELECT institution_code, request_id FROM verification WHERE recorded_at < $1 \
      ORDER BY recorded_at LIMIT $2)";

pub(crate) struct Record(pub(crate) NewVerification);

/// What the guard against guessing says to a question.
enum Guarded {
    /// Not recorded anew: held back, or known.
    Ended(Recorded),
    /// To be recorded; whether it slows the institution down.
    Passed(Option<Slowed>),
}

impl Write for Record {
    type Output = Recorded;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Recorded> {
        let slowed = match self.0.wrong_guess {
            None => None,
            Some(wrong) => match self.guard(tx, chains, wrong).await? {
                Guarded::Ended(recorded) => return Ok(recorded),
                Guarded::Passed(slowed) => slowed,
            },
        };
        if self.insert(tx).await? == 0 {
            // The row is there, or came between look and insert: it decides.
            return match self.existing(tx).await? {
                Some((digest, answer)) => self.again(tx, chains, &digest, answer).await,
                None => Err(crate::Error::LockConflict),
            };
        }
        let new = &self.0;
        if let Some(person) = &new.person_key {
            let (institution, id) = (&new.institution_code, &new.verification_id);
            consent::put(tx, institution, person, &new.consents, id, new.recorded_at).await?;
        }
        chains.append(tx, new.institution_code.as_str(), new.recorded_at, &new.audit).await?;
        Ok(slowed.map_or(Recorded::Fresh, Recorded::FreshThenSlow))
    }
}

impl Record {
    /// The guard's word on a number check. A repeated request is never counted again.
    async fn guard(&self, tx: &Tx<'_>, chains: &mut Chains, wrong: bool) -> Result<Guarded> {
        let new = &self.0;
        let look = enumeration::look(tx, &new.institution_code, new.recorded_at).await?;
        if !wrong && matches!(look, Look::Idle) {
            return Ok(Guarded::Passed(None));
        }
        if let Some((digest, answer)) = self.existing(tx).await? {
            return self.again(tx, chains, &digest, answer).await.map(Guarded::Ended);
        }
        let retry_at = match look {
            Look::Limited(at) => at,
            Look::Idle | Look::Counts => {
                match enumeration::count(tx, &new.institution_code, new.recorded_at, wrong).await? {
                    Counted::Limited(at) => at,
                    Counted::Passed(slowed) => return Ok(Guarded::Passed(slowed)),
                }
            }
        };
        self.attempt().limited(tx, chains, retry_at).await.map(Guarded::Ended)
    }

    async fn insert(&self, tx: &Tx<'_>) -> Result<u64> {
        let new = &self.0;
        let row = bind![
            new.institution_code.as_str(),
            &new.request_id,
            &new.verification_id,
            &new.question_digest,
            new.method.code(),
            new.proof_method.map(ProofMethod::name),
            new.proof_digest.as_ref(),
            new.validity.map(Validity::code),
            new.person_key.as_ref().map(|person| person.0.as_str()),
            new.answer.as_slice(),
            new.recorded_at.0,
        ];
        tx.execute(INSERT, row).await
    }

    async fn existing(&self, tx: &Tx<'_>) -> Result<Option<([u8; 32], Vec<u8>)>> {
        existing(tx, &self.0.institution_code, &self.0.request_id).await
    }

    /// A request id that is known: the same question gets the same answer, another one gets nothing.
    async fn again(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        digest: &[u8; 32],
        answer: Vec<u8>,
    ) -> Result<Recorded> {
        if *digest == self.0.question_digest {
            // Its audit entry is durable since the first time, and says what left then.
            return Ok(Recorded::Repeated { answer });
        }
        self.attempt().conflict(tx, chains, self.0.wrong_guess.is_some()).await
    }

    fn attempt(&self) -> Attempt<'_> {
        let new = &self.0;
        Attempt {
            institution: &new.institution_code,
            request_id: &new.request_id,
            actor: &new.audit.actor,
            action: &new.audit.action,
            now: new.recorded_at,
        }
    }
}

/// The digest of the question recorded under a request id, and its answer.
pub(crate) async fn existing(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    request_id: &str,
) -> Result<Option<([u8; 32], Vec<u8>)>> {
    tx.query_one(EXISTING, bind![institution.as_str(), request_id], |row| {
        Ok((row.bytes(0, "question_digest")?, row.blob(1, "answer")?.to_vec()))
    })
    .await
}

/// A question that gets no answer.
pub(crate) struct Attempt<'a> {
    pub(crate) institution: &'a InstitutionCode,
    pub(crate) request_id: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) now: Instant,
}

impl Attempt<'_> {
    /// The request id is another question's. A guarded question is counted as a wrong guess.
    pub(crate) async fn conflict(&self, tx: &Tx<'_>, chains: &mut Chains, guarded: bool) -> Result<Recorded> {
        let counted = match guarded {
            true => enumeration::count(tx, self.institution, self.now, true).await?,
            false => Counted::Passed(None),
        };
        let recorded = match counted {
            Counted::Limited(retry_at) => return self.limited(tx, chains, retry_at).await,
            Counted::Passed(slowed) => slowed.map_or(Recorded::Conflict, Recorded::ConflictThenSlow),
        };
        self.audit(tx, chains, OUTCOME_CONFLICT).await?;
        Ok(recorded)
    }

    /// The guard holds the question back.
    pub(crate) async fn limited(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        retry_at: Instant,
    ) -> Result<Recorded> {
        self.audit(tx, chains, OUTCOME_LIMITED).await?;
        Ok(Recorded::Limited { retry_at })
    }

    /// What the answer would have been stays out of the log: nobody got it.
    async fn audit(&self, tx: &Tx<'_>, chains: &mut Chains, outcome: &str) -> Result<()> {
        let event = AuditEvent {
            actor: self.actor.to_owned(),
            action: self.action.to_owned(),
            object: format!("request:{}", self.request_id),
            outcome: outcome.to_owned(),
            detail: String::new(),
        };
        denial::record(tx, chains, self.institution.as_str(), self.actor, self.now, &event).await
    }
}

struct Prune {
    before: Instant,
    limit: u32,
}

impl Write for Prune {
    type Output = u64;

    fn key(&self) -> &'static str {
        "prune"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(PRUNE, bind![self.before.0, i64::from(self.limit)]).await
    }
}

impl Store {
    /// Writes verification, consents and audit entry in one grouped commit; returns after it is durable.
    ///
    /// # Errors
    /// Any write error of the store: then nothing may be answered.
    pub async fn record_verification(&self, verification: NewVerification) -> Result<Recorded> {
        self.write(Record(verification)).await
    }

    /// Removes verifications recorded before `before`, at most `limit` of them; returns how many. Their
    /// audit entries stay. Keep at least as long as a request may come again.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn prune_verifications(&self, before: Instant, limit: u32) -> Result<u64> {
        self.write(Prune { before, limit }).await
    }
}
