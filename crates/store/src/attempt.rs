//! Attempts at guessing, counted durably before the guess is compared. The rules are `eligibility::account`'s.

use eligibility::{
    Instant,
    account::{AttemptState, Bucket, LockoutDecision},
};

use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// One place an attempt is counted in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttemptPlace {
    /// What is guessed and for whom, e.g. `portal-password:` and the hash of the typed name. No secret, no address in
    /// clear.
    pub key: String,
    /// Which rule applies.
    pub bucket: Bucket,
}

impl AttemptPlace {
    /// The key of the row: rule and place.
    fn row_key(&self) -> String {
        let rule = match self.bucket {
            Bucket::Account => "account",
            Bucket::KnownTerminal => "known",
            Bucket::Terminal => "terminal",
            Bucket::Neighbourhood => "neighbourhood",
            Bucket::Global => "global",
        };
        format!("{rule}:{}", self.key)
    }
}

/// Reads the count and holds its row until the commit, so that attempts made at once are counted one by one.
const HOLD: &str = "INSERT INTO attempt (attempt_key, failures, needs_administrator, changed_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (attempt_key) DO UPDATE SET failures = attempt.failures \
     RETURNING failures, window_started_at, locked_until, needs_administrator";
const SET: &str = "UPDATE attempt SET failures = $1, window_started_at = $2, locked_until = $3, \
     needs_administrator = $4, changed_at = $5 WHERE attempt_key = $6";
const FIND: &str = "SELECT failures, window_started_at, locked_until, needs_administrator FROM attempt \
     WHERE attempt_key = $1";
/// The places of one account at browsers it has signed in with: their keys begin with the account's.
const FIND_KNOWN: &str = "SELECT failures, window_started_at, locked_until, needs_administrator FROM attempt \
     WHERE attempt_key > $1 AND attempt_key < $2 ORDER BY attempt_key LIMIT $3";
/// Known places of one account that are looked at.
const KNOWN_LOOKED_AT: u32 = 200;
const FREE: &str = "DELETE FROM attempt WHERE attempt_key = $1";
const OLD: &str = "DELETE FROM attempt WHERE attempt_key IN (SELECT attempt_key FROM attempt \
     WHERE changed_at <= $1 AND needs_administrator = $2 ORDER BY changed_at LIMIT $3)";

fn from_row(row: &Row<'_>) -> Result<AttemptState> {
    let failures = row.int(0, "failures")?;
    Ok(AttemptState {
        failures: u32::try_from(failures).map_err(|_| Error::Malformed { what: "failures" })?,
        window_started_at: row.int_or_null(1, "window_started_at")?.map(Instant),
        locked_until: row.int_or_null(2, "locked_until")?.map(Instant),
        needs_administrator: row.bool(3, "needs_administrator")?,
    })
}

async fn hold(tx: &Tx<'_>, key: &str, now: Instant) -> Result<AttemptState> {
    let state = tx.query_one(HOLD, bind![key, 0_i64, false, now.0], from_row).await?;
    state.ok_or(Error::Malformed { what: "attempt" })
}

async fn set(tx: &Tx<'_>, key: &str, state: &AttemptState, now: Instant) -> Result<()> {
    let row = bind![
        i64::from(state.failures),
        state.window_started_at.map(|at| at.0),
        state.locked_until.map(|at| at.0),
        state.needs_administrator,
        now.0,
        key,
    ];
    tx.execute(SET, row).await.map(drop)
}

/// In the order of the keys, so that two jobs that hold the same rows never wait for each other.
fn in_order(places: &[AttemptPlace]) -> Vec<(String, Bucket)> {
    let mut keyed: Vec<_> = places.iter().map(|place| (place.row_key(), place.bucket)).collect();
    keyed.sort();
    keyed.dedup();
    keyed
}

/// Counts one attempt in every place, if all allow it, within a transaction of its own.
struct Take {
    places: Vec<AttemptPlace>,
    now: Instant,
}

impl Write for Take {
    type Output = LockoutDecision;

    fn key(&self) -> &'static str {
        "attempt"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<LockoutDecision> {
        let mut decision = LockoutDecision::Allowed;
        let mut held = Vec::new();
        for (key, bucket) in in_order(&self.places) {
            let state = hold(tx, &key, self.now).await?;
            decision = decision.and(state.decide(bucket, self.now));
            held.push((key, bucket, state));
        }
        if decision == LockoutDecision::Allowed {
            for (key, bucket, state) in held {
                set(tx, &key, &state.on_attempt(bucket, self.now), self.now).await?;
            }
        }
        Ok(decision)
    }
}

struct GiveBack {
    places: Vec<AttemptPlace>,
    now: Instant,
}

impl Write for GiveBack {
    type Output = ();

    fn key(&self) -> &'static str {
        "attempt"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        for (key, bucket) in in_order(&self.places) {
            let state = hold(tx, &key, self.now).await?;
            set(tx, &key, &state.on_success(bucket), self.now).await?;
        }
        Ok(())
    }
}

/// Frees a place, within a transaction.
pub(crate) async fn free(tx: &Tx<'_>, place: &AttemptPlace) -> Result<bool> {
    let key = place.row_key();
    Ok(tx.execute(FREE, bind![&key]).await? == 1)
}

struct Find(String);

impl Read for Find {
    type Output = AttemptState;

    async fn run(&self, tx: &Tx<'_>) -> Result<AttemptState> {
        Ok(tx.query_one(FIND, bind![&self.0], from_row).await?.unwrap_or_default())
    }
}

/// How guesses at one account stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountAttempts {
    /// From wherever it has not signed in before.
    pub strangers: AttemptState,
    /// At each browser or terminal where it has and somebody was wrong since.
    pub known: Vec<AttemptState>,
}

struct OfAccounts(Vec<String>);

impl Read for OfAccounts {
    type Output = Vec<AccountAttempts>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let mut all = Vec::with_capacity(self.0.len());
        for key in &self.0 {
            let account = format!("account:{key}");
            // ';' is what comes behind ':', so that every key that goes on from the account's lies between.
            let (from, until) = (format!("known:{key}:"), format!("known:{key};"));
            let strangers = tx.query_one(FIND, bind![&account], from_row).await?.unwrap_or_default();
            let known = bind![&from, &until, i64::from(KNOWN_LOOKED_AT)];
            all.push(AccountAttempts { strangers, known: tx.query(FIND_KNOWN, known, from_row).await? });
        }
        Ok(all)
    }
}

struct Free(AttemptPlace);

impl Write for Free {
    type Output = bool;

    fn key(&self) -> &'static str {
        "attempt"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        free(tx, &self.0).await
    }
}

struct RemoveOld(Instant, u32);

impl Write for RemoveOld {
    type Output = u64;

    fn key(&self) -> &'static str {
        "attempt"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(OLD, bind![self.0.0, false, i64::from(self.1)]).await
    }
}

impl Store {
    /// Counts an attempt as wrong in every place, durably, if all of them allow it; compare only when the answer is
    /// [`LockoutDecision::Allowed`]. A refused attempt is not counted.
    ///
    /// # Errors
    /// Any write error of the store: then nothing may be compared.
    pub async fn take_attempt(&self, places: Vec<AttemptPlace>, now: Instant) -> Result<LockoutDecision> {
        self.write(Take { places, now }).await
    }

    /// Gives an attempt back that was right.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn give_attempt_back(&self, places: Vec<AttemptPlace>, now: Instant) -> Result<()> {
        self.write(GiveBack { places, now }).await
    }

    /// How one place stands.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn attempts(&self, place: &AttemptPlace) -> Result<AttemptState> {
        self.read(Find(place.row_key())).await
    }

    /// How guesses at these accounts stand, in their order. `keys`: those of their places in [`Bucket::Account`]; a
    /// place of [`Bucket::KnownTerminal`] is the account's when its key is that key, a colon and more.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn attempts_of_accounts(&self, keys: Vec<String>) -> Result<Vec<AccountAttempts>> {
        self.read(OfAccounts(keys)).await
    }

    /// Frees a place that was locked: the administrator's act. `false` when nothing was counted there.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn free_attempts(&self, place: &AttemptPlace) -> Result<bool> {
        self.write(Free(place.clone())).await
    }

    /// Forgets at most `limit` counts that nobody has touched since `before`, but for those that only an
    /// administrator frees.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn forget_attempts(&self, before: Instant, limit: u32) -> Result<u64> {
        self.write(RemoveOld(before, limit)).await
    }
}
