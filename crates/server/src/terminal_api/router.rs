//! The route table: everything a terminal can ask for, in one list. Documentation and tests walk it.

use axum::http::Method;
use wire::facility::{HOME_VISIT_URLS_PATH, PASSCODES_PATH, SETTINGS_CHANGES_PATH, SETTINGS_PATH};
use wire::institution_certificate::{RENEWAL_PATH, STANDING_PATH};
use wire::terminal_api::{
    BULK_RESULTS_PATH, BULK_UPLOADS_PATH, CARD_VERIFICATIONS_PATH, NONCES_PATH, NUMBER_VERIFICATIONS_PATH,
    READER_STATE_PATH, RECEIPT_KEYS_PATH, REFERENCE_NUMBERS_PATH,
};

use super::refusal::Refusal;
use super::status::STATUS_PATH;
use eligibility::errors::ErrorCode;

/// Something a terminal can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Nonces for cards to sign.
    IssueNonces,
    /// A check by card.
    VerifyCard,
    /// A check by number.
    VerifyNumber,
    /// The keys that verify receipts.
    ReceiptKeys,
    /// What the centre sees of the terminal.
    Status,
    /// A successor for the certificate that asks.
    RenewCertificate,
    /// How the certificate that asks stands.
    CertificateStanding,
    /// A 目視確認用パスコード for a receipt computer.
    IssuePasscode,
    /// 環境設定情報.
    FacilitySettings,
    /// A change of 環境設定情報.
    ChangeFacilitySettings,
    /// 医療機関等別URL.
    HomeVisitUrl,
    /// 照会番号登録.
    RegisterReferenceNumber,
    /// A file with many rows is handed in.
    UploadBulk,
    /// What became of one.
    BulkResult,
    /// How the terminal's card reader stands.
    ReaderState,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Route {
    /// What it does.
    pub operation: Operation,
    /// Its name in logs and metrics.
    pub name: &'static str,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: &'static str,
}

/// Every route, most used first.
pub static ROUTES: [Route; 15] = [
    route(Operation::VerifyCard, "verify_card", Method::POST, CARD_VERIFICATIONS_PATH),
    route(Operation::VerifyNumber, "verify_number", Method::POST, NUMBER_VERIFICATIONS_PATH),
    route(Operation::IssueNonces, "nonces", Method::POST, NONCES_PATH),
    route(Operation::Status, "status", Method::GET, STATUS_PATH),
    route(Operation::ReceiptKeys, "receipt_keys", Method::GET, RECEIPT_KEYS_PATH),
    route(Operation::CertificateStanding, "certificate_standing", Method::GET, STANDING_PATH),
    route(Operation::RenewCertificate, "certificate_renewal", Method::POST, RENEWAL_PATH),
    route(Operation::IssuePasscode, "issue_passcode", Method::POST, PASSCODES_PATH),
    route(Operation::FacilitySettings, "facility_settings", Method::POST, SETTINGS_PATH),
    route(Operation::ChangeFacilitySettings, "change_facility_settings", Method::POST, SETTINGS_CHANGES_PATH),
    route(Operation::HomeVisitUrl, "home_visit_url", Method::POST, HOME_VISIT_URLS_PATH),
    route(
        Operation::RegisterReferenceNumber,
        "register_reference_number",
        Method::POST,
        REFERENCE_NUMBERS_PATH,
    ),
    route(Operation::UploadBulk, "upload_bulk", Method::POST, BULK_UPLOADS_PATH),
    route(Operation::BulkResult, "bulk_result", Method::POST, BULK_RESULTS_PATH),
    route(Operation::ReaderState, "reader_state", Method::POST, READER_STATE_PATH),
];

const fn route(operation: Operation, name: &'static str, method: Method, path: &'static str) -> Route {
    Route { operation, name, method, path }
}

/// The row of a request, as its place in [`ROUTES`].
pub(super) fn find(method: &Method, path: &str) -> Result<usize, Refusal> {
    let Some(position) = ROUTES.iter().position(|route| route.path == path) else {
        return Err(ErrorCode::UnknownOperation.into());
    };
    if ROUTES[position].method != *method {
        return Err(Refusal::method());
    }
    Ok(position)
}
