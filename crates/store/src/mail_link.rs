//! Links that are mailed: the hash of a random secret, what opening it brings about, and until when. Each works once.

use eligibility::Instant;

use crate::{
    FormId, NewMail, Result, Store, TokenHash,
    audit::Chains,
    engine::{Tx, bind},
    form_handed_in,
    job::{Read, Write},
    mail_outbox,
};

/// A link that is about to be mailed.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMailLink {
    /// The hash of its secret.
    pub token: TokenHash,
    /// What it is for, e.g. `portal-registration`.
    pub purpose: String,
    /// What opening it brings about, as JSON.
    pub payload: String,
    /// Until when it works.
    pub ends_at: Instant,
}

const PUT: &str = "INSERT INTO mail_link (token_hash, purpose, payload, ends_at) VALUES ($1, $2, $3, $4)";
const FIND: &str = "SELECT payload FROM mail_link WHERE token_hash = $1 AND purpose = $2 AND ends_at > $3";
const TAKE: &str =
    "DELETE FROM mail_link WHERE token_hash = $1 AND purpose = $2 AND ends_at > $3 RETURNING payload";
const OVER: &str = "DELETE FROM mail_link WHERE token_hash IN \
     (SELECT token_hash FROM mail_link WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)";

/// Spends a link, within the transaction of what it brings about; its payload. `None` when it is unknown, spent or over.
pub(crate) async fn take(
    tx: &Tx<'_>,
    token: &TokenHash,
    purpose: &str,
    now: Instant,
) -> Result<Option<String>> {
    tx.query_one(TAKE, bind![token, purpose, now.0], |row| Ok(row.text(0, "payload")?.to_owned())).await
}

/// Keeps a link, within the transaction that mails it.
pub(crate) async fn put(tx: &Tx<'_>, link: &NewMailLink) -> Result<()> {
    let row = bind![&link.token, &link.purpose, &link.payload, link.ends_at.0];
    tx.execute(PUT, row).await.map(drop)
}

struct Put {
    form: FormId,
    link: Option<NewMailLink>,
    mail: NewMail,
    now: Instant,
}

impl Write for Put {
    type Output = ();

    fn key(&self) -> &str {
        &self.mail.mail_id
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        if form_handed_in::take(tx, &self.form, self.now).await?.is_some() {
            return Ok(());
        }
        if let Some(link) = &self.link {
            put(tx, link).await?;
        }
        mail_outbox::put(tx, &self.mail, self.now).await?;
        form_handed_in::settle(tx, &self.form, "mailed").await
    }
}

struct Find {
    token: TokenHash,
    purpose: String,
    now: Instant,
}

impl Read for Find {
    type Output = Option<String>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let row = bind![&self.token, &self.purpose, self.now.0];
        tx.query_one(FIND, row, |row| Ok(row.text(0, "payload")?.to_owned())).await
    }
}

struct Over(Instant, u32);

impl Write for Over {
    type Output = u64;

    fn key(&self) -> &'static str {
        "mail_link"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(OVER, bind![self.0.0, i64::from(self.1)]).await
    }
}

impl Store {
    /// Mails a link, or (with the same work, so that nobody can tell) only a mail. The same form handed in again mails
    /// nothing.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn mail_link(
        &self,
        form: FormId,
        link: Option<NewMailLink>,
        mail: NewMail,
        now: Instant,
    ) -> Result<()> {
        self.write(Put { form, link, mail, now }).await
    }

    /// What a link would bring about, without spending it. `None` when it is unknown, spent or over.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn opened_mail_link(
        &self,
        token: TokenHash,
        purpose: &str,
        now: Instant,
    ) -> Result<Option<String>> {
        self.read(Find { token, purpose: purpose.to_owned(), now }).await
    }

    /// Removes at most `limit` links that are over.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn remove_ended_mail_links(&self, now: Instant, limit: u32) -> Result<u64> {
        self.write(Over(now, limit)).await
    }
}
