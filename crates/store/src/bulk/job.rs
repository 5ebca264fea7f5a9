//! A file is handed in.

use eligibility::{
    Instant,
    bulk::{self, BulkKind, BulkState, ReceptionNumber},
    errors::ErrorCode,
    institution::InstitutionCode,
};

use crate::{
    Error, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    job::Write,
};

/// A file that is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBulkJob {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Names the handing in within the institution: the same again is the same file.
    pub request_id: String,
    /// SHA-256 over everything handed in.
    pub question_digest: [u8; 32],
    /// What the file asks for.
    pub kind: BulkKind,
    /// What it asks for besides its rows, in whatever form the caller keeps it.
    pub terms: String,
    /// Who handed it in, as the audit log names them.
    pub actor: String,
    /// Rows in all chunks.
    pub rows: u32,
    /// The rows, so many together as are to be answered together; `None` when they are to be found out first
    /// ([`Store::set_bulk_chunks`]).
    pub chunks: Option<Vec<Vec<u8>>>,
    /// Now.
    pub received_at: Instant,
}

/// What became of a file that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkSubmitted {
    /// It was received, now or when it was handed in first.
    Received {
        /// 受付番号.
        reception_number: ReceptionNumber,
        /// 受付日時.
        received_at: Instant,
    },
    /// The id was used for another file.
    Conflict,
    /// It is not taken: too large, or too many today.
    Refused(ErrorCode),
}

/// A file that was handed in, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkJob {
    /// Whose it is.
    pub institution_code: InstitutionCode,
    /// 受付番号.
    pub reception_number: ReceptionNumber,
    /// What it asks for.
    pub kind: BulkKind,
    /// How far it has come.
    pub state: BulkState,
    /// As handed in.
    pub terms: String,
    /// Who handed it in.
    pub actor: String,
    /// Its rows.
    pub rows: u32,
    /// Chunks; `None` until its rows are known.
    pub chunks: Option<u32>,
    /// Rows that ended well.
    pub normal: u32,
    /// Rows that ended in an error of their own.
    pub errors: u32,
    /// 受付日時.
    pub received_at: Instant,
    /// When nothing was left to do.
    pub finished_at: Option<Instant>,
}

/// Columns of [`BulkJob::from_row`], in its order.
macro_rules! job_columns {
    () => {
        "institution_code, reception_number, kind, state, terms, actor, row_count, chunks, rows_normal, \
         rows_error, received_at, finished_at"
    };
}
pub(super) use job_columns;

const BY_REQUEST: &str = "SELECT question_digest, reception_number, received_at FROM bulk_job \
     WHERE institution_code = $1 AND request_id = $2";
const TODAY: &str = "SELECT COUNT(*) FROM bulk_job WHERE institution_code = $1 AND received_at >= $2";
const TAKEN: &str = "SELECT COUNT(*) FROM bulk_job WHERE institution_code = $1 AND reception_number = $2";
const INSERT: &str = "INSERT INTO bulk_job (institution_code, reception_number, kind, state, request_id, \
     question_digest, terms, actor, row_count, chunks, rows_normal, rows_error, received_at, claimed_until) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
pub(super) const INSERT_CHUNK: &str = "INSERT INTO bulk_chunk \
     (institution_code, reception_number, position, question) VALUES ($1, $2, $3, $4)";

/// What the audit log says of a file that was handed in.
const ACTION: &str = "bulk.submit";

pub(super) fn count(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::Malformed { what: "bulk_job" })
}

impl BulkJob {
    pub(super) fn from_row(row: &Row<'_>) -> Result<Self> {
        let malformed = || Error::Malformed { what: "bulk_job" };
        let code = InstitutionCode::parse(row.text(0, "institution_code")?).map_err(|_| malformed())?;
        let number = ReceptionNumber::parse(row.text(1, "reception_number")?).map_err(|_| malformed())?;
        Ok(Self {
            institution_code: code,
            reception_number: number,
            kind: BulkKind::from_name(row.text(2, "kind")?).ok_or_else(malformed)?,
            state: BulkState::from_name(row.text(3, "state")?).ok_or_else(malformed)?,
            terms: row.text(4, "terms")?.to_owned(),
            actor: row.text(5, "actor")?.to_owned(),
            rows: count(row.int(6, "row_count")?)?,
            chunks: row.int_or_null(7, "chunks")?.map(count).transpose()?,
            normal: count(row.int(8, "rows_normal")?)?,
            errors: count(row.int(9, "rows_error")?)?,
            received_at: Instant(row.int(10, "received_at")?),
            finished_at: row.int_or_null(11, "finished_at")?.map(Instant),
        })
    }
}

impl Write for NewBulkJob {
    type Output = BulkSubmitted;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<BulkSubmitted> {
        let institution = self.institution_code.as_str();
        let known = tx
            .query_one(BY_REQUEST, bind![institution, &self.request_id], |row| {
                let digest: [u8; 32] = row.bytes(0, "question_digest")?;
                Ok((digest, row.text(1, "reception_number")?.to_owned(), row.int(2, "received_at")?))
            })
            .await?;
        if let Some((digest, number, received_at)) = known {
            return match digest == self.question_digest {
                false => Ok(BulkSubmitted::Conflict),
                true => received(&number, Instant(received_at)),
            };
        }
        let since = bulk::day_began_at(self.received_at).0;
        let today = tx.query_one(TODAY, bind![institution, since], |row| row.int(0, "count")).await?;
        let today = count(today.unwrap_or(0))?;
        if self.chunks.is_some() || today >= bulk::FILES_PER_DAY {
            // A file without rows of its own has as many as there will be.
            let rows = if self.chunks.is_some() { self.rows as usize } else { 1 };
            if let Err(code) = bulk::admit(rows, today) {
                return Ok(BulkSubmitted::Refused(code));
            }
        }
        let number = self.free_number(tx, today).await?;
        self.insert(tx, &number).await?;
        let event = AuditEvent {
            actor: self.actor.clone(),
            action: ACTION.to_owned(),
            object: format!("bulk:{}", number.as_str()),
            outcome: "received".to_owned(),
            detail: format!(
                "kind:{} rows:{} file:{}",
                self.kind.name(),
                self.rows,
                hex(&self.question_digest)
            ),
        };
        chains.append(tx, institution, self.received_at, &event).await?;
        Ok(BulkSubmitted::Received { reception_number: number, received_at: self.received_at })
    }
}

fn received(number: &str, received_at: Instant) -> Result<BulkSubmitted> {
    let reception_number =
        ReceptionNumber::parse(number).map_err(|_| Error::Malformed { what: "reception_number" })?;
    Ok(BulkSubmitted::Received { reception_number, received_at })
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl NewBulkJob {
    /// The day's next number. A clock set back can lead to one that is taken: then a later one.
    async fn free_number(&self, tx: &Tx<'_>, today: u32) -> Result<ReceptionNumber> {
        let mut of_day = today;
        loop {
            of_day += 1;
            let number = ReceptionNumber::new(self.received_at, of_day);
            let key = bind![self.institution_code.as_str(), number.as_str()];
            let taken = tx.query_one(TAKEN, key, |row| row.int(0, "count")).await?;
            if taken.unwrap_or(0) == 0 {
                return Ok(number);
            }
        }
    }

    async fn insert(&self, tx: &Tx<'_>, number: &ReceptionNumber) -> Result<()> {
        let chunks = self.chunks.as_ref().map(|chunks| i64::try_from(chunks.len()).unwrap_or(i64::MAX));
        let row = bind![
            self.institution_code.as_str(),
            number.as_str(),
            self.kind.name(),
            BulkState::Received.name(),
            &self.request_id,
            &self.question_digest,
            &self.terms,
            &self.actor,
            i64::from(self.rows),
            chunks,
            0_i64,
            0_i64,
            self.received_at.0,
            0_i64,
        ];
        tx.execute(INSERT, row).await?;
        if let Some(chunks) = &self.chunks {
            insert_chunks(tx, &self.institution_code, number, chunks).await?;
        }
        Ok(())
    }
}

pub(super) async fn insert_chunks(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    number: &ReceptionNumber,
    chunks: &[Vec<u8>],
) -> Result<()> {
    let rows: Vec<Vec<_>> = (0_i64..)
        .zip(chunks)
        .map(|(position, question)| {
            bind![institution.as_str(), number.as_str(), position, question.as_slice()].to_vec()
        })
        .collect();
    tx.execute_many(INSERT_CHUNK, &rows).await.map(drop)
}

impl Store {
    /// Receives a file; returns after that is durable. The same request again is answered as before.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn submit_bulk(&self, job: NewBulkJob) -> Result<BulkSubmitted> {
        self.write(job).await
    }
}
