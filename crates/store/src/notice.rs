//! お知らせ: what the operator tells everybody on the portal.

use eligibility::Instant;

use crate::{
    Error, Result, Store,
    audit::{AuditEvent, CENTRAL_CHAIN, Chains},
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// The longest title, in characters.
pub const NOTICE_TITLE_MAX_CHARS: usize = 80;
/// The longest text, in characters.
pub const NOTICE_BODY_MAX_CHARS: usize = 4000;
/// Notices that are listed at most, the newest.
pub const NOTICES_LIMIT: u32 = 50;

/// One お知らせ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Made with the form, so that a form sent twice is one notice.
    pub id: String,
    /// The heading.
    pub title: String,
    /// Plain text; blank lines part paragraphs.
    pub body: String,
    /// 重要.
    pub important: bool,
    /// When it was published.
    pub published_at: Instant,
    /// The operator's account.
    pub published_by: String,
    /// Since when it is no longer shown.
    pub withdrawn_at: Option<Instant>,
}

const PUT: &str = "INSERT INTO notice (notice_id, title, body, important, published_at, published_by) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (notice_id) DO NOTHING";
const WITHDRAW: &str = "UPDATE notice SET withdrawn_at = $1 WHERE notice_id = $2 AND withdrawn_at IS NULL";
const SHOWN: &str = "SELECT notice_id, title, body, important, published_at, published_by, withdrawn_at FROM notice \
     WHERE withdrawn_at IS NULL AND published_at <= $1 ORDER BY published_at DESC, notice_id DESC LIMIT $2";
const FIND: &str = "SELECT notice_id, title, body, important, published_at, published_by, withdrawn_at FROM notice \
     WHERE notice_id = $1 AND withdrawn_at IS NULL AND published_at <= $2";
const ALL: &str = "SELECT notice_id, title, body, important, published_at, published_by, withdrawn_at FROM notice \
     ORDER BY published_at DESC, notice_id DESC LIMIT $1";

fn notice(found: &Row<'_>) -> Result<Notice> {
    Ok(Notice {
        id: found.text(0, "notice_id")?.to_owned(),
        title: found.text(1, "title")?.to_owned(),
        body: found.text(2, "body")?.to_owned(),
        important: found.bool(3, "important")?,
        published_at: Instant(found.int(4, "published_at")?),
        published_by: found.text(5, "published_by")?.to_owned(),
        withdrawn_at: found.int_or_null(6, "withdrawn_at")?.map(Instant),
    })
}

fn event(by: &str, action: &str, id: &str) -> AuditEvent {
    AuditEvent {
        actor: format!("operator:{by}"),
        action: action.to_owned(),
        object: format!("notice:{id}"),
        outcome: "done".to_owned(),
        detail: String::new(),
    }
}

struct Publish(Notice);

impl Write for Publish {
    type Output = bool;

    fn key(&self) -> &'static str {
        CENTRAL_CHAIN
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let new = &self.0;
        let at = new.published_at;
        let row = bind![&new.id, &new.title, &new.body, new.important, at.0, &new.published_by];
        if tx.execute(PUT, row).await? == 0 {
            return Ok(false);
        }
        chains.append(tx, CENTRAL_CHAIN, at, &event(&new.published_by, "notice.publish", &new.id)).await?;
        Ok(true)
    }
}

struct Withdraw {
    id: String,
    by: String,
    now: Instant,
}

impl Write for Withdraw {
    type Output = bool;

    fn key(&self) -> &'static str {
        CENTRAL_CHAIN
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        if tx.execute(WITHDRAW, bind![self.now.0, &self.id]).await? == 0 {
            return Ok(false);
        }
        let event = event(&self.by, "notice.withdraw", &self.id);
        chains.append(tx, CENTRAL_CHAIN, self.now, &event).await?;
        Ok(true)
    }
}

enum Which {
    Shown(Instant),
    All,
}

impl Read for Which {
    type Output = Vec<Notice>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let limit = i64::from(NOTICES_LIMIT);
        match self {
            Self::Shown(now) => tx.query(SHOWN, bind![now.0, limit], notice).await,
            Self::All => tx.query(ALL, bind![limit], notice).await,
        }
    }
}

struct Find(String, Instant);

impl Read for Find {
    type Output = Option<Notice>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(FIND, bind![&self.0, self.1.0], notice).await
    }
}

impl Store {
    /// Publishes an お知らせ, audited. `false` when one with this id is there: the same form sent twice.
    ///
    /// # Errors
    /// [`Error::Refused`] when title or text is empty or too long; any write error of the store.
    pub async fn publish_notice(&self, notice: Notice) -> Result<bool> {
        for (what, text, max) in [
            ("notice title", &notice.title, NOTICE_TITLE_MAX_CHARS),
            ("notice text", &notice.body, NOTICE_BODY_MAX_CHARS),
        ] {
            if text.trim().is_empty() || text.chars().count() > max {
                return Err(Error::Refused { what, why: format!("it has 1 to {max} characters") });
            }
        }
        self.write(Publish(notice)).await
    }

    /// Takes an お知らせ from the portal, audited; `false` when it is not shown.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn withdraw_notice(&self, id: &str, by: &str, now: Instant) -> Result<bool> {
        self.write(Withdraw { id: id.to_owned(), by: by.to_owned(), now }).await
    }

    /// What the portal shows now, the newest first, at most [`NOTICES_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn notices(&self, now: Instant) -> Result<Vec<Notice>> {
        self.read(Which::Shown(now)).await
    }

    /// One お知らせ that is shown.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn notice(&self, id: &str, now: Instant) -> Result<Option<Notice>> {
        self.read(Find(id.to_owned(), now)).await
    }

    /// Every お知らせ, withdrawn ones included, the newest first, at most [`NOTICES_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn every_notice(&self) -> Result<Vec<Notice>> {
        self.read(Which::All).await
    }
}
