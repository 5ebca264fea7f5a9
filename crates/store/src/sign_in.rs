//! Names and passwords: which account a typed name leads to, on the portal and on the operator's side.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    AttemptPlace, Audience, Error, NewMail, Result, Store, TokenHash,
    audit::{AuditEvent, CENTRAL_CHAIN, Chains},
    denial,
    engine::{Row, Tx, bind},
    job::{Read, Write},
    mail_link, mail_outbox, registrant_change, web_session,
};

/// Browsers that one account is remembered by, at most; the longest unseen ones are forgotten.
const KNOWN_BROWSERS_MAX: i64 = 20;

/// What a typed name leads to.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInRecord {
    /// The account.
    pub subject: String,
    /// For whom it acts; `None` for the operator's people.
    pub institution_code: Option<InstitutionCode>,
    /// Its role, by its name in records.
    pub role: String,
    /// The person's name, to show.
    pub name: String,
    /// Argon2id with its parameters (PHC text).
    pub password_hash: String,
    /// Whether nobody may sign in with it any more.
    pub closed: bool,
}

impl SignInRecord {
    /// The audit chain that acts of this account belong to.
    #[must_use]
    pub fn chain(&self) -> &str {
        self.institution_code.as_ref().map_or(CENTRAL_CHAIN, InstitutionCode::as_str)
    }
}

/// Not the hash.
impl std::fmt::Debug for SignInRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInRecord").field("subject", &self.subject).finish_non_exhaustive()
    }
}

const PUT: &str = "INSERT INTO sign_in \
     (login_key, audience, subject, institution_code, role, name, password_hash, password_changed_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login_key, audience) DO NOTHING";
const FIND: &str = "SELECT subject, institution_code, role, name, password_hash, closed_at FROM sign_in \
     WHERE login_key = $1 AND audience = $2";
const SET_PASSWORD: &str = "UPDATE sign_in SET password_hash = $1, password_changed_at = $2 \
     WHERE login_key = $3 AND audience = $4 AND subject = $5 AND closed_at IS NULL";
const CLOSE: &str = "UPDATE sign_in SET closed_at = $1 \
     WHERE login_key = $2 AND audience = $3 AND closed_at IS NULL RETURNING subject";
const KNOWS: &str = "SELECT seen_at FROM known_browser WHERE subject = $1 AND browser_hash = $2";
const REMEMBER: &str = "INSERT INTO known_browser (subject, browser_hash, seen_at) VALUES ($1, $2, $3) \
     ON CONFLICT (subject, browser_hash) DO UPDATE SET seen_at = excluded.seen_at";
const KNOWN: &str =
    "SELECT browser_hash FROM known_browser WHERE subject = $1 ORDER BY seen_at DESC LIMIT $2";
const FORGET: &str = "DELETE FROM known_browser WHERE subject = $1 AND browser_hash = $2";
const BROWSERS: &str =
    "SELECT browser_hash FROM known_browser WHERE subject = $1 ORDER BY browser_hash LIMIT $2";
const FORGET_ALL: &str = "DELETE FROM known_browser WHERE subject = $1";

/// Puts a name and its account, within the transaction that makes the account. `false` when the name is taken.
pub(crate) async fn put(
    tx: &Tx<'_>,
    audience: Audience,
    login_key: &str,
    record: &SignInRecord,
    now: Instant,
) -> Result<bool> {
    let row = bind![
        login_key,
        audience.name(),
        &record.subject,
        record.institution_code.as_ref().map(InstitutionCode::as_str),
        &record.role,
        &record.name,
        &record.password_hash,
        now.0,
    ];
    Ok(tx.execute(PUT, row).await? == 1)
}

/// Closes a name and ends its sessions, within the transaction that closes the account.
pub(crate) async fn close(tx: &Tx<'_>, audience: Audience, login_key: &str, now: Instant) -> Result<bool> {
    let row = bind![now.0, login_key, audience.name()];
    let subject = tx.query_one(CLOSE, row, |row| Ok(row.text(0, "subject")?.to_owned())).await?;
    let Some(subject) = subject else { return Ok(false) };
    web_session::end_others(tx, &subject, None).await?;
    Ok(true)
}

/// Forgets every browser of an account, within the transaction that changes its password.
pub(crate) async fn forget_browsers(tx: &Tx<'_>, subject: &str) -> Result<u64> {
    tx.execute(FORGET_ALL, bind![subject]).await
}

struct Find {
    audience: Audience,
    login_key: String,
}

impl Read for Find {
    type Output = Option<SignInRecord>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(FIND, bind![&self.login_key, self.audience.name()], |row| {
            let institution_code = row
                .text_or_null(1, "institution_code")?
                .map(InstitutionCode::parse)
                .transpose()
                .map_err(|_| Error::Malformed { what: "institution_code" })?;
            Ok(SignInRecord {
                subject: row.text(0, "subject")?.to_owned(),
                institution_code,
                role: row.text(2, "role")?.to_owned(),
                name: row.text(3, "name")?.to_owned(),
                password_hash: row.text(4, "password_hash")?.to_owned(),
                closed: row.int_or_null(5, "closed_at")?.is_some(),
            })
        })
        .await
    }
}

struct Knows {
    subject: String,
    browser: TokenHash,
}

impl Read for Knows {
    type Output = bool;

    async fn run(&self, tx: &Tx<'_>) -> Result<bool> {
        let row = bind![&self.subject, &self.browser];
        Ok(tx.query_one(KNOWS, row, |row| row.int(0, "seen_at")).await?.is_some())
    }
}

struct Remember {
    subject: String,
    browser: TokenHash,
    now: Instant,
}

impl Write for Remember {
    type Output = ();

    fn key(&self) -> &str {
        &self.subject
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        tx.execute(REMEMBER, bind![&self.subject, &self.browser, self.now.0]).await?;
        let all = tx
            .query(KNOWN, bind![&self.subject, KNOWN_BROWSERS_MAX + 1], |row| {
                row.bytes::<32>(0, "browser_hash")
            })
            .await?;
        for hash in all.iter().skip(usize::try_from(KNOWN_BROWSERS_MAX).unwrap_or(usize::MAX)) {
            tx.execute(FORGET, bind![&self.subject, hash]).await?;
        }
        Ok(())
    }
}

struct Refuse {
    chain: String,
    source: String,
    event: AuditEvent,
    now: Instant,
}

impl Write for Refuse {
    type Output = ();

    fn key(&self) -> &str {
        &self.chain
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        denial::record(tx, chains, &self.chain, &self.source, self.now, &self.event).await
    }
}

/// A new password, proven by a mailed link or by a session.
pub struct PasswordChange {
    /// Which site.
    pub audience: Audience,
    /// The typed name.
    pub login_key: String,
    /// The account it must lead to.
    pub subject: String,
    /// The audit chain of the account.
    pub chain: String,
    /// Argon2id of the new password.
    pub password_hash: String,
    /// The mailed link that proves the right to it, spent in the same commit; `None` when a session does.
    pub link: Option<(TokenHash, String)>,
    /// The session that stays; every other one ends.
    pub kept: Option<TokenHash>,
    /// Counts of wrong passwords that begin anew.
    pub freed: Vec<AttemptPlace>,
    /// Tells the account's holder.
    pub mail: NewMail,
    /// Now.
    pub now: Instant,
}

/// A new password within a transaction; the account's browsers are strangers again. `false` when there is no account.
pub(crate) async fn put_password(
    tx: &Tx<'_>,
    audience: Audience,
    account: &str,
    password_hash: &str,
    now: Instant,
) -> Result<bool> {
    let row = bind![password_hash, now.0, account, audience.name(), account];
    let found = tx.execute(SET_PASSWORD, row).await? == 1;
    tx.execute(FORGET_ALL, bind![account]).await?;
    Ok(found)
}

struct SetPassword(PasswordChange);

impl Write for SetPassword {
    type Output = bool;

    fn key(&self) -> &str {
        &self.0.subject
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let new = &self.0;
        if let Some((token, purpose)) = &new.link {
            // Spent first: of two at once one finds it gone.
            if mail_link::take(tx, token, purpose, new.now).await?.is_none() {
                return Ok(false);
            }
        }
        let row = bind![&new.password_hash, new.now.0, &new.login_key, new.audience.name(), &new.subject];
        if tx.execute(SET_PASSWORD, row).await? == 0 {
            return Ok(false);
        }
        web_session::end_others(tx, &new.subject, new.kept.as_ref()).await?;
        forget_browsers(tx, &new.subject).await?;
        if new.link.is_some() && new.audience == Audience::Portal {
            registrant_change::forget_wish(tx, &new.chain, &new.subject).await?;
        }
        for place in &new.freed {
            crate::attempt::free(tx, place).await?;
        }
        mail_outbox::put(tx, &new.mail, new.now).await?;
        let event = AuditEvent {
            actor: format!("{}:{}", new.audience.name(), new.subject),
            action: "account.password".to_owned(),
            object: format!("account:{}", new.subject),
            outcome: "done".to_owned(),
            detail: if new.link.is_some() { "by=mail".to_owned() } else { "by=session".to_owned() },
        };
        chains.append(tx, &new.chain, new.now, &event).await?;
        Ok(true)
    }
}

struct Browsers(String);

impl Read for Browsers {
    type Output = Vec<TokenHash>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let hash = |row: &Row<'_>| row.bytes(0, "browser_hash");
        tx.query(BROWSERS, bind![&self.0, KNOWN_BROWSERS_MAX], hash).await
    }
}

impl Store {
    /// What a typed name leads to; closed ones included.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn sign_in_record(&self, audience: Audience, login_key: &str) -> Result<Option<SignInRecord>> {
        self.read(Find { audience, login_key: login_key.to_owned() }).await
    }

    /// Whether this account has signed in with this browser before.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn knows_browser(&self, subject: &str, browser: TokenHash) -> Result<bool> {
        self.read(Knows { subject: subject.to_owned(), browser }).await
    }

    /// The browsers that this account has signed in with.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn known_browsers(&self, subject: &str) -> Result<Vec<TokenHash>> {
        self.read(Browsers(subject.to_owned())).await
    }

    /// Remembers that this account has signed in with this browser.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn remember_browser(&self, subject: &str, browser: TokenHash, now: Instant) -> Result<()> {
        self.write(Remember { subject: subject.to_owned(), browser, now }).await
    }

    /// Audits a refused sign-in on `chain`, as [`Store::record_denied`] does.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn record_sign_in_refused(
        &self,
        chain: &str,
        source: &str,
        event: AuditEvent,
        now: Instant,
    ) -> Result<()> {
        self.write(Refuse { chain: chain.to_owned(), source: source.to_owned(), event, now }).await
    }

    /// Sets a password, ends the account's other sessions, forgets its browsers, tells its holder, audited. `false` when
    /// the link is spent or over, or the account is not there.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn change_password(&self, change: PasswordChange) -> Result<bool> {
        self.write(SetPassword(change)).await
    }
}
