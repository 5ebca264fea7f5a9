//! The demo's landing page: every address, every person, and buttons that make real checks.
//!
//! Plain forms, no script. Only this machine's own browser is served, and a form is accepted only from
//! this page (`Origin`), under this machine's own name (`Host`), so no other page can press its buttons.

pub(crate) mod catalogue;
mod forms;
pub(crate) mod guard;
mod joining;
mod reader;
pub(crate) mod recent;
mod renewal;
pub(crate) mod view;

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;

use crate::demo::{institution_accounts::ACCOUNTS, outcome::Refusal, system::System};
use forms::{CardForm, NumberForm, SituationForm, UnlockForm};
use recent::Results;
use view::{Back, Landing, Problem, ResultPage};

/// Longest form accepted, bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;
/// No script, no foreign source, no frame, forms to ourselves only.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What the handlers share.
pub(crate) struct Pages {
    system: Arc<System>,
    results: Results,
}

/// Serves the pages until the listener is closed with the process.
pub(crate) async fn serve(listener: TcpListener, system: Arc<System>) -> std::io::Result<()> {
    let own = guard::Own::of(listener.local_addr()?);
    let pages = Arc::new(Pages { system, results: Results::default() });
    let guided = Router::new()
        .route("/first-day", get(joining::first_day))
        .route("/mailbox", get(joining::mailbox))
        .route_layer(middleware::from_fn(guard::under_the_sites_name));
    let router = Router::new()
        .route("/", get(landing))
        .route("/checks/card", post(check_card))
        .route("/checks/number", post(check_number))
        .route("/situations", post(bring_about))
        .route(reader::PATH, get(reader::show))
        .route("/reader/put", post(reader::put))
        .route("/reader/take", post(reader::take))
        .route("/cards/unlock", post(unlock))
        .route("/cards/{persona}", get(visit))
        .route("/catalogue", get(list))
        .route("/results/{number}", get(result))
        .merge(guided)
        .route("/post/{id}/letter.pdf", get(joining::letter))
        .route(renewal::PATH, get(renewal::page).post(renewal::give))
        .route("/style.css", get(style))
        .route(server::web::style::ICON, get(icon))
        .fallback(unknown)
        .method_not_allowed_fallback(no_form)
        .with_state(pages)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::from_fn_with_state(own, guard::only_ourselves))
        .layer(middleware::map_response(with_headers));
    axum::serve(listener, router).await
}

async fn landing(State(pages): State<Arc<Pages>>) -> Response {
    let system = &pages.system;
    let page = Landing {
        lamps: system.lamps().await,
        recent: pages.results.newest(),
        gateway: system.gateway(),
        accounts: &ACCOUNTS,
        patient: system.people().first().and_then(|person| person.number_query()),
        groups: system.groups(),
        catalogue: system.catalogue(),
        tables: system.tables(),
        recipe: system.recipe(),
        audit_recipe: system.audit_recipe(),
    };
    render(StatusCode::OK, &page)
}

/// Every error and every state.
async fn list(State(pages): State<Arc<Pages>>) -> Response {
    render(StatusCode::OK, pages.system.catalogue())
}

/// The choices of one person at the reader.
async fn visit(
    State(pages): State<Arc<Pages>>,
    Path(persona): Path<String>,
    Query(at): Query<forms::At>,
) -> Response {
    match pages.system.people().iter().find(|person| person.id == persona && person.card.is_some()) {
        Some(person) => render(StatusCode::OK, &forms::visit_page(person, at.counter)),
        None => unknown().await,
    }
}

async fn check_card(State(pages): State<Arc<Pages>>, Form(form): Form<CardForm>) -> Response {
    let done = pages.system.check_card(&form.persona, &form.visit()).await;
    let back = back(&form.persona, form.from.as_deref());
    let page = done.map(|outcome| outcome.page(back.clone()));
    shown(&pages, &form.persona, back, page)
}

async fn check_number(State(pages): State<Arc<Pages>>, Form(form): Form<NumberForm>) -> Response {
    let done = pages.system.check_number(&form.persona, Some(form.ask)).await;
    let back = back(&form.persona, form.from.as_deref());
    let page = done.map(|outcome| outcome.page(back.clone()));
    shown(&pages, &form.persona, back, page)
}

async fn bring_about(State(pages): State<Arc<Pages>>, Form(form): Form<SituationForm>) -> Response {
    let done = pages.system.bring_about(form.situation).await;
    let back = Back::catalogue(form.situation.told().code.code());
    shown(&pages, "", back, done.map_err(|error| Refusal::broken(&error)))
}

/// The municipality's counter, for a card of the demo.
async fn unlock(State(pages): State<Arc<Pages>>, Form(form): Form<UnlockForm>) -> Response {
    let done = pages.system.unlock(&form.persona).await;
    let page = done.map(|(person, tries)| forms::unlocked_page(person, tries));
    shown(&pages, &form.persona, Back::person(&form.persona), page)
}

/// Where the button stood.
fn back(persona: &str, from: Option<&str>) -> Back {
    let plain = |place: &&str| place.bytes().all(|byte| byte.is_ascii_alphanumeric());
    from.filter(plain).map_or_else(|| Back::person(persona), Back::catalogue)
}

/// Keeps the result and sends the browser to it, so that reloading the page does not check again.
fn shown(pages: &Pages, persona: &str, back: Back, done: Result<ResultPage, Refusal>) -> Response {
    match done {
        Ok(page) => Redirect::to(&format!("/results/{}", pages.results.keep(page))).into_response(),
        Err(refusal) => {
            let person = pages.system.people().iter().find(|person| person.id == persona);
            let back = if person.is_none() && !persona.is_empty() { Back::start() } else { back };
            render(StatusCode::UNPROCESSABLE_ENTITY, &refusal.page(person, back))
        }
    }
}

async fn result(State(pages): State<Arc<Pages>>, Path(number): Path<u64>) -> Response {
    match pages.results.find(number) {
        Some(page) => render(StatusCode::OK, &page),
        None => unknown().await,
    }
}

async fn style() -> Response {
    const CSS: &str = include_str!("../../../templates/style.css");
    let whole = [server::web::style::FOUNDATION_CSS, CSS].concat();
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], whole).into_response()
}

async fn icon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], server::web::style::ICON_SVG).into_response()
}

/// A page that was the answer to a form was loaded again: there is nothing to show, the form is on the first page.
async fn no_form() -> Redirect {
    Redirect::to("/")
}

async fn unknown() -> Response {
    let page = Problem {
        title: "ページがありません".to_owned(),
        back: Back::start(),
        unlock: None,
        cause: "このページはありません".to_owned(),
        remedy: "古い結果は、デモを起動し直すと消えます。はじめのページから、もう一度お試しください。"
            .to_owned(),
        rows: Vec::new(),
    };
    render(StatusCode::NOT_FOUND, &page)
}

/// Something of the demo itself is broken.
fn broken(error: &anyhow::Error) -> Response {
    render(StatusCode::INTERNAL_SERVER_ERROR, &Refusal::broken(error).page(None, Back::start()))
}

fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
