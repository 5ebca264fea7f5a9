//! リファレンスナンバー: tries are counted and on disk before anything is compared.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::CertificateUses,
    retrieval::{RETRIEVAL_TRIES, Retrieval, RetrievalNumber, Tries},
};

use super::issued::uses_of;
use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// What is stored under a リファレンスナンバー.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRetrieval {
    /// The keyed hash of the 認証ID.
    pub secret_hash: [u8; 32],
    /// Whose letter it is.
    pub institution_code: InstitutionCode,
    /// What the certificate is issued for.
    pub order_id: String,
    /// 端末名称.
    pub terminal_name: String,
    /// What the certificate may be used for.
    pub uses: CertificateUses,
    /// How the letter stands.
    pub retrieval: Retrieval,
    /// Whether it was handed to the post: until then only people of the operator can have seen it.
    pub posted: bool,
}

impl std::fmt::Debug for StoredRetrieval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredRetrieval").field("order_id", &self.order_id).finish_non_exhaustive()
    }
}

/// A try that is on disk. There is no other way to what is stored under a number.
#[derive(Clone, Debug)]
pub struct TryCounted {
    /// Tries before this one.
    pub before: Tries,
    /// What is stored under the number; not looked up when no try was left.
    pub known: Option<StoredRetrieval>,
}

/// One more than there are tries is as far as the count goes: whoever had the right secret gets his try back, however
/// many others came at the same moment.
const COUNT: &str = "INSERT INTO retrieval_try (retrieval_number, tries, last_at) VALUES ($1, $2, $3) \
     ON CONFLICT (retrieval_number) DO UPDATE SET tries = CASE WHEN retrieval_try.tries > $4 \
     THEN retrieval_try.tries ELSE retrieval_try.tries + excluded.tries END, \
     last_at = excluded.last_at RETURNING tries";
const FIND: &str = "SELECT secret_hash, institution_code, order_id, terminal_name, uses, issued_at, withdrawn_at, \
     retrieved_at FROM retrieval WHERE retrieval_number = $1";
const POSTED: &str = "SELECT ended_at FROM certificate_letter WHERE institution_code = $1 AND retrieval_number = $2 \
     AND posted_at IS NOT NULL";
const GIVE_BACK: &str =
    "UPDATE retrieval_try SET tries = tries - 1 WHERE retrieval_number = $1 AND tries > 0";
const FORGET: &str = "DELETE FROM retrieval_try WHERE retrieval_number IN (\
     SELECT t.retrieval_number FROM retrieval_try t WHERE t.last_at < $1 AND NOT EXISTS (\
     SELECT 1 FROM retrieval r WHERE r.retrieval_number = t.retrieval_number) ORDER BY t.last_at LIMIT $2)";
struct Count {
    number: RetrievalNumber,
    now: Instant,
}

impl Write for Count {
    type Output = Tries;

    fn key(&self) -> &str {
        self.number.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Tries> {
        let row = bind![self.number.as_str(), 1_i64, self.now.0, i64::from(RETRIEVAL_TRIES)];
        let counted = tx.query_one(COUNT, row, |row| row.int(0, "tries")).await?;
        let counted = counted.ok_or(Error::Malformed { what: "tries" })?;
        Ok(Tries(u32::try_from(counted - 1).unwrap_or(u32::MAX)))
    }
}

struct GiveBack(RetrievalNumber);

impl Write for GiveBack {
    type Output = ();

    fn key(&self) -> &str {
        self.0.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        tx.execute(GIVE_BACK, bind![self.0.as_str()]).await.map(drop)
    }
}

struct Find(RetrievalNumber);

impl Read for Find {
    type Output = Option<StoredRetrieval>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let number = bind![self.0.as_str()];
        let found = tx.query_one(FIND, number, |row| {
            Ok(StoredRetrieval {
                secret_hash: row.bytes(0, "secret_hash")?,
                institution_code: InstitutionCode::parse(row.text(1, "institution_code")?)
                    .map_err(|_| Error::Malformed { what: "institution_code" })?,
                order_id: row.text(2, "order_id")?.to_owned(),
                terminal_name: row.text(3, "terminal_name")?.to_owned(),
                uses: uses_of(row.text(4, "uses")?)?,
                retrieval: Retrieval {
                    issued_at: Instant(row.int(5, "issued_at")?),
                    withdrawn_at: row.int_or_null(6, "withdrawn_at")?.map(Instant),
                    retrieved_at: row.int_or_null(7, "retrieved_at")?.map(Instant),
                },
                posted: false,
            })
        });
        let Some(found) = found.await? else { return Ok(None) };
        let letter = bind![found.institution_code.as_str(), self.0.as_str()];
        let posted = tx.query_one(POSTED, letter, |row| row.int_or_null(0, "ended_at")).await?;
        // What is void opens nothing, whatever its number says.
        let ended = posted.flatten().map(Instant).filter(|_| found.retrieval.retrieved_at.is_none());
        let withdrawn_at = found.retrieval.withdrawn_at.or(ended);
        let retrieval = Retrieval { withdrawn_at, ..found.retrieval };
        Ok(Some(StoredRetrieval { posted: posted.is_some(), retrieval, ..found }))
    }
}

struct Forget {
    before: Instant,
    limit: u32,
}

impl Write for Forget {
    type Output = u64;

    fn key(&self) -> &'static str {
        "retrieval"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(FORGET, bind![self.before.0, i64::from(self.limit)]).await
    }
}

impl Store {
    /// Counts a try of this number, durably, and only then says what is stored under it. A number whose tries
    /// are used up is not looked up.
    ///
    /// # Errors
    /// Any error of the store; the try may then have been counted.
    pub async fn count_retrieval_try(&self, number: &RetrievalNumber, now: Instant) -> Result<TryCounted> {
        let before = self.write(Count { number: number.clone(), now }).await?;
        let known = if before.may_try() { self.read(Find(number.clone())).await? } else { None };
        Ok(TryCounted { before, known })
    }

    /// Gives back the try of who had the right secret.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn give_retrieval_try_back(&self, number: &RetrievalNumber) -> Result<()> {
        self.write(GiveBack(number.clone())).await
    }

    /// Forgets tries of numbers that no letter has, last tried before this moment.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn forget_retrieval_tries(&self, before: Instant, limit: u32) -> Result<u64> {
        self.write(Forget { before, limit }).await
    }
}
