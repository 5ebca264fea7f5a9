//! 同意済資格情報取得(訪問診療等・オンライン診療等): who agreed, found by 同意年月日, 受診予定日 and 診療区分.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use eligibility::consent::{CareForm, ConsentSearchForm};
use eligibility::facility_settings::FacilitySettings;
use eligibility::field::FieldErrors;
use eligibility::institution_account::InstitutionAction;
use store::{ConsentedPage, ConsentedWanted};

use super::looked_at_list;
use super::shown::Consented;
use crate::institution::user::InstitutionUser;
use crate::institution::{days, menu};
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// Where it is.
pub(in crate::institution) const PATH: &str = "/consents";
/// What the page is called.
pub(in crate::institution) const TITLE: &str = "同意済資格情報取得(訪問診療等・オンライン診療等)";
/// The line of the menu; its group says the rest.
pub(in crate::institution) const LINE: &str = "同意済資格情報取得";
/// Its help.
pub(super) const HELP: &str = "/help/consents";
/// What it asks for.
pub(super) const ACTION: InstitutionAction = InstitutionAction::ReadConsented;
/// Pages of a list at most: who has more to look through narrows the search.
pub(super) const PAGES_MAX: u32 = 200;

pub(super) fn pages() -> Router {
    Router::new().route("/consents", get(page))
}

#[derive(Template)]
#[template(path = "institution/consents.html")]
struct Page {
    shell: Shell,
    form: FormView,
    /// What was searched for, to hand it on.
    typed: ConsentSearchForm,
    /// Labels of the functions that are off.
    off: Vec<&'static str>,
    people: Option<Vec<Consented>>,
    number: u32,
    next: Option<u32>,
}

/// Labels of the settings without which nothing of a form of care is shown.
pub(super) fn switched_off(settings: &FacilitySettings) -> Vec<&'static str> {
    let needed = CareForm::ALL.iter().filter_map(|form| form.setting());
    needed.filter(|setting| !settings.is_on(*setting)).map(|setting| setting.label()).collect()
}

/// Those of a page of the store of whom something may be shown.
pub(super) fn visible(page: ConsentedPage, user: &InstitutionUser, site: &Site) -> Vec<Consented> {
    let now = site.clock.now();
    let ConsentedPage { settings, people, .. } = page;
    let of = |person| Consented::of(person, &settings, &user.institution_code, now);
    people.into_iter().filter_map(of).collect()
}

struct Found {
    settings: FacilitySettings,
    people: Option<Vec<Consented>>,
    number: u32,
    next: Option<u32>,
}

fn show(
    (site, user): (&Site, &InstitutionUser),
    status: StatusCode,
    (typed, errors): (ConsentSearchForm, Option<FieldErrors>),
    found: Found,
) -> Response {
    let data = FormData::from(vec![
        ("care_form".to_owned(), typed.care_form.clone()),
        ("consented_from".to_owned(), typed.consented_from.clone()),
        ("consented_until".to_owned(), typed.consented_until.clone()),
        ("planned_from".to_owned(), typed.planned_from.clone()),
        ("planned_until".to_owned(), typed.planned_until.clone()),
    ]);
    let form = match errors {
        Some(errors) => FormView::faulty(ConsentSearchForm::FIELDS, data, errors),
        None => FormView::filled(ConsentSearchForm::FIELDS, data),
    };
    let page = Page {
        shell: menu::shell(site, TITLE, PATH, user).with_help(HELP),
        form,
        typed,
        off: switched_off(&found.settings),
        people: found.people,
        number: found.number,
        next: found.next,
    };
    render(status, &page)
}

async fn page(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    answer(&site, &user, query).await.unwrap_or_else(|response| response)
}

async fn answer(
    site: &Site,
    user: &InstitutionUser,
    query: Vec<(String, String)>,
) -> Result<Response, Response> {
    user.must(site, ACTION).await?;
    let by_store = |error| refused::by_store(&error);
    let nothing = async || -> Result<Found, Response> {
        let stored = site.store.facility_settings(&user.institution_code).await.map_err(by_store)?;
        Ok(Found { settings: stored.settings, people: None, number: 0, next: None })
    };
    if query.is_empty() {
        let typed = ConsentSearchForm::at_first(site.clock.today());
        return Ok(show((site, user), StatusCode::OK, (typed, None), nothing().await?));
    }
    let data = FormData::from(query);
    let typed = ConsentSearchForm {
        care_form: data.text("care_form"),
        consented_from: data.text("consented_from"),
        consented_until: data.text("consented_until"),
        planned_from: data.text("planned_from"),
        planned_until: data.text("planned_until"),
    };
    let search = match typed.read(site.clock.today()) {
        Ok(search) => search,
        Err(errors) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(show((site, user), status, (typed, Some(errors)), nothing().await?));
        }
    };
    let number = page_number(&data);
    let wanted = ConsentedWanted::Found(search);
    let found =
        site.store.consented_people(&user.institution_code, wanted, number).await.map_err(by_store)?;
    let (settings, more) = (found.settings.clone(), found.more);
    let people = visible(found, user, site);
    looked_at_list(site, user, "search_consented", &people).await?;
    let next = next_page(number, more);
    let found = Found { settings, people: Some(people), number, next };
    Ok(show((site, user), StatusCode::OK, (typed, None), found))
}

/// Which page of a list was asked for; 0 is the first.
pub(super) fn page_number(data: &FormData) -> u32 {
    data.get("page").parse().unwrap_or(0).min(PAGES_MAX - 1)
}

/// The page behind this one.
pub(super) fn next_page(number: u32, more: bool) -> Option<u32> {
    (more && number + 1 < PAGES_MAX).then_some(number + 1)
}
