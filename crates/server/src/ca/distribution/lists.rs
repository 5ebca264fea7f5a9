//! Lists of the revoked, and the authorities' certificates.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Distribution, Period, failed, file};

const LIST: &str = "application/pkix-crl";
const CERTIFICATE: HeaderValue = HeaderValue::from_static("application/pkix-cert");

/// `/crl/ISSUER/SHARD.crl`.
pub(super) async fn list(
    State(from): State<Arc<Distribution>>,
    Path((issuer, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let shard = name.strip_suffix(".crl").and_then(|digits| digits.parse::<u16>().ok());
    let Some(shard) = shard.filter(|shard| issuer == from.label && *shard < from.shards) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match from.store.revocation_list_of(&issuer, shard).await {
        Ok(Some(found)) => {
            let now = from.clock.now();
            let period = Period { from: found.this_update, until: found.next_update, now };
            file(LIST, found.list, &period, Some(&headers))
        }
        // Not signed yet: the authority has just started.
        Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(error) => failed(&error),
    }
}

/// `/issuer/ISSUER.cer`.
pub(super) async fn issuer(State(from): State<Arc<Distribution>>, Path(name): Path<String>) -> Response {
    if name.strip_suffix(".cer") != Some(from.label.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    certificate(from.issuing_der.clone())
}

/// `/root.cer`.
pub(super) async fn root(State(from): State<Arc<Distribution>>) -> Response {
    certificate(from.root_der.clone())
}

fn certificate(der: Bytes) -> Response {
    ([(header::CONTENT_TYPE, CERTIFICATE)], der).into_response()
}
