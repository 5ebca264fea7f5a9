//! Reading a request's body: JSON only, a limited size, a limited time, unknown fields refused.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::http::{HeaderMap, Request, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::errors::ErrorCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use super::admission::Admission;
use super::refusal::Refusal;
use crate::bulk::desk::aside;
use crate::listener::identity::AskingTerminal;
use crate::web::places::Place;

/// How much and how long.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Bytes.
    pub bytes: usize,
    /// From the header's end to the body's end.
    pub time: Duration,
}

/// A body that was read and understood.
pub(super) struct Question<T> {
    pub(super) value: T,
    pub(super) digests: Digests,
}

/// What names a question without repeating it.
#[derive(Clone)]
pub(crate) struct Digests {
    /// SHA-256 over the route, the terminal's name and the digest of the body as sent: two questions are the same when these are.
    /// So a first answer is given again to the terminal that got it, and to no other of its institution. The name
    /// and not the certificate's fingerprint: a terminal whose certificate was renewed while its question was under
    /// way is the same terminal.
    pub(super) question: [u8; 32],
    /// SHA-256 of the body as sent, base64url: what a receipt says was asked.
    pub(super) body: String,
}

impl Digests {
    /// Of a body that came to this route from this terminal.
    pub(crate) fn of(route: &str, terminal: &AskingTerminal, body: &[u8]) -> Self {
        // The body counts by its digest, which the receipt needs anyway: it is hashed once.
        let body = digest(&SHA256, body);
        // A terminal's name holds no NUL.
        let named = [route.as_bytes(), &[0], terminal.terminal_name.as_bytes(), &[0], body.as_ref()].concat();
        let mut question = [0; 32];
        question.copy_from_slice(digest(&SHA256, &named).as_ref());
        Self { question, body: URL_SAFE_NO_PAD.encode(body) }
    }
}

pub(super) async fn read<T: DeserializeOwned>(
    route: &str,
    admission: &Admission,
    request: Request<Incoming>,
    limits: BodyLimits,
) -> Result<Question<T>, Refusal> {
    if !is_json(request.headers()) {
        return Err(Refusal::media_type());
    }
    let bytes = collect(request.into_body(), limits).await?;
    admission.check()?;
    understood(route, &admission.terminal.identity, &bytes)
}

/// The same for a body of megabytes: understood beside the threads that answer the counter.
pub(super) async fn read_long<T: DeserializeOwned + Send + 'static>(
    route: &'static str,
    admission: &Admission,
    request: Request<Incoming>,
    (limits, place): (BodyLimits, Place),
) -> Result<Question<T>, Refusal> {
    if !is_json(request.headers()) {
        return Err(Refusal::media_type());
    }
    let bytes = collect(request.into_body(), limits).await?;
    admission.check()?;
    let terminal = admission.terminal.identity.clone();
    aside(Some(place), move || understood(route, &terminal, &bytes)).await
}

fn understood<T: DeserializeOwned>(
    route: &str,
    terminal: &AskingTerminal,
    bytes: &[u8],
) -> Result<Question<T>, Refusal> {
    let value = serde_json::from_slice(bytes).map_err(|_| ErrorCode::Unreadable)?;
    Ok(Question { value, digests: Digests::of(route, terminal, bytes) })
}

/// SHA-256, base64url: as a receipt holds it.
pub(super) fn base64_digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

async fn collect(body: Incoming, limits: BodyLimits) -> Result<Bytes, Refusal> {
    let collected = tokio::time::timeout(limits.time, Limited::new(body, limits.bytes).collect());
    match collected.await {
        Err(_) => Err(Refusal::slow_body()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ErrorCode::TooLarge.into()),
        Ok(Err(_)) => Err(ErrorCode::Unreadable.into()),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (media_type, _parameters) = sent.split_once(';').unwrap_or((sent, ""));
    media_type.trim().eq_ignore_ascii_case("application/json")
}
