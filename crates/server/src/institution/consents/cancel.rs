//! 同意取消: the consents of one patient for home visits are ended, with the reason, after a confirmation.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use eligibility::codes::ConsentEndReason;
use eligibility::consent::{CareForm, ConsentEndForm};
use eligibility::field::FieldErrors;
use eligibility::institution_account::InstitutionAction;
use store::NewConsentEnd;

use super::shown::Consented;
use super::{detail, find, looked, search};
use crate::institution::user::InstitutionUser;
use crate::institution::{days, menu};
use crate::web::once::Once;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render, see};

const TITLE: &str = "同意取消";
const HELP: &str = "/help/consent-cancel";
const ACTION: InstitutionAction = InstitutionAction::CancelConsent;

/// The page of one patient.
pub(super) fn path(id: &str) -> String {
    format!("{}/cancel", detail::path(id))
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/consents/{id}/cancel", get(page).post(confirm))
        .route("/consents/{id}/cancel/done", post(cancel))
}

#[derive(Template)]
#[template(path = "institution/consent_cancel.html")]
struct Page {
    shell: Shell,
    consented: Consented,
    summary: String,
    field: String,
    action: String,
    back: String,
}

#[derive(Template)]
#[template(path = "institution/consent_cancel_confirm.html")]
struct Confirm {
    shell: Shell,
    name: String,
    reason: ConsentEndReason,
    once: Once,
    action: String,
    back: String,
}

fn shell(site: &Site, user: &InstitutionUser) -> Shell {
    menu::shell(site, TITLE, search::PATH, user).with_help(HELP)
}

/// The patient, if there is a consent for home visits that can be ended; that they were looked at is on record.
async fn patient(site: &Site, user: &InstitutionUser, id: &str, step: &str) -> Result<Consented, Response> {
    let consented = find(site, user, (id, ACTION)).await?;
    if consented.person.care_form != CareForm::HomeVisit || !consented.holds() {
        return Err(user.not_there(site, ACTION, &format!("consent:{id}")).await);
    }
    looked(site, user, ("view_consented", &consented.person), &format!(" shown:{step}")).await?;
    Ok(consented)
}

fn show(
    (site, user): (&Site, &InstitutionUser),
    status: StatusCode,
    consented: Consented,
    view: &FormView,
) -> Response {
    let (action, back) = (path(consented.id()), detail::path(consented.id()));
    let page = Page {
        shell: shell(site, user),
        summary: view.summary(),
        field: view.radio(ConsentEndForm::REASON, &ConsentEndForm::reasons()),
        consented,
        action,
        back,
    };
    render(status, &page)
}

async fn page(OnSite(site): OnSite, user: InstitutionUser, Path(id): Path<String>) -> Response {
    match patient(&site, &user, &id, "cancel").await {
        Ok(consented) => {
            show((&site, &user), StatusCode::OK, consented, &FormView::new(ConsentEndForm::FIELDS))
        }
        Err(response) => response,
    }
}

fn reason_of(typed: &FormData) -> Result<ConsentEndReason, FieldErrors> {
    ConsentEndForm { reason: typed.text(ConsentEndForm::REASON) }.read()
}

async fn confirm(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(id): Path<String>,
    typed: FormData,
) -> Response {
    let consented = match patient(&site, &user, &id, "cancel").await {
        Ok(consented) => consented,
        Err(response) => return response,
    };
    match reason_of(&typed) {
        Ok(reason) => {
            let page = Confirm {
                shell: shell(&site, &user),
                name: consented.name().to_owned(),
                reason,
                once: Once::new(),
                action: format!("{}/done", path(&id)),
                back: path(&id),
            };
            render(StatusCode::OK, &page)
        }
        Err(errors) => {
            let view = FormView::faulty(ConsentEndForm::FIELDS, typed, errors);
            show((&site, &user), StatusCode::UNPROCESSABLE_ENTITY, consented, &view)
        }
    }
}

async fn cancel(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(id): Path<String>,
    typed: FormData,
) -> Response {
    let consented = match find(&site, &user, (&id, ACTION)).await {
        Ok(consented) => consented,
        Err(response) => return response,
    };
    if consented.person.care_form != CareForm::HomeVisit {
        return user.not_there(&site, ACTION, &format!("consent:{id}")).await;
    }
    let (Some(once), Ok(reason)) = (Once::of_form(&typed), reason_of(&typed)) else {
        return refused::incomplete();
    };
    let person_key = consented.person.person_key;
    let mut audit = user.event("consent.cancel", format!("person:{}", person_key.0), "done");
    audit.detail = format!("care_form:home_visit reason:{} {}", reason.code(), audit.detail);
    let end = NewConsentEnd {
        institution_code: user.institution_code.clone(),
        person_key,
        reason,
        form: once.of_subject(user.subject()),
        audit,
        now: site.clock.now(),
    };
    match site.store.end_home_visit_consents(end).await {
        Ok(true) => see(&format!("{}?ended=true", detail::path(&id))),
        // It has ended in the meantime: its page says how.
        Ok(false) => see(&detail::path(&id)),
        Err(error) => refused::by_store(&error),
    }
}
