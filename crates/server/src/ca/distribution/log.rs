//! The public log for whoever watches it: heads, leaves, proofs. Hashes and bytes are base64, as in RFC 6962.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eligibility::merkle::Hash;
use pki::transparency;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Distribution, failed};

/// Heads one answer shows.
const HEADS: u32 = 100;
/// Leaves one answer shows, when nothing else is asked for.
const ENTRIES: u32 = 256;

#[derive(Deserialize)]
pub(super) struct Entries {
    from: i64,
    count: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Inclusion {
    serial: Option<String>,
    index: Option<u64>,
    size: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Consistency {
    first: u64,
    second: u64,
}

/// GET /log/key: the log's key, PEM.
pub(super) async fn key(State(from): State<Arc<Distribution>>) -> Response {
    match pki::pem::encode("PUBLIC KEY", from.log.public_key().spki_der()) {
        Ok(pem) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/x-pem-file"))], pem)
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// GET /log/heads: the newest signed heads, newest first.
pub(super) async fn heads(State(from): State<Arc<Distribution>>) -> Response {
    match from.store.log_heads(HEADS).await {
        Ok(heads) => {
            let told = heads.iter().map(|head| {
                json!({
                    "tree_size": head.size,
                    "timestamp": head.signed_at.0,
                    "root_hash": STANDARD.encode(head.root_hash),
                    "signature": STANDARD.encode(&head.signature),
                })
            });
            Json(json!({ "heads": told.collect::<Vec<_>>() })).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// GET /log/entries?from=N&count=M: leaves in order.
pub(super) async fn entries(State(from): State<Arc<Distribution>>, Query(asked): Query<Entries>) -> Response {
    let entries = match from.store.log_entries(asked.from.max(0), asked.count.unwrap_or(ENTRIES)).await {
        Ok(entries) => entries,
        Err(error) => return failed(&error),
    };
    let mut told: Vec<Value> = Vec::with_capacity(entries.len());
    for entry in entries {
        let Ok(leaf) = transparency::entry(&entry.certificate, entry.logged_at) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        told.push(json!({
            "leaf_index": entry.leaf_index,
            "serial": entry.serial,
            "leaf_input": STANDARD.encode(leaf),
        }));
    }
    Json(json!({ "entries": told })).into_response()
}

/// GET /log/inclusion?serial=S or ?index=N, with &size=M or for the newest tree.
pub(super) async fn inclusion(
    State(from): State<Arc<Distribution>>,
    Query(asked): Query<Inclusion>,
) -> Response {
    let size = asked.size.unwrap_or_else(|| from.log.size());
    let index = match (asked.index, &asked.serial) {
        (Some(index), _) => Some(index),
        (None, Some(serial)) => match from.store.log_place(serial).await {
            Ok(place) => place.and_then(|place| u64::try_from(place).ok()),
            Err(error) => return failed(&error),
        },
        (None, None) => return StatusCode::BAD_REQUEST.into_response(),
    };
    let path = index.and_then(|index| from.log.read(|tree| tree.inclusion_proof(index, size)));
    match (index, path) {
        (Some(index), Some(path)) => {
            let path = path.iter().map(|hash| STANDARD.encode(hash)).collect::<Vec<_>>();
            Json(json!({ "leaf_index": index, "tree_size": size, "audit_path": path })).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// GET /log/consistency?first=N&second=M: that the later tree grew from the earlier.
pub(super) async fn consistency(
    State(from): State<Arc<Distribution>>,
    Query(asked): Query<Consistency>,
) -> Response {
    let path: Option<Vec<Hash>> = from.log.read(|tree| tree.consistency_proof(asked.first, asked.second));
    match path {
        Some(path) => {
            let path = path.iter().map(|hash| STANDARD.encode(hash)).collect::<Vec<_>>();
            Json(json!({ "consistency": path })).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
