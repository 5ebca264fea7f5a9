//! POST /v1/bulk-uploads and /v1/bulk-results: files with many rows, handed in and fetched.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use eligibility::errors::ErrorCode;
use hyper::body::Incoming;
use wire::terminal_api::{
    BULK_RESULTS_PATH, BULK_UPLOADS_PATH, BulkResultRequest, BulkUploadRequest, MAX_BULK_BODY_BYTES,
};

use super::admission::Admission;
use super::answer::Asker;
use super::body::{self, BodyLimits, Question};
use super::refusal::Refusal;
use super::{Api, JSON, json_response};
use crate::bulk::desk;

/// Takes a file.
pub(super) async fn upload(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    // Some megabytes each: few at a time, and whoever finds no place asks again.
    let place = api.bulk.files.enter(terminal.institution_code.as_str());
    let place = place.ok_or(ErrorCode::Overloaded)?;
    let limits = (BodyLimits { bytes: MAX_BULK_BODY_BYTES, ..api.body }, place.clone());
    let Question { value: file, digests } =
        body::read_long::<BulkUploadRequest>(BULK_UPLOADS_PATH, admission, request, limits).await?;
    let handed_in = (digests.question, Some(place));
    let received = desk::submit(api, &Asker::terminal(terminal), handed_in, file).await?;
    let body = serde_json::to_vec(&received).map_err(|_| ErrorCode::Internal)?;
    Ok(json_response(StatusCode::OK, JSON, body))
}

/// Says how a file stands and gives a page of its answers.
pub(super) async fn result(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let Question { value: asked, .. } =
        body::read::<BulkResultRequest>(BULK_RESULTS_PATH, admission, request, api.body).await?;
    let told = desk::result(api, &Asker::terminal(terminal), &asked).await?;
    let body = serde_json::to_vec(&told).map_err(|_| ErrorCode::Internal)?;
    Ok(json_response(StatusCode::OK, JSON, body))
}
