//! 下書き: kept as typed, however wrong it is.

use eligibility::{
    Instant,
    application::{Actor, Application, ApplicationForm, Refused, Side},
    institution::InstitutionCode,
};

use super::{ApplicationId, DRAFTS_LIMIT, StoredApplication, row};
use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

/// What is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDraft {
    /// Made with the page of the form, so that a form sent twice is one draft.
    pub id: ApplicationId,
    /// What was typed.
    pub form: ApplicationForm,
    /// Whose; its institution is the application's.
    pub by: Actor,
    /// The version the form was opened on; `None` for a form that was not kept yet.
    pub seen: Option<i64>,
    /// Now.
    pub now: Instant,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Kept (or kept before, with the same text).
    Saved(Box<StoredApplication>),
    /// It was changed elsewhere since the form was opened: what is kept now. Nothing was written.
    ChangedElsewhere(Box<StoredApplication>),
    /// It may not be changed.
    Refused(Refused),
    /// The institution has [`DRAFTS_LIMIT`] drafts.
    TooMany,
    /// The text is longer than a draft may be.
    TooLong,
    /// There is no such application, or it is of another kind.
    Unknown,
}

const DRAFTS: &str = "SELECT COUNT(*) FROM application WHERE institution_code = $1 AND state = $2";

struct SaveDraft {
    institution: InstitutionCode,
    draft: NewDraft,
}

impl Write for SaveDraft {
    type Output = Saved;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Saved> {
        match row::find(tx, &self.institution, &self.draft.id).await? {
            Some(old) => self.change(tx, chains, old).await,
            None if self.draft.seen.is_some() => Ok(Saved::Unknown),
            None => self.begin(tx).await,
        }
    }
}

impl SaveDraft {
    async fn begin(&self, tx: &Tx<'_>) -> Result<Saved> {
        let NewDraft { id, form, by, now, .. } = &self.draft;
        let application = match Application::draft(form.kind(), by) {
            Ok(application) => application,
            Err(refused) => return Ok(Saved::Refused(refused)),
        };
        let key = bind![self.institution.as_str(), application.state.name()];
        let drafts = tx.query_one(DRAFTS, key, |row| row.int(0, "count")).await?;
        if drafts.unwrap_or(0) >= DRAFTS_LIMIT {
            return Ok(Saved::TooMany);
        }
        let new = StoredApplication {
            id: id.clone(),
            reception_number: None,
            application,
            form: form.clone(),
            content: None,
            version: 1,
            created_at: *now,
            submitted_at: None,
            changed_at: *now,
        };
        match row::insert(tx, &new).await? {
            true => Ok(Saved::Saved(Box::new(new))),
            // The same form, a moment earlier through another process: look again.
            false => Err(Error::LockConflict),
        }
    }

    async fn change(&self, tx: &Tx<'_>, chains: &mut Chains, old: StoredApplication) -> Result<Saved> {
        let NewDraft { form, by, seen, now, .. } = &self.draft;
        if old.form.kind() != form.kind() {
            return Ok(Saved::Unknown);
        }
        let application = match old.application.clone().edited(by) {
            Ok(application) => application,
            Err(refused) => return Ok(Saved::Refused(refused)),
        };
        if old.form == *form {
            return Ok(Saved::Saved(Box::new(old)));
        }
        if seen.is_none_or(|seen| seen != old.version) {
            return Ok(Saved::ChangedElsewhere(Box::new(old)));
        }
        let mut new = StoredApplication { application, form: form.clone(), changed_at: *now, ..old.clone() };
        row::replace(tx, chains, &old, &mut new).await?;
        Ok(Saved::Saved(Box::new(new)))
    }
}

impl Store {
    /// Keeps a draft (or the correction of a returned application).
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn save_draft(&self, draft: NewDraft) -> Result<Saved> {
        let Side::Applicant { institution, .. } = &draft.by.side else {
            return Ok(Saved::Refused(Refused::NotAllowed));
        };
        if !draft.form.fits() {
            return Ok(Saved::TooLong);
        }
        self.write(SaveDraft { institution: institution.clone(), draft }).await
    }
}
