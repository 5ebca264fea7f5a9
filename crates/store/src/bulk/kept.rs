//! How files stand, their answers, and their end after the days they are kept.

use eligibility::{Instant, bulk::ReceptionNumber, institution::InstitutionCode};

use super::job::{BulkJob, job_columns};
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// Files told of at once: seven days of twenty, and one day more.
pub const BULK_JOBS_LIMIT: u32 = 160;

const ONE: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM bulk_job WHERE institution_code = $1 AND reception_number = $2"
);
const ALL: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM bulk_job WHERE institution_code = $1 AND received_at > $2 ORDER BY received_at DESC LIMIT $3"
);
const ANSWERS: &str = "SELECT answer FROM bulk_chunk \
     WHERE institution_code = $1 AND reception_number = $2 AND position >= $3 AND answer IS NOT NULL \
     ORDER BY position LIMIT $4";
const OVER: &str = "SELECT institution_code, reception_number FROM bulk_job WHERE received_at <= $1 \
     ORDER BY received_at LIMIT $2";
const WIPE_CHUNKS: &str = "DELETE FROM bulk_chunk WHERE institution_code = $1 AND reception_number = $2";
const WIPE_JOB: &str = "DELETE FROM bulk_job WHERE institution_code = $1 AND reception_number = $2";
const WIPE_REGISTRATIONS: &str = "DELETE FROM registration_request WHERE (institution_code, request_id) IN \
     (SELECT institution_code, request_id FROM registration_request WHERE recorded_at < $1 \
      ORDER BY recorded_at LIMIT $2)";

struct One {
    institution: InstitutionCode,
    number: ReceptionNumber,
}

impl Read for One {
    type Output = Option<BulkJob>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<BulkJob>> {
        tx.query_one(ONE, bind![self.institution.as_str(), self.number.as_str()], BulkJob::from_row).await
    }
}

struct All {
    institution: InstitutionCode,
    after: Instant,
}

impl Read for All {
    type Output = Vec<BulkJob>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<BulkJob>> {
        let key = bind![self.institution.as_str(), self.after.0, i64::from(BULK_JOBS_LIMIT)];
        tx.query(ALL, key, BulkJob::from_row).await
    }
}

struct Answers {
    institution: InstitutionCode,
    number: ReceptionNumber,
    from: u32,
    limit: u32,
}

impl Read for Answers {
    type Output = Vec<Vec<u8>>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<Vec<u8>>> {
        let key = bind![
            self.institution.as_str(),
            self.number.as_str(),
            i64::from(self.from),
            i64::from(self.limit),
        ];
        tx.query(ANSWERS, key, |row| Ok(row.blob(0, "answer")?.to_vec())).await
    }
}

struct Over {
    before: Instant,
    limit: u32,
}

impl Read for Over {
    type Output = Vec<(String, String)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<(String, String)>> {
        tx.query(OVER, bind![self.before.0, i64::from(self.limit)], |row| {
            Ok((row.text(0, "institution_code")?.to_owned(), row.text(1, "reception_number")?.to_owned()))
        })
        .await
    }
}

struct Wipe {
    institution: String,
    number: String,
}

impl Write for Wipe {
    type Output = ();

    fn key(&self) -> &str {
        &self.institution
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        tx.execute(WIPE_CHUNKS, bind![&self.institution, &self.number]).await?;
        tx.execute(WIPE_JOB, bind![&self.institution, &self.number]).await.map(drop)
    }
}

struct WipeRegistrations {
    before: Instant,
    limit: u32,
}

impl Write for WipeRegistrations {
    type Output = ();

    fn key(&self) -> &'static str {
        "prune"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        tx.execute(WIPE_REGISTRATIONS, bind![self.before.0, i64::from(self.limit)]).await.map(drop)
    }
}

impl Store {
    /// A file of the institution.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn bulk_job(
        &self,
        institution: &InstitutionCode,
        number: &ReceptionNumber,
    ) -> Result<Option<BulkJob>> {
        self.read(One { institution: institution.clone(), number: number.clone() }).await
    }

    /// The institution's files handed in after a moment, the newest first, at most [`BULK_JOBS_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn bulk_jobs(&self, institution: &InstitutionCode, after: Instant) -> Result<Vec<BulkJob>> {
        self.read(All { institution: institution.clone(), after }).await
    }

    /// Answers of a file's chunks in their order, from a position on, at most `limit`.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn bulk_answers(&self, job: &BulkJob, from: u32, limit: u32) -> Result<Vec<Vec<u8>>> {
        let (institution, number) = (job.institution_code.clone(), job.reception_number.clone());
        self.read(Answers { institution, number, from, limit }).await
    }

    /// Wipes files handed in by `before` with everything in them, at most `limit`, each in a commit of its own;
    /// returns how many. Their audit entries stay.
    ///
    /// # Errors
    /// Any error of the store.
    pub async fn wipe_bulk_jobs(&self, before: Instant, limit: u32) -> Result<usize> {
        let over = self.read(Over { before, limit }).await?;
        let wiped = over.len();
        for (institution, number) in over {
            self.write(Wipe { institution, number }).await?;
        }
        Ok(wiped)
    }

    /// Forgets under which ids numbers were registered before `before`, at most `limit` of them.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn forget_registration_requests(&self, before: Instant, limit: u32) -> Result<()> {
        self.write(WipeRegistrations { before, limit }).await
    }
}
