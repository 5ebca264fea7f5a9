//! Passing a request on to the institution web with the terminal's certificate, and its answer back, as they come.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use eligibility::errors::ErrorCode;
use http_body_util::Limited;
use reqwest::{Client, RequestBuilder, Url};
use wire::{
    institution_certificate::CODE_HEADER,
    terminal_api::{PROBLEM_MEDIA_TYPE, Problem},
};

use super::{Gateway, cookies::Cookies, headers};
use crate::{
    central::{CentralError, Identity, read_body, trouble},
    pages,
};

/// Largest body of a request, bytes: a file with many rows, which the centre takes up to 10 MiB, and its form.
const REQUEST_BYTES_MAX: usize = 11 * 1024 * 1024;
/// Largest body of an answer, bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Time to connect and shake hands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest silence of the other side.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Time for a request with its body, up to the first byte of the answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The institution web.
pub(super) struct Upstream {
    base: Url,
    origin: String,
    cookies: Cookies,
    /// The address of this machine to connect from.
    from: Option<IpAddr>,
    client: Mutex<Option<(String, Client)>>,
}

impl Upstream {
    /// The institution web at this address; none when it is not https.
    pub(super) fn new(url: &Url, port: u16, from: Option<IpAddr>) -> Option<Self> {
        let origin = url.origin().ascii_serialization();
        let base = Url::parse(&origin).ok().filter(|url| url.scheme() == "https")?;
        Some(Self { base, origin, cookies: Cookies::of_port(port), from, client: Mutex::default() })
    }

    /// A client that shows the certificate in use now.
    fn client(&self, identity: &Identity) -> Result<Client, CentralError> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((fingerprint, client)) = kept.as_ref()
            && fingerprint == identity.fingerprint()
        {
            return Ok(client.clone());
        }
        let refused = |error: String| CentralError::NotAdmitted(error);
        let client = Client::builder()
            .tls_backend_preconfigured(identity.tls().map_err(|error| refused(error.to_string()))?)
            .https_only(true)
            .no_proxy()
            .local_address(self.from)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        *kept = Some((identity.fingerprint().to_owned(), client.clone()));
        Ok(client)
    }

    async fn ask(&self, identity: &Identity, request: Request) -> Result<reqwest::Response, CentralError> {
        let client = self.client(identity)?;
        let (parts, body) = request.into_parts();
        let mut url = self.base.clone();
        url.set_path(parts.uri.path());
        url.set_query(parts.uri.query());
        let mut ask = client.request(parts.method.clone(), url).headers(headers::up(
            &parts.headers,
            &self.origin,
            &self.cookies,
        ));
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if !reads {
            let body = Body::new(Limited::new(body, REQUEST_BYTES_MAX));
            ask = ask.body(reqwest::Body::wrap_stream(body.into_data_stream()));
        }
        let again = if reads { ask.try_clone() } else { None };
        let sent = tokio::time::timeout(REQUEST_TIMEOUT, send(ask, again)).await;
        let sent = sent.map_err(|_| CentralError::Unreachable("no answer in time".into()))?;
        sent.map_err(|error| trouble(&error))
    }

    fn answer(&self, response: reqwest::Response) -> Response {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = headers::down(response.headers(), &self.origin, &self.cookies);
        let body = Body::from_stream(response.bytes_stream());
        *answer.body_mut() = Body::new(Limited::new(body, ANSWER_BYTES_MAX));
        answer
    }
}

/// Sends a question, and `again` when the connection broke under it: one that rested may end just as a question goes out
/// on it.
async fn send(ask: RequestBuilder, again: Option<RequestBuilder>) -> reqwest::Result<reqwest::Response> {
    match (ask.send().await, again) {
        (Err(error), Some(again)) if broke(&error) => again.send().await,
        (sent, _) => sent,
    }
}

/// Whether it was neither the way there nor time that was missing.
fn broke(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

/// Passes one request on. What keeps it from its aim is said on a page that tells what to do.
pub(super) async fn pass_on(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let Some(upstream) = &gateway.upstream else {
        return Redirect::to(pages::HOME).into_response();
    };
    if request.uri().path().starts_with(pages::HOME) {
        return pages::not_here(&gateway);
    }
    let Some(identity) = gateway.care.identity() else {
        return Redirect::to(pages::CERTIFICATE).into_response();
    };
    let length = request.headers().get(header::CONTENT_LENGTH);
    if length.is_some_and(too_long) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let by_person = wants_page(request.headers());
    match upstream.ask(&identity, request).await {
        Ok(response) if by_person && code_of(response.headers()).is_some() => {
            not_let_in(&gateway, upstream, response).await
        }
        Ok(response) if by_person && is_problem(response.headers()) => refused(&gateway, response).await,
        Ok(response) => upstream.answer(response),
        Err(error) => {
            tracing::warn!(%error, "the institution web was not reached");
            // What is wrong is asked anew, so that the page says it.
            gateway.care.ask().await;
            pages::not_reached(&gateway, &error, by_person)
        }
    }
}

/// A page that says why nobody comes in: the terminal has a page of its own for that, with what to do on this machine.
async fn not_let_in(gateway: &Gateway, upstream: &Upstream, response: reqwest::Response) -> Response {
    if code_of(response.headers()) == Some(ErrorCode::LineNotConnected) {
        return pages::network_trouble(gateway, response.status());
    }
    gateway.care.ask().await;
    pages::certificate_trouble(gateway, response.status()).unwrap_or_else(|| upstream.answer(response))
}

fn code_of(headers: &HeaderMap) -> Option<ErrorCode> {
    ErrorCode::from_code(headers.get(CODE_HEADER)?.to_str().ok()?)
}

/// A refusal meant for programs, shown to a person.
async fn refused(gateway: &Gateway, response: reqwest::Response) -> Response {
    let status = response.status();
    let problem = match read_body(response).await {
        Ok(body) => serde_json::from_slice::<Problem>(&body).ok(),
        Err(_) => None,
    };
    let Some(problem) = problem else { return status.into_response() };
    if ErrorCode::from_code(&problem.code) == Some(ErrorCode::LineNotConnected) {
        return pages::network_trouble(gateway, StatusCode::SERVICE_UNAVAILABLE);
    }
    gateway.care.ask().await;
    pages::refused(gateway, status, &problem)
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn is_problem(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with(PROBLEM_MEDIA_TYPE))
}

fn too_long(length: &HeaderValue) -> bool {
    let length = length.to_str().ok().and_then(|length| length.parse::<usize>().ok());
    length.is_none_or(|length| length > REQUEST_BYTES_MAX)
}
