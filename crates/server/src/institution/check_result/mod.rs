//! 資格確認結果: the answer to a check on the web, for the institution that asked and nobody else.
//!
//! * [`sheet`]: what the page shows, in the order of receipt computers;
//! * [`shown`]: an answer as [`visit_changes`](eligibility::visit_changes) compares it;
//! * [`table`]: the same as CSV;
//! * [`receipt_code`]: the signed receipt as a two-dimensional code.
//!
//! Every look is on record before anything is shown.

mod receipt_code;
pub(super) mod sheet;
mod shown;
mod table;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use eligibility::calendar::{DAY_MS, tokyo_date};
use eligibility::codes::{InquiryMethod, Validity};
use eligibility::institution_account::InstitutionAction;
use eligibility::meaning::{Meaning, Tone};
use eligibility::verification::NumberQuery;
use eligibility::visit_changes::{self, Change};
use store::CheckResult;
use wire::message::ResultMessage;
use wire::terminal_api::CheckAnswer;

use super::days::{self, moment};
use super::menu;
use super::number_check::{self, is_request_id};
use super::reference_number;
use super::user::InstitutionUser;
use crate::ops::background::ANSWERS_KEPT_MS;
use crate::terminal_api::kept_answer;
use crate::web::signed_in::OnSite;
use crate::web::{Shell, Site, refused, render};

use sheet::Section;

/// Under which the results are.
const UNDER: &str = "/eligibility/results/";
const TITLE: &str = "資格確認結果";
const HELP: &str = "/help/check-result";
/// For how long a result can be opened again, milliseconds: as long as its receipt can be valid at most. Afterwards what
/// it says is no longer news, and who needs to know asks again.
const SHOWN_MS: i64 = DAY_MS;

/// The page of a result.
pub(super) fn path(request_id: &str) -> String {
    format!("{UNDER}{request_id}")
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/eligibility/results/{id}", get(page))
        .route("/eligibility/results/{id}/print", get(print))
        .route("/eligibility/results/{id}/csv", get(csv))
}

/// A result that may be shown.
pub(super) struct Loaded {
    /// As it was kept.
    pub(super) result: CheckResult,
    message: ResultMessage,
    receipt: String,
    validity: Validity,
}

/// Why there is none.
enum Missing {
    /// Not there, or another institution's.
    NotThere,
    /// It was given too long ago.
    Over,
    /// Something failed; the page that says so.
    Failed(Response),
}

impl Loaded {
    /// 氏名 of the first coverage.
    pub(super) fn name(&self) -> &str {
        self.message.body.results.first().map_or("", |result| result.name.as_str())
    }

    /// What changed since the answer before, and what is to be said of that answer.
    fn since_last_visit(&self) -> Since {
        let days = ANSWERS_KEPT_MS / DAY_MS;
        let Some(earlier) = &self.result.earlier else { return Since::unknown(days) };
        let old = parsed(&earlier.answer).and_then(|answer| shown::answer(&answer.answer));
        let (Some(old), Some(new)) = (old, shown::answer(&self.message)) else { return Since::unknown(days) };
        let how = match earlier.method {
            InquiryMethod::Card => "マイナンバーカード",
            InquiryMethod::Number => "番号",
        };
        let when = format!("{}（{how}で確認）", moment(earlier.recorded_at));
        Since { when: Some(when), changes: visit_changes::changes(&old, &new), days }
    }
}

/// What changed since the last visit.
struct Since {
    /// When it was; `None` when no answer is kept from before.
    when: Option<String>,
    changes: Vec<Change>,
    /// For how many days answers are kept.
    days: i64,
}

impl Since {
    fn unknown(days: i64) -> Self {
        Self { when: None, changes: Vec::new(), days }
    }
}

fn parsed(kept: &[u8]) -> Option<CheckAnswer> {
    let text = kept_answer::unpack(kept)?;
    serde_json::from_str(&text).ok()
}

async fn find(site: &Site, user: &InstitutionUser, id: &str) -> Result<Loaded, Missing> {
    if !is_request_id(id) {
        return Err(Missing::NotThere);
    }
    let found = site.store.check_result(&user.institution_code, id).await;
    let result = found.map_err(|error| Missing::Failed(refused::by_store(&error)))?;
    let result = result.ok_or(Missing::NotThere)?;
    if site.clock.now().0.saturating_sub(result.recorded_at.0) >= SHOWN_MS {
        return Err(Missing::Over);
    }
    let unreadable = || {
        tracing::error!(verification = result.verification_id, "a kept answer cannot be read");
        Missing::Failed(refused::broken())
    };
    let CheckAnswer { answer: message, receipt, .. } = parsed(&result.answer).ok_or_else(unreadable)?;
    let validity = message.body.qualification_validity.as_ref().and_then(|code| code.known());
    let validity = validity.ok_or_else(unreadable)?;
    Ok(Loaded { result, message, receipt, validity })
}

/// A result, once it is on record that it was looked at.
pub(super) async fn load(
    site: &Site,
    user: &InstitutionUser,
    (id, action, seen_as): (&str, InstitutionAction, &str),
) -> Result<Loaded, Response> {
    user.must(site, action).await?;
    let loaded = match find(site, user, id).await {
        Ok(loaded) => loaded,
        Err(Missing::Failed(response)) => return Err(response),
        Err(Missing::Over) => return Err(over(site, user)),
        Err(Missing::NotThere) => {
            return Err(user.not_there(site, action, &format!("check-result:{}", named(id))).await);
        }
    };
    let whom = loaded.result.person_key.as_ref();
    let object = whom.map_or_else(|| "nobody".to_owned(), |key| format!("person:{}", key.0));
    let mut event = user.event("view_check_result", object, "done");
    event.detail = format!("verification:{} as:{seen_as} {}", loaded.result.verification_id, event.detail);
    let recorded = site.store.record_looked(&user.institution_code, event, site.clock.now()).await;
    recorded.map_err(|error| refused::by_store(&error))?;
    Ok(loaded)
}

/// What of an address goes into the log: nothing that anybody could have put there.
fn named(id: &str) -> &str {
    if is_request_id(id) { id } else { "-" }
}

#[derive(Template)]
#[template(path = "institution/result_over.html")]
struct Over {
    shell: Shell,
    error: refused::PageError,
    hours: i64,
    again: &'static str,
}

fn over(site: &Site, user: &InstitutionUser) -> Response {
    let page = Over {
        shell: menu::shell(site, TITLE, number_check::PATH, user).with_help("/help/result-over"),
        error: refused::RESULT_OVER,
        hours: SHOWN_MS / (60 * 60 * 1000),
        again: number_check::PATH,
    };
    render(StatusCode::GONE, &page)
}

/// The question of a result, to correct it.
pub(super) async fn question_of(
    site: &Site,
    user: &InstitutionUser,
    id: &str,
) -> Result<NumberQuery, Response> {
    let loaded = load(site, user, (id, InstitutionAction::CheckByNumber, "correction")).await?;
    shown::question(&loaded.message).ok_or_else(refused::broken)
}

/// What page and print show alike.
struct Told {
    meaning: Meaning,
    tone: &'static str,
    /// 資格確認日.
    as_of: String,
    /// Whether it is another day than the one on which it was asked.
    other_day: bool,
    /// When it was asked.
    at: String,
    sections: Vec<Section>,
    since: Since,
    /// What was asked, for an answer that shows nobody.
    asked: Vec<sheet::Row>,
}

/// The style of a band.
pub(super) const fn tone_name(tone: Tone) -> &'static str {
    match tone {
        Tone::Go => "go",
        Tone::Care => "care",
        Tone::Stop => "stop",
    }
}

fn told(loaded: &Loaded) -> Told {
    let since = loaded.since_last_visit();
    let asked_on = tokyo_date(loaded.result.recorded_at);
    let as_of = loaded.message.header.qualification_confirmation_date.unwrap_or(asked_on);
    let meaning = Meaning::of(loaded.validity);
    Told {
        meaning,
        tone: tone_name(meaning.tone),
        as_of: days::day(as_of),
        other_day: as_of != asked_on,
        at: moment(loaded.result.recorded_at),
        sections: sheet::sections(&loaded.message, as_of, &since.changes),
        since,
        asked: sheet::question(&loaded.message),
    }
}

#[derive(Template)]
#[template(path = "institution/check_result.html")]
struct Page {
    shell: Shell,
    told: Told,
    reference_number: Option<String>,
    /// 照会番号登録, where there is one person to register it for and the account may.
    register: Option<String>,
    /// Whether the number was registered just now.
    registered: bool,
    print: String,
    csv: String,
    /// The form with what was typed, to correct it.
    correct: String,
    again: &'static str,
    receipt: Option<receipt_code::Shown>,
}

#[derive(Debug, Default, serde::Deserialize)]
struct Opened {
    #[serde(default)]
    registered: bool,
}

async fn page(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(id): Path<String>,
    axum::extract::Query(opened): axum::extract::Query<Opened>,
) -> Response {
    let loaded = match load(&site, &user, (&id, InstitutionAction::CheckByNumber, "page")).await {
        Ok(loaded) => loaded,
        Err(response) => return response,
    };
    let may_register = user.role.may(InstitutionAction::RegisterReferenceNumber);
    let mut shell = menu::shell(&site, TITLE, number_check::PATH, &user);
    shell.help = Some(HELP);
    let page = Page {
        shell,
        told: told(&loaded),
        register: (may_register && loaded.result.person_key.is_some()).then(|| reference_number::path(&id)),
        registered: opened.registered && loaded.result.reference_number.is_some(),
        reference_number: loaded.result.reference_number.clone(),
        print: format!("{UNDER}{id}/print"),
        csv: format!("{UNDER}{id}/csv"),
        correct: format!("{}?from={id}", number_check::PATH),
        again: number_check::PATH,
        receipt: receipt_code::shown(&loaded.receipt, site.clock.now()),
    };
    render(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "institution/check_result_print.html")]
struct Print {
    told: Told,
    /// The style that keeps it on one page.
    density: &'static str,
    institution_name: String,
    institution_code: String,
    by: String,
    reference_number: Option<String>,
    receipt: Option<receipt_code::Shown>,
    back: String,
}

async fn print(OnSite(site): OnSite, user: InstitutionUser, Path(id): Path<String>) -> Response {
    let loaded = match load(&site, &user, (&id, InstitutionAction::CheckByNumber, "print")).await {
        Ok(loaded) => loaded,
        Err(response) => return response,
    };
    let institution = match site.store.institution(&user.institution_code).await {
        Ok(institution) => institution,
        Err(error) => return refused::by_store(&error),
    };
    let told = told(&loaded);
    let page = Print {
        density: sheet::density(&told.sections, if told.tone == "go" { &[] } else { told.meaning.steps }),
        told,
        institution_name: institution.map(|institution| institution.name).unwrap_or_default(),
        institution_code: user.institution_code.to_string(),
        by: user.signed_in.session.name.clone(),
        reference_number: loaded.result.reference_number.clone(),
        receipt: receipt_code::shown(&loaded.receipt, site.clock.now()),
        back: path(&id),
    };
    render(StatusCode::OK, &page)
}

async fn csv(OnSite(site): OnSite, user: InstitutionUser, Path(id): Path<String>) -> Response {
    let loaded = match load(&site, &user, (&id, InstitutionAction::CheckByNumber, "csv")).await {
        Ok(loaded) => loaded,
        Err(response) => return response,
    };
    let text = table::write(&loaded.message, loaded.validity, loaded.result.reference_number.as_deref());
    let named = format!(
        "attachment; filename=\"shikaku-{}.csv\"",
        tokyo_date(loaded.result.recorded_at).strftime("%Y%m%d")
    );
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response();
    if let Ok(named) = HeaderValue::from_str(&named) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, named);
    }
    response
}
