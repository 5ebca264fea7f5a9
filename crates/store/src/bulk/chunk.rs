//! A chunk gets its answer: guard against guessing, registrations, answer and audit entry in one commit.

use std::sync::Arc;

use eligibility::{
    Instant,
    bulk::ReceptionNumber,
    institution::InstitutionCode,
    person::PersonKey,
    reference_number::{ReferenceNumber, RegistrationOutcome},
};

use crate::{
    Result, Slowed, Store,
    audit::{AuditEvent, Chains},
    engine::{Tx, bind},
    enumeration,
    job::Write,
    reference_number,
};

/// What one row does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkRowAct {
    /// Nothing that could be guessing: the row was wrong, or nobody asked for a number.
    Free,
    /// It asked for a number.
    Asked {
        /// It showed nobody.
        wrong: bool,
    },
    /// It registers a number.
    Register {
        /// For whom; `None` when the row leads to nobody, or to several.
        person: Option<PersonKey>,
        /// The number.
        number: ReferenceNumber,
    },
}

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkRowFate {
    /// Its answer stands.
    Answered,
    /// The guard against guessing held it back: its answer must not be told.
    HeldBack,
    /// The registration ended like this.
    Registration(RegistrationOutcome),
}

/// A chunk's answer, made once it is known what became of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkAnswer {
    /// The answer in whatever form the caller keeps it.
    pub answer: Vec<u8>,
    /// Rows that ended well.
    pub normal: u32,
    /// Rows that ended in an error of their own.
    pub errors: u32,
    /// What the audit log says.
    pub audit: AuditEvent,
}

/// Makes the answer of a chunk from what became of its rows, one fate each, in their order. Called within the commit:
/// it must be quick and must always make the same.
pub type MakeAnswer = Arc<dyn Fn(&[BulkRowFate]) -> ChunkAnswer + Send + Sync>;

/// An answered chunk that is to become durable.
#[derive(Clone)]
pub struct NewChunkAnswer {
    /// Whose file it is.
    pub institution_code: InstitutionCode,
    /// Of which file.
    pub reception_number: ReceptionNumber,
    /// Its place.
    pub position: u32,
    /// What its rows do.
    pub acts: Vec<BulkRowAct>,
    /// Makes the answer.
    pub make: MakeAnswer,
    /// Until when the file stays in the worker's hand.
    pub claimed_until: Instant,
    /// Now.
    pub now: Instant,
}

/// What became of a chunk's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkRecorded {
    /// Recorded now, durably.
    Recorded {
        /// It slowed the institution down.
        slowed: Option<Slowed>,
        /// Rows that were held back.
        held_back: u32,
    },
    /// It had its answer, or is gone: nothing was changed.
    Known,
}

const UNANSWERED: &str = "SELECT COUNT(*) FROM bulk_chunk \
     WHERE institution_code = $1 AND reception_number = $2 AND position = $3 AND answer IS NULL";
const HOLD_JOB: &str = "UPDATE bulk_job SET claimed_until = $1 \
     WHERE institution_code = $2 AND reception_number = $3 AND finished_at IS NULL";
const ANSWER: &str = "UPDATE bulk_chunk SET answer = $1 \
     WHERE institution_code = $2 AND reception_number = $3 AND position = $4 AND answer IS NULL";
const COUNT: &str = "UPDATE bulk_job SET rows_normal = rows_normal + $1, rows_error = rows_error + $2 \
     WHERE institution_code = $3 AND reception_number = $4";

impl Write for NewChunkAnswer {
    type Output = ChunkRecorded;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<ChunkRecorded> {
        let (institution, number) = (self.institution_code.as_str(), self.reception_number.as_str());
        let position = i64::from(self.position);
        // The job's row is held first: two workers with one file take turns, and the second finds the answer.
        let held = tx.execute(HOLD_JOB, bind![self.claimed_until.0, institution, number]).await?;
        let key = bind![institution, number, position];
        let open = tx.query_one(UNANSWERED, key, |row| row.int(0, "count")).await?;
        if held == 0 || open != Some(1) {
            return Ok(ChunkRecorded::Known);
        }
        let (fates, slowed) = self.fates(tx).await?;
        let made = (self.make)(&fates);
        tx.execute(ANSWER, bind![made.answer.as_slice(), institution, number, position]).await?;
        let counts = bind![i64::from(made.normal), i64::from(made.errors), institution, number];
        tx.execute(COUNT, counts).await?;
        chains.append(tx, institution, self.now, &made.audit).await?;
        let held_back = fates.iter().filter(|fate| is_held_back(fate)).count();
        Ok(ChunkRecorded::Recorded { slowed, held_back: u32::try_from(held_back).unwrap_or(u32::MAX) })
    }
}

const fn is_held_back(fate: &BulkRowFate) -> bool {
    matches!(fate, BulkRowFate::HeldBack | BulkRowFate::Registration(RegistrationOutcome::HeldBack))
}

impl NewChunkAnswer {
    /// Every row's fate: the guard goes row by row, as if each had been asked by itself.
    async fn fates(&self, tx: &Tx<'_>) -> Result<(Vec<BulkRowFate>, Option<Slowed>)> {
        let asks = |act: &BulkRowAct| !matches!(act, BulkRowAct::Free);
        let mut guard = match self.acts.iter().any(asks) {
            true => Some(enumeration::Many::hold(tx, &self.institution_code).await?),
            false => None,
        };
        let mut fates = Vec::with_capacity(self.acts.len());
        for act in &self.acts {
            let mut passes = |wrong| guard.as_mut().is_none_or(|guard| guard.ask(self.now, wrong));
            fates.push(match act {
                BulkRowAct::Free => BulkRowFate::Answered,
                BulkRowAct::Asked { wrong } if passes(*wrong) => BulkRowFate::Answered,
                BulkRowAct::Asked { .. } => BulkRowFate::HeldBack,
                BulkRowAct::Register { person, .. } if !passes(person.is_none()) => {
                    BulkRowFate::Registration(RegistrationOutcome::HeldBack)
                }
                BulkRowAct::Register { person, number } => {
                    BulkRowFate::Registration(self.register(tx, person.as_ref(), number).await?)
                }
            });
        }
        let slowed = match guard {
            Some(guard) => guard.keep(tx, &self.institution_code).await?,
            None => None,
        };
        Ok((fates, slowed))
    }

    async fn register(
        &self,
        tx: &Tx<'_>,
        person: Option<&PersonKey>,
        number: &ReferenceNumber,
    ) -> Result<RegistrationOutcome> {
        let Some(person) = person else { return Ok(RegistrationOutcome::NotIdentified) };
        match reference_number::put(tx, &self.institution_code, person, number.as_str()).await? {
            true => Ok(RegistrationOutcome::Registered),
            false => Ok(RegistrationOutcome::Taken),
        }
    }
}

impl Store {
    /// Records a chunk's answer, once; returns after that is durable.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn answer_bulk_chunk(&self, answer: NewChunkAnswer) -> Result<ChunkRecorded> {
        self.write(answer).await
    }
}
