//! 審査: one queue a kind, oldest first, what the automatic checks found beside each application.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::{
    Instant,
    account::OperatorAction,
    application::{ApplicationKind, ApplicationState},
    institution::InstitutionCode,
};
use serde::Deserialize;
use store::{ApplicationId, QUEUE_PAGE_LIMIT, QueueCount, QueueEntry, QueueFrom, Store};

use super::{FindingView, obstacle::ObstructedView};
use crate::portal::applications::{kind_of, slug, summary};
use crate::web::signed_in::OnSite;
use crate::web::{OperatorUser, Shell, refused, render};

/// Whether a person of the operator is waited for.
const fn waits(state: ApplicationState) -> bool {
    matches!(
        state,
        ApplicationState::Submitted | ApplicationState::Checking | ApplicationState::FirstApproved
    )
}

/// How many applications wait for a decision.
pub(super) async fn waiting(store: &Store) -> Result<u64, store::Error> {
    let counts = store.application_counts().await?;
    Ok(counts.iter().filter(|count| waits(count.state)).map(|count| count.count).sum())
}

struct QueueLine {
    label: &'static str,
    href: String,
    waiting: u64,
    second: u64,
    approved: u64,
}

#[derive(Template)]
#[template(path = "operator/queues.html")]
struct Overview {
    shell: Shell,
    queues: Vec<QueueLine>,
    obstructed: Vec<ObstructedView>,
}

/// Every queue with how many wait in it.
pub(super) async fn overview(OnSite(site): OnSite, user: OperatorUser) -> Response {
    if let Err(refused) = super::allowed(&site, &user, OperatorAction::ReadApplications).await {
        return refused;
    }
    let counts = match site.store.application_counts().await {
        Ok(counts) => counts,
        Err(error) => return refused::by_store(&error),
    };
    let obstructed = match site.store.obstructed_applications().await {
        Ok(obstructed) => obstructed.iter().map(ObstructedView::of).collect(),
        Err(error) => return refused::by_store(&error),
    };
    let count = |kind: ApplicationKind, state: ApplicationState| {
        let of = |one: &&QueueCount| one.kind == kind && one.state == state;
        counts.iter().find(of).map_or(0, |one| one.count)
    };
    let queues = ApplicationKind::ALL.iter().map(|kind| QueueLine {
        label: kind.label(),
        href: format!("/queues/{}", slug(*kind)),
        waiting: count(*kind, ApplicationState::Submitted) + count(*kind, ApplicationState::Checking),
        second: count(*kind, ApplicationState::FirstApproved),
        approved: count(*kind, ApplicationState::Approved),
    });
    let shell = super::shell(&site, "審査", "/queues", &user);
    render(StatusCode::OK, &Overview { shell, queues: queues.collect(), obstructed })
}

/// One application in a list.
pub(super) struct EntryView {
    pub(super) number: String,
    pub(super) href: String,
    pub(super) institution: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) subject: Option<String>,
    pub(super) state: &'static str,
    pub(super) submitted: String,
    pub(super) findings: Vec<FindingView>,
}

impl EntryView {
    pub(super) fn of(entry: &QueueEntry) -> Self {
        Self {
            number: entry.reception_number.clone(),
            href: format!("/applications/{}/{}", entry.institution, entry.id),
            institution: entry.institution.to_string(),
            name: entry.institution_name.clone().unwrap_or_else(|| "（台帳にありません）".to_owned()),
            kind: entry.kind.label(),
            subject: entry.subject.clone(),
            state: entry.state.label(),
            submitted: summary::moment(entry.submitted_at),
            findings: super::findings(&entry.findings),
        }
    }
}

#[derive(Template)]
#[template(path = "operator/queue.html")]
struct Page {
    shell: Shell,
    first: String,
    paged: bool,
    next: Option<String>,
    entries: Vec<EntryView>,
}

/// Where a page begins.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    after: Option<String>,
}

fn mark(entry: &QueueEntry) -> String {
    format!("{}.{}.{}", entry.submitted_at.0, entry.institution, entry.id)
}

fn read_mark(text: &str) -> Option<QueueFrom> {
    let mut parts = text.splitn(3, '.');
    Some(QueueFrom {
        submitted_at: Instant(parts.next()?.parse().ok()?),
        institution: InstitutionCode::parse(parts.next()?).ok()?,
        id: ApplicationId::parse(parts.next()?)?,
    })
}

/// One queue, page by page.
pub(super) async fn page(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(kind): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Err(refused) = super::allowed(&site, &user, OperatorAction::ReadApplications).await {
        return refused;
    }
    let Some(kind) = kind_of(&kind) else { return refused::not_there() };
    let after = match asked.after.as_deref().map(read_mark) {
        Some(None) => return refused::not_there(),
        after => after.flatten(),
    };
    let paged = after.is_some();
    let found = match site.store.application_queue(kind, after, QUEUE_PAGE_LIMIT, site.clock.now()).await {
        Ok(found) => found,
        Err(error) => return refused::by_store(&error),
    };
    let first = format!("/queues/{}", slug(kind));
    let full = u32::try_from(found.len()).is_ok_and(|count| count == QUEUE_PAGE_LIMIT);
    let next = found.last().filter(|_| full).map(|last| format!("{first}?after={}", mark(last)));
    let page = Page {
        shell: super::shell(&site, format!("{}の審査", kind.label()), "/queues", &user),
        entries: found.iter().map(EntryView::of).collect(),
        first,
        paged,
        next,
    };
    render(StatusCode::OK, &page)
}
