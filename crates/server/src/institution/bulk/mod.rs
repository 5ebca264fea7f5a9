//! 一括照会: files with many rows, handed in here or by the receipt computer; how they stand; their results. And
//! 委託先資格情報, which is the same for everybody with a 医療券・調剤券 of a month.

mod entrusted;
mod handed_in;
mod shown;
mod table;
mod upload;

use std::sync::Arc;

use askama::Template;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use eligibility::Date;
use eligibility::bulk::{BulkKind, FILES_PER_DAY, RESULTS_KEPT_DAYS, ROWS_MAX};
use eligibility::calendar::tokyo_date;
use eligibility::institution_account::InstitutionAction;

pub(super) use entrusted::{PATH as ENTRUSTED_PATH, TITLE as ENTRUSTED_TITLE};

use super::consents::search;
use super::menu;
use super::user::InstitutionUser;
use crate::terminal_api::Api;
use crate::web::once::Once;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{Shell, Site, refused, render};
use handed_in::Problem;
use shown::{Line, Place};

/// Where it is.
pub(super) const PATH: &str = "/bulk";
/// Its label.
pub(super) const TITLE: &str = "資格確認一括照会";
const HELP: &str = "/help/bulk";
const ACTION: InstitutionAction = InstitutionAction::BulkCheck;

static PLACE: Place = Place { path: PATH, title: TITLE, help: HELP, action: ACTION };

pub(super) fn pages() -> Router {
    Router::new()
        .route("/bulk", get(page).post(upload))
        .route("/bulk/{reception}", get(shown::file))
        .route("/bulk/{reception}/result", get(shown::result))
        .layer(Extension(&PLACE))
        .merge(entrusted::pages())
}

#[derive(Template)]
#[template(path = "institution/bulk.html")]
struct Page {
    shell: Shell,
    once: Once,
    problem: Option<Problem>,
    registers: bool,
    day: String,
    rows_max: usize,
    files_per_day: u32,
    kept_days: i64,
    files: Vec<Line>,
    /// What a file for other forms of care than 外来 is answered.
    other_forms: &'static str,
    /// Where those are looked up.
    consents: (&'static str, &'static str),
}

/// What the form held when it is shown again.
struct Typed {
    registers: bool,
    day: String,
}

async fn show(
    api: &Api,
    site: &Site,
    user: &InstitutionUser,
    (typed, problem): (Typed, Option<Problem>),
) -> Response {
    let files = match shown::files(api, user, |kind| kind != BulkKind::EntrustedEligibility).await {
        Ok(files) => files,
        Err(error) => return refused::by_store(&error),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut shell = menu::shell(site, TITLE, PATH, user);
    shell.help = Some(HELP);
    let page = Page {
        shell,
        once: Once::new(),
        problem,
        registers: typed.registers,
        day: typed.day,
        rows_max: ROWS_MAX,
        files_per_day: FILES_PER_DAY,
        kept_days: RESULTS_KEPT_DAYS,
        files,
        other_forms: handed_in::OTHER_FORMS.entry().code,
        consents: (search::PATH, search::TITLE),
    };
    render(status, &page)
}

async fn page(OnSite(site): OnSite, user: InstitutionUser, Extension(api): Extension<Arc<Api>>) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let typed = Typed { registers: false, day: tokyo_date(site.clock.now()).to_string() };
    show(&api, &site, &user, (typed, None)).await
}

async fn upload(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Extension(api): Extension<Arc<Api>>,
    request: Request,
) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let place = api.bulk.files.enter(user.institution_code.as_str());
    let Some(place) = place else { return refused::busy() };
    let Some(form) = upload::read(request).await.map(Arc::new) else { return refused::incomplete() };
    let today = tokyo_date(site.clock.now());
    let day: Option<Date> = if form.day.is_empty() { Some(today) } else { form.day.parse().ok() };
    if form.registers
        && let Err(refused) = user.must(&site, InstitutionAction::RegisterReferenceNumber).await
    {
        return refused;
    }
    let kind = if form.registers { BulkKind::ReferenceNumbers } else { BulkKind::Eligibility };
    let again = |problem| (Typed { registers: form.registers, day: form.day.clone() }, Some(problem));
    let file = match handed_in::read(kind, &user.institution_code, day, (&form, &place)).await {
        Ok(file) => file,
        Err(problem) => return show(&api, &site, &user, again(problem)).await,
    };
    match handed_in::submit(&api, &user, file, (&form, Some(place))).await {
        Ok(number) => see(&format!("{PATH}/{}", number.as_str())),
        Err(problem) => show(&api, &site, &user, again(problem)).await,
    }
}
