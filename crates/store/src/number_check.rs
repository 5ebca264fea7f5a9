//! What a check by number reads, and the checks that are refused before anything is looked up: what comes back, and
//! when, must not tell of a number unless the question counts.

use eligibility::{Date, Instant, institution::InstitutionCode, insurer::InsurerNumber, matching::NumberKey};

use crate::{
    NumberContext, Recorded, Result, Store,
    audit::Chains,
    coverage::ByNumber,
    engine::Tx,
    enumeration::{self, Look},
    job::{Read, Write},
    verification::{self, Attempt},
};

/// A question by number, before it is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberQuestion {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Names the question within the institution.
    pub request_id: String,
    /// SHA-256 over everything asked, as [`crate::NewVerification::question_digest`].
    pub question_digest: [u8; 32],
    /// 保険者番号.
    pub insurer: InsurerNumber,
    /// 番号.
    pub number: NumberKey,
    /// 生年月日.
    pub birthdate: Date,
    /// Now.
    pub asked_at: Instant,
}

/// What a question by number leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberLookup {
    /// It may be asked, and was looked up.
    Found(NumberContext),
    /// It was asked before: its first answer. Nothing was looked up.
    Repeated {
        /// As it was given to be kept.
        answer: Vec<u8>,
    },
    /// It must be refused, and the refusal recorded ([`Store::refuse_number_check`]). Nothing was looked up.
    Refused(NumberRefusal),
}

/// Why a question by number is refused before anything is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberRefusal {
    /// Its id was used for another question.
    Conflict,
    /// The institution is held back.
    Limited {
        /// From when the next question is taken.
        retry_at: Instant,
    },
}

/// A refused question by number that is to become durable before its refusal leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedNumberCheck {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Of the question.
    pub request_id: String,
    /// Why.
    pub refusal: NumberRefusal,
    /// `actor` of the audit entry.
    pub actor: String,
    /// `action` of the audit entry.
    pub action: String,
    /// Now.
    pub recorded_at: Instant,
}

impl Read for NumberQuestion {
    type Output = NumberLookup;

    async fn run(&self, tx: &Tx<'_>) -> Result<NumberLookup> {
        if let Some((digest, answer)) =
            verification::existing(tx, &self.institution_code, &self.request_id).await?
        {
            return Ok(match digest == self.question_digest {
                true => NumberLookup::Repeated { answer },
                false => NumberLookup::Refused(NumberRefusal::Conflict),
            });
        }
        if let Look::Limited(retry_at) = enumeration::look(tx, &self.institution_code, self.asked_at).await? {
            return Ok(NumberLookup::Refused(NumberRefusal::Limited { retry_at }));
        }
        let by_number = ByNumber {
            institution: Some(self.institution_code.clone()),
            insurer: self.insurer.clone(),
            number: self.number.clone(),
            birthdate: self.birthdate.to_string(),
        };
        by_number.run(tx).await.map(NumberLookup::Found)
    }
}

impl Write for RefusedNumberCheck {
    type Output = Recorded;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Recorded> {
        let attempt = Attempt {
            institution: &self.institution_code,
            request_id: &self.request_id,
            actor: &self.actor,
            action: &self.action,
            now: self.recorded_at,
        };
        match self.refusal {
            NumberRefusal::Conflict => attempt.conflict(tx, chains, true).await,
            NumberRefusal::Limited { retry_at } => attempt.limited(tx, chains, retry_at).await,
        }
    }
}

impl Store {
    /// What a number check needs, in one read of one snapshot. Looks nothing up for a question that gets no answer of
    /// its own: how long that took would tell what was not counted. [`Store::record_verification`] decides again.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn number_check(&self, question: NumberQuestion) -> Result<NumberLookup> {
        self.read(question).await
    }

    /// Records a refused number check, a conflict as a wrong guess, and returns after that is durable: never
    /// [`Recorded::Fresh`].
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn refuse_number_check(&self, refused: RefusedNumberCheck) -> Result<Recorded> {
        self.write(refused).await
    }
}
