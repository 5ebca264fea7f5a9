//! 照会番号登録, from the result of a check: the institution's own number for the person, which comes back with every
//! later answer.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use eligibility::field::FieldErrors;
use eligibility::institution_account::InstitutionAction;
use eligibility::reference_number_form::ReferenceNumberForm;
use store::NewReferenceNumber;

use super::check_result::{self, Loaded};
use super::user::InstitutionUser;
use super::{menu, number_check};
use crate::web::once::Once;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

pub(super) const TITLE: &str = "照会番号登録";
const HELP: &str = "/help/reference-number";
const ACTION: InstitutionAction = InstitutionAction::RegisterReferenceNumber;

/// The page, of the result it is reached from.
pub(super) fn path(request_id: &str) -> String {
    format!("{}/reference-number", check_result::path(request_id))
}

pub(super) fn pages() -> Router {
    Router::new().route("/eligibility/results/{id}/reference-number", get(page).post(register))
}

#[derive(Template)]
#[template(path = "institution/reference_number.html")]
struct Page {
    shell: Shell,
    name: String,
    present: Option<String>,
    summary: String,
    field: String,
    action: String,
    back: String,
    once: Once,
}

fn show(
    site: &Site,
    user: &InstitutionUser,
    (id, loaded): (&str, &Loaded),
    view: &FormView,
    status: StatusCode,
) -> Response {
    let mut shell = menu::shell(site, TITLE, number_check::REFERENCE_PATH, user);
    shell.help = Some(HELP);
    let page = Page {
        shell,
        name: loaded.name().to_owned(),
        present: loaded.result.reference_number.clone(),
        summary: view.summary(),
        field: view.line("reference_number"),
        action: path(id),
        back: check_result::path(id),
        once: Once::new(),
    };
    render(status, &page)
}

/// The result, if it is about one person.
async fn person_of(site: &Site, user: &InstitutionUser, id: &str) -> Result<Loaded, Response> {
    let loaded = check_result::load(site, user, (id, ACTION, "reference-number")).await?;
    match loaded.result.person_key {
        Some(_) => Ok(loaded),
        None => Err(user.not_there(site, ACTION, "nobody").await),
    }
}

async fn page(OnSite(site): OnSite, user: InstitutionUser, Path(id): Path<String>) -> Response {
    match person_of(&site, &user, &id).await {
        Ok(loaded) => {
            let view = FormView::new(ReferenceNumberForm::FIELDS);
            show(&site, &user, (&id, &loaded), &view, StatusCode::OK)
        }
        Err(response) => response,
    }
}

async fn register(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(id): Path<String>,
    typed: FormData,
) -> Response {
    let loaded = match person_of(&site, &user, &id).await {
        Ok(loaded) => loaded,
        Err(response) => return response,
    };
    let Some(once) = Once::of_form(&typed) else { return refused::incomplete() };
    let Some(person_key) = loaded.result.person_key.clone() else { return refused::broken() };
    let again = |typed: FormData, errors: FieldErrors| {
        let view = FormView::faulty(ReferenceNumberForm::FIELDS, typed, errors);
        show(&site, &user, (&id, &loaded), &view, StatusCode::UNPROCESSABLE_ENTITY)
    };
    let form = ReferenceNumberForm { reference_number: typed.text("reference_number") };
    let number = match form.read() {
        Ok(number) => number,
        Err(errors) => return again(typed, errors),
    };
    let new = NewReferenceNumber {
        institution_code: user.institution_code.clone(),
        audit: user.event("register_reference_number", format!("person:{}", person_key.0), "done"),
        person_key,
        number,
        form: once.of_subject(user.subject()),
        now: site.clock.now(),
    };
    match site.store.register_reference_number(new).await {
        Ok(true) => see(&format!("{}?registered=true", check_result::path(&id))),
        Ok(false) => again(typed, ReferenceNumberForm::taken()),
        Err(error) => refused::by_store(&error),
    }
}
