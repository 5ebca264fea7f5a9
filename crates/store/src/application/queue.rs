//! The operator's queues: what waits for a decision, oldest first, page by page.

use eligibility::{
    Instant,
    application::{Actor, ApplicationContent, ApplicationKind, ApplicationState, Finding},
    institution::InstitutionCode,
};
use futures_util::future::try_join_all;

use super::{ApplicationId, facts, row};
use crate::{
    Result, Store,
    engine::{Row, Tx, bind},
    job::Read,
};

/// Applications on one page of a queue.
pub const QUEUE_PAGE_LIMIT: u32 = 50;

/// One line of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueEntry {
    /// Who applied.
    pub institution: InstitutionCode,
    /// Its name in the register; `None` when it is not in there.
    pub institution_name: Option<String>,
    /// Names the application within the institution.
    pub id: ApplicationId,
    /// What is applied for.
    pub kind: ApplicationKind,
    /// Where it stands.
    pub state: ApplicationState,
    /// 受付番号.
    pub reception_number: String,
    /// The terminal or certificate it is about.
    pub subject: Option<String>,
    /// What the automatic checks find: now in what waits, as it was decided on in everything else.
    pub findings: Vec<Finding>,
    /// When it was last handed in.
    pub submitted_at: Instant,
}

/// After which entry a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFrom {
    /// [`QueueEntry::submitted_at`] of the last entry seen.
    pub submitted_at: Instant,
    /// Its institution.
    pub institution: InstitutionCode,
    /// Its id.
    pub id: ApplicationId,
}

/// How many applications of a kind stand where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueCount {
    /// The kind.
    pub kind: ApplicationKind,
    /// The state.
    pub state: ApplicationState,
    /// How many.
    pub count: u64,
}

/// The columns of an entry, with further ones.
macro_rules! entry_columns {
    ($more:literal) => {
        concat!(
            "SELECT a.institution_code, i.name, a.application_id, a.kind, a.state, a.reception_number, a.findings, \
             a.submitted_at, a.subject",
            $more,
            " FROM application a LEFT JOIN institution i ON i.code = a.institution_code "
        )
    };
}

const QUEUE: &str = concat!(
    entry_columns!(", a.applicants, a.content"),
    "WHERE a.kind = $1 AND a.state IN ('submitted', 'checking', 'first_approved') \
     AND (a.submitted_at, a.institution_code, a.application_id) > ($2, $3, $4) \
     ORDER BY a.submitted_at, a.institution_code, a.application_id LIMIT $5"
);
const OF_INSTITUTION: &str = concat!(
    entry_columns!(""),
    "WHERE a.institution_code = $1 AND a.reception_number IS NOT NULL AND a.submitted_at IS NOT NULL \
     ORDER BY a.submitted_at DESC, a.application_id LIMIT $2"
);
const COUNTS: &str = "SELECT kind, state, COUNT(*) FROM application \
     WHERE state IN ('submitted', 'checking', 'first_approved', 'approved') GROUP BY kind, state";

fn entry(found: &Row<'_>) -> Result<QueueEntry> {
    Ok(QueueEntry {
        institution: row::code_of(found.text(0, "institution_code")?)?,
        institution_name: found.text_or_null(1, "name")?.map(str::to_owned),
        id: row::id_of(found.text(2, "application_id")?)?,
        kind: row::kind_of(found.text(3, "kind")?)?,
        state: row::state_of(found.text(4, "state")?)?,
        reception_number: found.text(5, "reception_number")?.to_owned(),
        findings: row::of_json(found.text(6, "findings")?, "findings")?,
        submitted_at: Instant(found.int(7, "submitted_at")?),
        subject: found.text_or_null(8, "subject")?.map(str::to_owned),
    })
}

/// An entry that waits, with what the automatic checks look at.
struct Waiting {
    entry: QueueEntry,
    applicants: Vec<Actor>,
    content: Option<ApplicationContent>,
}

impl Waiting {
    fn of(found: &Row<'_>) -> Result<Self> {
        let content = found.text_or_null(10, "content")?;
        Ok(Self {
            entry: entry(found)?,
            applicants: row::of_json(found.text(9, "applicants")?, "applicants")?,
            content: content.map(|text| row::of_json(text, "application content")).transpose()?,
        })
    }

    /// The entry with what is found now.
    async fn checked(self, tx: &Tx<'_>, now: Instant) -> Result<QueueEntry> {
        let Self { mut entry, applicants, content } = self;
        entry.findings = match &content {
            Some(content) => {
                let named = (&entry.id, Some(&*entry.reception_number));
                facts::findings(tx, &entry.institution, named, (content, &applicants), now).await?
            }
            None => Vec::new(),
        };
        Ok(entry)
    }
}

struct Queue {
    kind: ApplicationKind,
    after: Option<QueueFrom>,
    limit: u32,
    now: Instant,
}

impl Read for Queue {
    type Output = Vec<QueueEntry>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let (time, institution, id) = match &self.after {
            Some(from) => (from.submitted_at.0, from.institution.as_str(), from.id.as_str()),
            None => (i64::MIN, "", ""),
        };
        let values = bind![self.kind.name(), time, institution, id, i64::from(self.limit)];
        let waiting = tx.query(QUEUE, values, Waiting::of).await?;
        // All at once: PostgreSQL is asked about the whole page in as many turns as about one entry.
        try_join_all(waiting.into_iter().map(|one| one.checked(tx, self.now))).await
    }
}

struct OfInstitution {
    institution: InstitutionCode,
    limit: u32,
}

impl Read for OfInstitution {
    type Output = Vec<QueueEntry>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(OF_INSTITUTION, bind![self.institution.as_str(), i64::from(self.limit)], entry).await
    }
}

struct Counts;

impl Read for Counts {
    type Output = Vec<QueueCount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(COUNTS, &[], |found| {
            Ok(QueueCount {
                kind: row::kind_of(found.text(0, "kind")?)?,
                state: row::state_of(found.text(1, "state")?)?,
                count: u64::try_from(found.int(2, "count")?).unwrap_or(0),
            })
        })
        .await
    }
}

impl Store {
    /// What waits for a decision, oldest first: one page (at most [`QUEUE_PAGE_LIMIT`]) after `after`, with what the
    /// automatic checks find `now`.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn application_queue(
        &self,
        kind: ApplicationKind,
        after: Option<QueueFrom>,
        limit: u32,
        now: Instant,
    ) -> Result<Vec<QueueEntry>> {
        self.read(Queue { kind, after, limit: limit.min(QUEUE_PAGE_LIMIT), now }).await
    }

    /// How many applications wait, by kind and state.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn application_counts(&self) -> Result<Vec<QueueCount>> {
        self.read(Counts).await
    }

    /// Whatever an institution ever handed in, the newest first (at most [`QUEUE_PAGE_LIMIT`]). No drafts.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn applications_handed_in(
        &self,
        institution: &InstitutionCode,
        limit: u32,
    ) -> Result<Vec<QueueEntry>> {
        let institution = institution.clone();
        self.read(OfInstitution { institution, limit: limit.min(QUEUE_PAGE_LIMIT) }).await
    }
}
