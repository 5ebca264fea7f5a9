//! Sessions of browsers: who is signed in, under the hash of the secret that the browser holds.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    Error, Result, Store,
    audit::{AuditEvent, CENTRAL_CHAIN, Chains},
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// The site a session belongs to. One of the one site is nothing on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// 医療機関等向け総合ポータルサイト.
    Portal,
    /// The operator's side.
    Operator,
    /// The institutions' own web.
    Institution,
}

impl Audience {
    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Operator => "operator",
            Self::Institution => "institution",
        }
    }

    pub(crate) fn from_name(name: &str) -> Result<Self> {
        match name {
            "portal" => Ok(Self::Portal),
            "operator" => Ok(Self::Operator),
            "institution" => Ok(Self::Institution),
            _ => Err(Error::Malformed { what: "audience" }),
        }
    }
}

/// How far somebody has come in signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The password was right; the second factor is to be shown or set up.
    Password,
    /// Signed in.
    Full,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Full => "full",
        }
    }

    fn from_name(name: &str) -> Result<Self> {
        match name {
            "password" => Ok(Self::Password),
            "full" => Ok(Self::Full),
            _ => Err(Error::Malformed { what: "stage" }),
        }
    }
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSession {
    /// Where it is good.
    pub audience: Audience,
    /// Whose it is: unique over all sites. An account of an institution's own web is `医療機関コード:ユーザーID`.
    pub subject: String,
    /// For whom that account acts; `None` for the operator's people.
    pub institution_code: Option<InstitutionCode>,
    /// The account's role, by its name in records.
    pub role: String,
    /// The person's name, to show.
    pub name: String,
    /// How far the sign-in has come.
    pub stage: Stage,
    /// When it began.
    pub began_at: Instant,
    /// When it was last used, to the minute.
    pub seen_at: Instant,
    /// When it ends in any case.
    pub ends_at: Instant,
}

impl WebSession {
    /// The audit chain that acts of this session belong to.
    #[must_use]
    pub fn chain(&self) -> &str {
        self.institution_code.as_ref().map_or(CENTRAL_CHAIN, InstitutionCode::as_str)
    }

    /// Who acts, as the audit log names it. In an institution's own chain its accounts stand under their ユーザーID.
    #[must_use]
    pub fn actor(&self) -> String {
        match (self.audience, self.subject.split_once(':')) {
            (Audience::Institution, Some((_, user_id))) => format!("account:{user_id}"),
            _ => format!("{}:{}", self.audience.name(), self.subject),
        }
    }
}

/// SHA-256 of the secret that a browser or a mail holds.
pub type TokenHash = [u8; 32];

const PUT: &str = "INSERT INTO web_session \
     (token_hash, audience, subject, institution_code, role, name, stage, began_at, seen_at, ends_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const FIND: &str = "SELECT audience, subject, institution_code, role, name, stage, began_at, seen_at, ends_at \
     FROM web_session WHERE token_hash = $1 AND audience = $2";
const SEEN: &str = "UPDATE web_session SET covered_at = CASE WHEN seen_at <= $1 THEN $2 ELSE covered_at END, \
     seen_at = $3 WHERE token_hash = $4";
const COVERED: &str = "SELECT covered_at FROM web_session WHERE token_hash = $1 AND covered_at IS NOT NULL";
const END: &str = "DELETE FROM web_session WHERE token_hash = $1";
const END_ALL: &str = "DELETE FROM web_session WHERE subject = $1 AND token_hash <> $2";
/// Holds the row until the commit, so that nobody ends it in between.
const HOLD: &str = "UPDATE web_session SET seen_at = seen_at WHERE token_hash = $1 AND subject = $2";
const OVER: &str = "DELETE FROM web_session WHERE token_hash IN \
     (SELECT token_hash FROM web_session WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)";

fn from_row(row: &Row<'_>) -> Result<WebSession> {
    let institution_code = row
        .text_or_null(2, "institution_code")?
        .map(InstitutionCode::parse)
        .transpose()
        .map_err(|_| Error::Malformed { what: "institution_code" })?;
    Ok(WebSession {
        audience: Audience::from_name(row.text(0, "audience")?)?,
        subject: row.text(1, "subject")?.to_owned(),
        institution_code,
        role: row.text(3, "role")?.to_owned(),
        name: row.text(4, "name")?.to_owned(),
        stage: Stage::from_name(row.text(5, "stage")?)?,
        began_at: Instant(row.int(6, "began_at")?),
        seen_at: Instant(row.int(7, "seen_at")?),
        ends_at: Instant(row.int(8, "ends_at")?),
    })
}

/// Whether a session of the account is there, within a transaction that relies on it: its own request may have been on
/// the way when it was ended.
pub(crate) async fn is_there(tx: &Tx<'_>, subject: &str, token: &TokenHash) -> Result<bool> {
    Ok(tx.execute(HOLD, bind![token, subject]).await? == 1)
}

/// Ends every session of an account but one, within a transaction: after a new password, role or second factor.
pub(crate) async fn end_others(tx: &Tx<'_>, subject: &str, kept: Option<&TokenHash>) -> Result<u64> {
    tx.execute(END_ALL, bind![subject, kept.unwrap_or(&[0; 32])]).await
}

/// Puts a session, within the transaction that lets somebody in.
pub(crate) async fn put(tx: &Tx<'_>, token: &TokenHash, new: &WebSession) -> Result<()> {
    let row = bind![
        token,
        new.audience.name(),
        &new.subject,
        new.institution_code.as_ref().map(InstitutionCode::as_str),
        &new.role,
        &new.name,
        new.stage.name(),
        new.began_at.0,
        new.seen_at.0,
        new.ends_at.0,
    ];
    tx.execute(PUT, row).await.map(drop)
}

struct Begin {
    token: TokenHash,
    replaced: Option<TokenHash>,
    session: WebSession,
    audit: AuditEvent,
}

impl Write for Begin {
    type Output = bool;

    fn key(&self) -> &str {
        &self.session.subject
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let new = &self.session;
        if let Some(replaced) = &self.replaced {
            let gone = tx.execute(END, bind![replaced]).await? == 0;
            if gone && new.stage == Stage::Full {
                return Ok(false);
            }
        }
        put(tx, &self.token, new).await?;
        chains.append(tx, new.chain(), new.began_at, &self.audit).await?;
        Ok(true)
    }
}

struct Find {
    token: TokenHash,
    audience: Audience,
}

impl Read for Find {
    type Output = Option<WebSession>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(FIND, bind![&self.token, self.audience.name()], from_row).await
    }
}

struct Seen {
    token: TokenHash,
    now: Instant,
    rest_ms: i64,
}

impl Write for Seen {
    type Output = ();

    fn key(&self) -> &'static str {
        "web_session"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        let rested = self.now.0.saturating_sub(self.rest_ms);
        tx.execute(SEEN, bind![rested, self.now.0, self.now.0, &self.token]).await.map(drop)
    }
}

struct Covered(TokenHash);

impl Read for Covered {
    type Output = Option<Instant>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(COVERED, bind![&self.0], |row| row.int(0, "covered_at").map(Instant)).await
    }
}

struct End {
    token: TokenHash,
    session: WebSession,
    audit: AuditEvent,
    now: Instant,
}

impl Write for End {
    type Output = ();

    fn key(&self) -> &str {
        &self.session.subject
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        if tx.execute(END, bind![&self.token]).await? == 1 {
            chains.append(tx, self.session.chain(), self.now, &self.audit).await?;
        }
        Ok(())
    }
}

struct Over(Instant, u32);

impl Write for Over {
    type Output = u64;

    fn key(&self) -> &'static str {
        "web_session"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(OVER, bind![self.0.0, i64::from(self.1)]).await
    }
}

impl Store {
    /// Begins a session, audited; `replaced` ends in the same commit (a new id at every step of signing in). `false` when
    /// it was to be the last step and `replaced` has ended meanwhile: by a new password, say.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn begin_web_session(
        &self,
        token: TokenHash,
        session: WebSession,
        replaced: Option<TokenHash>,
        audit: AuditEvent,
    ) -> Result<bool> {
        self.write(Begin { token, replaced, session, audit }).await
    }

    /// The session of a token at one site, over or not: the caller judges its times.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn web_session(&self, audience: Audience, token: TokenHash) -> Result<Option<WebSession>> {
        self.read(Find { token, audience }).await
    }

    /// Notes that a session was used; and that it is covered, where nobody used it for `rest_ms` before.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn web_session_seen(&self, token: TokenHash, now: Instant, rest_ms: i64) -> Result<()> {
        self.write(Seen { token, now, rest_ms }).await
    }

    /// Since when a session is covered: it was used again after a pause, and its holder has not proven anew since who
    /// sits there. A proof makes another session of it.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn web_session_covered(&self, token: TokenHash) -> Result<Option<Instant>> {
        self.read(Covered(token)).await
    }

    /// Ends a session, audited; nothing happens when it is over already.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn end_web_session(
        &self,
        token: TokenHash,
        session: WebSession,
        audit: AuditEvent,
        now: Instant,
    ) -> Result<()> {
        self.write(End { token, session, audit, now }).await
    }

    /// Removes at most `limit` sessions whose end is past.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn remove_ended_web_sessions(&self, now: Instant, limit: u32) -> Result<u64> {
        self.write(Over(now, limit)).await
    }
}
