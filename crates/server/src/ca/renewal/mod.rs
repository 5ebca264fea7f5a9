//! 電子証明書更新申請サイト: who holds a certificate renews it, by page or by terminal, and learns how it stands.

mod page;
mod terminal;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use wire::terminal_api::{PROBLEM_MEDIA_TYPE, Problem};

use super::NotIssued;
use crate::terminal_api::refusal::Refusal as ApiRefusal;

pub use page::{PATH, SITE_NAME, pages};
pub(crate) use terminal::{renew, standing};

const PROBLEM_TYPE: &str = "urn:shikaku:problem:";

/// The answer of problem+json to a terminal that gets no certificate.
pub(crate) fn problem(error: &NotIssued) -> Response<Body> {
    let refusal = match error {
        NotIssued::Refused(refusal) => refusal,
        NotIssued::Store(error) => return ApiRefusal::write_failed(error).response(),
        error => {
            tracing::error!(%error, "a certificate could not be made");
            return ApiRefusal::from(eligibility::errors::ErrorCode::Internal).response();
        }
    };
    let retry_after_s = match refusal {
        super::Refusal::TooManyTries { retry_after_s } => Some(*retry_after_s),
        _ => None,
    };
    let problem = Problem {
        kind: format!("{PROBLEM_TYPE}{}", refusal.code()),
        title: refusal.message(),
        status: refusal.status(),
        code: refusal.code().to_owned(),
        detail: Some(refusal.remedy()),
        retry_after_s,
    };
    let mut response = Response::new(Body::from(serde_json::to_vec(&problem).unwrap_or_default()));
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
