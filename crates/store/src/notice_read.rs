//! Which お知らせ somebody of an institution has read.

use std::collections::BTreeSet;

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    NOTICES_LIMIT, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

const PUT: &str = "INSERT INTO notice_read (institution_code, user_id, notice_id, read_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code, user_id, notice_id) DO NOTHING";
const READ: &str = "SELECT notice_id FROM notice_read WHERE institution_code = $1 AND user_id = $2 \
     ORDER BY read_at DESC LIMIT $3";
const SHOWN: &str = "SELECT notice_id FROM notice WHERE withdrawn_at IS NULL AND published_at <= $1 \
     ORDER BY published_at DESC, notice_id DESC LIMIT $2";
/// Read notices that are looked through: more than are shown, because withdrawn ones are among them.
const READ_LOOKED_AT: i64 = NOTICES_LIMIT as i64 * 4;

/// Who reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeReader {
    /// The institution.
    pub institution_code: InstitutionCode,
    /// ユーザーID.
    pub user_id: String,
}

struct Mark {
    reader: NoticeReader,
    notices: Vec<String>,
    now: Instant,
}

impl Write for Mark {
    type Output = ();

    fn key(&self) -> &str {
        self.reader.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let (code, user) = (self.reader.institution_code.as_str(), self.reader.user_id.as_str());
        for notice in &self.notices {
            tx.execute(PUT, bind![code, user, notice.as_str(), self.now.0]).await?;
        }
        Ok(())
    }
}

struct Unread {
    reader: NoticeReader,
    now: Instant,
}

impl Read for Unread {
    type Output = BTreeSet<String>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let shown = bind![self.now.0, i64::from(NOTICES_LIMIT)];
        let mut unread: BTreeSet<String> = tx
            .query(SHOWN, shown, |row| Ok(row.text(0, "notice_id")?.to_owned()))
            .await?
            .into_iter()
            .collect();
        if unread.is_empty() {
            return Ok(unread);
        }
        let key = bind![self.reader.institution_code.as_str(), self.reader.user_id.as_str(), READ_LOOKED_AT];
        for read in tx.query(READ, key, |row| Ok(row.text(0, "notice_id")?.to_owned())).await? {
            unread.remove(&read);
        }
        Ok(unread)
    }
}

impl Store {
    /// Notes that somebody has read these お知らせ, at most [`NOTICES_LIMIT`] of them. Read twice is read once.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn mark_notices_read(
        &self,
        reader: NoticeReader,
        mut notices: Vec<String>,
        now: Instant,
    ) -> Result<()> {
        notices.truncate(NOTICES_LIMIT as usize);
        self.write(Mark { reader, notices, now }).await
    }

    /// The ids of the shown お知らせ that somebody has not read.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn unread_notices(&self, reader: NoticeReader, now: Instant) -> Result<BTreeSet<String>> {
        self.read(Unread { reader, now }).await
    }
}
