//! アクティベーションコード and the devices that were set up with them. The rules are [`eligibility::activation`]'s.

use eligibility::{
    Instant,
    activation::{
        Activation, ActivationState, DEVICES_MAX, DeviceMemo, ENDS_AFTER_MS, EntryGuard, USABLE_AFTER_MS,
    },
    institution::InstitutionCode,
};

use crate::{
    Error, FormId, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    form_handed_in,
    job::{Read, Write},
};

/// Codes and devices that are listed at most, the newest.
pub const ACTIVATIONS_LIMIT: u32 = 200;

/// A code to be issued.
#[derive(Clone)]
pub struct NewActivation {
    /// Whose.
    pub institution_code: InstitutionCode,
    /// A random id.
    pub activation_id: String,
    /// Its keyed hash.
    pub code_hash: [u8; 32],
    /// 端末識別メモ情報.
    pub device_memo: DeviceMemo,
    /// Who issues it, as the audit log names him.
    pub actor: String,
    /// The form or request that asks for it.
    pub form: FormId,
    /// What the same form handed in again is answered with; not empty.
    pub outcome: String,
    /// Now.
    pub issued_at: Instant,
}

/// What came of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivationIssued {
    /// It is there.
    Fresh,
    /// The form was handed in before: this is its outcome, and nothing was issued.
    Repeated {
        /// [`NewActivation::outcome`] of the first time.
        outcome: String,
    },
    /// The institution has all the devices it may have.
    Full,
    /// It has this very code already: draw another.
    Collided,
}

/// A code or device, as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredActivation {
    /// Its id.
    pub activation_id: String,
    /// 端末識別メモ情報 as it was typed.
    pub device_memo: String,
    /// How it stands.
    pub activation: Activation,
}

/// A device that is set up with a code.
#[derive(Clone)]
pub struct ActivationEntry {
    /// The institution that was entered with the code.
    pub institution_code: InstitutionCode,
    /// The keyed hash of what was entered.
    pub code_hash: [u8; 32],
    /// What the device is known by from now on (the digest of its key).
    pub device_key: String,
    /// Who, as the audit log names it.
    pub actor: String,
    /// Now.
    pub entered_at: Instant,
}

/// What came of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivationEntered {
    /// The device is set up, and the code is spent.
    Done {
        /// The code's id, which is the device's.
        activation_id: String,
        /// 端末識別メモ情報.
        device_memo: String,
    },
    /// No such code, or it cannot be used (yet, any more, again).
    Wrong {
        /// This entry began a pause: the institution is to be told.
        pause_began: bool,
    },
    /// Nothing was looked up.
    Paused {
        /// Milliseconds until entries are looked up again.
        retry_after_ms: i64,
    },
}

const HOLD: &str = "INSERT INTO activation_guard (institution_code, wrong) VALUES ($1, $2) \
     ON CONFLICT (institution_code) DO UPDATE SET wrong = activation_guard.wrong \
     RETURNING wrong, window_started_at, paused_until";
const LOOK: &str =
    "SELECT wrong, window_started_at, paused_until FROM activation_guard WHERE institution_code = $1";
const SET: &str = "UPDATE activation_guard SET wrong = $1, window_started_at = $2, paused_until = $3 \
     WHERE institution_code = $4";
/// Those that can still take a place: in use, or issued lately.
const TAKING: &str = "SELECT activation_id, device_memo, issued_at, used_at, invalidated_at FROM activation \
     WHERE institution_code = $1 AND invalidated_at IS NULL AND (used_at IS NOT NULL OR issued_at > $2)";
const PUT: &str = "INSERT INTO activation \
     (institution_code, activation_id, code_hash, device_memo, issued_at, issued_by) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (institution_code, code_hash) DO NOTHING";
const LIST: &str = "SELECT activation_id, device_memo, issued_at, used_at, invalidated_at FROM activation \
     WHERE institution_code = $1 ORDER BY issued_at DESC, activation_id DESC LIMIT $2";
const USE: &str = "UPDATE activation SET used_at = $1, device_key = $2 \
     WHERE institution_code = $3 AND code_hash = $4 AND used_at IS NULL AND invalidated_at IS NULL \
     AND issued_at <= $5 AND issued_at > $6 RETURNING activation_id, device_memo";
const INVALIDATE: &str = "UPDATE activation SET invalidated_at = $1, invalidated_by = $2 \
     WHERE institution_code = $3 AND activation_id = $4 AND invalidated_at IS NULL";
const FIND: &str = "SELECT activation_id, device_memo, issued_at, used_at, invalidated_at FROM activation \
     WHERE institution_code = $1 AND activation_id = $2";

fn guard(row: &Row<'_>) -> Result<EntryGuard> {
    let wrong = row.int(0, "wrong")?;
    Ok(EntryGuard {
        wrong: u32::try_from(wrong).map_err(|_| Error::Malformed { what: "activation_guard" })?,
        window_started_at: row.int_or_null(1, "window_started_at")?.map(Instant),
        paused_until: row.int_or_null(2, "paused_until")?.map(Instant),
    })
}

fn stored(row: &Row<'_>) -> Result<StoredActivation> {
    Ok(StoredActivation {
        activation_id: row.text(0, "activation_id")?.to_owned(),
        device_memo: row.text(1, "device_memo")?.to_owned(),
        activation: Activation {
            issued_at: Instant(row.int(2, "issued_at")?),
            used_at: row.int_or_null(3, "used_at")?.map(Instant),
            invalidated_at: row.int_or_null(4, "invalidated_at")?.map(Instant),
        },
    })
}

/// Reads the guard and holds its row until the commit.
async fn hold(tx: &Tx<'_>, institution: &str) -> Result<EntryGuard> {
    let held = tx.query_one(HOLD, bind![institution, 0_i64], guard).await?;
    held.ok_or(Error::Malformed { what: "activation_guard" })
}

async fn set(tx: &Tx<'_>, institution: &str, guard: &EntryGuard) -> Result<()> {
    let row = bind![
        i64::from(guard.wrong),
        guard.window_started_at.map(|at| at.0),
        guard.paused_until.map(|at| at.0),
        institution,
    ];
    tx.execute(SET, row).await.map(drop)
}

fn event(actor: &str, action: &str, activation_id: &str, outcome: &str) -> AuditEvent {
    AuditEvent {
        actor: actor.to_owned(),
        action: format!("activation.{action}"),
        object: format!("activation:{activation_id}"),
        outcome: outcome.to_owned(),
        detail: String::new(),
    }
}

impl Write for NewActivation {
    type Output = ActivationIssued;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<ActivationIssued> {
        let (institution, now) = (self.institution_code.as_str(), self.issued_at);
        if let Some(outcome) = form_handed_in::take(tx, &self.form, now).await? {
            return Ok(ActivationIssued::Repeated { outcome });
        }
        // Issues of one institution take turns, so that two at once do not both take the last place.
        hold(tx, institution).await?;
        let since = now.0.saturating_sub(ENDS_AFTER_MS);
        let known = tx.query(TAKING, bind![institution, since], stored).await?;
        let taken = known.iter().filter(|one| one.activation.state(now).takes_a_place()).count();
        if taken >= DEVICES_MAX as usize {
            return Ok(ActivationIssued::Full);
        }
        let (id, memo) = (&self.activation_id, self.device_memo.as_str());
        let row = bind![institution, id, &self.code_hash, memo, now.0, &self.actor];
        if tx.execute(PUT, row).await? == 0 {
            return Ok(ActivationIssued::Collided);
        }
        chains.append(tx, institution, now, &event(&self.actor, "issue", id, "done")).await?;
        form_handed_in::settle(tx, &self.form, &self.outcome).await?;
        Ok(ActivationIssued::Fresh)
    }
}

/// The first half of an entry: it is counted, unless nothing is looked up now.
struct Count(ActivationEntry);

enum Counted {
    Paused { retry_after_ms: i64 },
    May { pause_began: bool },
}

impl Write for Count {
    type Output = Counted;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Counted> {
        let (institution, now) = (self.0.institution_code.as_str(), self.0.entered_at);
        let held = hold(tx, institution).await?;
        if let Some(retry_after_ms) = held.paused_for_ms(now) {
            return Ok(Counted::Paused { retry_after_ms });
        }
        let counted = held.counted(now);
        set(tx, institution, &counted).await?;
        Ok(Counted::May { pause_began: counted.paused_until.is_some() })
    }
}

/// The second half: one update finds the code and spends it, so that of many only one does.
struct Spend {
    entry: ActivationEntry,
    pause_began: bool,
}

impl Write for Spend {
    type Output = ActivationEntered;

    fn key(&self) -> &str {
        self.entry.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<ActivationEntered> {
        let entry = &self.entry;
        let (institution, now) = (entry.institution_code.as_str(), entry.entered_at);
        let (usable, ended) = (now.0.saturating_sub(USABLE_AFTER_MS), now.0.saturating_sub(ENDS_AFTER_MS));
        let row = bind![now.0, &entry.device_key, institution, &entry.code_hash, usable, ended];
        let spent = tx
            .query_one(USE, row, |row| {
                Ok((row.text(0, "activation_id")?.to_owned(), row.text(1, "device_memo")?.to_owned()))
            })
            .await?;
        let Some((activation_id, device_memo)) = spent else {
            let outcome = if self.pause_began { "denied:wrong,paused" } else { "denied:wrong" };
            chains.append(tx, institution, now, &event(&entry.actor, "use", "unknown", outcome)).await?;
            return Ok(ActivationEntered::Wrong { pause_began: self.pause_began });
        };
        let held = hold(tx, institution).await?;
        set(tx, institution, &held.right()).await?;
        chains.append(tx, institution, now, &event(&entry.actor, "use", &activation_id, "done")).await?;
        Ok(ActivationEntered::Done { activation_id, device_memo })
    }
}

struct Invalidate {
    institution: InstitutionCode,
    activation_id: String,
    actor: String,
    now: Instant,
}

impl Write for Invalidate {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (institution, id) = (self.institution.as_str(), &self.activation_id);
        let row = bind![self.now.0, &self.actor, institution, id];
        if tx.execute(INVALIDATE, row).await? == 0 {
            return Ok(false);
        }
        chains.append(tx, institution, self.now, &event(&self.actor, "invalidate", id, "done")).await?;
        Ok(true)
    }
}

struct List(InstitutionCode);

impl Read for List {
    type Output = Vec<StoredActivation>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(LIST, bind![self.0.as_str(), i64::from(ACTIVATIONS_LIMIT)], stored).await
    }
}

struct Find(InstitutionCode, String);

impl Read for Find {
    type Output = Option<StoredActivation>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(FIND, bind![self.0.as_str(), &self.1], stored).await
    }
}

struct Look(InstitutionCode);

impl Read for Look {
    type Output = EntryGuard;

    async fn run(&self, tx: &Tx<'_>) -> Result<EntryGuard> {
        Ok(tx.query_one(LOOK, bind![self.0.as_str()], guard).await?.unwrap_or_default())
    }
}

impl Store {
    /// Issues a code for one device, audited.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn issue_activation(&self, new: NewActivation) -> Result<ActivationIssued> {
        self.write(new).await
    }

    /// Takes an entry of a code: it is counted as wrong, durably, then looked up and spent in one step, and given back
    /// when it was right. Of many at once one is set up.
    ///
    /// # Errors
    /// Any write error of the store; the entry may then have been counted.
    pub async fn enter_activation_code(&self, entry: ActivationEntry) -> Result<ActivationEntered> {
        match self.write(Count(entry.clone())).await? {
            Counted::Paused { retry_after_ms } => Ok(ActivationEntered::Paused { retry_after_ms }),
            Counted::May { pause_began } => self.write(Spend { entry, pause_began }).await,
        }
    }

    /// 無効化: takes a code back, or a device out of use; audited. `false` when there is none such, or it is done already.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn invalidate_activation(
        &self,
        institution: &InstitutionCode,
        activation_id: &str,
        actor: &str,
        now: Instant,
    ) -> Result<bool> {
        let (institution, activation_id) = (institution.clone(), activation_id.to_owned());
        self.write(Invalidate { institution, activation_id, actor: actor.to_owned(), now }).await
    }

    /// Codes and devices, the newest first, at most [`ACTIVATIONS_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn activations(&self, institution: &InstitutionCode) -> Result<Vec<StoredActivation>> {
        self.read(List(institution.clone())).await
    }

    /// One of them.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn activation(
        &self,
        institution: &InstitutionCode,
        activation_id: &str,
    ) -> Result<Option<StoredActivation>> {
        self.read(Find(institution.clone(), activation_id.to_owned())).await
    }

    /// How the guard against guessed codes stands.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn activation_guard(&self, institution: &InstitutionCode) -> Result<EntryGuard> {
        self.read(Look(institution.clone())).await
    }

    /// Whether the device is set up with this institution and not taken out of use: for every request of an app.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn device_is_in_use(
        &self,
        institution: &InstitutionCode,
        activation_id: &str,
        now: Instant,
    ) -> Result<bool> {
        let found = self.activation(institution, activation_id).await?;
        Ok(found.is_some_and(|one| one.activation.state(now) == ActivationState::InUse))
    }
}
