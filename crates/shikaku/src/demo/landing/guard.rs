//! Who may use the pages: this machine's own browser, on these pages.

use std::net::SocketAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

/// The names this listener has.
#[derive(Clone)]
pub(crate) struct Own {
    hosts: [String; 2],
}

impl Own {
    /// Of a loopback address.
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self { hosts: [address.to_string(), format!("localhost:{}", address.port())] }
    }

    fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own == host)
    }

    fn is_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|host| self.is_host(host))
    }
}

/// Sends a browser on to the name the sites have: their sessions are not sent along with a link from another name, and
/// 127.0.0.1 is another one.
pub(crate) async fn under_the_sites_name(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match host.rsplit_once(':') {
        Some((name, port)) if reads && name != "localhost" => {
            Redirect::temporary(&format!("http://localhost:{port}{}", request.uri())).into_response()
        }
        _ => next.run(request).await,
    }
}

/// Refuses requests under another name (a foreign page that made its name point here) and forms from
/// another page. A browser always says where a form comes from; a program that says nothing is no browser.
pub(crate) async fn only_ourselves(State(own): State<Own>, request: Request, next: Next) -> Response {
    let text = |headers: &HeaderMap, name| {
        headers.get(name).map(|value| value.to_str().unwrap_or("unreadable").to_owned())
    };
    let headers = request.headers();
    let host = text(headers, header::HOST).unwrap_or_default();
    if !own.is_host(&host) {
        return (StatusCode::MISDIRECTED_REQUEST, "this address answers to its own name only\n")
            .into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let foreign = text(headers, header::ORIGIN).is_some_and(|origin| !own.is_origin(&origin));
    if !reads && foreign {
        return (StatusCode::FORBIDDEN, "this form came from another page\n").into_response();
    }
    next.run(request).await
}
