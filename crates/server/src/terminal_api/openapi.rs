//! The API's description for whoever writes a terminal: generated from the shapes in `wire`, checked in as
//! `docs/openapi/terminal-api.json`, compared by a test.

use utoipa::OpenApi;
use wire::facility::{
    HomeVisitUrlAnswer, HomeVisitUrlRequest, PasscodeAnswer, PasscodeRequest, SettingsAnswer,
    SettingsChangeRequest, SettingsRequest,
};
use wire::institution_certificate::{RenewalAnswer, RenewalRequest, StandingAnswer};
use wire::terminal_api::{
    BulkResultAnswer, BulkResultRequest, BulkUploadAnswer, BulkUploadRequest, CardCheckRequest, CheckAnswer,
    JwkSet, NonceAnswer, NonceRequest, NumberCheckRequest, Problem, ReaderStateAnswer, ReaderStateRequest,
    ReferenceNumberRequest, RegistrationAnswer,
};

use super::status::Status;

/// The description as JSON, with a final line feed.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn document() -> Result<String, serde_json::Error> {
    Description::openapi().to_pretty_json().map(|text| text + "\n")
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shikaku terminal API",
        description = "What an eligibility terminal (資格確認端末) asks the central side for. TLS 1.3 with a client \
                       certificate: its organisation is the institution code (医療機関コード), its common name the \
                       terminal. The institution is never taken from a body or a header.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        issue_nonces,
        verify_card,
        verify_number,
        receipt_keys,
        status,
        certificate_standing,
        certificate_renewal,
        issue_passcode,
        facility_settings,
        change_facility_settings,
        home_visit_url,
        register_reference_number,
        upload_bulk,
        bulk_result,
        reader_state
    )
)]
struct Description;

/// Issues nonces for a card to sign. Each is good for one check, for this terminal, for two minutes.
#[utoipa::path(
    post, path = "/v1/nonces", request_body = NonceRequest,
    responses((status = 200, body = NonceAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn issue_nonces() {}

/// Checks eligibility by card (照会区分 1). The answer carries a fresh nonce in its body and in the header
/// `Shikaku-Nonce`. The same body again gives the same answer, to the terminal that asked; another body under the
/// same nonce is refused. `signature` says what the card signs.
#[utoipa::path(
    post, path = "/v1/verifications/card", request_body = CardCheckRequest,
    responses(
        (status = 200, body = CheckAnswer, headers(("shikaku-nonce" = String, description = "a fresh nonce"))),
        (status = "default", body = Problem, content_type = "application/problem+json")
    )
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn verify_card() {}

/// Checks eligibility by typed insurance data (照会区分 2). The same request id gives the same answer, to the
/// terminal that asked; another body under it, or the same from another terminal of the institution, is a conflict.
/// After too many questions that found nobody, 429 with `Retry-After`.
#[utoipa::path(
    post, path = "/v1/verifications/number", request_body = NumberCheckRequest,
    responses((status = 200, body = CheckAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn verify_number() {}

/// The public keys that verify receipts, the current one first. May be kept for offline use.
#[utoipa::path(
    get, path = "/v1/receipt-keys",
    responses((status = 200, body = JwkSet), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn receipt_keys() {}

/// What the centre sees of the terminal that asks.
#[utoipa::path(
    get, path = "/v1/status",
    responses((status = 200, body = Status), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn status() {}

/// How the certificate that asks stands at the authority, with its successor. Told to revoked, expired and superseded
/// ones as well. 404 where the server has no authority.
#[utoipa::path(
    get, path = "/v1/certificates/standing",
    responses((status = 200, body = StandingAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn certificate_standing() {}

/// A successor for the certificate that asks, from 90 days before its end, for a key made on the terminal. The same
/// request again gets the same certificate; both are taken for fourteen days. 404 where the server has no authority.
#[utoipa::path(
    post, path = "/v1/certificates/renewal", request_body = RenewalRequest,
    responses((status = 200, body = RenewalAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn certificate_renewal() {}

/// Issues a 目視確認用パスコード; an older one is dead. 409 while an administrator has not switched it on.
#[utoipa::path(
    post, path = "/v1/visual-check-passcodes", request_body = PasscodeRequest,
    responses((status = 200, body = PasscodeAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn issue_passcode() {}

/// 環境設定情報 of the institution.
#[utoipa::path(
    post, path = "/v1/facility-settings", request_body = SettingsRequest,
    responses((status = 200, body = SettingsAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn facility_settings() {}

/// Changes 環境設定情報. 409 when the version is no longer in force, or before the terms were opened on the web.
#[utoipa::path(
    post, path = "/v1/facility-settings/changes", request_body = SettingsChangeRequest,
    responses((status = 200, body = SettingsAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn change_facility_settings() {}

/// 医療機関等別URL with its 二次元バーコード. 409 while its function is switched off.
#[utoipa::path(
    post, path = "/v1/home-visit-urls", request_body = HomeVisitUrlRequest,
    responses((status = 200, body = HomeVisitUrlAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn home_visit_url() {}

/// Registers the institution's own number for a patient (照会番号登録). The same request id with the same row gets the
/// same answer. A row that leads to nobody counts as a wrong question: after too many, 429 with `Retry-After`.
#[utoipa::path(
    post, path = "/v1/reference-numbers", request_body = ReferenceNumberRequest,
    responses((status = 200, body = RegistrationAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn register_reference_number() {}

/// Hands in a file with many rows, at most 10,000, and at most twenty files a day. A row that is wrong is answered as
/// wrong and stops nothing else. The same request id with the same file gets the same reception number.
#[utoipa::path(
    post, path = "/v1/bulk-uploads", request_body = BulkUploadRequest,
    responses((status = 200, body = BulkUploadAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn upload_bulk() {}

/// How a file stands, and a page of its answers once it is done. They are kept seven days.
#[utoipa::path(
    post, path = "/v1/bulk-results", request_body = BulkResultRequest,
    responses((status = 200, body = BulkResultAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn bulk_result() {}

/// Takes how the terminal's card reader stands, and gives back what somebody of the institution wants it to do, until it
/// is said how that ended. A terminal tells at once when something changes, and otherwise after `next_in_s`.
#[utoipa::path(
    post, path = "/v1/readers/state", request_body = ReaderStateRequest,
    responses((status = 200, body = ReaderStateAnswer), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
#[allow(dead_code, reason = "only its documentation is used")]
fn reader_state() {}
