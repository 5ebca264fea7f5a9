//! 操作履歴: what the institution's own chain of the audit log says, in words, and as CSV.

mod orders;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use eligibility::Instant;
use eligibility::calendar::{end_of_day, start_of_day, tokyo_datetime};
use eligibility::field::FieldErrors;
use eligibility::history::{
    HistoryForm, HistoryKind, HistorySearch, OrderEnd, actor, is_refusal, object, outcome, what,
};
use eligibility::institution_account::InstitutionAction;
use store::audit::{HistoryAsked, HistoryEntry, HistoryPage};

use super::user::InstitutionUser;
use super::{days, menu};
use crate::web::csv::Table;
use crate::web::places::Places;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/history";
/// What it is called.
pub(super) const TITLE: &str = "操作履歴";
const ACTION: InstitutionAction = InstitutionAction::ReadHistory;
/// Entries on one page.
const PAGE: usize = 50;
/// Entries in one file at most.
const EXPORT_MAX: usize = 10_000;
/// Reads for one file at most: each looks through a bounded part of the log.
const EXPORT_READS_MAX: usize = 25;
/// Files that are made at once.
static EXPORTS: LazyLock<Places> = LazyLock::new(|| Places::new(8, 1));

pub(super) fn pages() -> Router {
    Router::new().route("/history", get(page)).route("/history/csv", get(csv))
}

struct Line {
    sequence: i64,
    at: String,
    /// The same for a file.
    in_file: String,
    who: String,
    what: String,
    whom: String,
    outcome: String,
    refused: bool,
    /// At which terminal somebody signed in did it.
    terminal: Option<String>,
}

impl Line {
    /// `end`: what became of an order.
    fn of(entry: &HistoryEntry, end: Option<OrderEnd>) -> Self {
        Self {
            sequence: entry.sequence,
            at: days::second(entry.recorded_at),
            in_file: tokyo_datetime(entry.recorded_at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            who: actor(&entry.actor),
            what: what(&entry.action).to_owned(),
            whom: object(&entry.object),
            outcome: end.map_or_else(|| outcome(&entry.outcome), |end| end.label().to_owned()),
            refused: is_refusal(&entry.outcome),
            terminal: terminal_of(&entry.detail),
        }
    }
}

/// The terminal that a detail names; the role and the route of a refused page stand behind it.
fn terminal_of(detail: &str) -> Option<String> {
    let (_, name) = detail.split_once("terminal=")?;
    let name = [" role=", " route="]
        .iter()
        .fold(name, |name, mark| name.split_once(mark).map_or(name, |(name, _)| name));
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

#[derive(Template)]
#[template(path = "institution/history.html")]
struct Page {
    shell: Shell,
    form: FormView,
    kinds: Vec<(&'static str, &'static str)>,
    outcomes: &'static [(&'static str, &'static str)],
    /// What was searched for, to hand it on.
    typed: HistoryForm,
    lines: Vec<Line>,
    /// Whether something was searched.
    searched: bool,
    next: Option<i64>,
    too_many: bool,
}

fn show(
    (site, user): (&Site, &InstitutionUser),
    status: StatusCode,
    (typed, errors): (HistoryForm, Option<FieldErrors>),
    found: Option<(HistoryPage, Ends)>,
    too_many: bool,
) -> Response {
    let data = FormData::from(vec![
        ("from".to_owned(), typed.from.clone()),
        ("until".to_owned(), typed.until.clone()),
        ("who".to_owned(), typed.who.clone()),
        ("kind".to_owned(), typed.kind.clone()),
        ("outcome".to_owned(), typed.outcome.clone()),
    ]);
    let form = match errors {
        Some(errors) => FormView::faulty(HistoryForm::FIELDS, data, errors),
        None => FormView::filled(HistoryForm::FIELDS, data),
    };
    let kinds = HistoryKind::ALL.iter().map(|kind| (kind.name(), kind.label()));
    let searched = found.is_some();
    let (found, ends) = found.unwrap_or_default();
    let page = Page {
        shell: menu::shell(site, TITLE, PATH, user).with_help("/help/history"),
        form,
        kinds: std::iter::once(("", "すべて")).chain(kinds).collect(),
        outcomes: HistoryForm::OUTCOMES,
        typed,
        lines: lines(&found.entries, &ends),
        searched,
        next: found.next,
        too_many,
    };
    render(status, &page)
}

/// What became of orders, by their sequence.
type Ends = BTreeMap<i64, OrderEnd>;

fn lines(entries: &[HistoryEntry], ends: &Ends) -> Vec<Line> {
    entries.iter().map(|entry| Line::of(entry, ends.get(&entry.sequence).copied())).collect()
}

/// What was typed; the last days when the page is opened without a search.
fn typed(query: Vec<(String, String)>, site: &Site) -> (HistoryForm, Option<i64>) {
    if query.is_empty() {
        return (HistoryForm::at_first(site.clock.today()), None);
    }
    let data = FormData::from(query);
    let typed = HistoryForm {
        from: data.text("from"),
        until: data.text("until"),
        who: data.text("who"),
        kind: data.text("kind"),
        outcome: data.text("outcome"),
    };
    (typed, data.get("before").parse().ok())
}

fn asked(user: &InstitutionUser, search: &HistorySearch, before: Option<i64>, limit: usize) -> HistoryAsked {
    HistoryAsked {
        institution_code: user.institution_code.clone(),
        from: start_of_day(search.from),
        until: end_of_day(search.until),
        before,
        limit,
    }
}

async fn read(site: &Site, search: &HistorySearch, asked: &HistoryAsked) -> Result<HistoryPage, Response> {
    let fits = |entry: &HistoryEntry| search.fits(&entry.actor, &entry.action, &entry.outcome);
    site.store.audit_history(asked, fits).await.map_err(|error| refused::by_store(&error))
}

async fn page(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let (typed, before) = typed(query, &site);
    let search = match typed.read(site.clock.today()) {
        Ok(search) => search,
        Err(errors) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return show((&site, &user), status, (typed, Some(errors)), None, false);
        }
    };
    let found = match read(&site, &search, &asked(&user, &search, before, PAGE)).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    match orders::ends(&site, &user, &found.entries).await {
        Ok(ends) => show((&site, &user), StatusCode::OK, (typed, None), Some((found, ends)), false),
        Err(response) => response,
    }
}

async fn csv(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    match export(&site, &user, query).await {
        Ok(response) | Err(response) => response,
    }
}

/// The file; that it was made is on the record before it leaves.
async fn export(
    site: &Site,
    user: &InstitutionUser,
    query: Vec<(String, String)>,
) -> Result<Response, Response> {
    user.must(site, ACTION).await?;
    let (typed, _) = typed(query, site);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let search = match typed.read(site.clock.today()) {
        Ok(search) => search,
        Err(errors) => return Ok(show((site, user), status, (typed, Some(errors)), None, false)),
    };
    let place = EXPORTS.enter(user.institution_code.as_str());
    let Some(_place) = place else { return Err(refused::busy()) };
    let Some(entries) = everything(site, user, &search).await? else {
        return Ok(show((site, user), status, (typed, None), None, true));
    };
    let ends = orders::ends(site, user, &entries).await?;
    let mut event = user.event("history.export", "-", "done");
    event.detail =
        format!("from={} until={} entries={} {}", search.from, search.until, entries.len(), event.detail);
    let now = site.clock.now();
    let recorded = site.store.record_looked(&user.institution_code, event, now).await;
    recorded.map_err(|error| refused::by_store(&error))?;
    Ok(file(lines(&entries, &ends), now))
}

/// Everything that fits; `None` when it is too much for one file.
async fn everything(
    site: &Site,
    user: &InstitutionUser,
    search: &HistorySearch,
) -> Result<Option<Vec<HistoryEntry>>, Response> {
    let (mut entries, mut before) = (Vec::new(), None);
    for _ in 0..EXPORT_READS_MAX {
        let wanted = EXPORT_MAX + 1 - entries.len();
        let found = read(site, search, &asked(user, search, before, wanted)).await?;
        entries.extend(found.entries);
        if entries.len() > EXPORT_MAX {
            return Ok(None);
        }
        match found.next {
            Some(next) => before = Some(next),
            None => return Ok(Some(entries)),
        }
    }
    Ok(None)
}

fn file(lines: Vec<Line>, now: Instant) -> Response {
    let mut table = Table::new(&["記録番号", "日時", "操作した人", "操作", "対象", "結果"]);
    for line in lines {
        table.line([line.sequence.to_string(), line.in_file, line.who, line.what, line.whom, line.outcome]);
    }
    let name = tokyo_datetime(now).strftime("attachment; filename=\"history-%Y%m%d-%H%M%S.csv\"").to_string();
    let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    let mut response = (kind, table.into_text()).into_response();
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}
