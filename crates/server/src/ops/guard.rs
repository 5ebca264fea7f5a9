//! Who may look: programs and browsers of this machine, under its own name. A page from elsewhere that made its name
//! point here sends that name as `Host`, and is refused.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The names a loopback listener has: its address, and `localhost` with its port.
#[derive(Clone, Debug)]
pub(super) struct Own([String; 2]);

impl Own {
    pub(super) fn of(address: SocketAddr) -> Self {
        Self([address.to_string(), format!("localhost:{}", address.port())])
    }

    /// HTTP/2 has the name in the request line, HTTP/1.1 in `Host`; two different ones are one too many.
    fn is_meant(&self, line: Option<&str>, headers: &HeaderMap) -> bool {
        let named: Vec<&[u8]> = headers
            .get_all(header::HOST)
            .iter()
            .map(HeaderValue::as_bytes)
            .chain(line.map(str::as_bytes))
            .collect();
        let own = |name: &&[u8]| self.0.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name));
        headers.get_all(header::HOST).iter().count() <= 1 && !named.is_empty() && named.iter().all(own)
    }
}

/// Refuses requests under another name.
pub(super) async fn only_ourselves(State(own): State<Own>, request: Request, next: Next) -> Response {
    let line = request.uri().authority().map(axum::http::uri::Authority::as_str);
    if own.is_meant(line, request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, "this address answers to its own name only\n").into_response()
}
