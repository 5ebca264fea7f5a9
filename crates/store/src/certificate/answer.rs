//! OCSP answers signed ahead: which are due, which are stored.

use eligibility::{
    Instant,
    institution_certificate::{Revocation, RevocationReason},
};

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// A certificate whose answer is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerDue {
    /// Whose it is.
    pub institution_code: String,
    /// Lower-case hex.
    pub serial: String,
    /// What the answer has to say.
    pub revocation: Option<Revocation>,
}

/// A signed answer.
#[derive(Clone, Debug)]
pub struct NewAnswer {
    /// What was signed about.
    pub due: AnswerDue,
    /// The whole reply, DER.
    pub answer: Vec<u8>,
    /// When it was made.
    pub this_update: Instant,
    /// When it must no longer be relied on.
    pub next_update: Instant,
}

/// A stored answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The whole reply, DER; empty while none is signed.
    pub answer: Vec<u8>,
    /// When it was made.
    pub this_update: Instant,
    /// When it must no longer be relied on.
    pub next_update: Instant,
}

const DUE: &str = "SELECT a.institution_code, a.serial, c.revoked_at, c.revocation_reason \
     FROM certificate_answer a JOIN institution_certificate c \
     ON c.institution_code = a.institution_code AND c.serial = a.serial \
     WHERE a.next_update < $1 AND c.not_after >= $2 ORDER BY a.next_update LIMIT $3";
const PUT: &str = "UPDATE certificate_answer SET answer = $1, this_update = $2, next_update = $3 \
     WHERE institution_code = $4 AND serial = $5 AND COALESCE(revoked_at, $6) = $7";
/// Nobody asks about what is over: its answer is dropped.
const DROP: &str = "DELETE FROM certificate_answer WHERE (institution_code, serial) IN (\
     SELECT c.institution_code, c.serial FROM institution_certificate c JOIN certificate_answer a \
     ON a.institution_code = c.institution_code AND a.serial = c.serial \
     WHERE c.not_after < $1 ORDER BY c.not_after LIMIT $2)";
const OWNER: &str = "SELECT institution_code FROM certificate_serial WHERE serial = $1";
const FIND: &str = "SELECT answer, this_update, next_update FROM certificate_answer \
     WHERE institution_code = $1 AND serial = $2";

/// Stands for "not revoked" where moments are compared.
const NEVER: i64 = -1;

struct Due {
    before: Instant,
    now: Instant,
    limit: u32,
}

impl Read for Due {
    type Output = Vec<AnswerDue>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<AnswerDue>> {
        tx.query(DUE, bind![self.before.0, self.now.0, i64::from(self.limit)], |row| {
            let reason = row.text_or_null(3, "revocation_reason")?.and_then(RevocationReason::from_name);
            let at = row.int_or_null(2, "revoked_at")?.map(Instant);
            Ok(AnswerDue {
                institution_code: row.text(0, "institution_code")?.to_owned(),
                serial: row.text(1, "serial")?.to_owned(),
                revocation: at.zip(reason).map(|(at, reason)| Revocation { at, reason }),
            })
        })
        .await
    }
}

struct Put(Vec<NewAnswer>);

impl Write for Put {
    type Output = u64;

    fn key(&self) -> &'static str {
        "answers"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        let row = |new: &NewAnswer| (new.due.revocation.map_or(NEVER, |how| how.at.0), new.clone());
        let rows: Vec<_> = self.0.iter().map(row).collect();
        let bound: Vec<_> = rows
            .iter()
            .map(|(revoked_at, new)| {
                let times = (new.this_update.0, new.next_update.0);
                let due = &new.due;
                bind![
                    new.answer.as_slice(),
                    times.0,
                    times.1,
                    &due.institution_code,
                    &due.serial,
                    NEVER,
                    *revoked_at
                ]
                .to_vec()
            })
            .collect();
        Ok(tx.execute_many(PUT, &bound).await?.into_iter().sum())
    }
}

struct DropOver {
    now: Instant,
    limit: u32,
}

impl Write for DropOver {
    type Output = u64;

    fn key(&self) -> &'static str {
        "answers"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(DROP, bind![self.now.0, i64::from(self.limit)]).await
    }
}

struct Find(String);

impl Read for Find {
    type Output = Option<StoredAnswer>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let owner = tx.query_one(OWNER, bind![&self.0], |row| Ok(row.text(0, "owner")?.to_owned())).await?;
        let Some(owner) = owner else { return Ok(None) };
        tx.query_one(FIND, bind![&owner, &self.0], |row| {
            Ok(StoredAnswer {
                answer: row.blob(0, "answer")?.to_vec(),
                this_update: Instant(row.int(1, "this_update")?),
                next_update: Instant(row.int(2, "next_update")?),
            })
        })
        .await
    }
}

impl Store {
    /// Certificates whose answer ends before this moment or was never signed, the most urgent first. Those that
    /// are over get none.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn answers_due(&self, before: Instant, now: Instant, limit: u32) -> Result<Vec<AnswerDue>> {
        self.read(Due { before, now, limit }).await
    }

    /// Keeps signed answers. One that says something else than the certificate's state by now is not kept.
    /// Answers how many were.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_answers(&self, answers: Vec<NewAnswer>) -> Result<u64> {
        self.write(Put(answers)).await
    }

    /// Drops answers about certificates that are over, at most so many.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn drop_answers_over(&self, now: Instant, limit: u32) -> Result<u64> {
        self.write(DropOver { now, limit }).await
    }

    /// The answer about the certificate with this serial number; none when no such certificate was issued.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn answer_about(&self, serial: &str) -> Result<Option<StoredAnswer>> {
        self.read(Find(serial.to_owned())).await
    }
}
