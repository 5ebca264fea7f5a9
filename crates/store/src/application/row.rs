//! Rows of an application, read and written as one.

use eligibility::{
    Instant,
    application::{
        Actor, Application, ApplicationContent, ApplicationKind, ApplicationState, HistoryEntry, Side,
    },
    institution::InstitutionCode,
};

use super::{ApplicationId, StoredApplication, told};
use crate::{
    Error, Result,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
};

const FIND: &str = "SELECT kind, state, revision, version, reception_number, applicants, findings, form, content, \
     created_at, submitted_at, changed_at FROM application WHERE institution_code = $1 AND application_id = $2";
const EVENTS: &str = "SELECT entry FROM application_event WHERE institution_code = $1 AND application_id = $2 \
     ORDER BY sequence";
const APPROVALS: &str = "SELECT actor FROM application_approval \
     WHERE institution_code = $1 AND application_id = $2 AND revision = $3 ORDER BY approved_at, operator_id";
const INSERT: &str = "INSERT INTO application (institution_code, application_id, kind, state, revision, version, \
     applicants, findings, form, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
     ON CONFLICT (institution_code, application_id) DO NOTHING";
const UPDATE: &str = "UPDATE application SET state = $1, revision = $2, version = $3, reception_number = $4, \
     subject = $5, applicants = $6, findings = $7, form = $8, content = $9, submitted_at = $10, changed_at = $11 \
     WHERE institution_code = $12 AND application_id = $13 AND version = $14";
const EVENT: &str = "INSERT INTO application_event (institution_code, application_id, sequence, happened_at, actor, \
     event, entry) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const APPROVE: &str = "INSERT INTO application_approval (institution_code, application_id, revision, operator_id, \
     mail_key, actor, approved_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const UNAPPROVE: &str =
    "DELETE FROM application_approval WHERE institution_code = $1 AND application_id = $2 AND revision = $3";

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::Malformed { what: "application" })
}

pub(super) fn of_json<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::Malformed { what })
}

pub(super) fn kind_of(name: &str) -> Result<ApplicationKind> {
    ApplicationKind::from_name(name).ok_or(Error::Malformed { what: "application kind" })
}

pub(super) fn state_of(name: &str) -> Result<ApplicationState> {
    ApplicationState::from_name(name).ok_or(Error::Malformed { what: "application state" })
}

pub(super) fn code_of(text: &str) -> Result<InstitutionCode> {
    InstitutionCode::parse(text).map_err(|_| Error::Malformed { what: "institution_code" })
}

pub(super) fn id_of(text: &str) -> Result<ApplicationId> {
    ApplicationId::parse(text).ok_or(Error::Malformed { what: "application_id" })
}

/// Who acted, as the audit log names them.
pub(super) fn actor_name(actor: &Actor) -> String {
    match &actor.side {
        Side::Applicant { .. } => format!("portal:{}", actor.account),
        Side::Operator(_) => format!("operator:{}", actor.account),
        Side::System => "system".to_owned(),
    }
}

/// One application of an institution with its history; `None` when the institution has none of this id.
pub(crate) async fn find(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    id: &ApplicationId,
) -> Result<Option<StoredApplication>> {
    let key = bind![institution.as_str(), id.as_str()];
    let read = |row: &Row<'_>| without_history(row, institution, id);
    let Some(mut found) = tx.query_one(FIND, key, read).await? else { return Ok(None) };
    found.application.history =
        tx.query(EVENTS, key, |row| of_json(row.text(0, "entry")?, "application event")).await?;
    let revision = i64::from(found.application.revision);
    let key = bind![institution.as_str(), id.as_str(), revision];
    found.application.approvers =
        tx.query(APPROVALS, key, |row| of_json(row.text(0, "actor")?, "approval")).await?;
    Ok(Some(found))
}

fn without_history(
    row: &Row<'_>,
    institution: &InstitutionCode,
    id: &ApplicationId,
) -> Result<StoredApplication> {
    let content = row.text_or_null(8, "content")?;
    Ok(StoredApplication {
        id: id.clone(),
        reception_number: row.text_or_null(4, "reception_number")?.map(str::to_owned),
        application: Application {
            kind: kind_of(row.text(0, "kind")?)?,
            institution: institution.clone(),
            state: state_of(row.text(1, "state")?)?,
            revision: u32::try_from(row.int(2, "revision")?)
                .map_err(|_| Error::Malformed { what: "revision" })?,
            applicants: of_json(row.text(5, "applicants")?, "applicants")?,
            approvers: Vec::new(),
            findings: of_json(row.text(6, "findings")?, "findings")?,
            history: Vec::new(),
        },
        form: of_json(row.text(7, "form")?, "application form")?,
        content: content.map(|text| of_json(text, "application content")).transpose()?,
        version: row.int(3, "version")?,
        created_at: Instant(row.int(9, "created_at")?),
        submitted_at: row.int_or_null(10, "submitted_at")?.map(Instant),
        changed_at: Instant(row.int(11, "changed_at")?),
    })
}

/// Writes a new draft; `false` when the id is taken.
pub(super) async fn insert(tx: &Tx<'_>, new: &StoredApplication) -> Result<bool> {
    let (applicants, findings) = (json(&new.application.applicants)?, json(&new.application.findings)?);
    let form = json(&new.form)?;
    let row = bind![
        new.application.institution.as_str(),
        new.id.as_str(),
        new.application.kind.name(),
        new.application.state.name(),
        i64::from(new.application.revision),
        new.version,
        &applicants,
        &findings,
        &form,
        new.created_at.0,
        new.changed_at.0,
    ];
    Ok(tx.execute(INSERT, row).await? == 1)
}

/// Writes what became of an application that was read in this transaction as `old`. Events and approvals that
/// are new are added, each event audited.
pub(super) async fn replace(
    tx: &Tx<'_>,
    chains: &mut Chains,
    old: &StoredApplication,
    new: &mut StoredApplication,
) -> Result<()> {
    new.version = old.version + 1;
    update(tx, old, new).await?;
    for (place, entry) in new.application.history.iter().enumerate().skip(old.application.history.len()) {
        append(tx, chains, new, place, entry).await?;
    }
    let (institution, id) = (new.application.institution.as_str(), new.id.as_str());
    if new.application.approvers.is_empty() && !old.application.approvers.is_empty() {
        tx.execute(UNAPPROVE, bind![institution, id, i64::from(old.application.revision)]).await?;
    }
    for actor in new.application.approvers.iter().skip(old.application.approvers.len()) {
        // Who has no mail address (the system) is told apart by the account.
        let mail = actor.mail.as_ref().map_or_else(|| actor.account.clone(), |mail| mail.key());
        let (text, revision) = (json(actor)?, i64::from(new.application.revision));
        let row = bind![institution, id, revision, &actor.account, &mail, &text, new.changed_at.0];
        tx.execute(APPROVE, row).await?;
    }
    Ok(())
}

async fn update(tx: &Tx<'_>, old: &StoredApplication, new: &StoredApplication) -> Result<()> {
    let application = &new.application;
    let (applicants, findings) = (json(&application.applicants)?, json(&application.findings)?);
    let form = json(&new.form)?;
    let content = new.content.as_ref().map(json).transpose()?;
    let row = bind![
        application.state.name(),
        i64::from(application.revision),
        new.version,
        new.reception_number.as_ref(),
        new.content.as_ref().and_then(subject),
        &applicants,
        &findings,
        &form,
        content.as_ref(),
        new.submitted_at.map(|at| at.0),
        new.changed_at.0,
        application.institution.as_str(),
        new.id.as_str(),
        old.version,
    ];
    // Somebody else changed it between look and change: look again.
    if tx.execute(UPDATE, row).await? == 1 { Ok(()) } else { Err(Error::LockConflict) }
}

/// The terminal or certificate an application is about.
pub(super) fn subject(content: &ApplicationContent) -> Option<&str> {
    match content {
        ApplicationContent::CertificateIssue(wanted) => Some(wanted.terminal_name.as_str()),
        ApplicationContent::CertificateRenewal(wanted) => Some(wanted.serial.as_str()),
        ApplicationContent::CertificateRevocation(wanted) => Some(wanted.serial.as_str()),
        _ => None,
    }
}

async fn append(
    tx: &Tx<'_>,
    chains: &mut Chains,
    of: &StoredApplication,
    place: usize,
    entry: &HistoryEntry,
) -> Result<()> {
    let institution = of.application.institution.as_str();
    let (actor, text) = (actor_name(&entry.by), json(entry)?);
    let sequence = i64::try_from(place).map_err(|_| Error::Malformed { what: "application event" })?;
    let row = bind![institution, of.id.as_str(), sequence, entry.at.0, &actor, &entry.event, &text];
    tx.execute(EVENT, row).await?;
    let event = AuditEvent {
        actor,
        action: format!("application.{}", entry.event),
        object: format!("application:{}", of.id),
        outcome: entry.to.name().to_owned(),
        detail: format!("kind={} revision={}", of.application.kind.name(), entry.revision),
    };
    chains.append(tx, institution, entry.at, &event).await?;
    told::tell(tx, of, place, entry).await
}
