//! What went wrong between this terminal and the centre, told apart.

use reqwest::{Response, StatusCode};
use wire::terminal_api::Problem;

use super::CentralError;

/// Longest answer read, bytes: a page of a bulk result is the longest.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The body of an answer, bounded.
pub(crate) async fn read_body(mut response: Response) -> Result<Vec<u8>, CentralError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| trouble(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(CentralError::NotUnderstood("the answer is too large".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What an answer that is no success says.
pub(crate) fn refusal(status: StatusCode, body: &[u8]) -> CentralError {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        // What the body says about the status is not relied on: retries hang on it.
        return CentralError::Refused(Box::new(Problem { status: status.as_u16(), ..problem }));
    }
    let what = format!("status {}", status.as_u16());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CentralError::NotAdmitted(what),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => CentralError::Unreachable(what),
        _ if status.is_server_error() => CentralError::Unreachable(what),
        _ => CentralError::NotUnderstood(what),
    }
}

/// Tells certificate trouble from network trouble. The address is left out: it may hold nothing personal today,
/// but errors are logged.
pub(crate) fn trouble(error: &reqwest::Error) -> CentralError {
    if let Some(tls) = tls_cause(error) {
        return tls_trouble(tls);
    }
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    CentralError::Unreachable(what.into())
}

/// What TLS says against the other side or this one.
pub(crate) fn tls_trouble(tls: &rustls::Error) -> CentralError {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    match tls {
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => CentralError::Untimely(tls.to_string()),
        rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_) => {
            CentralError::NotAdmitted(tls.to_string())
        }
        _ => CentralError::Unreachable(tls.to_string()),
    }
}

/// The TLS error behind an error, if one is.
pub(crate) fn tls_cause(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(tls) = tls_error(cause) {
            return Some(tls);
        }
        next = cause.source();
    }
    None
}

/// Whether a connection that stood was cut, and not for a reason that TLS gave.
pub(crate) fn was_cut(error: &reqwest::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let mut io = None;
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if tls_error(cause).is_some() {
            return false;
        }
        io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(io);
        next = cause.source();
    }
    let is_cut = matches!(io, Some(BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof));
    !error.is_timeout() && (is_cut || !error.is_connect())
}

/// A TLS error as it is, or inside the I/O errors it usually travels in (whose `source` would skip over it).
fn tls_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    match cause.downcast_ref::<std::io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => cause.downcast_ref(),
    }
}
