//! 電子証明書: how it stands, installing, renewing, exporting, checking.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use eligibility::{
    Date,
    calendar::format_japanese,
    retrieval::{RetrievalNumber, RetrievalSecret},
};
use serde::Deserialize;

use super::{
    frame::{CERTIFICATE, Frame, render},
    state::view_here,
    upload,
};
use crate::{
    certificate::{CertificateView, Facts, Fault, Situation},
    gateway::Gateway,
};

/// The answer to "how does it stand", readable from a metre away.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// `go`, `care` or `stop`.
    pub(super) tone: &'static str,
    pub(super) mark: &'static str,
    pub(super) word: String,
}

impl Band {
    pub(super) fn of(view: &CertificateView) -> Self {
        let (tone, mark, word) = match view.situation {
            Situation::None => ("stop", "！", "電子証明書がありません"),
            Situation::Valid => ("go", "✓", "有効"),
            Situation::RenewalOpen => ("care", "！", "有効（更新できます）"),
            Situation::LastDays => ("care", "！", "有効期限が迫っています"),
            Situation::Overlap => ("care", "！", "更新済み（古い電子証明書）"),
            Situation::Expired => ("stop", "×", "有効期限切れ"),
            Situation::Revoked => ("stop", "×", "失効"),
            Situation::Superseded => ("stop", "×", "更新前の古い電子証明書"),
            Situation::WrongInstitution => ("stop", "×", "ほかの医療機関等の電子証明書"),
            Situation::Unknown => ("stop", "×", "使えない電子証明書"),
            Situation::ClockWrong => ("stop", "！", "日付と時刻が合っていません"),
            Situation::LineNotConnected => ("stop", "！", "ネットワークエラー（回線認証）"),
            Situation::CentreUnreachable => ("stop", "！", "ネットワークエラー"),
        };
        Self { tone, mark, word: word.to_owned() }
    }
}

/// The rows of the check in words.
struct Rows {
    institution: String,
    terminal: String,
    issuer: String,
    last_day: String,
    days_left: i32,
    /// Not taken any more, whatever its dates say.
    void: bool,
    /// The centre says that it is over, and the dates here do not.
    in_doubt: bool,
    serial: String,
    uses: &'static str,
}

impl Rows {
    fn of(view: &CertificateView) -> Option<Self> {
        let facts: &Facts = view.facts.as_ref()?;
        let name = view.institution_name.clone().unwrap_or_default();
        let institution = format!("{name} 医療機関コード {}", facts.subject.institution.as_str());
        Some(Self {
            institution: institution.trim().to_owned(),
            terminal: facts.subject.terminal.as_str().to_owned(),
            issuer: facts.issuer.clone(),
            last_day: both_calendars(facts.period.last_day()),
            days_left: view.days_left.unwrap_or_default(),
            void: view.is_void(),
            in_doubt: view.days_in_doubt(),
            serial: grouped(&facts.serial),
            uses: view.uses.map_or("", eligibility::institution_certificate::CertificateUses::label),
        })
    }
}

#[derive(Template)]
#[template(path = "certificate.html")]
struct StatePage {
    frame: Frame,
    band: Band,
    rows: Option<Rows>,
    view: CertificateView,
    /// Renewal can be asked for now.
    may_renew: bool,
    automatic: bool,
    /// Serial number and last day of the one that can be gone back to.
    former: Option<(String, String)>,
    /// 「導入しました」 and the like.
    done: Option<&'static str>,
    fault: Option<Fault>,
}

/// The page of the certificate's state, with what was just done or failed.
pub(super) fn state_page(
    gateway: &Gateway,
    status: StatusCode,
    done: Option<&'static str>,
    fault: Option<Fault>,
) -> Response {
    let view = view_here(gateway);
    let now = eligibility::Instant(crate::clock::now_ms());
    let page = StatePage {
        frame: Frame::new(gateway, "電子証明書", CERTIFICATE),
        band: Band::of(&view),
        rows: Rows::of(&view),
        may_renew: view.may_work() && view.facts.as_ref().is_some_and(|facts| facts.period.may_renew(now)),
        former: gateway
            .care
            .former()
            .map(|facts| (grouped(&facts.serial), both_calendars(facts.period.last_day()))),
        automatic: gateway.care.config().certificate.automatic_renewal,
        view,
        done,
        fault,
    };
    render(status, &page)
}

pub(super) async fn show(State(gateway): State<Arc<Gateway>>) -> Response {
    state_page(&gateway, StatusCode::OK, None, None)
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    frame: Frame,
    number: String,
    /// What is wrong with each field, by itself.
    number_fault: Option<Fault>,
    secret_fault: Option<Fault>,
    fault: Option<Fault>,
}

/// What is typed from the letter.
#[derive(Deserialize)]
pub(super) struct Letter {
    #[serde(default)]
    number: String,
    #[serde(default)]
    secret: String,
}

fn letter_page(gateway: &Gateway, number: String, fault: Option<Fault>) -> Response {
    let frame = Frame::new(gateway, "通知書から電子証明書を導入", CERTIFICATE);
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = LetterPage { frame, number, number_fault: None, secret_fault: None, fault };
    render(status, &page)
}

/// The page with what cannot be on any letter; `None` when both fields can.
fn mistyped(gateway: &Gateway, letter: &Letter) -> Option<Response> {
    let number_fault = RetrievalNumber::parse(&letter.number).err().map(Fault::Mistyped);
    let secret_fault = RetrievalSecret::parse(&letter.secret).err().map(Fault::Mistyped);
    if number_fault.is_none() && secret_fault.is_none() {
        return None;
    }
    let frame = Frame::new(gateway, "通知書から電子証明書を導入", CERTIFICATE);
    let number = letter.number.clone();
    let page = LetterPage { frame, number, number_fault, secret_fault, fault: None };
    Some(render(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

pub(super) async fn letter(State(gateway): State<Arc<Gateway>>) -> Response {
    letter_page(&gateway, String::new(), None)
}

pub(super) async fn install_letter(
    State(gateway): State<Arc<Gateway>>,
    Form(letter): Form<Letter>,
) -> Response {
    if let Some(page) = mistyped(&gateway, &letter) {
        return page;
    }
    let care = Arc::clone(&gateway.care);
    let number = letter.number.clone();
    // On its own task: it comes to its end even when the browser goes away.
    let work = tokio::spawn(async move { care.install_from_letter(&number, &letter.secret).await });
    match finished(work).await {
        Ok(_) => state_page(&gateway, StatusCode::OK, Some("電子証明書を導入しました。"), None),
        Err(fault) => letter_page(&gateway, letter.number, Some(fault)),
    }
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    frame: Frame,
    fault: Option<Fault>,
}

fn file_page(gateway: &Gateway, fault: Option<Fault>) -> Response {
    let frame = Frame::new(gateway, "ファイルから電子証明書を導入", CERTIFICATE);
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &FilePage { frame, fault })
}

pub(super) async fn file(State(gateway): State<Arc<Gateway>>) -> Response {
    file_page(&gateway, None)
}

pub(super) async fn install_file(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (file, password) = match upload::read(request).await {
        Ok(parts) => parts,
        Err(fault) => return file_page(&gateway, Some(fault)),
    };
    let care = Arc::clone(&gateway.care);
    let work = tokio::spawn(async move { care.install_from_file(file, password).await });
    match finished(work).await {
        Ok(_) => state_page(&gateway, StatusCode::OK, Some("電子証明書を導入しました。"), None),
        Err(fault) => file_page(&gateway, Some(fault)),
    }
}

pub(super) async fn renew(State(gateway): State<Arc<Gateway>>) -> Response {
    let care = Arc::clone(&gateway.care);
    match finished(tokio::spawn(async move { care.renew().await })).await {
        Ok(_) => state_page(&gateway, StatusCode::OK, Some("電子証明書を更新しました。"), None),
        Err(fault) => state_page(&gateway, StatusCode::UNPROCESSABLE_ENTITY, None, Some(fault)),
    }
}

pub(super) async fn roll_back(State(gateway): State<Arc<Gateway>>) -> Response {
    let care = Arc::clone(&gateway.care);
    match finished(tokio::spawn(async move { care.roll_back().await })).await {
        Ok(_) => state_page(&gateway, StatusCode::OK, Some("1つ前の電子証明書に戻しました。"), None),
        Err(fault) => state_page(&gateway, StatusCode::UNPROCESSABLE_ENTITY, None, Some(fault)),
    }
}

#[derive(Template)]
#[template(path = "export.html")]
struct ExportPage {
    frame: Frame,
    fault: Option<Fault>,
    /// The file that was written.
    file: Option<String>,
}

/// The password of an export, twice.
#[derive(Deserialize)]
pub(super) struct ExportForm {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

fn export_page(gateway: &Gateway, fault: Option<Fault>, file: Option<String>) -> Response {
    let frame = Frame::new(gateway, "電子証明書のバックアップ", CERTIFICATE);
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &ExportPage { frame, fault, file })
}

pub(super) async fn export(State(gateway): State<Arc<Gateway>>) -> Response {
    export_page(&gateway, None, None)
}

/// Into the terminal's own folder and not to the browser: whoever else uses this machine could ask for it too.
pub(super) async fn write_export(
    State(gateway): State<Arc<Gateway>>,
    Form(form): Form<ExportForm>,
) -> Response {
    if form.password != form.again {
        let fault = Fault::Refused {
            code: String::new(),
            what: "2つのパスワードが一致しません。".into(),
            remedy: "同じパスワードを2回入力してください。".into(),
        };
        return export_page(&gateway, Some(fault), None);
    }
    match gateway.care.export_to_folder(form.password).await {
        Ok(file) => export_page(&gateway, None, Some(file.display().to_string())),
        Err(fault) => export_page(&gateway, Some(fault), None),
    }
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    frame: Frame,
    rows: Option<Rows>,
    /// Whether the key was made here: no certificate manager shows it then.
    made_here: bool,
}

pub(super) async fn check(State(gateway): State<Arc<Gateway>>) -> Response {
    let frame = Frame::new(&gateway, "電子証明書の確認方法", "/terminal/certificate/check");
    let view = gateway.care.view();
    let made_here = view.facts.as_ref().is_some_and(|facts| facts.made_here);
    render(StatusCode::OK, &CheckPage { frame, rows: Rows::of(&view), made_here })
}

async fn finished(work: tokio::task::JoinHandle<Result<Facts, Fault>>) -> Result<Facts, Fault> {
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "work on the certificate panicked");
        Err(Fault::Storage(error.to_string()))
    })
}

/// 和暦 with 西暦 beside it.
fn both_calendars(date: Date) -> String {
    format!("{}（{}年{}月{}日）", format_japanese(date), date.year(), date.month(), date.day())
}

/// Serial numbers are compared by eye: in groups of four, as browsers show them.
fn grouped(serial: &str) -> String {
    let letters: Vec<char> = serial.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
