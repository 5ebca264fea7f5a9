//! 委託先資格情報: everybody whose 医療券・調剤券 of a month is made out to the institution.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use eligibility::bulk::{BulkKind, FILES_PER_DAY, MONTHS_BACK_MAX, RESULTS_KEPT_DAYS, is_month_open};
use eligibility::calendar::{add_months, first_of_month, first_of_next_month, tokyo_date};
use eligibility::institution_account::InstitutionAction;

use super::handed_in::{self, Problem};
use super::shown::{self, Line, Place};
use crate::institution::user::InstitutionUser;
use crate::institution::{days, menu};
use crate::terminal_api::Api;
use crate::web::once::{self, Once};
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

/// Where it is.
pub(in crate::institution) const PATH: &str = "/entrusted";
/// Its label.
pub(in crate::institution) const TITLE: &str = "委託先資格情報一括取得";
const HELP: &str = "/help/entrusted";
const ACTION: InstitutionAction = InstitutionAction::EntrustedEligibility;

static PLACE: Place = Place { path: PATH, title: TITLE, help: HELP, action: ACTION };

pub(super) fn pages() -> Router {
    Router::new()
        .route("/entrusted", get(page).post(ask))
        .route("/entrusted/{reception}", get(shown::file))
        .route("/entrusted/{reception}/result", get(shown::result))
        .layer(Extension(&PLACE))
}

/// A month to choose.
struct Month {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "institution/entrusted.html")]
struct Page {
    shell: Shell,
    once: Once,
    problem: Option<Problem>,
    months: Vec<Month>,
    files_per_day: u32,
    kept_days: i64,
    files: Vec<Line>,
}

async fn show(
    api: &Api,
    site: &Site,
    user: &InstitutionUser,
    (chosen, problem): (Option<eligibility::Date>, Option<Problem>),
) -> Response {
    let files = match shown::files(api, user, |kind| kind == BulkKind::EntrustedEligibility).await {
        Ok(files) => files,
        Err(error) => return refused::by_store(&error),
    };
    let today = tokyo_date(site.clock.now());
    let chosen = chosen.unwrap_or_else(|| first_of_month(today));
    let newest = first_of_next_month(today);
    let months = (0..=MONTHS_BACK_MAX + 1).map(|back| add_months(newest, -back)).map(|month| Month {
        value: month.to_string(),
        label: days::month(month),
        chosen: month == chosen,
    });
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut shell = menu::shell(site, TITLE, PATH, user);
    shell.help = Some(HELP);
    let page = Page {
        shell,
        once: Once::new(),
        problem,
        months: months.collect(),
        files_per_day: FILES_PER_DAY,
        kept_days: RESULTS_KEPT_DAYS,
        files,
    };
    render(status, &page)
}

async fn page(OnSite(site): OnSite, user: InstitutionUser, Extension(api): Extension<Arc<Api>>) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    show(&api, &site, &user, (None, None)).await
}

async fn ask(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Extension(api): Extension<Arc<Api>>,
    typed: FormData,
) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    if Once::of_form(&typed).is_none() {
        return refused::incomplete();
    }
    let month = typed.get("month").parse().ok().map(first_of_month);
    let Some(month) = month.filter(|month| is_month_open(*month, tokyo_date(site.clock.now()))) else {
        return refused::incomplete();
    };
    match handed_in::submit_month(&api, &user, typed.get(once::FIELD), month).await {
        Ok(number) => see(&format!("{PATH}/{}", number.as_str())),
        Err(problem) => show(&api, &site, &user, (Some(month), Some(problem))).await,
    }
}
