//! Second factors of an account: passkeys, a TOTP secret, recovery codes. Secrets arrive sealed or hashed.

mod dialogue;

use eligibility::Instant;

use crate::{
    Act, NewMail, Result, Store, TokenHash,
    audit::Chains,
    engine::{Row, Tx, bind},
    job::{Read, Write},
    mail_outbox, web_session,
};
use dialogue::TOTP_PURPOSE;

/// Passkeys one account may have.
pub const PASSKEYS_MAX: usize = 10;

/// One passkey. What the two states hold is the passkey library's affair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// The credential's id.
    pub credential_id: Vec<u8>,
    /// What its holder calls it.
    pub name: String,
    /// How it can be reached, as bits.
    pub transports: i64,
    /// What never changes: the public key and more.
    pub fixed_state: Vec<u8>,
    /// What changes with each use: the counter and more.
    pub moving_state: Vec<u8>,
    /// Since when it is there.
    pub created_at: Instant,
    /// When it was last used.
    pub last_used_at: Option<Instant>,
}

/// The TOTP secret of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredTotp {
    /// The secret, sealed.
    pub sealed_secret: Vec<u8>,
    /// The newest time step that was used.
    pub last_step: i64,
    /// Whether a code was ever right: only then it is a second factor.
    pub confirmed: bool,
}

/// Not the secret, sealed as it is.
impl std::fmt::Debug for StoredTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredTotp").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

/// Every second factor of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondFactors {
    /// The passkeys, oldest first.
    pub passkeys: Vec<StoredPasskey>,
    /// The TOTP secret.
    pub totp: Option<StoredTotp>,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
}

impl SecondFactors {
    /// Whether there is one that lets somebody in.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.passkeys.is_empty() || self.has_totp()
    }

    /// Whether a TOTP code lets in.
    #[must_use]
    pub fn has_totp(&self) -> bool {
        self.totp.as_ref().is_some_and(|totp| totp.confirmed)
    }
}

const PASSKEYS: &str = "SELECT credential_id, name, transports, fixed_state, moving_state, created_at, last_used_at \
     FROM passkey WHERE subject = $1 ORDER BY created_at, credential_id";
const PUT_PASSKEY: &str = "INSERT INTO passkey \
     (subject, credential_id, name, transports, fixed_state, moving_state, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (subject, credential_id) DO NOTHING";
const USE_PASSKEY: &str = "UPDATE passkey SET moving_state = $1, last_used_at = $2 \
     WHERE subject = $3 AND credential_id = $4 AND moving_state = $5";
const REMOVE_PASSKEY: &str = "DELETE FROM passkey WHERE subject = $1 AND credential_id = $2";
const TOTP: &str = "SELECT sealed_secret, last_step, confirmed_at FROM totp WHERE subject = $1";
const PUT_TOTP: &str = "INSERT INTO totp (subject, sealed_secret, last_step, confirmed_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (subject) DO UPDATE SET sealed_secret = excluded.sealed_secret, last_step = excluded.last_step, \
     confirmed_at = excluded.confirmed_at WHERE totp.confirmed_at IS NULL";
const USE_STEP: &str = "UPDATE totp SET last_step = $1 \
     WHERE subject = $2 AND sealed_secret = $3 AND last_step < $4 AND confirmed_at IS NOT NULL";
const REMOVE_TOTP: &str = "DELETE FROM totp WHERE subject = $1";
const CODES_LEFT: &str = "SELECT COUNT(*) FROM recovery_code WHERE subject = $1";
const CLEAR_CODES: &str = "DELETE FROM recovery_code WHERE subject = $1";
const PUT_CODE: &str = "INSERT INTO recovery_code (subject, code_hash) VALUES ($1, $2)";
const CLEAR_PASSKEYS: &str = "DELETE FROM passkey WHERE subject = $1";
const USE_CODE: &str = "DELETE FROM recovery_code WHERE subject = $1 AND code_hash = $2";

fn passkey(row: &Row<'_>) -> Result<StoredPasskey> {
    Ok(StoredPasskey {
        credential_id: row.blob(0, "credential_id")?.to_vec(),
        name: row.text(1, "name")?.to_owned(),
        transports: row.int(2, "transports")?,
        fixed_state: row.blob(3, "fixed_state")?.to_vec(),
        moving_state: row.blob(4, "moving_state")?.to_vec(),
        created_at: Instant(row.int(5, "created_at")?),
        last_used_at: row.int_or_null(6, "last_used_at")?.map(Instant),
    })
}

async fn factors(tx: &Tx<'_>, subject: &str) -> Result<SecondFactors> {
    let passkeys = tx.query(PASSKEYS, bind![subject], passkey).await?;
    let totp = tx
        .query_one(TOTP, bind![subject], |row| {
            Ok(StoredTotp {
                sealed_secret: row.blob(0, "sealed_secret")?.to_vec(),
                last_step: row.int(1, "last_step")?,
                confirmed: row.int_or_null(2, "confirmed_at")?.is_some(),
            })
        })
        .await?;
    let left = tx.query_one(CODES_LEFT, bind![subject], |row| row.int(0, "count")).await?.unwrap_or(0);
    Ok(SecondFactors { passkeys, totp, recovery_codes: u32::try_from(left).unwrap_or(u32::MAX) })
}

struct Find(String);

impl Read for Find {
    type Output = SecondFactors;

    async fn run(&self, tx: &Tx<'_>) -> Result<SecondFactors> {
        factors(tx, &self.0).await
    }
}

/// How the second factors of an account are changed: by which session, and who is told.
#[derive(Clone, Debug)]
pub struct FactorChange {
    /// The session that does it: it must still be there, and stays; the account's others end.
    pub by: TokenHash,
    /// The mail that tells the account's holder, where the account has an address.
    pub mail: Option<NewMail>,
    /// Who acts.
    pub act: Act,
}

/// A change of an account's second factors.
enum Change {
    AddPasskey(StoredPasskey),
    RemovePasskey(Vec<u8>),
    /// Of an account that signs in with its password alone as well: the last one may go.
    DropPasskey(Vec<u8>),
    /// The secret that this session was shown, with the step of its first code and the recovery codes.
    AddTotp {
        sealed_secret: Vec<u8>,
        step: i64,
        codes: Vec<[u8; 32]>,
    },
    RemoveTotp,
    SetCodes(Vec<[u8; 32]>),
}

impl Change {
    const fn action(&self) -> &'static str {
        match self {
            Self::AddPasskey(_) => "account.passkey-add",
            Self::RemovePasskey(_) | Self::DropPasskey(_) => "account.passkey-remove",
            Self::AddTotp { .. } => "account.totp-add",
            Self::RemoveTotp => "account.totp-remove",
            Self::SetCodes(_) => "account.recovery-codes",
        }
    }
}

struct Make {
    subject: String,
    change: Change,
    how: FactorChange,
}

impl Write for Make {
    type Output = bool;

    fn key(&self) -> &str {
        &self.subject
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (subject, FactorChange { by, mail, act }) = (self.subject.as_str(), &self.how);
        // Of two sessions that change factors at once, the first one ends the other, which then changes nothing.
        if !web_session::is_there(tx, subject, by).await? || !self.made(tx).await? {
            return Ok(false);
        }
        web_session::end_others(tx, subject, Some(by)).await?;
        if let Some(mail) = mail {
            mail_outbox::put(tx, mail, act.now).await?;
        }
        chains.append(tx, &act.chain, act.now, &act.event(self.change.action(), subject)).await?;
        Ok(true)
    }
}

impl Make {
    async fn made(&self, tx: &Tx<'_>) -> Result<bool> {
        let subject = self.subject.as_str();
        Ok(match &self.change {
            Change::AddPasskey(new) => add(tx, subject, new).await?,
            Change::RemovePasskey(id) => {
                left_with_one(tx, subject, Some(id)).await?
                    && tx.execute(REMOVE_PASSKEY, bind![subject, id.as_slice()]).await? == 1
            }
            Change::DropPasskey(id) => tx.execute(REMOVE_PASSKEY, bind![subject, id.as_slice()]).await? == 1,
            Change::AddTotp { sealed_secret, step, codes } => {
                let (by, now) = (&self.how.by, self.how.act.now);
                let shown = dialogue::take(tx, by, TOTP_PURPOSE, now).await?;
                let row = bind![subject, sealed_secret.as_slice(), *step, now.0];
                if shown.as_ref() != Some(sealed_secret) || tx.execute(PUT_TOTP, row).await? == 0 {
                    return Ok(false);
                }
                set_codes(tx, subject, codes).await?
            }
            Change::RemoveTotp => {
                left_with_one(tx, subject, None).await? && tx.execute(REMOVE_TOTP, bind![subject]).await? == 1
            }
            Change::SetCodes(hashes) => set_codes(tx, subject, hashes).await?,
        })
    }
}

async fn set_codes(tx: &Tx<'_>, subject: &str, hashes: &[[u8; 32]]) -> Result<bool> {
    tx.execute(CLEAR_CODES, bind![subject]).await?;
    for hash in hashes {
        tx.execute(PUT_CODE, bind![subject, hash]).await?;
    }
    Ok(true)
}

/// A TOTP secret that a session was shown.
struct BeginTotp {
    subject: String,
    token: TokenHash,
    sealed_secret: Vec<u8>,
    ends_at: Instant,
    act: Act,
}

impl Write for BeginTotp {
    type Output = bool;

    fn key(&self) -> &str {
        &self.subject
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (subject, act) = (self.subject.as_str(), &self.act);
        if factors(tx, subject).await?.has_totp() {
            return Ok(false);
        }
        dialogue::put(tx, &self.token, TOTP_PURPOSE, &self.sealed_secret, self.ends_at).await?;
        chains.append(tx, &act.chain, act.now, &act.event("account.totp-begin", subject)).await?;
        Ok(true)
    }
}

async fn add(tx: &Tx<'_>, subject: &str, new: &StoredPasskey) -> Result<bool> {
    if tx.query(PASSKEYS, bind![subject], |_| Ok(())).await?.len() >= PASSKEYS_MAX {
        return Ok(false);
    }
    let row = bind![
        subject,
        new.credential_id.as_slice(),
        &new.name,
        new.transports,
        new.fixed_state.as_slice(),
        new.moving_state.as_slice(),
        new.created_at.0,
    ];
    Ok(tx.execute(PUT_PASSKEY, row).await? == 1)
}

/// Whether a second factor is left without this passkey (`None`: without TOTP): the last one is never removed.
async fn left_with_one(tx: &Tx<'_>, subject: &str, passkey: Option<&Vec<u8>>) -> Result<bool> {
    let all = factors(tx, subject).await?;
    Ok(match passkey {
        Some(id) => all.has_totp() || all.passkeys.iter().any(|other| other.credential_id != *id),
        None => !all.passkeys.is_empty(),
    })
}

/// A proof that can be given once.
enum Spend {
    Step { sealed_secret: Vec<u8>, step: i64 },
    Code([u8; 32]),
    Passkey { credential_id: Vec<u8>, before: Vec<u8>, after: Vec<u8>, now: Instant },
}

struct Spent(String, Spend);

impl Write for Spent {
    type Output = bool;

    fn key(&self) -> &str {
        &self.0
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let subject = self.0.as_str();
        let changed = match &self.1 {
            Spend::Step { sealed_secret, step } => {
                tx.execute(USE_STEP, bind![*step, subject, sealed_secret.as_slice(), *step]).await?
            }
            Spend::Code(hash) => tx.execute(USE_CODE, bind![subject, hash]).await?,
            Spend::Passkey { credential_id, before, after, now } => {
                let row =
                    bind![after.as_slice(), now.0, subject, credential_id.as_slice(), before.as_slice()];
                tx.execute(USE_PASSKEY, row).await?
            }
        };
        Ok(changed == 1)
    }
}

/// Takes every second factor of an account away, within a transaction.
pub(crate) async fn forget_all(tx: &Tx<'_>, subject: &str) -> Result<()> {
    for statement in [CLEAR_PASSKEYS, REMOVE_TOTP, CLEAR_CODES] {
        tx.execute(statement, bind![subject]).await?;
    }
    Ok(())
}

impl Store {
    /// Every second factor of an account.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn second_factors(&self, subject: &str) -> Result<SecondFactors> {
        self.read(Find(subject.to_owned())).await
    }

    /// Adds a passkey, audited; every session but `how.by` ends. `false` when it is there or there are
    /// [`PASSKEYS_MAX`].
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn add_passkey(&self, subject: &str, new: StoredPasskey, how: FactorChange) -> Result<bool> {
        self.make(subject, Change::AddPasskey(new), how).await
    }

    /// Removes a passkey, audited; every session but `how.by` ends. `false` when it is not there or the last factor.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn remove_passkey(
        &self,
        subject: &str,
        credential_id: Vec<u8>,
        how: FactorChange,
    ) -> Result<bool> {
        self.make(subject, Change::RemovePasskey(credential_id), how).await
    }

    /// Removes a passkey of an account that has a password besides, audited; every session but `how.by` ends. `false` when
    /// it is not there.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn drop_passkey(
        &self,
        subject: &str,
        credential_id: Vec<u8>,
        how: FactorChange,
    ) -> Result<bool> {
        self.make(subject, Change::DropPasskey(credential_id), how).await
    }

    /// Keeps the TOTP secret that a session is shown until `ends_at`, in the place of one it was shown before, audited.
    /// It belongs to that session alone and is a factor once [`Store::add_totp`] was right. `false` when the account has
    /// one in use: it is removed first.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn begin_totp(
        &self,
        subject: &str,
        (token, sealed_secret): (TokenHash, Vec<u8>),
        ends_at: Instant,
        act: Act,
    ) -> Result<bool> {
        self.write(BeginTotp { subject: subject.to_owned(), token, sealed_secret, ends_at, act }).await
    }

    /// Makes the secret that this session was shown a factor, audited: `step` is of its first code, `codes` are the hashes
    /// of the account's new recovery codes. The secret is taken up whatever comes of it; every session but `how.by` ends.
    /// `false` when it is not (any more) what the session was shown, or the account has one in use.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn add_totp(
        &self,
        subject: &str,
        (sealed_secret, step): (Vec<u8>, i64),
        codes: Vec<[u8; 32]>,
        how: FactorChange,
    ) -> Result<bool> {
        self.make(subject, Change::AddTotp { sealed_secret, step, codes }, how).await
    }

    /// Removes TOTP, audited; every session but `how.by` ends. `false` when it is not there or the last factor.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn remove_totp(&self, subject: &str, how: FactorChange) -> Result<bool> {
        self.make(subject, Change::RemoveTotp, how).await
    }

    /// Puts new recovery codes (their hashes) in the place of the old ones, audited; every session but `how.by` ends.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn set_recovery_codes(
        &self,
        subject: &str,
        hashes: Vec<[u8; 32]>,
        how: FactorChange,
    ) -> Result<bool> {
        self.make(subject, Change::SetCodes(hashes), how).await
    }

    async fn make(&self, subject: &str, change: Change, how: FactorChange) -> Result<bool> {
        self.write(Make { subject: subject.to_owned(), change, how }).await
    }

    /// Spends the time step of a right TOTP code. `false` when this step or a later one was used, or the secret is no
    /// longer `sealed_secret`.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn spend_totp_step(&self, subject: &str, sealed_secret: Vec<u8>, step: i64) -> Result<bool> {
        self.write(Spent(subject.to_owned(), Spend::Step { sealed_secret, step })).await
    }

    /// Spends a recovery code. `false` when there is no such code (any more).
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn spend_recovery_code(&self, subject: &str, hash: [u8; 32]) -> Result<bool> {
        self.write(Spent(subject.to_owned(), Spend::Code(hash))).await
    }

    /// Moves a passkey on after a use. `false` when it was used since it was read.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn passkey_used(
        &self,
        subject: &str,
        passkey: &StoredPasskey,
        after: Vec<u8>,
        now: Instant,
    ) -> Result<bool> {
        let (credential_id, before) = (passkey.credential_id.clone(), passkey.moving_state.clone());
        self.write(Spent(subject.to_owned(), Spend::Passkey { credential_id, before, after, now })).await
    }
}
