//! Approved applications: what waits to be carried out, and that it was.

use eligibility::{
    Instant,
    application::{Actor, ApplicationContent, ApplicationKind, ApplicationState, Event, Refused},
    institution::InstitutionCode,
};

use super::{Acted, ApplicationId, StoredApplication, obstacle, row};
use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// An application that everybody needed has approved, and that is not carried out yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedApplication {
    /// Who applied.
    pub institution: InstitutionCode,
    /// Names it within the institution.
    pub id: ApplicationId,
    /// 受付番号.
    pub reception_number: String,
    /// What is wanted.
    pub content: ApplicationContent,
    /// Since when it is approved.
    pub approved_at: Instant,
}

/// Those that met nothing yet come first, then those that were tried longest ago: what is stuck keeps nobody waiting.
const APPROVED: &str = "SELECT a.institution_code, a.application_id, a.reception_number, a.content, a.changed_at \
     FROM application a LEFT JOIN application_obstacle o \
     ON o.institution_code = a.institution_code AND o.application_id = a.application_id \
     WHERE a.kind = $1 AND a.state = $2 AND (o.obstacle IS NULL OR (o.obstacle NOT IN ($3, $4) \
     AND o.next_try_at <= $5)) \
     ORDER BY COALESCE(o.next_try_at, -1), a.submitted_at, a.institution_code, a.application_id LIMIT $6";
/// Whatever pause they are in.
const EVER: Instant = Instant(i64::MAX);

struct Approved {
    kind: ApplicationKind,
    due: Instant,
    limit: u32,
}

impl Read for Approved {
    type Output = Vec<ApprovedApplication>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let values = bind![
            self.kind.name(),
            ApplicationState::Approved.name(),
            obstacle::REGISTRANT_STOPPED,
            obstacle::INSTITUTION_CLOSED,
            self.due.0,
            i64::from(self.limit),
        ];
        tx.query(APPROVED, values, |found| {
            Ok(ApprovedApplication {
                institution: row::code_of(found.text(0, "institution_code")?)?,
                id: row::id_of(found.text(1, "application_id")?)?,
                reception_number: found.text(2, "reception_number")?.to_owned(),
                content: row::of_json(found.text(3, "content")?, "application content")?,
                approved_at: Instant(found.int(4, "changed_at")?),
            })
        })
        .await
    }
}

/// Notes within a transaction that an approved application was carried out, audited. Whoever carries it out calls
/// this beside its own writes, so that both become durable together or neither.
///
/// `false` when the application is not approved (any more), is complete already or is held: then nothing may be carried
/// out.
pub(crate) async fn complete(
    tx: &Tx<'_>,
    chains: &mut Chains,
    (institution, id): (&InstitutionCode, &ApplicationId),
    now: Instant,
) -> Result<bool> {
    let acted = completed(tx, chains, (institution, id), now).await?;
    Ok(matches!(acted, Acted::Done(_)))
}

async fn completed(
    tx: &Tx<'_>,
    chains: &mut Chains,
    (institution, id): (&InstitutionCode, &ApplicationId),
    now: Instant,
) -> Result<Acted> {
    let Some(old) = row::find(tx, institution, id).await? else { return Ok(Acted::Unknown) };
    if old.application.state == ApplicationState::Approved
        && obstacle::holds(tx, (institution, id), &old.application, now).await?.is_some()
    {
        return Ok(Acted::Refused(Refused::BlockingFinding, Box::new(old)));
    }
    let application = match old.application.apply(&Event::Complete, &Actor::system(), now) {
        Ok(application) => application,
        Err(refused) => return Ok(Acted::Refused(refused, Box::new(old))),
    };
    let mut new = StoredApplication { application, changed_at: now, ..old.clone() };
    row::replace(tx, chains, &old, &mut new).await?;
    obstacle::gone(tx, institution, id).await?;
    Ok(Acted::Done(Box::new(new)))
}

struct Complete {
    institution: InstitutionCode,
    id: ApplicationId,
    now: Instant,
}

impl Write for Complete {
    type Output = Acted;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Acted> {
        completed(tx, chains, (&self.institution, &self.id), self.now).await
    }
}

impl Store {
    /// Applications of a kind that are approved by everybody needed and wait to be carried out: those first that nothing
    /// was in the way of yet, oldest first, then those that were tried in vain, longest ago first. Those that are held
    /// until they are ended are not among them.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn approved_applications(
        &self,
        kind: ApplicationKind,
        limit: u32,
    ) -> Result<Vec<ApprovedApplication>> {
        self.approved_applications_due(kind, EVER, limit).await
    }

    /// The same without those that were tried in vain and are to be tried again later only.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn approved_applications_due(
        &self,
        kind: ApplicationKind,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<ApprovedApplication>> {
        if limit == 0 {
            return Err(Error::Refused { what: "limit", why: "it is at least 1".to_owned() });
        }
        self.read(Approved { kind, due: now, limit }).await
    }

    /// Notes that an approved application was carried out, where nothing else is written with it.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn complete_application(
        &self,
        institution: &InstitutionCode,
        id: &ApplicationId,
        now: Instant,
    ) -> Result<Acted> {
        self.write(Complete { institution: institution.clone(), id: id.clone(), now }).await
    }
}
