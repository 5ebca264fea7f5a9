//! 環境設定情報: the settings of an institution, who changed them, and who opened the terms. The rules are
//! [`eligibility::facility_settings`]'s.

use eligibility::{
    Instant,
    facility_settings::{Changing, FacilitySettings, Setting, SettingChange, SettingsRefusal, TERMS_VERSION},
    institution::InstitutionCode,
};

use crate::{
    Error, FormId, Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    form_handed_in,
    job::{Read, Write},
};

/// Changes that are listed at most, the newest.
pub const SETTINGS_HISTORY_LIMIT: u32 = 100;

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSettings {
    /// 0 until the first change, then one more with each.
    pub version: i64,
    /// The values.
    pub settings: FacilitySettings,
    /// When they were changed last.
    pub changed_at: Option<Instant>,
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsChange {
    /// The version it made.
    pub version: i64,
    /// When.
    pub changed_at: Instant,
    /// Who, as the audit log names him.
    pub changed_by: String,
    /// Who, as he is called.
    pub changed_by_name: String,
    /// What.
    pub changes: Vec<SettingChange>,
}

/// Settings to take the place of others.
#[derive(Clone)]
pub struct NewSettings {
    /// Whose.
    pub institution_code: InstitutionCode,
    /// The version they were made from; anything else is a conflict. `None` takes what is there.
    pub expected_version: Option<i64>,
    /// The settings to change, each with its new code; those not named stay.
    pub values: Vec<(Setting, String)>,
    /// Who must have opened the terms: this account, or `None` for anybody of the institution.
    pub account: Option<String>,
    /// Who changes them, as the audit log names him.
    pub actor: String,
    /// Who, as he is called.
    pub actor_name: String,
    /// The form or request that asks for it.
    pub form: FormId,
    /// Now.
    pub changed_at: Instant,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsChanged {
    /// They are in force.
    Done {
        /// The new version.
        version: i64,
    },
    /// Nothing differs.
    Same,
    /// Somebody else changed them meanwhile: nothing was written.
    Conflict(Box<StoredSettings>),
    /// Nothing was written.
    Refused(SettingsRefusal),
}

const FIND: &str = "SELECT version, settings, changed_at FROM facility_settings WHERE institution_code = $1";
/// A row of version 0 is made so that there is one to hold.
const HOLD: &str = "INSERT INTO facility_settings (institution_code, version, settings, changed_at, changed_by) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (institution_code) DO UPDATE SET version = facility_settings.version \
     RETURNING version, settings, changed_at";
const SET: &str = "UPDATE facility_settings SET version = $1, settings = $2, changed_at = $3, changed_by = $4 \
     WHERE institution_code = $5";
const NOTE: &str = "INSERT INTO facility_settings_change \
     (institution_code, version, changed_at, changed_by, changed_by_name, changes) VALUES ($1, $2, $3, $4, $5, $6)";
const HISTORY: &str = "SELECT version, changed_at, changed_by, changed_by_name, changes \
     FROM facility_settings_change WHERE institution_code = $1 ORDER BY version DESC LIMIT $2";
const OPEN: &str = "INSERT INTO terms_opened (institution_code, account, terms_version, opened_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code, account, terms_version) DO NOTHING";
const OPENED_BY: &str = "SELECT opened_at FROM terms_opened \
     WHERE institution_code = $1 AND account = $2 AND terms_version = $3";
const OPENED: &str = "SELECT opened_at FROM terms_opened WHERE institution_code = $1 AND terms_version = $2 \
     ORDER BY opened_at LIMIT 1";
/// What settles a form whose settings were those in force.
const NOTHING_CHANGED: &str = "same";

fn stored(row: &Row<'_>) -> Result<StoredSettings> {
    let malformed = |_| Error::Malformed { what: "facility_settings" };
    let version = row.int(0, "version")?;
    Ok(StoredSettings {
        version,
        settings: serde_json::from_str(row.text(1, "settings")?).map_err(malformed)?,
        changed_at: Some(Instant(row.int(2, "changed_at")?)).filter(|_| version > 0),
    })
}

fn text_of(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::Malformed { what: "facility_settings" })
}

/// The settings in force, within a transaction.
pub(crate) async fn current(tx: &Tx<'_>, institution: &str) -> Result<StoredSettings> {
    let found = tx.query_one(FIND, bind![institution], stored).await?;
    Ok(found.unwrap_or_else(|| StoredSettings {
        version: 0,
        settings: FacilitySettings::default(),
        changed_at: None,
    }))
}

async fn terms_opened(tx: &Tx<'_>, institution: &str, account: Option<&str>) -> Result<Option<Instant>> {
    let at = |row: &Row<'_>| row.int(0, "opened_at").map(Instant);
    match account {
        Some(account) => tx.query_one(OPENED_BY, bind![institution, account, TERMS_VERSION], at).await,
        None => tx.query_one(OPENED, bind![institution, TERMS_VERSION], at).await,
    }
}

impl NewSettings {
    async fn put(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        new: (i64, FacilitySettings),
        changes: &[SettingChange],
    ) -> Result<()> {
        let (version, settings) = new;
        let (institution, at) = (self.institution_code.as_str(), self.changed_at);
        let changed = text_of(&changes)?;
        let text = text_of(&settings)?;
        tx.execute(SET, bind![version, &text, at.0, &self.actor, institution]).await?;
        let row = bind![institution, version, at.0, &self.actor, &self.actor_name, &changed];
        tx.execute(NOTE, row).await?;
        let event = AuditEvent {
            actor: self.actor.clone(),
            action: "facility_settings.update".to_owned(),
            object: format!("facility_settings:{version}"),
            outcome: "done".to_owned(),
            detail: changed,
        };
        chains.append(tx, institution, at, &event).await.map(drop)
    }
}

impl Write for NewSettings {
    type Output = SettingsChanged;

    fn key(&self) -> &str {
        self.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<SettingsChanged> {
        let institution = self.institution_code.as_str();
        if let Some(outcome) = form_handed_in::take(tx, &self.form, self.changed_at).await? {
            let version = outcome.parse().ok();
            return Ok(version.map_or(SettingsChanged::Same, |version| SettingsChanged::Done { version }));
        }
        let defaults = text_of(&FacilitySettings::default())?;
        let row = bind![institution, 0_i64, &defaults, self.changed_at.0, &self.actor];
        let held = tx.query_one(HOLD, row, stored).await?;
        let held = held.ok_or(Error::Malformed { what: "facility_settings" })?;
        if self.expected_version.is_some_and(|expected| expected != held.version) {
            return Ok(SettingsChanged::Conflict(Box::new(held)));
        }
        let mut new = held.settings.clone();
        for (setting, code) in &self.values {
            new = new
                .with(*setting, code)
                .map_err(|error| Error::Refused { what: "facility setting", why: error.to_string() })?;
        }
        let changing = Changing {
            terms_opened: terms_opened(tx, institution, self.account.as_deref()).await?.is_some(),
            by_file: self.account.is_none(),
        };
        if let Err(refusal) = held.settings.may_become(&new, changing) {
            return Ok(SettingsChanged::Refused(refusal));
        }
        let changes = held.settings.changes_to(&new);
        if changes.is_empty() {
            form_handed_in::settle(tx, &self.form, NOTHING_CHANGED).await?;
            return Ok(SettingsChanged::Same);
        }
        let version = held.version + 1;
        self.put(tx, chains, (version, new), &changes).await?;
        form_handed_in::settle(tx, &self.form, &version.to_string()).await?;
        Ok(SettingsChanged::Done { version })
    }
}

struct Open {
    institution: InstitutionCode,
    account: String,
    now: Instant,
}

impl Write for Open {
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let institution = self.institution.as_str();
        let row = bind![institution, &self.account, TERMS_VERSION, self.now.0];
        if tx.execute(OPEN, row).await? == 0 {
            return Ok(false);
        }
        let event = AuditEvent {
            actor: format!("account:{}", self.account),
            action: "terms.open".to_owned(),
            object: format!("terms:{TERMS_VERSION}"),
            outcome: "done".to_owned(),
            detail: String::new(),
        };
        chains.append(tx, institution, self.now, &event).await?;
        Ok(true)
    }
}

struct Current(InstitutionCode);

impl Read for Current {
    type Output = StoredSettings;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        current(tx, self.0.as_str()).await
    }
}

struct Opened(InstitutionCode, Option<String>);

impl Read for Opened {
    type Output = Option<Instant>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        terms_opened(tx, self.0.as_str(), self.1.as_deref()).await
    }
}

struct History(InstitutionCode);

impl Read for History {
    type Output = Vec<SettingsChange>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let row = bind![self.0.as_str(), i64::from(SETTINGS_HISTORY_LIMIT)];
        tx.query(HISTORY, row, |row| {
            let malformed = |_| Error::Malformed { what: "facility_settings_change" };
            Ok(SettingsChange {
                version: row.int(0, "version")?,
                changed_at: Instant(row.int(1, "changed_at")?),
                changed_by: row.text(2, "changed_by")?.to_owned(),
                changed_by_name: row.text(3, "changed_by_name")?.to_owned(),
                changes: serde_json::from_str(row.text(4, "changes")?).map_err(malformed)?,
            })
        })
        .await
    }
}

impl Store {
    /// The settings in force; the defaults for an institution that never changed them.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn facility_settings(&self, institution: &InstitutionCode) -> Result<StoredSettings> {
        self.read(Current(institution.clone())).await
    }

    /// Changes settings, audited and written into their history, in one commit with the check that they may be.
    ///
    /// # Errors
    /// [`Error::Refused`] for a value that a setting does not have; any write error of the store.
    pub async fn change_facility_settings(&self, new: NewSettings) -> Result<SettingsChanged> {
        self.write(new).await
    }

    /// Changes of the settings, the newest first, at most [`SETTINGS_HISTORY_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn facility_settings_history(
        &self,
        institution: &InstitutionCode,
    ) -> Result<Vec<SettingsChange>> {
        self.read(History(institution.clone())).await
    }

    /// Writes down that an account opened the terms in force, audited the first time; whether this was it.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn open_terms(
        &self,
        institution: &InstitutionCode,
        account: &str,
        now: Instant,
    ) -> Result<bool> {
        self.write(Open { institution: institution.clone(), account: account.to_owned(), now }).await
    }

    /// When this account, or for `None` the first of the institution, opened the terms in force.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn terms_opened_at(
        &self,
        institution: &InstitutionCode,
        account: Option<&str>,
    ) -> Result<Option<Instant>> {
        self.read(Opened(institution.clone(), account.map(str::to_owned))).await
    }
}
