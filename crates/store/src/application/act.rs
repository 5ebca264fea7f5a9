//! Events: handing in, taking back, deciding. Each reads the application, asks the rules, and writes what they say.

use eligibility::{
    Instant,
    application::{Actor, Application, ApplicationState, Event, Finding, Refused, Side},
    calendar::tokyo_date,
    field::FieldErrors,
    institution::InstitutionCode,
};

use super::{ApplicationId, StoredApplication, facts, obstacle, row};
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

/// What became of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It happened: how the application stands now.
    Done(Box<StoredApplication>),
    /// Nothing happened, for this reason: how it stands. [`Refused::AlreadyDone`] is a repeated click.
    Refused(Refused, Box<StoredApplication>),
    /// The form has faults (only when handing in).
    Faulty(FieldErrors, Box<StoredApplication>),
    /// The institution has no such application.
    Unknown,
}

/// What a person of the operator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// 承認, with what the automatic checks found on the page that it was decided on ([`Store::findings_now`]). When they
    /// find more by then, nobody has seen that: [`Refused::ChecksChanged`].
    Approve(Vec<Finding>),
    /// 差戻し, with the reason for the institution.
    Return(String),
    /// 却下, with the reason for the institution. What was approved and cannot be carried out is ended by it too.
    Reject(String),
}

impl Decision {
    fn event(&self, revision: u32) -> Event {
        match self {
            Self::Approve(_) => Event::Approve { revision },
            Self::Return(reason) => Event::Return { revision, reason: reason.clone() },
            Self::Reject(reason) => Event::Reject { revision, reason: reason.clone() },
        }
    }
}

/// What is done.
enum What {
    /// Handing in what was read as this version.
    Submit {
        revision: u32,
        version: i64,
    },
    Withdraw,
    Decide {
        revision: u32,
        decision: Decision,
    },
}

struct Act {
    institution: InstitutionCode,
    id: ApplicationId,
    what: What,
    by: Actor,
    now: Instant,
}

const COUNT_UP: &str = "INSERT INTO application_reception_count (institution_code, given) VALUES ($1, 1) \
     ON CONFLICT (institution_code) DO UPDATE SET given = application_reception_count.given + 1 RETURNING given";

impl Write for Act {
    type Output = Acted;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Acted> {
        let Some(old) = row::find(tx, &self.institution, &self.id).await? else {
            return Ok(Acted::Unknown);
        };
        match &self.what {
            What::Submit { revision, version } => self.submit(tx, chains, old, *revision, *version).await,
            What::Withdraw => self.event(tx, chains, old, &Event::Withdraw).await,
            What::Decide { revision, decision } => {
                self.decide(tx, chains, old, (decision, &decision.event(*revision))).await
            }
        }
    }
}

impl Act {
    async fn event(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        old: StoredApplication,
        event: &Event,
    ) -> Result<Acted> {
        let application = match old.application.apply(event, &self.by, self.now) {
            Ok(application) => application,
            Err(refused) => return Ok(Acted::Refused(refused, Box::new(old))),
        };
        let mut new = StoredApplication { application, changed_at: self.now, ..old.clone() };
        row::replace(tx, chains, &old, &mut new).await?;
        Ok(Acted::Done(Box::new(new)))
    }

    /// Handing in: the form is read once more, and the automatic checks run at once.
    async fn submit(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        old: StoredApplication,
        revision: u32,
        version: i64,
    ) -> Result<Acted> {
        let submitted = match old.application.apply(&Event::Submit { revision }, &self.by, self.now) {
            Ok(submitted) => submitted,
            Err(refused) => return Ok(Acted::Refused(refused, Box::new(old))),
        };
        if version != old.version {
            return Ok(Acted::Refused(Refused::Changed, Box::new(old)));
        }
        let content = match old.form.read(tokyo_date(self.now)) {
            Ok(content) => content,
            Err(errors) => return Ok(Acted::Faulty(errors, Box::new(old))),
        };
        let findings = facts::findings(
            tx,
            &self.institution,
            (&self.id, old.reception_number.as_deref()),
            (&content, &submitted.applicants),
            self.now,
        )
        .await?;
        let application = checked(submitted, findings, self.now);
        let number = match &old.reception_number {
            Some(number) => number.clone(),
            None => self.reception_number(tx).await?,
        };
        let mut new = StoredApplication {
            application,
            content: Some(content),
            reception_number: Some(number),
            submitted_at: Some(self.now),
            changed_at: self.now,
            ..old.clone()
        };
        row::replace(tx, chains, &old, &mut new).await?;
        Ok(Acted::Done(Box::new(new)))
    }

    /// Deciding: the checks run again first, as things may have changed since the application came in.
    async fn decide(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        old: StoredApplication,
        (decision, event): (&Decision, &Event),
    ) -> Result<Acted> {
        let Some(content) = &old.content else {
            // Never handed in: drafts do not exist for the operator.
            return Ok(Acted::Unknown);
        };
        if old.application.state == ApplicationState::Approved
            && let Event::Reject { revision, reason } = event
        {
            return self.cancel(tx, chains, old, *revision, reason).await;
        }
        let findings = facts::findings(
            tx,
            &self.institution,
            (&self.id, old.reception_number.as_deref()),
            (content, &old.application.applicants),
            self.now,
        )
        .await?;
        let current = match findings == old.application.findings {
            true => old.application.clone(),
            false => checked(old.application.clone(), findings, self.now),
        };
        let shown = match decision {
            Decision::Approve(shown) => current.checks_were_shown(shown),
            Decision::Return(_) | Decision::Reject(_) => Ok(()),
        };
        // What cannot be at all is said first, a second click among it.
        let decided = current.apply(event, &self.by, self.now).and_then(|next| shown.map(|()| next));
        let (application, refused) = match decided {
            Ok(application) => (application, None),
            Err(refused) => (current, Some(refused)),
        };
        let mut new = StoredApplication { application, changed_at: self.now, ..old.clone() };
        if new.application != old.application {
            row::replace(tx, chains, &old, &mut new).await?;
        } else {
            new.changed_at = old.changed_at;
        }
        let new = Box::new(new);
        Ok(refused.map_or_else(|| Acted::Done(new.clone()), |refused| Acted::Refused(refused, new.clone())))
    }

    /// Ends what was approved, where something is in the way of carrying it out.
    async fn cancel(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        old: StoredApplication,
        revision: u32,
        reason: &str,
    ) -> Result<Acted> {
        // Found now, too, if nobody has tried to carry it out since.
        let held = obstacle::holds(tx, (&self.institution, &self.id), &old.application, self.now).await?;
        if held.is_none() && !obstacle::any(tx, &self.institution, &self.id).await? {
            return Ok(Acted::Refused(Refused::NotInThisState(old.application.state), Box::new(old)));
        }
        let acted =
            self.event(tx, chains, old, &Event::Cancel { revision, reason: reason.to_owned() }).await?;
        if matches!(acted, Acted::Done(_)) {
            obstacle::gone(tx, &self.institution, &self.id).await?;
        }
        Ok(acted)
    }

    /// 受付番号: the institution's code and its own count.
    async fn reception_number(&self, tx: &Tx<'_>) -> Result<String> {
        let counted =
            tx.query_one(COUNT_UP, bind![self.institution.as_str()], |row| row.int(0, "given")).await?;
        Ok(format!("{}-{:04}", self.institution, counted.unwrap_or(1)))
    }
}

/// The application with these findings noted, where its state takes any.
fn checked(
    application: Application,
    findings: Vec<eligibility::application::Finding>,
    now: Instant,
) -> Application {
    let event = Event::Checked { revision: application.revision, findings };
    application.apply(&event, &Actor::system(), now).unwrap_or(application)
}

impl Store {
    /// Hands an application in as it was read (`revision`, `version`). Handing the same revision in again has no
    /// effect: [`Acted::Refused`] with [`Refused::AlreadyDone`] and how it stands.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn submit_application(
        &self,
        id: &ApplicationId,
        (revision, version): (u32, i64),
        by: Actor,
        now: Instant,
    ) -> Result<Acted> {
        let Side::Applicant { institution, .. } = &by.side else { return Ok(Acted::Unknown) };
        let institution = institution.clone();
        self.write(Act { institution, id: id.clone(), what: What::Submit { revision, version }, by, now })
            .await
    }

    /// Takes an application back.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn withdraw_application(&self, id: &ApplicationId, by: Actor, now: Instant) -> Result<Acted> {
        let Side::Applicant { institution, .. } = &by.side else { return Ok(Acted::Unknown) };
        let institution = institution.clone();
        self.write(Act { institution, id: id.clone(), what: What::Withdraw, by, now }).await
    }

    /// Decides about the revision that was read. Who may, and that two different people agree where two are
    /// needed, is judged within the transaction. The automatic checks run again first.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn decide_application(
        &self,
        (institution, id): (&InstitutionCode, &ApplicationId),
        revision: u32,
        decision: Decision,
        by: Actor,
        now: Instant,
    ) -> Result<Acted> {
        let what = What::Decide { revision, decision };
        self.write(Act { institution: institution.clone(), id: id.clone(), what, by, now }).await
    }
}
