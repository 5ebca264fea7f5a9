//! Who may ask: a browser on this machine that came here on purpose. Any web page can send requests to loopback, and a
//! name of its own can be made to lead here, so names and origins are looked at.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Gateway;
use crate::pages;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Time between two lines about refused pages.
const TELLING_INTERVAL: Duration = Duration::from_secs(60);

/// The only names this door has.
pub(super) struct Names {
    hosts: [String; 2],
    origins: [String; 2],
}

impl Names {
    pub(super) fn of_port(port: u16) -> Self {
        let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let origins = hosts.clone().map(|host| format!("http://{host}"));
        Self { hosts, origins }
    }

    /// One name in one place; a name that was made to lead here is not ours.
    fn are_asked(&self, request: &Request) -> bool {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (host, more) = (named.next(), named.next());
        let line = request.uri().authority().map(axum::http::uri::Authority::as_str);
        let ours = |name: &str| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name));
        let host = match host.map(HeaderValue::to_str) {
            None => None,
            Some(Ok(host)) => Some(host),
            Some(Err(_)) => return false,
        };
        more.is_none() && (host.is_some() || line.is_some()) && host.is_none_or(ours) && line.is_none_or(ours)
    }

    /// A change comes from a page that was got here.
    fn are_origin(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let own = origins
            .next()
            .is_some_and(|origin| self.origins.iter().any(|own| own.as_bytes() == origin.as_bytes()));
        own && origins.next().is_none() && headers.get(FETCH_SITE).is_none_or(|said| said == "same-origin")
    }
}

/// Any web page can bring refusals about, as many as it likes; the log tells of them once in a while.
fn is_time_to_tell() -> bool {
    static TOLD: Mutex<Option<Instant>> = Mutex::new(None);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let due = told.is_none_or(|at| at.elapsed() >= TELLING_INTERVAL);
    if due {
        *told = Some(Instant::now());
    }
    due
}

/// Lets in what may ask, in a bounded number.
pub(super) async fn guard(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    if !gateway.names.are_asked(&request) {
        return (StatusCode::MISDIRECTED_REQUEST, "このアドレスでは表示できません。").into_response();
    }
    let headers = request.headers();
    let allowed = match *request.method() {
        Method::GET | Method::HEAD => is_read_here(headers),
        _ => gateway.names.are_origin(headers),
    };
    if !allowed {
        if is_time_to_tell() {
            tracing::warn!("requests that came from another site's page are refused");
        }
        return pages::foreign(&gateway);
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let Some(_place) = gateway.place(changes).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "混み合っています。しばらくしてからお試しください。")
            .into_response();
    };
    next.run(request).await
}

/// Read by a page of ours, or opened by a person; no other page puts it into itself.
fn is_read_here(headers: &HeaderMap) -> bool {
    match headers.get(FETCH_SITE).map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => true,
        Some(_) => {
            headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate")
                && headers.get(FETCH_DEST).is_some_and(|dest| dest == "document")
        }
    }
}
