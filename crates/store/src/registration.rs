//! A reference number is registered for a patient by insurance data: looked up, guarded, and recorded once.

use eligibility::{
    Instant,
    coverage::Coverage,
    institution::InstitutionCode,
    insurer::InsurerNumber,
    matching::NumberKey,
    person::PersonKey,
    reference_number::{ReferenceNumber, RegistrationOutcome},
};

use crate::{
    Error, NumberRefusal, Recorded, Result, RowLookup, Slowed, Store,
    audit::{AuditEvent, Chains},
    bulk,
    engine::{Tx, bind},
    enumeration::{self, Counted, Look},
    job::{Read, Write},
    reference_number,
    verification::Attempt,
};

/// A registration, before anything is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationQuestion {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Names the registration within the institution.
    pub request_id: String,
    /// SHA-256 over everything asked.
    pub question_digest: [u8; 32],
    /// 保険者番号.
    pub insurer: InsurerNumber,
    /// 番号.
    pub number: NumberKey,
    /// Now.
    pub asked_at: Instant,
}

/// What a registration leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationLookup {
    /// Everybody who has the number.
    Found(Vec<Coverage>),
    /// It was asked before, and ended like this.
    Repeated(RegistrationOutcome),
    /// It must be refused ([`Store::refuse_registration`]). Nothing was looked up.
    Refused(NumberRefusal),
}

/// A registration that is to become durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRegistration {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Names the registration within the institution.
    pub request_id: String,
    /// SHA-256 over everything asked.
    pub question_digest: [u8; 32],
    /// For whom; `None` when the data leads to nobody, or to several.
    pub person: Option<PersonKey>,
    /// The number.
    pub number: ReferenceNumber,
    /// `actor` of the audit entry.
    pub actor: String,
    /// Now.
    pub now: Instant,
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It ended like this, now or when it was asked first.
    Ended(RegistrationOutcome),
    /// As [`Self::Ended`]; and it slowed the institution down.
    EndedThenSlow(RegistrationOutcome, Slowed),
    /// The guard held it back.
    Limited {
        /// From when the next question is taken.
        retry_at: Instant,
    },
    /// The id was used for another registration.
    Conflict,
    /// As [`Self::Conflict`]; and it slowed the institution down.
    ConflictThenSlow(Slowed),
}

/// `action` of the audit entry.
const ACTION: &str = "reference_number.register";
const EXISTING: &str = "SELECT question_digest, outcome FROM registration_request \
     WHERE institution_code = $1 AND request_id = $2";
const INSERT: &str = "INSERT INTO registration_request \
     (institution_code, request_id, question_digest, outcome, recorded_at) VALUES ($1, $2, $3, $4, $5)";

const fn name(outcome: RegistrationOutcome) -> &'static str {
    match outcome {
        RegistrationOutcome::Registered => "registered",
        RegistrationOutcome::NotIdentified => "not-identified",
        RegistrationOutcome::Taken => "taken",
        RegistrationOutcome::HeldBack => "held-back",
    }
}

async fn existing(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    request_id: &str,
) -> Result<Option<([u8; 32], RegistrationOutcome)>> {
    tx.query_one(EXISTING, bind![institution.as_str(), request_id], |row| {
        let outcome = match row.text(1, "outcome")? {
            "registered" => RegistrationOutcome::Registered,
            "not-identified" => RegistrationOutcome::NotIdentified,
            "taken" => RegistrationOutcome::Taken,
            _ => return Err(Error::Malformed { what: "registration_request" }),
        };
        Ok((row.bytes(0, "question_digest")?, outcome))
    })
    .await
}

impl Read for RegistrationQuestion {
    type Output = RegistrationLookup;

    async fn run(&self, tx: &Tx<'_>) -> Result<RegistrationLookup> {
        if let Some((digest, outcome)) = existing(tx, &self.institution_code, &self.request_id).await? {
            return Ok(match digest == self.question_digest {
                true => RegistrationLookup::Repeated(outcome),
                false => RegistrationLookup::Refused(NumberRefusal::Conflict),
            });
        }
        if let Look::Limited(retry_at) = enumeration::look(tx, &self.institution_code, self.asked_at).await? {
            return Ok(RegistrationLookup::Refused(NumberRefusal::Limited { retry_at }));
        }
        let row = RowLookup::ByNumberAlone { insurer: self.insurer.clone(), number: self.number.clone() };
        let found = bulk::row(tx, &self.institution_code, &row).await?;
        Ok(RegistrationLookup::Found(found.coverages))
    }
}

impl NewRegistration {
    fn attempt(&self) -> Attempt<'_> {
        Attempt {
            institution: &self.institution_code,
            request_id: &self.request_id,
            actor: &self.actor,
            action: ACTION,
            now: self.now,
        }
    }
}

/// What refusing an attempt came to.
fn refused(recorded: Recorded) -> Registered {
    match recorded {
        Recorded::Limited { retry_at } => Registered::Limited { retry_at },
        Recorded::ConflictThenSlow(slowed) => Registered::ConflictThenSlow(slowed),
        _ => Registered::Conflict,
    }
}

impl Write for NewRegistration {
    type Output = Registered;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Registered> {
        if let Some((digest, outcome)) = existing(tx, &self.institution_code, &self.request_id).await? {
            return match digest == self.question_digest {
                true => Ok(Registered::Ended(outcome)),
                false => Ok(refused(self.attempt().conflict(tx, chains, true).await?)),
            };
        }
        let wrong = self.person.is_none();
        let slowed = match enumeration::count(tx, &self.institution_code, self.now, wrong).await? {
            Counted::Limited(at) => return Ok(refused(self.attempt().limited(tx, chains, at).await?)),
            Counted::Passed(slowed) => slowed,
        };
        let (institution, number) = (&self.institution_code, self.number.as_str());
        let outcome = match &self.person {
            None => RegistrationOutcome::NotIdentified,
            Some(person) => match reference_number::put(tx, institution, person, number).await? {
                true => RegistrationOutcome::Registered,
                false => RegistrationOutcome::Taken,
            },
        };
        let digest = &self.question_digest;
        let row = bind![institution.as_str(), &self.request_id, digest, name(outcome), self.now.0];
        tx.execute(INSERT, row).await?;
        let event = AuditEvent {
            actor: self.actor.clone(),
            action: ACTION.to_owned(),
            object: self.person.as_ref().map_or("nobody".to_owned(), |key| format!("person:{}", key.0)),
            outcome: name(outcome).to_owned(),
            detail: String::new(),
        };
        chains.append(tx, institution.as_str(), self.now, &event).await?;
        Ok(slowed.map_or(Registered::Ended(outcome), |slowed| Registered::EndedThenSlow(outcome, slowed)))
    }
}

/// A registration refused before anything was looked up.
struct Refuse {
    registration: NewRegistration,
    refusal: NumberRefusal,
}

impl Write for Refuse {
    type Output = Registered;

    fn key(&self) -> &str {
        self.registration.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Registered> {
        let attempt = self.registration.attempt();
        Ok(refused(match self.refusal {
            NumberRefusal::Conflict => attempt.conflict(tx, chains, true).await?,
            NumberRefusal::Limited { retry_at } => attempt.limited(tx, chains, retry_at).await?,
        }))
    }
}

impl Store {
    /// What a registration needs, in one read of one snapshot.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn look_up_registration(&self, question: RegistrationQuestion) -> Result<RegistrationLookup> {
        self.read(question).await
    }

    /// Records a registration, once for each request id; returns after that is durable.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn record_registration(&self, registration: NewRegistration) -> Result<Registered> {
        self.write(registration).await
    }

    /// Records that a registration was refused: never [`Registered::Ended`].
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn refuse_registration(
        &self,
        registration: NewRegistration,
        refusal: NumberRefusal,
    ) -> Result<Registered> {
        self.write(Refuse { registration, refusal }).await
    }
}
