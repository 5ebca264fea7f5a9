//! Takes files, says how they stand, gives their answers.

use eligibility::bulk::{self, BulkKind, BulkState, ReceptionNumber};
use eligibility::calendar::tokyo_date;
use eligibility::errors::ErrorCode;
use eligibility::institution::InstitutionCode;
use eligibility::{Date, Instant};
use serde::{Deserialize, Serialize};
use store::audit::AuditEvent;
use store::{BulkJob, BulkSubmitted, NewBulkJob};
use wire::message::BulkAnswerBody;
use wire::terminal_api::{
    BulkResultAnswer, BulkResultRequest, BulkUploadAnswer, BulkUploadRequest, MAX_FILE_IDENTIFIER_CHARS,
    MAX_REQUEST_ID_CHARS,
};

use super::packed::{pack, unpack};
use super::{CHUNK_ROWS, PAGE_CHUNKS};
use crate::terminal_api::Api;
use crate::terminal_api::answer::Asker;
use crate::terminal_api::refusal::Refusal;
use crate::web::places::Place;

/// What a file asks for besides its rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// 資格確認日, or the first day of the 診療年月.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) day: Option<Date>,
    /// 任意のファイル識別子.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file_identifier: Option<String>,
}

impl Terms {
    /// Of a file that was taken.
    pub(crate) fn of(job: &BulkJob) -> Self {
        serde_json::from_str(&job.terms).unwrap_or_default()
    }
}

/// Takes a file. `digest` names everything handed in: the same id with the same file is answered as before. `place`: what
/// it takes while it is looked at, if it has rows.
pub(crate) async fn submit(
    api: &Api,
    asker: &Asker<'_>,
    (digest, place): ([u8; 32], Option<Place>),
    file: BulkUploadRequest,
) -> Result<BulkUploadAnswer, Refusal> {
    let (institution, actor, now) =
        (asker.terminal.institution_code.clone(), asker.actor.clone(), api.clock.now());
    let job = aside(place, move || made(institution, actor, (digest, file), now)).await?;
    match api.store.submit_bulk(job).await.map_err(|error| Refusal::write_failed(&error))? {
        BulkSubmitted::Received { reception_number, received_at } => {
            api.bulk.came.notify_one();
            Ok(BulkUploadAnswer { reception_number, received_at })
        }
        BulkSubmitted::Conflict => Err(ErrorCode::IdempotencyConflict.into()),
        BulkSubmitted::Refused(code) => Err(code.into()),
    }
}

/// Runs what takes long with a file of ten thousand rows beside the threads that answer the counter. Once begun it runs
/// to its end, whether or not anybody still waits for it, and so long it keeps its place.
///
/// # Errors
/// The work's own, and [`ErrorCode::Internal`] when it panics.
pub(crate) async fn aside<T: Send + 'static, E: From<ErrorCode> + Send + 'static>(
    place: Option<Place>,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    let working = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    working.await.unwrap_or_else(|_| Err(ErrorCode::Internal.into()))
}

/// The file as it is kept, looked at and packed.
fn made(
    institution_code: InstitutionCode,
    actor: String,
    (question_digest, file): ([u8; 32], BulkUploadRequest),
    now: Instant,
) -> Result<NewBulkJob, Refusal> {
    check(&file, now)?;
    let terms = Terms { day: file.day, file_identifier: file.file_identifier };
    let packed = |rows| pack(&rows).ok_or(ErrorCode::Internal);
    let chunks = match file.kind {
        BulkKind::EntrustedEligibility => None,
        _ => Some(file.rows.chunks(CHUNK_ROWS).map(packed).collect::<Result<Vec<_>, _>>()?),
    };
    Ok(NewBulkJob {
        institution_code,
        request_id: file.request_id,
        question_digest,
        kind: file.kind,
        terms: serde_json::to_string(&terms).map_err(|_| ErrorCode::Internal)?,
        actor,
        rows: u32::try_from(file.rows.len()).unwrap_or(u32::MAX),
        chunks,
        received_at: now,
    })
}

fn check(file: &BulkUploadRequest, now: Instant) -> Result<(), Refusal> {
    let id_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let id = &file.request_id;
    if id.is_empty() || id.len() > MAX_REQUEST_ID_CHARS || !id.bytes().all(id_byte) {
        return Err(Refusal::item("request_id"));
    }
    let too_long = |text: &String| text.chars().count() > MAX_FILE_IDENTIFIER_CHARS;
    if file.file_identifier.as_ref().is_some_and(too_long) {
        return Err(Refusal::item("file_identifier"));
    }
    if file.rows.len() > bulk::ROWS_MAX {
        return Err(ErrorCode::BulkTooManyRows.into());
    }
    if !file.rows.iter().all(wire::bulk::BulkRow::is_within_limits) {
        return Err(Refusal::item("rows"));
    }
    let day_is_right = match (file.kind, file.day) {
        (BulkKind::Eligibility, Some(_)) | (BulkKind::ReferenceNumbers, None) => true,
        (BulkKind::EntrustedEligibility, Some(month)) => bulk::is_month_open(month, tokyo_date(now)),
        _ => false,
    };
    if !day_is_right {
        return Err(Refusal::item("day"));
    }
    match file.kind {
        BulkKind::EntrustedEligibility if !file.rows.is_empty() => Err(Refusal::item("rows")),
        BulkKind::Eligibility | BulkKind::ReferenceNumbers if file.rows.is_empty() => {
            Err(Refusal::item("rows"))
        }
        _ => Ok(()),
    }
}

/// A file of the institution that can still be told of.
pub(crate) async fn job(
    api: &Api,
    institution: &InstitutionCode,
    number: &ReceptionNumber,
) -> Result<Option<BulkJob>, Refusal> {
    let found =
        api.store.bulk_job(institution, number).await.map_err(|error| Refusal::read_failed(&error))?;
    let now = api.clock.now();
    Ok(found.filter(|job| !bulk::is_wiped(job.received_at, now)))
}

/// How a file stands, and a page of its answers. That answers were fetched is written down before they leave.
pub(crate) async fn result(
    api: &Api,
    asker: &Asker<'_>,
    asked: &BulkResultRequest,
) -> Result<BulkResultAnswer, Refusal> {
    let institution = &asker.terminal.institution_code;
    let job = job(api, institution, &asked.reception_number).await?;
    let job = job.filter(|job| job.kind == asked.kind).ok_or(ErrorCode::ReceptionUnknown)?;
    let terms = Terms::of(&job);
    let mut answer = BulkResultAnswer {
        state: job.state,
        as_of: terms.day.filter(|_| job.kind == BulkKind::Eligibility),
        file_identifier: terms.file_identifier,
        rows: job.normal + job.errors,
        normal: job.normal,
        errors: job.errors,
        body: None,
        next: None,
    };
    if job.state != BulkState::Done {
        return Ok(answer);
    }
    if asked.from == 0 {
        fetched(api, asker, &job).await?;
    }
    let (body, next) = page(api, &job, asked.from).await?;
    answer.body = Some(body);
    answer.next = next;
    Ok(answer)
}

/// Writes down that a file's answers are fetched.
pub(crate) async fn fetched(api: &Api, asker: &Asker<'_>, job: &BulkJob) -> Result<(), Refusal> {
    let event = AuditEvent {
        actor: asker.actor.clone(),
        action: "bulk.fetch".to_owned(),
        object: format!("bulk:{}", job.reception_number.as_str()),
        outcome: "fetched".to_owned(),
        detail: format!("kind:{}", job.kind.name()),
    };
    let looked = api.store.record_looked(&job.institution_code, event, api.clock.now()).await;
    looked.map_err(|error| Refusal::write_failed(&error))
}

/// A page of a file's answers, and where the next begins.
pub(crate) async fn page(
    api: &Api,
    job: &BulkJob,
    from: u32,
) -> Result<(BulkAnswerBody, Option<u32>), Refusal> {
    let chunks = api.store.bulk_answers(job, from, PAGE_CHUNKS).await;
    let chunks = chunks.map_err(|error| Refusal::read_failed(&error))?;
    let mut body = BulkAnswerBody { units: Vec::new(), registrations: Vec::new() };
    for packed in &chunks {
        let chunk: BulkAnswerBody = unpack(packed).ok_or_else(|| {
            tracing::error!("an answer of a file cannot be unpacked");
            ErrorCode::Internal
        })?;
        body.units.extend(chunk.units);
        body.registrations.extend(chunk.registrations);
    }
    let next = from + PAGE_CHUNKS;
    Ok((body, job.chunks.is_some_and(|all| next < all).then_some(next)))
}
