//! One application before who decides: what the checks found, what it says, what happened; 承認, 差戻し, 却下.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    Instant,
    account::OperatorAction,
    application::{
        Actor, Application, ApplicationContent, ApplicationState, Finding, FindingSeverity, Refused,
    },
    institution::InstitutionCode,
    institution_certificate::RevocationReason,
};
use serde::Deserialize;
use store::audit::AuditEvent;
use store::{Acted, ApplicationId, Decision, Denial, Obstacle, StoredApplication};

use super::unprintable::{Printing, unprintable};
use super::{FindingView, acting, obstacle::ObstacleView};
use crate::portal::applications::{slug, summary};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, OperatorUser, Shell, Site, refused, render, see};

#[derive(Template)]
#[template(path = "operator/application.html")]
struct Page {
    shell: Shell,
    place: String,
    queue: String,
    number: String,
    institution: String,
    name: Option<String>,
    state: &'static str,
    submitted: String,
    revision: u32,
    needed: u8,
    checks: Checks,
    /// What cannot be printed on the paper that an approval leads to.
    unprintable: Option<String>,
    blocked: bool,
    rows: Vec<summary::Row>,
    registrant: Option<RegistrantView>,
    applicants: Vec<String>,
    approvers: Vec<String>,
    history: Vec<(String, String, Option<String>)>,
    done: Option<&'static str>,
    told: Option<String>,
    reason: String,
    /// Whether what was approved and cannot be carried out may be ended here.
    may_end: bool,
    may_decide: bool,
    own: Option<&'static str>,
    obstacle: Option<ObstacleView>,
}

/// Who registered the institution, beside the register's name of it.
struct RegistrantView {
    place: String,
    typed_name: String,
    proven: bool,
}

impl RegistrantView {
    async fn of(site: &Site, institution: &InstitutionCode) -> Result<Option<Self>, store::Error> {
        let found = site.store.registrant(institution).await?;
        Ok(found.map(|one| Self {
            place: format!("/registrants/{institution}"),
            typed_name: one.typed_name,
            proven: one.proof.is_some(),
        }))
    }
}

/// What the automatic checks find, and when that was.
struct Checks {
    findings: Vec<FindingView>,
    /// The moment they are of, for people.
    at: String,
    /// Whether they are of now: they were run for this page.
    fresh: bool,
    /// What an approval says it has seen.
    shown: String,
    blocking: bool,
}

impl Checks {
    /// Run for this page where it waits for a decision: what was found when it came in may be over, or not all.
    async fn of(site: &Site, stored: &StoredApplication) -> Result<Self, store::Error> {
        let (application, now) = (&stored.application, site.clock.now());
        let fresh = site.store.findings_now((&application.institution, &stored.id), now).await?;
        let checked = application.history.iter().rev().find(|entry| entry.event == "checked");
        let at = if fresh.is_some() { Some(now) } else { checked.map(|entry| entry.at) };
        let found = fresh.as_deref().unwrap_or(&application.findings);
        Ok(Self {
            findings: super::findings(found),
            at: at.map(summary::moment).unwrap_or_default(),
            fresh: fresh.is_some(),
            shown: serde_json::to_vec(found).map(hex::encode).unwrap_or_default(),
            blocking: found.iter().any(|one| one.severity == FindingSeverity::Blocking),
        })
    }
}

/// What the content says, and what follows from it that the reviewer must see.
async fn rows(site: &Site, stored: &StoredApplication) -> Result<Vec<summary::Row>, store::Error> {
    let Some(content) = &stored.content else { return Ok(Vec::new()) };
    let mut rows = summary::rows(content);
    if let ApplicationContent::CertificateRevocation(wanted) = content {
        let named =
            site.store.certificate_of(&stored.application.institution, wanted.serial.as_str()).await?;
        if let Some(next) = named.and_then(|named| named.successor) {
            let compromised = wanted.reason == RevocationReason::KeyCompromise;
            let fate =
                if compromised { "ともに失効します" } else { "この申請では失効しません" };
            rows.push(("更新後の電子証明書", format!("シリアル番号 {next}（{fate}）")));
        }
    }
    Ok(rows)
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    done: Option<String>,
}

/// The application of an address; drafts are not there.
async fn found(
    site: &Site,
    Path((institution, id)): Path<(String, String)>,
) -> Result<StoredApplication, Response> {
    let (Ok(institution), Some(id)) = (InstitutionCode::parse(&institution), ApplicationId::parse(&id))
    else {
        return Err(refused::not_there());
    };
    let stored =
        site.store.application(&institution, &id).await.map_err(|error| refused::by_store(&error))?;
    stored.filter(|stored| stored.content.is_some()).ok_or_else(refused::not_there)
}

/// The page.
pub(super) async fn page(
    OnSite(site): OnSite,
    printing: Printing,
    user: OperatorUser,
    path: Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Err(refused) = super::allowed(&site, &user, OperatorAction::ReadApplications).await {
        return refused;
    }
    let stored = match found(&site, path).await {
        Ok(stored) => stored,
        Err(refused) => return refused,
    };
    let done = asked.done.as_deref().and_then(|done| match done {
        "approve" => Some("承認しました。"),
        "return" => Some("差し戻しました。"),
        "reject" => Some("却下しました。"),
        _ => None,
    });
    match unprintable(&site, &printing, &stored).await {
        Ok(unprintable) => {
            let told = Told { done, unprintable, ..Told::default() };
            write(&site, &user, &stored, StatusCode::OK, told).await
        }
        Err(error) => refused::by_store(&error),
    }
}

/// What to tell besides.
#[derive(Default)]
struct Told {
    done: Option<&'static str>,
    told: Option<String>,
    reason: String,
    unprintable: Option<String>,
}

/// Who approved it, and when.
fn approvers(application: &Application) -> Vec<String> {
    let approved = |approver: &Actor| {
        let entries = application.history.iter().rev();
        let at =
            entries.filter(|entry| entry.event == "approve" && entry.by == *approver).map(|e| e.at).next();
        format!("{}（{}）", approver.account, at.map(summary::moment).unwrap_or_default())
    };
    application.approvers.iter().map(approved).collect()
}

/// What it waits for, once it is approved.
async fn obstacle_of(
    site: &Site,
    stored: &StoredApplication,
) -> Result<Option<(Obstacle, Instant)>, store::Error> {
    if stored.application.state != ApplicationState::Approved {
        return Ok(None);
    }
    site.store.obstacle(&stored.application.institution, &stored.id).await
}

async fn write(
    site: &Site,
    user: &OperatorUser,
    stored: &StoredApplication,
    status: StatusCode,
    told: Told,
) -> Response {
    let application = &stored.application;
    let institution = match site.store.institution(&application.institution).await {
        Ok(institution) => institution,
        Err(error) => return refused::by_store(&error),
    };
    let obstacle = match obstacle_of(site, stored).await {
        Ok(obstacle) => obstacle,
        Err(error) => return refused::by_store(&error),
    };
    let read = async {
        let registrant = RegistrantView::of(site, &application.institution).await?;
        Ok::<_, store::Error>((registrant, rows(site, stored).await?, Checks::of(site, stored).await?))
    };
    let (registrant, rows, checks) = match read.await {
        Ok(read) => read,
        Err(error) => return refused::by_store(&error),
    };
    let open = matches!(application.state, ApplicationState::Checking | ApplicationState::FirstApproved);
    let deciding = open && user.role.may(OperatorAction::Decide);
    let own = match acting(site, user, OperatorAction::Decide).await {
        Ok(actor) if application.applicants.iter().any(|one| one.is_same_person(&actor)) => {
            Some("ご自身が申請したものです。ほかの担当者が審査します。")
        }
        Ok(actor) if application.approvers.iter().any(|one| one.is_same_person(&actor)) => {
            Some("1人目として承認済みです。2人目の承認は別の担当者が行います。差戻し・却下はできます。")
        }
        _ => None,
    };
    let history = application
        .history
        .iter()
        .map(|entry| (summary::moment(entry.at), entry.for_operator(), entry.reason.clone()));
    let applicants = application.applicants.iter().map(|applicant| {
        applicant.mail.as_ref().map_or_else(|| applicant.account.clone(), ToString::to_string)
    });
    let page = Page {
        shell: super::shell(site, application.kind.label(), "/queues", user),
        place: format!("/applications/{}/{}", application.institution, stored.id),
        queue: format!("/queues/{}", slug(application.kind)),
        number: stored.reception_number.clone().unwrap_or_default(),
        institution: application.institution.to_string(),
        name: institution.map(|one| one.name),
        state: application.state.label(),
        submitted: stored.submitted_at.map(summary::moment).unwrap_or_default(),
        revision: application.revision,
        needed: application.kind.approvals_needed(),
        blocked: checks.blocking || told.unprintable.is_some(),
        checks,
        unprintable: told.unprintable,
        rows,
        registrant,
        applicants: applicants.collect(),
        approvers: approvers(application),
        history: history.collect(),
        done: told.done,
        told: told.told,
        reason: told.reason,
        may_end: obstacle.is_some() && user.role.may(OperatorAction::Decide),
        may_decide: deciding,
        own: own.filter(|_| deciding),
        obstacle: obstacle.map(ObstacleView::of),
    };
    render(status, &page)
}

/// What the page of an approval showed of the checks; nothing where it says nothing.
fn shown(typed: &FormData) -> Option<Vec<Finding>> {
    match typed.get("checks") {
        "" => Some(Vec::new()),
        text => serde_json::from_slice(&hex::decode(text).ok()?).ok(),
    }
}

/// 承認する, 差し戻す or 却下する.
pub(super) async fn decide(
    OnSite(site): OnSite,
    printing: Printing,
    user: OperatorUser,
    path: Path<(String, String)>,
    typed: FormData,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::Decide).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let stored = match found(&site, path).await {
        Ok(stored) => stored,
        Err(refused) => return refused,
    };
    let reason = typed.text("reason");
    let decision = match typed.get("decision") {
        "approve" => match shown(&typed) {
            Some(shown) => Decision::Approve(shown),
            None => return refused::incomplete(),
        },
        "return" => Decision::Return(reason.clone()),
        "reject" => Decision::Reject(reason.clone()),
        _ => return refused::incomplete(),
    };
    let unprintable = match unprintable(&site, &printing, &stored).await {
        Ok(unprintable) => unprintable,
        Err(error) => return refused::by_store(&error),
    };
    if unprintable.is_some() && matches!(decision, Decision::Approve(_)) {
        let told = Some("印字できない文字があるため、承認できません。".to_owned());
        let told = Told { told, unprintable, ..Told::default() };
        return write(&site, &user, &stored, StatusCode::CONFLICT, told).await;
    }
    let Ok(revision) = typed.get("revision").parse::<u32>() else { return refused::incomplete() };
    let of = (&stored.application.institution, &stored.id);
    let acted = site.store.decide_application(of, revision, decision, by, site.clock.now()).await;
    match acted {
        Err(error) => refused::by_store(&error),
        Ok(Acted::Unknown | Acted::Faulty(..)) => refused::not_there(),
        Ok(Acted::Done(_) | Acted::Refused(Refused::AlreadyDone, _)) => {
            let done = typed.get("decision");
            see(&format!("/applications/{}/{}?done={done}", stored.application.institution, stored.id))
        }
        Ok(Acted::Refused(why, now)) => {
            if let Err(refused) = note_refusal(&site, &user, &now, &why).await {
                return refused;
            }
            let status = match why {
                Refused::Reason => StatusCode::UNPROCESSABLE_ENTITY,
                _ => StatusCode::CONFLICT,
            };
            let told = Told { told: Some(why.message()), reason, unprintable, done: None };
            write(&site, &user, &now, status, told).await
        }
    }
}

/// Who tries to decide what is not theirs to decide is in the institution's log.
async fn note_refusal(
    site: &Site,
    user: &OperatorUser,
    stored: &StoredApplication,
    why: &Refused,
) -> Result<(), Response> {
    // A reason that is missing is typed, not tried.
    if *why == Refused::Reason {
        return Ok(());
    }
    let denial = Denial {
        institution_code: stored.application.institution.clone(),
        source: user.signed_in.actor(),
        audit: AuditEvent {
            actor: user.signed_in.actor(),
            action: "application.decide".to_owned(),
            object: format!("application:{}", stored.id),
            outcome: format!("denied:{why:?}"),
            detail: String::new(),
        },
        recorded_at: site.clock.now(),
    };
    site.store.record_denied(denial).await.map_err(|error| refused::by_store(&error))
}
