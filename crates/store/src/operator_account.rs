//! The operator's people. Their password and second factor are kept with everybody else's, under their id.

use eligibility::{
    Instant,
    account::{MailAddress, OperatorRole},
};

use crate::{
    AttemptPlace, Audience, Error, Result, SignInRecord, Store, attempt,
    audit::{AuditEvent, CENTRAL_CHAIN, Chains},
    engine::{Row, Tx, bind},
    job::{Read, Write},
    second_factor, sign_in, web_session,
};

/// Accounts of the operator that are listed at most.
pub const OPERATORS_LIMIT: u32 = 200;

/// Whether a text can be the id of an account of the operator: 3 to 32 small letters, digits and hyphens, a letter
/// first. No account of the portal has such an id.
#[must_use]
pub fn is_operator_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (3..=32).contains(&text.len()) && text.as_bytes()[0].is_ascii_lowercase() && text.bytes().all(plain)
}

/// An account of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorAccount {
    /// The name typed at sign-in, and the account everywhere else.
    pub id: String,
    /// Who it is.
    pub name: String,
    /// Mail address: one person has one account, and never decides about an application made under this address.
    pub mail: MailAddress,
    /// What it may do.
    pub role: OperatorRole,
    /// Who made the account: an account of the operator, or `command-line`.
    pub created_by: String,
    /// When.
    pub created_at: Instant,
    /// Since when it is closed.
    pub closed_at: Option<Instant>,
}

/// An account that is to be made, with what its owner signs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct NewOperator {
    /// The account.
    pub account: OperatorAccount,
    /// Argon2id with its parameters.
    pub password_hash: String,
    /// The secret of the one-time codes, under the server's key: shown once to its owner, so it counts as confirmed.
    pub sealed_totp_secret: Vec<u8>,
}

/// What became of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorAdded {
    /// It is there.
    Added,
    /// The id is taken.
    IdTaken,
    /// Another account has the mail address.
    MailTaken,
}

const PUT: &str = "INSERT INTO operator_account (operator_id, name, mail, mail_key, role, created_by, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const PUT_TOTP: &str =
    "INSERT INTO totp (subject, sealed_secret, last_step, confirmed_at) VALUES ($1, $2, $3, $4)";
const ID_TAKEN: &str = "SELECT 1 FROM operator_account WHERE operator_id = $1";
const FIND: &str = "SELECT operator_id, name, mail, role, created_by, created_at, closed_at FROM operator_account \
     WHERE operator_id = $1";
const ALL: &str = "SELECT operator_id, name, mail, role, created_by, created_at, closed_at FROM operator_account \
     ORDER BY operator_id LIMIT $1";
const CLOSE: &str = "UPDATE operator_account SET closed_at = $1 WHERE operator_id = $2 AND closed_at IS NULL";

fn account(found: &Row<'_>) -> Result<OperatorAccount> {
    Ok(OperatorAccount {
        id: found.text(0, "operator_id")?.to_owned(),
        name: found.text(1, "name")?.to_owned(),
        mail: MailAddress::parse(found.text(2, "mail")?).map_err(|_| Error::Malformed { what: "mail" })?,
        role: OperatorRole::from_name(found.text(3, "role")?).ok_or(Error::Malformed { what: "role" })?,
        created_by: found.text(4, "created_by")?.to_owned(),
        created_at: Instant(found.int(5, "created_at")?),
        closed_at: found.int_or_null(6, "closed_at")?.map(Instant),
    })
}

fn event(by: &str, action: &str, id: &str, outcome: &str) -> AuditEvent {
    AuditEvent {
        actor: format!("operator:{by}"),
        action: action.to_owned(),
        object: format!("operator:{id}"),
        outcome: outcome.to_owned(),
        detail: String::new(),
    }
}

struct Add(NewOperator);

impl Write for Add {
    type Output = OperatorAdded;

    fn key(&self) -> &'static str {
        CENTRAL_CHAIN
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<OperatorAdded> {
        let new = &self.0.account;
        let mail_key = new.mail.key();
        let row = bind![
            &new.id,
            &new.name,
            new.mail.as_str(),
            &mail_key,
            new.role.name(),
            &new.created_by,
            new.created_at.0
        ];
        if tx.execute(PUT, row).await? == 0 {
            let taken = tx.query_one(ID_TAKEN, bind![&new.id], |_| Ok(())).await?.is_some();
            return Ok(if taken { OperatorAdded::IdTaken } else { OperatorAdded::MailTaken });
        }
        let record = SignInRecord {
            subject: new.id.clone(),
            institution_code: None,
            role: new.role.name().to_owned(),
            name: new.name.clone(),
            password_hash: self.0.password_hash.clone(),
            closed: false,
        };
        if !sign_in::put(tx, Audience::Operator, &new.id, &record, new.created_at).await? {
            // A name without an account: nothing of this account may stay.
            let why = "its name is taken by another kind of account".to_owned();
            return Err(Error::Refused { what: "operator account", why });
        }
        let secret = self.0.sealed_totp_secret.as_slice();
        tx.execute(PUT_TOTP, bind![&new.id, secret, 0_i64, new.created_at.0]).await?;
        let event = event(&new.created_by, "operator-account.create", &new.id, new.role.name());
        chains.append(tx, CENTRAL_CHAIN, new.created_at, &event).await?;
        Ok(OperatorAdded::Added)
    }
}

struct Close {
    id: String,
    by: String,
    now: Instant,
}

impl Write for Close {
    type Output = bool;

    fn key(&self) -> &'static str {
        CENTRAL_CHAIN
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        if tx.execute(CLOSE, bind![self.now.0, &self.id]).await? == 0 {
            return Ok(false);
        }
        sign_in::close(tx, Audience::Operator, &self.id, self.now).await?;
        let event = event(&self.by, "operator-account.close", &self.id, "done");
        chains.append(tx, CENTRAL_CHAIN, self.now, &event).await?;
        Ok(true)
    }
}

/// What an account of the operator gets back when its owner cannot sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorHelp {
    /// Whose.
    pub id: String,
    /// Counts of wrong guesses that begin anew.
    pub freed: Vec<AttemptPlace>,
    /// A new password and a new secret of the one-time codes in the place of all factors; `None` only frees the counts.
    pub fresh: Option<FreshFactors>,
    /// Who helps: an account of the operator, or `command-line`.
    pub by: String,
    /// Now.
    pub now: Instant,
}

/// What somebody signs in with from now on.
#[derive(Clone, PartialEq, Eq)]
pub struct FreshFactors {
    /// Argon2id with its parameters.
    pub password_hash: String,
    /// Under the server's key; shown once to its owner, so it counts as confirmed.
    pub sealed_totp_secret: Vec<u8>,
}

struct Help(OperatorHelp);

impl Write for Help {
    type Output = bool;

    fn key(&self) -> &'static str {
        CENTRAL_CHAIN
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let help = &self.0;
        let found = tx.query_one(FIND, bind![&help.id], account).await?;
        if found.is_none_or(|account| account.closed_at.is_some()) {
            return Ok(false);
        }
        for place in &help.freed {
            attempt::free(tx, place).await?;
        }
        if let Some(fresh) = &help.fresh {
            let kept =
                sign_in::put_password(tx, Audience::Operator, &help.id, &fresh.password_hash, help.now);
            if !kept.await? {
                return Ok(false);
            }
            second_factor::forget_all(tx, &help.id).await?;
            let secret = fresh.sealed_totp_secret.as_slice();
            tx.execute(PUT_TOTP, bind![&help.id, secret, 0_i64, help.now.0]).await?;
            web_session::end_others(tx, &help.id, None).await?;
        }
        let action =
            if help.fresh.is_some() { "operator-account.restore" } else { "operator-account.unlock" };
        chains.append(tx, CENTRAL_CHAIN, help.now, &event(&help.by, action, &help.id, "done")).await?;
        Ok(true)
    }
}

struct Find(String);

impl Read for Find {
    type Output = Option<OperatorAccount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(FIND, bind![&self.0], account).await
    }
}

struct All;

impl Read for All {
    type Output = Vec<OperatorAccount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(ALL, bind![i64::from(OPERATORS_LIMIT)], account).await
    }
}

impl Store {
    /// Adds an account of the operator with its password and second factor, audited.
    ///
    /// # Errors
    /// [`Error::Refused`] when the id is none ([`is_operator_id`]); any write error of the store.
    pub async fn add_operator(&self, new: NewOperator) -> Result<OperatorAdded> {
        if !is_operator_id(&new.account.id) {
            let why = "3 to 32 small letters, digits and hyphens, a letter first".to_owned();
            return Err(Error::Refused { what: "operator id", why });
        }
        self.write(Add(new)).await
    }

    /// Closes an account of the operator, audited; `false` when it is unknown or closed.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn close_operator(&self, id: &str, by: &str, now: Instant) -> Result<bool> {
        self.write(Close { id: id.to_owned(), by: by.to_owned(), now }).await
    }

    /// Frees an account of the operator that guesses have locked, and gives it new factors where they are lost, audited;
    /// `false` when it is unknown or closed.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn help_operator(&self, help: OperatorHelp) -> Result<bool> {
        self.write(Help(help)).await
    }

    /// One account of the operator, closed ones included.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn operator(&self, id: &str) -> Result<Option<OperatorAccount>> {
        self.read(Find(id.to_owned())).await
    }

    /// The accounts of the operator, closed ones included, at most [`OPERATORS_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn operators(&self) -> Result<Vec<OperatorAccount>> {
        self.read(All).await
    }
}
