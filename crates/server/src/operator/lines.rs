//! 回線: which addresses an お客さまID has, as the carrier notified them. Who keeps the lines enters and withdraws
//! prefixes and ends sessions; everybody of the operator sees them.

use std::net::IpAddr;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use eligibility::{
    Instant,
    account::OperatorAction,
    institution::InstitutionCode,
    line::{AddressPrefix, LinePrefixForm, SessionEndReason},
};
use serde::Deserialize;
use store::{LINES_PAGE_LIMIT, LineRecord, PrefixChange, PrefixNotice};

use super::{acting, shell};
use crate::portal::applications::summary;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, OperatorUser, Shell, Site, refused, render, see};

const PATH: &str = "/lines";
const TITLE: &str = "回線";
/// Characters of a search at most.
const FIND_CHARS_MAX: usize = 60;

/// The routes.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/lines", get(page))
        .route("/lines/{institution}", get(one))
        .route("/lines/{institution}/prefixes", post(add))
        .route("/lines/{institution}/prefixes/withdraw", post(withdraw))
        .route("/lines/{institution}/sessions/end", post(end))
}

/// A prefix with its session.
struct Prefix {
    text: String,
    session: String,
    live: bool,
}

/// A line as the list and its page show it.
struct View {
    institution: String,
    name: Option<String>,
    circuit: &'static str,
    customer_id: String,
    prefixes: Vec<Prefix>,
    stopped: Option<String>,
    live: usize,
}

fn session_of(line: &LineRecord, prefix: AddressPrefix, now: Instant) -> (String, bool) {
    if !line.circuit.needs_line_authentication() {
        return ("回線認証は不要".to_owned(), false);
    }
    let Some(session) = line.sessions.iter().find(|session| session.prefix == prefix) else {
        return ("未接続".to_owned(), false);
    };
    match session.end {
        Some(end) => {
            let why = match end.reason {
                SessionEndReason::Declined => "「希望しない」が選ばれました",
                SessionEndReason::PrefixChanged => "アドレスが変わりました",
                SessionEndReason::CustomerIdChanged => "お客さまIDが変わりました",
                SessionEndReason::Operator => "運営者が切断しました",
            };
            (format!("切断（{}、{why}）", summary::moment(end.at)), false)
        }
        None if session.is_live(now) => {
            (format!("接続済み（{}から）", summary::moment(session.started_at)), true)
        }
        None => ("期限切れ".to_owned(), false),
    }
}

impl View {
    fn of(line: &LineRecord, name: Option<String>, now: Instant) -> Self {
        let prefixes: Vec<Prefix> = line
            .prefixes
            .iter()
            .map(|prefix| {
                let (session, live) = session_of(line, *prefix, now);
                Prefix { text: prefix.to_string(), session, live }
            })
            .collect();
        Self {
            institution: line.institution_code.to_string(),
            name,
            circuit: line.circuit.label(),
            customer_id: line.customer_id.as_ref().map_or_else(|| "—".to_owned(), ToString::to_string),
            live: prefixes.iter().filter(|one| one.live).count(),
            prefixes,
            stopped: line.stopped_at.map(summary::moment),
        }
    }
}

#[derive(Template)]
#[template(path = "operator/lines.html")]
struct ListPage {
    shell: Shell,
    find: String,
    lines: Vec<View>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "operator/line.html")]
struct OnePage {
    shell: Shell,
    code: String,
    /// `None` for an institution of the register that no line was registered for.
    line: Option<View>,
    form: FormView,
    may_act: bool,
    done: Option<String>,
    told: Option<String>,
}

/// What an address says.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    find: String,
    #[serde(default)]
    after: Option<String>,
}

/// The lines that a search finds: an address leads to the line it belongs to.
async fn found(site: &Site, find: &str, after: Option<&InstitutionCode>) -> store::Result<Vec<LineRecord>> {
    if let Ok(address) = find.parse::<IpAddr>() {
        return Ok(site.store.line_at(address).await?.into_iter().collect());
    }
    site.store.lines(&find.to_uppercase(), after, LINES_PAGE_LIMIT).await
}

async fn name(site: &Site, code: &InstitutionCode) -> store::Result<Option<String>> {
    Ok(site.store.institution(code).await?.map(|one| one.name))
}

/// The list.
async fn page(OnSite(site): OnSite, user: OperatorUser, Query(asked): Query<Asked>) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ReadRegister).await {
        return refused;
    }
    let find: String = asked.find.trim().chars().take(FIND_CHARS_MAX).collect();
    let after = asked.after.as_deref().and_then(|text| InstitutionCode::parse(text).ok());
    let records = match found(&site, &find, after.as_ref()).await {
        Ok(records) => records,
        Err(error) => return refused::by_store(&error),
    };
    let full = u32::try_from(records.len()).is_ok_and(|count| count == LINES_PAGE_LIMIT);
    let next = records.last().filter(|_| full).map(|last| last.institution_code.to_string());
    let (now, mut lines) = (site.clock.now(), Vec::with_capacity(records.len()));
    for record in &records {
        match name(&site, &record.institution_code).await {
            Ok(name) => lines.push(View::of(record, name, now)),
            Err(error) => return refused::by_store(&error),
        }
    }
    let shell = shell(&site, TITLE, PATH, &user);
    render(StatusCode::OK, &ListPage { shell, find, lines, next })
}

/// What the page of a line says above it, and its form.
#[derive(Default)]
struct Said {
    done: Option<String>,
    told: Option<String>,
    form: Option<FormView>,
}

async fn write(site: &Site, user: &OperatorUser, code: &InstitutionCode, said: Said) -> Response {
    let (line, name) = match (site.store.line_of(code).await, name(site, code).await) {
        (Ok(None), Ok(None)) => return refused::not_there(),
        (Ok(line), Ok(name)) => (line, name),
        (Err(error), _) | (_, Err(error)) => return refused::by_store(&error),
    };
    let wrong = said.told.is_some() || said.form.is_some();
    let page = OnePage {
        shell: shell(site, format!("回線（{code}）"), PATH, user),
        code: code.to_string(),
        line: line.map(|line| View::of(&line, name, site.clock.now())),
        form: said.form.unwrap_or_else(|| FormView::new(LinePrefixForm::FIELDS)),
        may_act: user.role.may(OperatorAction::ManageLines),
        done: said.done,
        told: said.told,
    };
    render(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: Option<String>,
    #[serde(default)]
    ended: Option<u32>,
}

/// One line.
async fn one(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    Query(asked): Query<Done>,
) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ReadRegister).await {
        return refused;
    }
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    let ended = match asked.ended {
        Some(ended) if ended > 0 => format!("接続中だった回線認証 {ended}件を切断しました。"),
        _ => String::new(),
    };
    let done = asked.done.as_deref().and_then(|done| match done {
        "add" => Some(format!("アドレス範囲を追加しました。{ended}")),
        "withdraw" => Some(format!("アドレス範囲を取り消しました。{ended}")),
        "end" if ended.is_empty() => Some("接続中の回線認証はありませんでした。".to_owned()),
        "end" => Some(ended.clone()),
        _ => None,
    });
    write(&site, &user, &code, Said { done, ..Said::default() }).await
}

/// アドレス範囲を追加する.
async fn add(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    form: FormData,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageLines).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    match (LinePrefixForm { prefixes: form.text("prefixes") }).read() {
        Ok(prefixes) => {
            let change = PrefixChange::Add(prefixes);
            change_prefixes(&site, &user, &code, (change, "add"), &by.account, form).await
        }
        Err(errors) => {
            let form = Some(FormView::faulty(LinePrefixForm::FIELDS, form, errors));
            write(&site, &user, &code, Said { form, ..Said::default() }).await
        }
    }
}

/// 取り消す.
async fn withdraw(
    OnSite(site): OnSite,
    user: OperatorUser,
    Path(institution): Path<String>,
    form: FormData,
) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageLines).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    let Ok(prefix) = AddressPrefix::parse(form.get("prefix")) else { return refused::incomplete() };
    let change = PrefixChange::Withdraw(vec![prefix]);
    change_prefixes(&site, &user, &code, (change, "withdraw"), &by.account, form).await
}

async fn change_prefixes(
    site: &Site,
    user: &OperatorUser,
    code: &InstitutionCode,
    (change, what): (PrefixChange, &str),
    by: &str,
    form: FormData,
) -> Response {
    let actor = format!("operator:{by}");
    let told = match site.store.change_line_prefixes(code, change, &actor, site.clock.now()).await {
        Ok(PrefixNotice::Done { ended }) => {
            return see(&format!("{PATH}/{code}?done={what}&ended={ended}"));
        }
        Ok(PrefixNotice::Overlap { prefix, other }) => {
            format!(
                "{prefix} は、{}の範囲と重なっています。何も変更していません。通知書の記載を確認してください。",
                whose(&other)
            )
        }
        Ok(PrefixNotice::UnknownPrefix { prefix }) => {
            format!("{prefix} は、この回線に登録されていません。すでに取り消されています。")
        }
        Ok(PrefixNotice::UnknownLine | PrefixNotice::UnknownCustomerId) => {
            "この医療機関の回線は停止されています。「オンライン資格確認利用開始・変更申請」が承認されると登録できます。".to_owned()
        }
        Err(store::Error::Refused { .. }) => {
            format!("1つの回線に登録できるアドレス範囲は{}件までです。", store::LINE_PREFIXES_MAX)
        }
        Err(error) => return refused::by_store(&error),
    };
    let form = (what == "add").then(|| FormView::filled(LinePrefixForm::FIELDS, form));
    write(site, user, code, Said { told: Some(told), form, ..Said::default() }).await
}

/// The name of another line.
fn whose(line_key: &str) -> String {
    match line_key.strip_prefix("institution:") {
        Some(code) => format!("医療機関コード {code} の回線"),
        None => format!("お客さまID {line_key}"),
    }
}

/// 回線認証を切断する.
async fn end(OnSite(site): OnSite, user: OperatorUser, Path(institution): Path<String>) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageLines).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Ok(code) = InstitutionCode::parse(&institution) else { return refused::not_there() };
    let actor = format!("operator:{}", by.account);
    match site.store.end_line_sessions(&code, &actor, site.clock.now()).await {
        Ok(ended) => see(&format!("{PATH}/{code}?done=end&ended={ended}")),
        Err(error) => refused::by_store(&error),
    }
}
