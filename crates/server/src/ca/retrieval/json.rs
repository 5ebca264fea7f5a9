//! POST /v1/certificates/retrieval, for terminals.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eligibility::retrieval::{FilePassword, RetrievalNumber, RetrievalSecret};
use wire::institution_certificate::{MAX_REQUEST_PEM_CHARS, RetrievalAnswer, RetrievalRequest};

use super::{Fetched, Front, How};
use crate::ca::{NotIssued, Refusal};
use crate::web::door::Peer;

pub(super) async fn fetch(
    State(front): State<Arc<Front>>,
    peer: Option<Extension<Peer>>,
    body: Bytes,
) -> Response {
    let Ok(request) = serde_json::from_slice::<RetrievalRequest>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match answer(&front, peer.map(|Extension(peer)| peer), request).await {
        Ok(answer) => ([(axum::http::header::CACHE_CONTROL, "no-store")], Json(answer)).into_response(),
        Err(error) => crate::ca::renewal::problem(&error),
    }
}

async fn answer(
    front: &Front,
    peer: Option<Peer>,
    request: RetrievalRequest,
) -> Result<RetrievalAnswer, NotIssued> {
    // Nothing here costs a try.
    let number = RetrievalNumber::parse(&request.retrieval_number).map_err(Refusal::Mistyped)?;
    let secret = RetrievalSecret::parse(&request.secret).map_err(Refusal::Mistyped)?;
    let how = match (request.request_pem, request.pkcs12_password) {
        (Some(_), Some(_)) => return Err(Refusal::BothWays.into()),
        (Some(pem), None) if pem.len() > MAX_REQUEST_PEM_CHARS => {
            return Err(pki::csr::Refusal::TooLarge.into());
        }
        (Some(pem), None) => How::Request(pem),
        (None, Some(password)) => {
            let refused = |(message, remedy)| Refusal::Password(message, remedy);
            How::File { password: FilePassword::parse(&password).map_err(refused)?, form: None }
        }
        (None, None) => How::About,
    };
    let fetched = super::fetch(&front.desk, peer, (number, secret), how).await?;
    Ok(told(fetched))
}

fn told(fetched: Fetched) -> RetrievalAnswer {
    let not_after = fetched.not_after();
    let file = fetched.file.map(|bytes| STANDARD.encode(bytes));
    let chain = fetched.issued.map(|issued| issued.chain_pem).filter(|_| file.is_none());
    RetrievalAnswer { subject: fetched.subject, chain_pem: chain, pkcs12_base64: file, not_after }
}
