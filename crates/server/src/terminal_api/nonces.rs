//! POST /v1/nonces: nonces for the card to sign.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use wire::terminal_api::{MAX_NONCES_PER_REQUEST, NONCES_PATH, NonceAnswer, NonceRequest};

use super::admission::Admission;
use super::refusal::Refusal;
use super::{Api, JSON, body, json_response};

pub(super) async fn answer(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let asked = body::read::<NonceRequest>(NONCES_PATH, admission, request, api.body).await?.value;
    if !(1..=MAX_NONCES_PER_REQUEST).contains(&asked.count) {
        return Err(Refusal::item("count"));
    }
    let now = api.clock.now();
    let nonces = (0..asked.count)
        .map(|_| api.nonces.issue(&terminal.fingerprint, now))
        .collect::<Result<Vec<_>, _>>()?;
    let answer = NonceAnswer { nonces, expires_in_s: api.nonces.lifetime_s() };
    Ok(json_response(StatusCode::OK, JSON, serde_json::to_vec(&answer).unwrap_or_default()))
}
