//! OCSP (RFC 6960, 5019): the answer signed ahead for the number that is asked about, and nothing else.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::ocsp::{MAX_OCSP_REQUEST_BYTES, Refusal};

use super::{Distribution, Period, failed, file};

const ANSWER: &str = "application/ocsp-response";
const QUESTION: &str = "application/ocsp-request";
/// OCSPResponse with nothing but its status (RFC 6960, 4.2.1): SEQUENCE { ENUMERATED }.
const fn status_only(status: u8) -> [u8; 5] {
    [0x30, 0x03, 0x0a, 0x01, status]
}
const MALFORMED: [u8; 5] = status_only(1);
const TRY_LATER: [u8; 5] = status_only(3);
const UNAUTHORIZED: [u8; 5] = status_only(6);

/// POST /ocsp.
pub(super) async fn asked_by_post(
    State(from): State<Arc<Distribution>>,
    headers: HeaderMap,
    question: Bytes,
) -> Response {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes() != QUESTION.as_bytes()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    answer(&from, &question, None).await
}

/// GET /ocsp/BASE64, whose slashes may have stayed as they are.
pub(super) async fn asked_by_get(
    State(from): State<Arc<Distribution>>,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Response {
    // A plus sign in a path is one; some libraries write it as a blank.
    match STANDARD.decode(text.replace(' ', "+")) {
        Ok(question) => answer(&from, &question, Some(&headers)).await,
        Err(_) => bare(MALFORMED),
    }
}

async fn answer(from: &Distribution, question: &[u8], asked: Option<&HeaderMap>) -> Response {
    if question.len() > MAX_OCSP_REQUEST_BYTES {
        return bare(MALFORMED);
    }
    let serial = match from.counter.asked_serial(question) {
        Ok(serial) => serial,
        Err(Refusal::Unauthorized) => return bare(UNAUTHORIZED),
        Err(_) => return bare(MALFORMED),
    };
    let now = from.clock.now();
    match from.store.answer_about(&serial).await {
        Ok(Some(found)) if found.next_update > now => {
            let period = Period { from: found.this_update, until: found.next_update, now };
            file(ANSWER, found.answer, &period, asked)
        }
        // Issued or revoked this very second: the answer is being signed.
        Ok(Some(_)) => bare(TRY_LATER),
        Ok(None) => bare(UNAUTHORIZED),
        Err(error) => failed(&error),
    }
}

/// An answer that says no more than why there is none. It is not signed, so it must not be kept.
fn bare(body: [u8; 5]) -> Response {
    let mut response = Bytes::copy_from_slice(&body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(ANSWER));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
