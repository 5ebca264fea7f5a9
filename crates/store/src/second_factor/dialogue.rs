//! What the server keeps of something begun in one session until that session answers, once and not for long: its half
//! of a passkey dialogue, and the TOTP secret that is not in use yet.

use eligibility::Instant;

use crate::{
    Result, Store, TokenHash,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// The purpose of a TOTP secret that is shown and not in use yet.
pub(super) const TOTP_PURPOSE: &str = "totp";

const PUT_DIALOGUE: &str = "INSERT INTO passkey_dialogue (token_hash, purpose, state, ends_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (token_hash, purpose) \
     DO UPDATE SET state = excluded.state, ends_at = excluded.ends_at";
const TAKE_DIALOGUE: &str = "DELETE FROM passkey_dialogue WHERE token_hash = $1 AND purpose = $2 \
     RETURNING state, ends_at";
const PEEK: &str = "SELECT state, ends_at FROM passkey_dialogue WHERE token_hash = $1 AND purpose = $2";
const DIALOGUES_OVER: &str = "DELETE FROM passkey_dialogue WHERE (token_hash, purpose) IN \
     (SELECT token_hash, purpose FROM passkey_dialogue WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)";

/// Keeps what a session began, in the place of what it began for the same purpose before.
pub(super) async fn put(
    tx: &Tx<'_>,
    token: &TokenHash,
    purpose: &'static str,
    state: &[u8],
    ends_at: Instant,
) -> Result<()> {
    tx.execute(PUT_DIALOGUE, bind![token, purpose, state, ends_at.0]).await.map(drop)
}

/// Takes it back; nothing is left of it, in time or not.
pub(super) async fn take(
    tx: &Tx<'_>,
    token: &TokenHash,
    purpose: &'static str,
    now: Instant,
) -> Result<Option<Vec<u8>>> {
    let taken = tx
        .query_one(TAKE_DIALOGUE, bind![token, purpose], |row| {
            Ok((row.blob(0, "state")?.to_vec(), Instant(row.int(1, "ends_at")?)))
        })
        .await?;
    Ok(taken.filter(|(_, ends_at)| now < *ends_at).map(|(state, _)| state))
}

struct PutDialogue {
    token: TokenHash,
    purpose: &'static str,
    state: Vec<u8>,
    ends_at: Instant,
}

impl Write for PutDialogue {
    type Output = ();

    fn key(&self) -> &'static str {
        "passkey_dialogue"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        put(tx, &self.token, self.purpose, &self.state, self.ends_at).await
    }
}

struct TakeDialogue {
    token: TokenHash,
    purpose: &'static str,
    now: Instant,
}

impl Write for TakeDialogue {
    type Output = Option<Vec<u8>>;

    fn key(&self) -> &'static str {
        "passkey_dialogue"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Self::Output> {
        take(tx, &self.token, self.purpose, self.now).await
    }
}

struct DialoguesOver(Instant, u32);

impl Write for DialoguesOver {
    type Output = u64;

    fn key(&self) -> &'static str {
        "passkey_dialogue"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(DIALOGUES_OVER, bind![self.0.0, i64::from(self.1)]).await
    }
}

struct Pending(TokenHash, Instant);

impl Read for Pending {
    type Output = Option<Vec<u8>>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let found = tx
            .query_one(PEEK, bind![&self.0, TOTP_PURPOSE], |row| {
                Ok((row.blob(0, "state")?.to_vec(), Instant(row.int(1, "ends_at")?)))
            })
            .await?;
        Ok(found.filter(|(_, ends_at)| self.1 < *ends_at).map(|(state, _)| state))
    }
}

impl Store {
    /// The TOTP secret, sealed, that this session was shown and has not confirmed yet. No other session sees it.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn pending_totp(&self, token: TokenHash, now: Instant) -> Result<Option<Vec<u8>>> {
        self.read(Pending(token, now)).await
    }

    /// Keeps the server's half of a passkey dialogue of one session, in the place of an earlier one.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_passkey_dialogue(
        &self,
        token: TokenHash,
        purpose: &'static str,
        state: Vec<u8>,
        ends_at: Instant,
    ) -> Result<()> {
        self.write(PutDialogue { token, purpose, state, ends_at }).await
    }

    /// Takes it back, once.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn take_passkey_dialogue(
        &self,
        token: TokenHash,
        purpose: &'static str,
        now: Instant,
    ) -> Result<Option<Vec<u8>>> {
        self.write(TakeDialogue { token, purpose, now }).await
    }

    /// Removes at most `limit` dialogues that are over.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn remove_ended_passkey_dialogues(&self, now: Instant, limit: u32) -> Result<u64> {
        self.write(DialoguesOver(now, limit)).await
    }
}
