//! What terminals ask for: nonces, checks by card, checks by number, the keys that verify receipts.
//! One file per use case; [`router::ROUTES`] lists them.

pub(crate) mod admission;
pub(crate) mod answer;
pub(crate) mod body;
mod certificate;
pub(crate) mod denied;
mod facility;
mod gate;
mod guessing_alarm;
pub mod insurer_names;
pub(crate) mod kept_answer;
mod kept_dictionary;
mod many_rows;
pub mod nonce;
mod nonces;
pub mod openapi;
pub(crate) mod re_verification;
mod readers;
pub mod receipt;
mod receipt_keys;
mod reference_numbers;
pub mod refusal;
pub mod router;
pub mod standing;
pub mod status;
mod verify_card;
pub(crate) mod verify_number;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use card::jpki::CardTrust;
use store::Store;

pub use body::BodyLimits;
pub use gate::{Gate, GateLimits};
pub(crate) use guessing_alarm::GuessingAlarm;

use crate::bulk::Bulk;
use crate::ca::Desk;
use crate::card_revocation::CardRevocation;
use crate::clock::Clock;
use crate::facility::FacilityDesk;
use insurer_names::InsurerNames;
use nonce::NonceMint;
use receipt::ReceiptSigner;

/// Everything the use cases need.
pub struct Api {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) nonces: NonceMint,
    pub(crate) receipts: ReceiptSigner,
    /// `iss` of receipts.
    pub(crate) issuer: String,
    pub(crate) receipt_lifetime_s: u32,
    pub(crate) card_trust: Arc<CardTrust>,
    pub(crate) revocation: Arc<CardRevocation>,
    pub(crate) insurer_names: InsurerNames,
    pub(crate) guessing: GuessingAlarm,
    pub(crate) body: BodyLimits,
    /// Passcodes, settings and addresses of institutions.
    pub(crate) facility: Arc<FacilityDesk>,
    /// Files with many rows.
    pub(crate) bulk: Bulk,
    /// Renews certificates and says how they stand, where this server has the authority.
    pub(crate) authority: Option<Arc<Desk>>,
}

/// Media type of an answer.
const JSON: &str = "application/json";

fn json_response(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    // What is said about a person is for the one who asked, now.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
