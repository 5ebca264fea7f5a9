//! GET /v1/status: what the centre sees of the terminal that asks. For the terminal's self-diagnosis.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Api, JSON, json_response};
use crate::listener::identity::AskingTerminal;

/// Path of the status (GET).
pub const STATUS_PATH: &str = "/v1/status";

/// What the centre sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Status {
    /// 医療機関コード of the client certificate.
    pub institution_code: String,
    /// Terminal name of the client certificate.
    pub terminal_name: String,
    /// Last moment of the client certificate, milliseconds since 1970-01-01T00:00:00Z.
    pub certificate_valid_until_ms: i64,
    /// The centre's time, milliseconds since 1970-01-01T00:00:00Z.
    pub time_ms: i64,
    /// Whether card checks are possible now: the revocation list is fresh.
    pub card_checks: bool,
    /// The server's version.
    pub version: String,
}

pub(super) fn answer(api: &Api, terminal: &AskingTerminal) -> Response<Body> {
    let now = api.clock.now();
    let status = Status {
        institution_code: terminal.institution_code.as_str().to_owned(),
        terminal_name: terminal.terminal_name.clone(),
        certificate_valid_until_ms: terminal.not_after.0,
        time_ms: now.0,
        card_checks: api.revocation.is_fresh(now),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    json_response(StatusCode::OK, JSON, serde_json::to_vec(&status).unwrap_or_default())
}
