//! One application of the institution: how it stands, what it says, what happened, what can be done.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::application::{ApplicationKind, ApplicationState, Refused, my_menu};
use serde::Deserialize;
use store::{Acted, ApplicationId, StoredApplication};

use super::index::action_place;
use super::sheet::SheetOffer;
use super::summary::{self, Row};
use super::{applicant, kind_of, mine, place, see};
use crate::web::signed_in::OnSite;
use crate::web::{PortalUser, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "applications/detail.html")]
struct Page {
    shell: Shell,
    place: String,
    number: Option<String>,
    state: &'static str,
    look: &'static str,
    mark: &'static str,
    sentence: &'static str,
    reason: Option<String>,
    action: Option<(&'static str, String)>,
    may_withdraw: bool,
    is_draft: bool,
    rows: Vec<Row>,
    history: Vec<(String, &'static str, Option<String>)>,
    told: Option<String>,
    sheet: Option<SheetOffer>,
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    too_late: Option<String>,
}

/// The page.
pub(super) async fn page(
    OnSite(site): OnSite,
    user: PortalUser,
    path: Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let stored = match mine(&site, &user, path).await {
        Ok(stored) => stored,
        Err(refused) => return refused,
    };
    let late = "すでに処理が進んでいるため、取り下げられませんでした。現在の状態を確認してください。";
    let told = asked.too_late.map(|_| late.to_owned());
    write(&site, &user, &stored, StatusCode::OK, told).await
}

/// The page of an application, with something to tell.
pub(super) async fn write(
    site: &Site,
    user: &PortalUser,
    stored: &StoredApplication,
    status: StatusCode,
    told: Option<String>,
) -> Response {
    let application = &stored.application;
    let entry = my_menu(application);
    let place = place(application.kind, &stored.id);
    let sheet = match SheetOffer::of(site, user, stored).await {
        Ok(sheet) => sheet,
        Err(error) => return refused::by_store(&error),
    };
    let action = entry.action.zip(action_place(application.kind, application.state, &place));
    let history = application
        .history
        .iter()
        .filter_map(|entry| Some((summary::moment(entry.at), entry.for_applicant()?, entry.reason.clone())));
    let (look, mark) = look_of(application.state);
    let page = Page {
        shell: Shell::new(site, application.kind.label(), "/applications", Some(&user.signed_in)),
        number: stored.reception_number.clone(),
        state: entry.state,
        look,
        mark,
        sentence: entry.sentence,
        reason: entry.reason,
        // The sheet has its own button below.
        action: action.filter(|_| sheet.is_none()),
        may_withdraw: entry.may_withdraw,
        is_draft: application.state == ApplicationState::Draft,
        rows: stored.content.as_ref().map(summary::rows).unwrap_or_default(),
        history: history.collect(),
        told,
        sheet,
        place,
    };
    render(status, &page)
}

/// Colour and sign of a state; the word stands beside them.
pub(super) const fn look_of(state: ApplicationState) -> (&'static str, &'static str) {
    match state {
        ApplicationState::Draft | ApplicationState::Withdrawn => ("none", "－"),
        ApplicationState::Submitted | ApplicationState::Checking | ApplicationState::FirstApproved => {
            ("care", "…")
        }
        ApplicationState::Approved | ApplicationState::Completed => ("go", "✓"),
        ApplicationState::Returned | ApplicationState::Rejected => ("stop", "!"),
    }
}

/// 取り下げる.
pub(super) async fn withdraw(
    OnSite(site): OnSite,
    user: PortalUser,
    Path((kind, id)): Path<(String, String)>,
) -> Response {
    let (Some(kind), Some(id)) = (kind_of(&kind), ApplicationId::parse(&id)) else {
        return refused::not_there();
    };
    if let Err(refused) = mine(&site, &user, Path((super::slug(kind), id.to_string()))).await {
        return refused;
    }
    let by = match applicant(&site, &user).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    match site.store.withdraw_application(&id, by, site.clock.now()).await {
        Err(error) => refused::by_store(&error),
        Ok(Acted::Unknown) => refused::not_there(),
        Ok(Acted::Done(_) | Acted::Refused(Refused::AlreadyDone, _)) => see(&place(kind, &id)),
        Ok(Acted::Refused(..) | Acted::Faulty(..)) => see(&format!("{}?too_late=1", place(kind, &id))),
    }
}

/// Whether an application's 通知書 may exist.
pub(super) fn has_sheet(stored: &StoredApplication) -> bool {
    stored.application.kind == ApplicationKind::UseStart
        && stored.application.state == ApplicationState::Completed
}
