//! GET /v1/receipt-keys: the public keys that verify receipts, also to be kept for offline use.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::{Api, JSON, json_response};

pub(super) fn answer(api: &Api) -> Response<Body> {
    json_response(StatusCode::OK, JSON, serde_json::to_vec(api.receipts.published()).unwrap_or_default())
}
