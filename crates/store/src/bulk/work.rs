//! What a worker does with a file: takes it in hand, finds out its rows where it must, asks for its next chunk, ends it.

use eligibility::{
    Instant,
    bulk::{BulkState, ReceptionNumber},
    institution::InstitutionCode,
};

use super::job::{BulkJob, insert_chunks, job_columns};
use crate::{
    Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Tx, bind},
    job::{Read, Write},
};

/// A file in a worker's hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedBulkJob {
    /// The file.
    pub job: BulkJob,
    /// Until when nobody else takes it.
    pub until: Instant,
}

/// Rows that are answered together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkChunk {
    /// Its place in the file, from 0.
    pub position: u32,
    /// Its rows as they were handed in.
    pub question: Vec<u8>,
}

const OPEN: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM bulk_job WHERE finished_at IS NULL AND claimed_until <= $1 ORDER BY \
     COALESCE((SELECT t.taken_up_at FROM bulk_turn t WHERE t.institution_code = bulk_job.institution_code), 0), \
     claimed_until, received_at LIMIT 1"
);
const TURN: &str = "INSERT INTO bulk_turn (institution_code, taken_up_at) VALUES ($1, $2) \
     ON CONFLICT (institution_code) DO UPDATE SET taken_up_at = excluded.taken_up_at";
const CLAIM: &str = "UPDATE bulk_job SET state = $1, claimed_until = $2 \
     WHERE institution_code = $3 AND reception_number = $4 AND finished_at IS NULL AND claimed_until <= $5";
const SET_CHUNKS: &str = "UPDATE bulk_job SET chunks = $1, row_count = $2 \
     WHERE institution_code = $3 AND reception_number = $4 AND chunks IS NULL";
const NEXT: &str = "SELECT position, question FROM bulk_chunk \
     WHERE institution_code = $1 AND reception_number = $2 AND position >= $3 AND answer IS NULL \
     ORDER BY position LIMIT 1";
const FINISH: &str = "UPDATE bulk_job SET state = $1, finished_at = $2 \
     WHERE institution_code = $3 AND reception_number = $4 AND finished_at IS NULL";

/// Of one's own claim only: whoever was too late has lost the file to another.
const RELEASE: &str = "UPDATE bulk_job SET claimed_until = $1 \
     WHERE institution_code = $2 AND reception_number = $3 AND finished_at IS NULL AND claimed_until = $4";

/// What the audit log says of a file that came to its end.
const ACTION: &str = "bulk.finish";

struct OpenJob(Instant);

impl Read for OpenJob {
    type Output = Option<BulkJob>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<BulkJob>> {
        tx.query_one(OPEN, bind![self.0.0], BulkJob::from_row).await
    }
}

struct Claim {
    institution: InstitutionCode,
    number: ReceptionNumber,
    now: Instant,
    until: Instant,
}

impl Write for Claim {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let row = bind![
            BulkState::Processing.name(),
            self.until.0,
            self.institution.as_str(),
            self.number.as_str(),
            self.now.0,
        ];
        if tx.execute(CLAIM, row).await? == 0 {
            return Ok(false);
        }
        tx.execute(TURN, bind![self.institution.as_str(), self.now.0]).await?;
        Ok(true)
    }
}

struct Release {
    institution: InstitutionCode,
    number: ReceptionNumber,
    until: Instant,
    now: Instant,
}

impl Write for Release {
    type Output = ();

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let row = bind![self.now.0, self.institution.as_str(), self.number.as_str(), self.until.0];
        tx.execute(RELEASE, row).await.map(drop)
    }
}

struct SetChunks {
    institution: InstitutionCode,
    number: ReceptionNumber,
    rows: u32,
    chunks: Vec<Vec<u8>>,
}

impl Write for SetChunks {
    type Output = ();

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let chunks = i64::try_from(self.chunks.len()).unwrap_or(i64::MAX);
        let row = bind![chunks, i64::from(self.rows), self.institution.as_str(), self.number.as_str()];
        if tx.execute(SET_CHUNKS, row).await? == 1 {
            insert_chunks(tx, &self.institution, &self.number, &self.chunks).await?;
        }
        Ok(())
    }
}

struct NextChunk {
    institution: InstitutionCode,
    number: ReceptionNumber,
    from: u32,
}

impl Read for NextChunk {
    type Output = Option<BulkChunk>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<BulkChunk>> {
        let key = bind![self.institution.as_str(), self.number.as_str(), i64::from(self.from)];
        tx.query_one(NEXT, key, |row| {
            let position = super::job::count(row.int(0, "position")?)?;
            Ok(BulkChunk { position, question: row.blob(1, "question")?.to_vec() })
        })
        .await
    }
}

struct Finish {
    institution: InstitutionCode,
    number: ReceptionNumber,
    state: BulkState,
    now: Instant,
}

impl Write for Finish {
    type Output = ();

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        let (institution, number) = (self.institution.as_str(), self.number.as_str());
        let row = bind![self.state.name(), self.now.0, institution, number];
        if tx.execute(FINISH, row).await? == 0 {
            return Ok(());
        }
        let event = AuditEvent {
            actor: "system:bulk".to_owned(),
            action: ACTION.to_owned(),
            object: format!("bulk:{number}"),
            outcome: self.state.name().to_owned(),
            detail: String::new(),
        };
        chains.append(tx, institution, self.now, &event).await.map(drop)
    }
}

impl Store {
    /// Takes a file that nobody has, until `until`; `None` when there is none. Institutions take turns: first comes the
    /// one that was worked for the longest ago, and of its files the one that waited longest.
    ///
    /// # Errors
    /// Any error of the store.
    pub async fn claim_bulk_job(&self, now: Instant, until: Instant) -> Result<Option<ClaimedBulkJob>> {
        let Some(job) = self.read(OpenJob(now)).await? else { return Ok(None) };
        let claim = Claim {
            institution: job.institution_code.clone(),
            number: job.reception_number.clone(),
            now,
            until,
        };
        let mine = self.write(claim).await?;
        Ok(mine.then_some(ClaimedBulkJob { job, until }))
    }

    /// Lays a file down, so that the next one has its turn; nothing is done to one that somebody else took up since.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn release_bulk_job(&self, claimed: &ClaimedBulkJob, now: Instant) -> Result<()> {
        let ClaimedBulkJob { job, until } = claimed;
        let (institution, number) = (job.institution_code.clone(), job.reception_number.clone());
        self.write(Release { institution, number, until: *until, now }).await
    }

    /// Says which rows a file has that was handed in without; once.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn set_bulk_chunks(&self, job: &BulkJob, rows: u32, chunks: Vec<Vec<u8>>) -> Result<()> {
        let institution = job.institution_code.clone();
        self.write(SetChunks { institution, number: job.reception_number.clone(), rows, chunks }).await
    }

    /// The first chunk from a position on that has no answer.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn next_bulk_chunk(&self, job: &BulkJob, from: u32) -> Result<Option<BulkChunk>> {
        let institution = job.institution_code.clone();
        self.read(NextChunk { institution, number: job.reception_number.clone(), from }).await
    }

    /// Ends a file, done or failed; once.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn finish_bulk_job(&self, job: &BulkJob, state: BulkState, now: Instant) -> Result<()> {
        let institution = job.institution_code.clone();
        self.write(Finish { institution, number: job.reception_number.clone(), state, now }).await
    }
}
