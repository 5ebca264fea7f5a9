//! Mail to be sent: written in the transaction that causes it, sent afterwards, tried again until it is given up.

use eligibility::Instant;

use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// A mail to send.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMail {
    /// A UUIDv7, made by the caller.
    pub mail_id: String,
    /// To whom.
    pub recipient: String,
    /// Subject.
    pub subject_line: String,
    /// Body. It is emptied once sent.
    pub text: MailText,
}

/// What a mail says, as it lies in the outbox.
#[derive(Clone, PartialEq, Eq)]
pub enum MailText {
    /// Nothing that lets anybody in.
    Open(String),
    /// It holds a link, so whoever writes it seals it and whoever sends it opens it: the database alone is of no use.
    Sealed(Vec<u8>),
}

impl MailText {
    fn row(&self) -> String {
        match self {
            Self::Open(text) => format!("{OPEN}{text}"),
            Self::Sealed(bytes) => format!("{SEALED}{}", hex::encode(bytes)),
        }
    }

    fn of_row(row: &str) -> Result<Self> {
        if let Some(text) = row.strip_prefix(OPEN) {
            return Ok(Self::Open(text.to_owned()));
        }
        let sealed = row.strip_prefix(SEALED).and_then(|hex| hex::decode(hex).ok());
        sealed.map(Self::Sealed).ok_or(Error::Malformed { what: "mail text" })
    }
}

impl std::fmt::Debug for MailText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open(****)",
            Self::Sealed(_) => "Sealed(****)",
        })
    }
}

/// What a text begins with in its row.
const OPEN: &str = "open:";
const SEALED: &str = "sealed:";

/// Not the text: it may hold a link that lets somebody in.
impl std::fmt::Debug for NewMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMail").field("mail_id", &self.mail_id).finish_non_exhaustive()
    }
}

/// A mail that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMail {
    /// What to send.
    pub mail: NewMail,
    /// How often it was tried.
    pub tries: u32,
}

const PUT: &str = "INSERT INTO mail_outbox \
     (mail_id, recipient, subject_line, text, created_at, next_try_at, tries) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const DUE: &str = "SELECT mail_id, recipient, subject_line, text, tries FROM mail_outbox \
     WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT $2";
const CLAIM: &str = "UPDATE mail_outbox SET next_try_at = $1, tries = tries + 1 \
     WHERE mail_id = $2 AND next_try_at <= $3 AND tries = $4";
const SENT: &str = "UPDATE mail_outbox SET sent_at = $1, text = $2, next_try_at = NULL, last_error = NULL \
     WHERE mail_id = $3";
const FAILED: &str = "UPDATE mail_outbox SET last_error = $1 WHERE mail_id = $2";
const GIVEN_UP: &str =
    "UPDATE mail_outbox SET last_error = $1, text = $2, next_try_at = NULL WHERE mail_id = $3";
const WAITING: &str = "SELECT COUNT(*), MIN(created_at) FROM mail_outbox WHERE next_try_at IS NOT NULL";
const OLD: &str = "DELETE FROM mail_outbox WHERE mail_id IN (SELECT mail_id FROM mail_outbox \
     WHERE created_at <= $1 AND next_try_at IS NULL ORDER BY created_at LIMIT $2)";

/// Puts a mail into the outbox, within the transaction that causes it.
pub(crate) async fn put(tx: &Tx<'_>, mail: &NewMail, now: Instant) -> Result<()> {
    let text = mail.text.row();
    let row = bind![&mail.mail_id, &mail.recipient, &mail.subject_line, &text, now.0, now.0, 0_i64,];
    tx.execute(PUT, row).await.map(drop)
}

fn due(row: &Row<'_>) -> Result<DueMail> {
    Ok(DueMail {
        mail: NewMail {
            mail_id: row.text(0, "mail_id")?.to_owned(),
            recipient: row.text(1, "recipient")?.to_owned(),
            subject_line: row.text(2, "subject_line")?.to_owned(),
            text: MailText::of_row(row.text(3, "text")?)?,
        },
        tries: u32::try_from(row.int(4, "tries")?).unwrap_or(u32::MAX),
    })
}

struct Put(NewMail, Instant);

impl Write for Put {
    type Output = ();

    fn key(&self) -> &str {
        &self.0.mail_id
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        put(tx, &self.0, self.1).await
    }
}

struct Due(Instant, u32);

impl Read for Due {
    type Output = Vec<DueMail>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(DUE, bind![self.0.0, i64::from(self.1)], due).await
    }
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server has taken it.
    Sent,
    /// Not now; it is tried again when its claim ends.
    Failed {
        /// What the mail server said, without addresses.
        reason: String,
    },
    /// Never: tried too often, or refused for good.
    GivenUp {
        /// What the mail server said, without addresses.
        reason: String,
    },
}

struct Claim {
    mail_id: String,
    tries: u32,
    now: Instant,
    until: Instant,
}

impl Write for Claim {
    type Output = bool;

    fn key(&self) -> &str {
        &self.mail_id
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let row = bind![self.until.0, &self.mail_id, self.now.0, i64::from(self.tries)];
        Ok(tx.execute(CLAIM, row).await? == 1)
    }
}

struct Settle {
    mail_id: String,
    outcome: MailOutcome,
    now: Instant,
}

impl Write for Settle {
    type Output = ();

    fn key(&self) -> &str {
        &self.mail_id
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let changed = match &self.outcome {
            MailOutcome::Sent => tx.execute(SENT, bind![self.now.0, "", &self.mail_id]).await,
            MailOutcome::Failed { reason } => tx.execute(FAILED, bind![reason, &self.mail_id]).await,
            MailOutcome::GivenUp { reason } => tx.execute(GIVEN_UP, bind![reason, "", &self.mail_id]).await,
        };
        changed.map(drop)
    }
}

/// What waits in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailsWaiting {
    /// How many mails are to be sent.
    pub count: u64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Instant>,
}

struct Waiting;

impl Read for Waiting {
    type Output = MailsWaiting;

    async fn run(&self, tx: &Tx<'_>) -> Result<MailsWaiting> {
        let found = tx.query_one(WAITING, bind![], |row| {
            let count = u64::try_from(row.int(0, "count")?).unwrap_or(0);
            Ok(MailsWaiting { count, oldest: row.int_or_null(1, "created_at")?.map(Instant) })
        });
        Ok(found.await?.unwrap_or_default())
    }
}

struct RemoveOld(Instant, u32);

impl Write for RemoveOld {
    type Output = u64;

    fn key(&self) -> &'static str {
        "mail_outbox"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(OLD, bind![self.0.0, i64::from(self.1)]).await
    }
}

impl Store {
    /// Puts a mail into the outbox that no other change causes.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn send_mail(&self, mail: NewMail, now: Instant) -> Result<()> {
        self.write(Put(mail, now)).await
    }

    /// At most `limit` mails that are due, oldest first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn due_mails(&self, now: Instant, limit: u32) -> Result<Vec<DueMail>> {
        self.read(Due(now, limit)).await
    }

    /// Takes a mail to send, durably, until `until`: when the sender dies meanwhile, it is due again then. `false` when
    /// another sender has it.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn claim_mail(&self, due: &DueMail, now: Instant, until: Instant) -> Result<bool> {
        self.write(Claim { mail_id: due.mail.mail_id.clone(), tries: due.tries, now, until }).await
    }

    /// Writes down how a try ended. The text of a mail that is sent or given up is emptied.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn settle_mail(&self, mail_id: &str, outcome: MailOutcome, now: Instant) -> Result<()> {
        self.write(Settle { mail_id: mail_id.to_owned(), outcome, now }).await
    }

    /// What waits in the outbox.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn mails_waiting(&self) -> Result<MailsWaiting> {
        self.read(Waiting).await
    }

    /// Forgets at most `limit` mails made by `before` that are sent or given up.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn forget_mails(&self, before: Instant, limit: u32) -> Result<u64> {
        self.write(RemoveOld(before, limit)).await
    }
}
