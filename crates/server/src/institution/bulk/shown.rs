//! How files stand, and their results as files.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use axum::response::Response;
use eligibility::Instant;
use eligibility::bulk::{BulkKind, BulkState, RESULTS_KEPT_MS, ReceptionNumber};
use eligibility::calendar::tokyo_second;
use eligibility::codes::{CharacterCode, ResultSegment};
use eligibility::institution_account::InstitutionAction;
use store::BulkJob;
use wire::message::{BulkAnswer, BulkAnswerBody, BulkAnswerHeader, Layout, write_bulk_answer};

use super::table;
use crate::bulk::desk::{self, Terms};
use crate::institution::days::{self, moment};
use crate::institution::menu;
use crate::institution::user::InstitutionUser;
use crate::terminal_api::Api;
use crate::terminal_api::answer::Asker;
use crate::terminal_api::refusal::Refusal;
use crate::web::signed_in::OnSite;
use crate::web::{Shell, Site, refused, render};

/// Seconds between two looks at a file that is worked on.
const REFRESH_S: &str = "3";

/// One of the two screens.
pub(super) struct Place {
    pub(super) path: &'static str,
    pub(super) title: &'static str,
    pub(super) help: &'static str,
    pub(super) action: InstitutionAction,
}

/// How a result is wanted.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    encoding: String,
    /// `csv`, or the message that a receipt computer would get.
    #[serde(default)]
    format: String,
}

impl Wanted {
    fn encoding(&self) -> CharacterCode {
        if self.encoding == "shift_jis" { CharacterCode::ShiftJis } else { CharacterCode::Utf8 }
    }

    fn is_table(&self) -> bool {
        self.format == "csv"
    }
}

/// A file as the pages show it.
pub(super) struct Line {
    pub(super) number: String,
    pub(super) kind: &'static str,
    pub(super) received: String,
    pub(super) subject: String,
    pub(super) by: String,
    pub(super) state: &'static str,
    pub(super) tag: &'static str,
    pub(super) done: u32,
    pub(super) rows: u32,
    pub(super) normal: u32,
    pub(super) errors: u32,
    pub(super) percent: u32,
    pub(super) is_done: bool,
    pub(super) is_open: bool,
    pub(super) failed: bool,
    pub(super) kept_until: String,
}

impl Line {
    fn of(job: &BulkJob) -> Self {
        let done = job.normal + job.errors;
        let day = Terms::of(job).day;
        let subject = match (job.kind, day) {
            (BulkKind::Eligibility, Some(day)) => format!("資格確認日 {}", days::day(day)),
            (BulkKind::EntrustedEligibility, Some(month)) => format!("診療年月 {}", days::month(month)),
            _ => String::new(),
        };
        let tag = match job.state {
            BulkState::Received => "none",
            BulkState::Processing => "care",
            BulkState::Done => "go",
            BulkState::Failed => "stop",
        };
        let whole = u64::from(job.rows.max(1));
        let is_done = job.state == BulkState::Done;
        let percent = if is_done { 100 } else { u64::from(done) * 100 / whole };
        Self {
            number: job.reception_number.as_str().to_owned(),
            kind: job.kind.label(),
            received: moment(job.received_at),
            subject,
            by: who(&job.actor),
            state: job.state.label(),
            tag,
            done,
            rows: job.rows,
            normal: job.normal,
            errors: job.errors,
            percent: u32::try_from(percent.min(100)).unwrap_or(100),
            is_done,
            is_open: !job.state.is_over(),
            failed: job.state == BulkState::Failed,
            kept_until: moment(Instant(job.received_at.0.saturating_add(RESULTS_KEPT_MS))),
        }
    }
}

/// Who handed it in, in words.
fn who(actor: &str) -> String {
    match actor.split_once(':') {
        Some(("account", rest)) => rest.rsplit(':').next().unwrap_or(rest).to_owned(),
        Some(("terminal", name)) => format!("端末 {name}"),
        _ => actor.to_owned(),
    }
}

/// The institution's files of some kinds, the newest first.
pub(super) async fn files(
    api: &Api,
    user: &InstitutionUser,
    of: impl Fn(BulkKind) -> bool,
) -> store::Result<Vec<Line>> {
    let after = Instant(api.clock.now().0.saturating_sub(RESULTS_KEPT_MS));
    let jobs = api.store.bulk_jobs(&user.institution_code, after).await?;
    Ok(jobs.iter().filter(|job| of(job.kind)).map(Line::of).collect())
}

#[derive(Template)]
#[template(path = "institution/bulk_file.html")]
struct FilePage {
    shell: Shell,
    path: &'static str,
    file: Line,
}

/// A file that is the institution's and this screen's, and who opens it: how both pages of a file open.
pub(super) struct Opened {
    place: &'static Place,
    site: Arc<Site>,
    api: Arc<Api>,
    user: InstitutionUser,
    job: BulkJob,
}

impl<S: Send + Sync> FromRequestParts<S> for Opened {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let user = InstitutionUser::from_request_parts(parts, state).await?;
        let OnSite(site) = OnSite::from_request_parts(parts, state).await?;
        let place = parts.extensions.get::<&'static Place>().copied().ok_or_else(refused::broken)?;
        let api = parts.extensions.get::<Arc<Api>>().cloned().ok_or_else(refused::broken)?;
        user.must(&site, place.action).await?;
        let reception = Path::<String>::from_request_parts(parts, state).await;
        let Path(reception) = reception.map_err(|_| refused::not_there())?;
        let entrusted = place.action == InstitutionAction::EntrustedEligibility;
        let found = match ReceptionNumber::parse(&reception) {
            Ok(number) => desk::job(&api, &user.institution_code, &number).await.map_err(failed)?,
            Err(_) => None,
        };
        match found.filter(|job| (job.kind == BulkKind::EntrustedEligibility) == entrusted) {
            Some(job) => Ok(Self { place, site, api, user, job }),
            None => Err(user.not_there(&site, place.action, &named(&reception)).await),
        }
    }
}

/// A file that was asked for, as the audit log names it.
fn named(reception: &str) -> String {
    format!("bulk:{}", short(reception))
}

/// What was asked for, short enough for the audit log.
fn short(reception: &str) -> String {
    reception.chars().filter(char::is_ascii_alphanumeric).take(32).collect()
}

fn failed(_: Refusal) -> Response {
    refused::busy()
}

/// The page of one file.
pub(super) async fn file(Opened { place, site, user, job, .. }: Opened) -> Response {
    let mut shell = menu::shell(&site, place.title, place.path, &user);
    shell.help = Some(place.help);
    let file = Line::of(&job);
    let is_open = file.is_open;
    let mut response = render(StatusCode::OK, &FilePage { shell, path: place.path, file });
    if is_open {
        // The progress moves without a script; once the file is done, the page stands still.
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static(REFRESH_S));
    }
    response
}

/// The result as the file that a receipt computer would get, or as a table.
pub(super) async fn result(
    Opened { place, site, api, user, job }: Opened,
    Query(wanted): Query<Wanted>,
) -> Response {
    if job.state != BulkState::Done {
        return user.not_there(&site, place.action, &named(job.reception_number.as_str())).await;
    }
    let room = api.bulk.files.enter(user.institution_code.as_str());
    let Some(room) = room else { return refused::busy() };
    let asker = Asker { terminal: &user.terminal, actor: user.actor() };
    let body = match collect(&api, &asker, &job).await {
        Ok(body) => body,
        Err(refusal) => return failed(refusal),
    };
    let (encoding, is_table) = (wanted.encoding(), wanted.is_table());
    let name = format!("OQSmu{}02res_{}", job.kind.function(), job.reception_number.as_str());
    let now = api.clock.now();
    // Writing goes on when nobody waits for it any more, and keeps its room.
    let written = tokio::task::spawn_blocking(move || {
        let _room = room;
        match is_table {
            true => table::write(job.kind, &body, encoding),
            false => write_bulk_answer(answer(&job, body, now), encoding, Layout::Indented).bytes,
        }
    });
    let Ok(bytes) = written.await else { return refused::broken() };
    match (is_table, encoding) {
        (false, _) => attachment("application/xml", &format!("{name}.xml"), bytes),
        (true, CharacterCode::Utf8) => attachment("text/csv; charset=utf-8", &format!("{name}.csv"), bytes),
        (true, CharacterCode::ShiftJis) => {
            attachment("text/csv; charset=shift_jis", &format!("{name}.csv"), bytes)
        }
    }
}

async fn collect(api: &Api, asker: &Asker<'_>, job: &BulkJob) -> Result<BulkAnswerBody, Refusal> {
    desk::fetched(api, asker, job).await?;
    let (mut whole, mut next) = desk::page(api, job, 0).await?;
    while let Some(from) = next {
        let (page, after) = desk::page(api, job, from).await?;
        whole.units.extend(page.units);
        whole.registrations.extend(page.registrations);
        next = after;
    }
    Ok(whole)
}

fn answer(job: &BulkJob, body: BulkAnswerBody, now: Instant) -> BulkAnswer {
    let terms = Terms::of(job);
    let header = BulkAnswerHeader {
        process_execution_time: tokyo_second(now),
        qualification_confirmation_date: terms.day.filter(|_| job.kind == BulkKind::Eligibility),
        medical_institution_code: job.institution_code.clone(),
        arbitrary_file_identifier: terms.file_identifier,
        reception_number: Some(job.reception_number.as_str().to_owned()),
        segment_of_result: ResultSegment::Done.into(),
        error_code: None,
        error_message: None,
        number_of_processing_result: Some(job.normal + job.errors),
        number_of_normal_processing: Some(job.normal),
        number_of_error: Some(job.errors),
        character_code_identifier: CharacterCode::Utf8.into(),
    };
    BulkAnswer { header, body: Some(body) }
}

fn attachment(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
