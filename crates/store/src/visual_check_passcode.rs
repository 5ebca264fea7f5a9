//! 目視確認用パスコード: one per institution, entries counted on disk before anything is compared. The rules are
//! [`eligibility::visual_check_passcode`]'s.

use std::time::Duration;

use eligibility::{
    Instant,
    facility_settings::Setting,
    institution::InstitutionCode,
    visual_check_passcode::{ALARM_WINDOW_MS, PasscodeState},
};

use crate::{
    Error, FormId, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    facility_settings, form_handed_in,
    job::{Read, Write},
    visual_check_use,
};

/// A passcode to be issued.
#[derive(Clone)]
pub struct NewPasscode {
    /// Whose.
    pub institution_code: InstitutionCode,
    /// A random id.
    pub passcode_id: String,
    /// Its keyed hash.
    pub code_hash: [u8; 32],
    /// Who issues it, as the audit log names him.
    pub actor: String,
    /// The form or request that asks for it.
    pub form: FormId,
    /// What the same form handed in again is answered with; not empty.
    pub outcome: String,
    /// Issued only while this setting is on.
    pub needs: Option<Setting>,
    /// Now.
    pub issued_at: Instant,
}

/// What came of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasscodeIssued {
    /// It is the institution's passcode now, and an older one is dead.
    Fresh,
    /// The form was handed in before: this is its outcome, and nothing was issued.
    Repeated {
        /// [`NewPasscode::outcome`] of the first time.
        outcome: String,
    },
    /// The setting that it needs is off.
    FunctionOff,
}

/// An entry made at a reader.
#[derive(Clone)]
pub struct PasscodeEntry {
    /// Where.
    pub institution_code: InstitutionCode,
    /// The keyed hash of what was entered.
    pub code_hash: [u8; 32],
    /// Who, as the audit log names it.
    pub actor: String,
    /// 製造番号 of the reader.
    pub reader_serial: String,
    /// Who says to compare the photograph with the face; goes into the audit log with the entry.
    pub staff_name: Option<String>,
    /// Now.
    pub entered_at: Instant,
}

impl PasscodeEntry {
    /// Where, and who says to look, for the audit log. The name comes last: it is free text.
    fn detail(&self) -> String {
        let staff = self.staff_name.as_ref().map(|name| format!(";staff:{name}")).unwrap_or_default();
        format!("reader:{}{staff}", self.reader_serial)
    }
}

/// What came of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasscodeEntered {
    /// It is the passcode.
    Accepted,
    /// It is not.
    Wrong {
        /// Institutions with wrong entries in the last hour, this one included.
        institutions_failing: u64,
    },
    /// Nothing was compared: there is none, its day is over, or its entries are used up. Nothing was written either.
    NotCompared,
}

/// How long the outcome of an entry waits before it is written again, while the database is overloaded.
const SETTLE_PAUSES: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(250), Duration::from_millis(1_000)];

const ISSUE: &str = "INSERT INTO visual_check_passcode \
     (institution_code, passcode_id, code_hash, issued_at, issued_by, failures) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (institution_code) DO UPDATE SET \
     passcode_id = excluded.passcode_id, code_hash = excluded.code_hash, issued_at = excluded.issued_at, \
     issued_by = excluded.issued_by, failures = excluded.failures";
/// Holds the row until the commit, so that entries made at once are counted one by one.
const HOLD: &str = "UPDATE visual_check_passcode SET failures = failures WHERE institution_code = $1 \
     RETURNING passcode_id, issued_at, failures, code_hash";
const FIND: &str = "SELECT passcode_id, issued_at, failures, code_hash FROM visual_check_passcode \
     WHERE institution_code = $1";
const COUNT: &str = "UPDATE visual_check_passcode SET failures = failures + 1 WHERE institution_code = $1";
const GIVE_BACK: &str = "UPDATE visual_check_passcode SET failures = failures - 1 \
     WHERE institution_code = $1 AND passcode_id = $2 AND failures > 0";
const FAILED: &str = "UPDATE visual_check_passcode SET last_failed_at = $1 WHERE institution_code = $2";
const FAILING: &str = "SELECT COUNT(*) FROM visual_check_passcode WHERE last_failed_at > $1";

struct Stored {
    passcode_id: String,
    state: PasscodeState,
    code_hash: [u8; 32],
}

fn stored(row: &Row<'_>) -> Result<Stored> {
    let failures = row.int(2, "failures")?;
    Ok(Stored {
        passcode_id: row.text(0, "passcode_id")?.to_owned(),
        state: PasscodeState {
            issued_at: Instant(row.int(1, "issued_at")?),
            failures: u32::try_from(failures).map_err(|_| Error::Malformed { what: "failures" })?,
        },
        code_hash: row.bytes(3, "code_hash")?,
    })
}

fn event(actor: &str, action: &str, passcode_id: &str, outcome: &str, detail: String) -> AuditEvent {
    AuditEvent {
        actor: actor.to_owned(),
        action: format!("visual_check_passcode.{action}"),
        object: format!("visual_check_passcode:{passcode_id}"),
        outcome: outcome.to_owned(),
        detail,
    }
}

impl Write for NewPasscode {
    type Output = PasscodeIssued;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<PasscodeIssued> {
        let institution = self.institution_code.as_str();
        if let Some(outcome) = form_handed_in::take(tx, &self.form, self.issued_at).await? {
            return Ok(PasscodeIssued::Repeated { outcome });
        }
        if let Some(needs) = self.needs
            && !facility_settings::current(tx, institution).await?.settings.is_on(needs)
        {
            // Without an outcome the form may come again once the function is on.
            return Ok(PasscodeIssued::FunctionOff);
        }
        let hash = &self.code_hash;
        let row = bind![institution, &self.passcode_id, hash, self.issued_at.0, &self.actor, 0_i64];
        tx.execute(ISSUE, row).await?;
        let event = event(&self.actor, "issue", &self.passcode_id, "done", String::new());
        chains.append(tx, institution, self.issued_at, &event).await?;
        form_handed_in::settle(tx, &self.form, &self.outcome).await?;
        Ok(PasscodeIssued::Fresh)
    }
}

/// The first half of an entry: it is counted, and only then is there a hash to compare with.
struct Count(PasscodeEntry);

struct Counted {
    passcode_id: String,
    code_hash: [u8; 32],
}

impl Write for Count {
    type Output = Option<Counted>;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Option<Counted>> {
        let (institution, now) = (self.0.institution_code.as_str(), self.0.entered_at);
        let Some(stored) = tx.query_one(HOLD, bind![institution], stored).await? else { return Ok(None) };
        if !stored.state.may_be_compared(now) {
            return Ok(None);
        }
        tx.execute(COUNT, bind![institution]).await?;
        let detail = format!("entry:{};{}", stored.state.failures + 1, self.0.detail());
        let event = event(&self.0.actor, "enter", &stored.passcode_id, "counted", detail);
        chains.append(tx, institution, now, &event).await?;
        Ok(Some(Counted { passcode_id: stored.passcode_id, code_hash: stored.code_hash }))
    }
}

/// The second half: what the comparison said.
#[derive(Clone)]
struct Settle {
    entry: PasscodeEntry,
    passcode_id: String,
    right: bool,
}

impl Write for Settle {
    type Output = PasscodeEntered;

    fn key(&self) -> &str {
        self.entry.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<PasscodeEntered> {
        let (institution, now) = (self.entry.institution_code.as_str(), self.entry.entered_at);
        let audit = |outcome| {
            let detail = self.entry.detail();
            event(&self.entry.actor, "verify", &self.passcode_id, outcome, detail)
        };
        let who = (institution, self.entry.actor.as_str());
        // A passcode that was replaced while it was compared is dead.
        if self.right && tx.execute(GIVE_BACK, bind![institution, &self.passcode_id]).await? == 1 {
            chains.append(tx, institution, now, &audit("accepted")).await?;
            visual_check_use::count(tx, who, now, true).await?;
            return Ok(PasscodeEntered::Accepted);
        }
        tx.execute(FAILED, bind![now.0, institution]).await?;
        chains.append(tx, institution, now, &audit("denied:wrong")).await?;
        visual_check_use::count(tx, who, now, false).await?;
        let since = now.0.saturating_sub(ALARM_WINDOW_MS);
        let failing = tx.query_one(FAILING, bind![since], |row| row.int(0, "count")).await?;
        let institutions_failing = failing.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        Ok(PasscodeEntered::Wrong { institutions_failing })
    }
}

struct Find(InstitutionCode);

impl Read for Find {
    type Output = Option<PasscodeState>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let found = tx.query_one(FIND, bind![self.0.as_str()], stored).await?;
        Ok(found.map(|found| found.state))
    }
}

impl Store {
    /// Issues a passcode, audited; an older one of the institution is dead in the same commit.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn issue_visual_check_passcode(&self, new: NewPasscode) -> Result<PasscodeIssued> {
        self.write(new).await
    }

    /// Takes an entry: it is counted as wrong, durably, then compared, and given back when it was right. There is no
    /// other way to compare one. What was begun is ended, though whoever asked goes away meanwhile: a line that is cut
    /// must not use up a right entry.
    ///
    /// # Errors
    /// Any write error of the store; the entry may then have been counted.
    pub async fn enter_visual_check_passcode(&self, entry: PasscodeEntry) -> Result<PasscodeEntered> {
        let store = self.clone();
        tokio::spawn(async move { store.count_and_settle(entry).await }).await.map_err(|_| Error::Closed)?
    }

    async fn count_and_settle(&self, entry: PasscodeEntry) -> Result<PasscodeEntered> {
        let Some(counted) = self.write(Count(entry.clone())).await? else {
            return Ok(PasscodeEntered::NotCompared);
        };
        // Hashes under a key that no sender knows: how long the comparison takes tells nothing.
        let right = counted.code_hash == entry.code_hash;
        let settle = Settle { entry, passcode_id: counted.passcode_id, right };
        for pause in SETTLE_PAUSES {
            match self.write(settle.clone()).await {
                Err(Error::Overloaded { .. } | Error::Busy { .. }) => tokio::time::sleep(pause).await,
                settled => return settled,
            }
        }
        self.write(settle).await
    }

    /// The first half of [`Store::enter_visual_check_passcode`] alone: what a process leaves behind that ends there.
    ///
    /// # Errors
    /// Any write error of the store.
    #[doc(hidden)]
    pub async fn count_visual_check_entry(&self, entry: PasscodeEntry) -> Result<bool> {
        Ok(self.write(Count(entry)).await?.is_some())
    }

    /// How the institution's newest passcode stands; `None` when none was ever issued.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn visual_check_passcode(
        &self,
        institution: &InstitutionCode,
    ) -> Result<Option<PasscodeState>> {
        self.read(Find(institution.clone())).await
    }
}
