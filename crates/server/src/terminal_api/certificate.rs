//! POST /v1/certificates/renewal and GET /v1/certificates/standing: the authority's answers, behind this gate.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use eligibility::errors::ErrorCode;
use hyper::body::Incoming;
use wire::institution_certificate::{RENEWAL_PATH, RenewalRequest};

use super::admission::Admission;
use super::refusal::Refusal;
use super::{Api, JSON, body, json_response};
use crate::ca::{Desk, renewal};
use crate::listener::identity::AskingTerminal;

pub(super) async fn renew(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let desk = desk(api)?;
    let asked = body::read::<RenewalRequest>(RENEWAL_PATH, admission, request, api.body).await?.value;
    Ok(told(renewal::renew(desk, terminal, &asked).await))
}

pub(super) async fn standing(api: &Api, terminal: &AskingTerminal) -> Result<Response<Body>, Refusal> {
    Ok(told(renewal::standing(desk(api)?, terminal).await))
}

/// Where this server has no authority, it has no such routes.
fn desk(api: &Api) -> Result<&Desk, Refusal> {
    api.authority.as_deref().ok_or_else(|| ErrorCode::UnknownOperation.into())
}

fn told<T: serde::Serialize>(answer: Result<T, crate::ca::NotIssued>) -> Response<Body> {
    match answer {
        Ok(answer) => json_response(StatusCode::OK, JSON, serde_json::to_vec(&answer).unwrap_or_default()),
        Err(error) => renewal::problem(&error),
    }
}
