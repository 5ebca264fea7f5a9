//! The one place where something that went wrong becomes an HTTP answer (problem+json, RFC 9457).

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use card::jpki::{CertificateRefused, certificate_digest};
use eligibility::errors::ErrorCode;
use eligibility::facility_settings::Setting;
use wire::terminal_api::{PROBLEM_MEDIA_TYPE, Problem};

use crate::line_auth::LineRefusal;

use super::nonce::{NoRandomness, NonceError};
use super::receipt::ReceiptError;

/// Kinds of problem are named under this, followed by the code.
const PROBLEM_TYPE: &str = "urn:shikaku:problem:";
/// Advice to a terminal that meets an overload, seconds.
const RETRY_OVERLOAD_S: u32 = 1;
/// Advice to a terminal that meets a fault, seconds.
const RETRY_FAULT_S: u32 = 5;

/// A request that gets no answer, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Refusal {
    /// The catalogue's code.
    pub code: ErrorCode,
    /// The HTTP status, where it is not the catalogue's.
    pub status: StatusCode,
    /// Seconds after which a retry makes sense.
    pub retry_after_s: Option<u32>,
    /// Which item is wrong; never its content.
    pub item: Option<&'static str>,
    /// The setting that keeps it from being answered.
    pub setting: Option<Setting>,
    /// Digest of the card certificate that was refused, for the audit log.
    pub card: Option<String>,
    /// The request came over the line of somebody else, or of nobody.
    pub foreign_line: bool,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = match code {
            ErrorCode::Overloaded => Some(RETRY_OVERLOAD_S),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_FAULT_S),
            _ => None,
        };
        Self { code, status, retry_after_s, item: None, setting: None, card: None, foreign_line: false }
    }
}

impl Refusal {
    /// An item of the request is wrong.
    pub(crate) fn item(name: &'static str) -> Self {
        Self { item: Some(name), ..ErrorCode::FieldFormat.into() }
    }

    /// A function of the institution is off.
    pub(super) fn function_off(setting: Setting) -> Self {
        Self { setting: Some(setting), ..ErrorCode::FunctionOff.into() }
    }

    /// Names the card whose certificate (base64) came with the refused request, when it is a certificate at all.
    pub(super) fn about_card(self, certificate: &str) -> Self {
        let der = STANDARD.decode(certificate).ok().filter(|_| self.is_denial());
        Self { card: der.and_then(|der| certificate_digest(&der)), ..self }
    }

    /// The line does not let the request through. A line that is not connected is an everyday thing; a certificate
    /// that is used over another line is not.
    pub(super) fn line(why: LineRefusal) -> Self {
        match why {
            LineRefusal::Stale => ErrorCode::CentralUnreachable.into(),
            LineRefusal::NotConnected => ErrorCode::LineNotConnected.into(),
            LineRefusal::Elsewhere => Self { foreign_line: true, ..ErrorCode::LineNotConnected.into() },
        }
    }

    /// Too many requests of this terminal at once.
    pub(super) fn too_many() -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, ..ErrorCode::Overloaded.into() }
    }

    /// The body is not JSON.
    pub(super) fn media_type() -> Self {
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..ErrorCode::Unreadable.into() }
    }

    /// The body did not arrive in time.
    pub(super) fn slow_body() -> Self {
        Self { status: StatusCode::REQUEST_TIMEOUT, ..ErrorCode::Unreadable.into() }
    }

    /// The path is there, but not with this method.
    pub(super) fn method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..ErrorCode::UnknownOperation.into() }
    }

    /// Guessing is held back until `seconds` from now.
    pub(super) fn limited(seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds.max(1)), ..ErrorCode::NumberChecksLimited.into() }
    }

    /// A read of the store failed.
    pub(crate) fn read_failed(error: &store::Error) -> Self {
        tracing::error!(%error, "a read failed");
        match error {
            store::Error::Overloaded { .. } | store::Error::Busy { .. } => ErrorCode::Overloaded.into(),
            store::Error::Malformed { .. } => ErrorCode::Internal.into(),
            _ => ErrorCode::CentralUnreachable.into(),
        }
    }

    /// A write of the store failed: without its record nothing leaves.
    pub(crate) fn write_failed(error: &store::Error) -> Self {
        tracing::error!(%error, "a record could not be written");
        match error {
            store::Error::Overloaded { .. } | store::Error::Busy { .. } => ErrorCode::Overloaded.into(),
            _ => ErrorCode::AuditUnavailable.into(),
        }
    }

    /// Whether somebody tried what they may not: such attempts leave an audit record.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        self.foreign_line
            || matches!(
                self.code,
                ErrorCode::InstitutionCertificateRevoked
                    | ErrorCode::InstitutionCertificateExpired
                    | ErrorCode::InstitutionCertificateUnknown
                    | ErrorCode::InstitutionCertificateSuperseded
                    | ErrorCode::InstitutionCertificateForBilling
                    | ErrorCode::NonceUnknown
                    | ErrorCode::NonceExpired
                    | ErrorCode::BadSignature
                    | ErrorCode::CardCertificateUnreadable
                    | ErrorCode::CardCertificateUntrusted
                    | ErrorCode::CardCertificateWrongPolicy
                    | ErrorCode::CardCertificateNotYetValid
                    | ErrorCode::CardExpired
                    | ErrorCode::CardRevoked
                    | ErrorCode::CardSuperseded
                    | ErrorCode::CardNotRegistered
                    | ErrorCode::SelfAccessBlocked
                    | ErrorCode::VisualCheckRefused
            )
    }

    /// The answer.
    #[must_use]
    pub fn response(&self) -> Response<Body> {
        let entry = self.code.entry();
        let what = self.setting.map_or_else(|| entry.ja.what.to_owned(), Setting::switched_off);
        let desk = self.setting.map_or_else(|| entry.ja.desk.to_owned(), Setting::switching_on);
        let detail = match self.item {
            Some(item) => format!("{item}: {desk} / {}", entry.en.what),
            None => format!("{desk} / {}", entry.en.what),
        };
        let problem = Problem {
            kind: format!("{PROBLEM_TYPE}{}", entry.code),
            title: what,
            status: self.status.as_u16(),
            code: entry.code.to_owned(),
            detail: Some(detail),
            retry_after_s: self.retry_after_s,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = super::json_response(self.status, PROBLEM_MEDIA_TYPE, body);
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<NonceError> for Refusal {
    fn from(error: NonceError) -> Self {
        match error {
            NonceError::Forged => ErrorCode::NonceUnknown.into(),
            NonceError::Expired => ErrorCode::NonceExpired.into(),
        }
    }
}

impl From<NoRandomness> for Refusal {
    fn from(_: NoRandomness) -> Self {
        ErrorCode::Internal.into()
    }
}

impl From<ReceiptError> for Refusal {
    fn from(error: ReceiptError) -> Self {
        tracing::error!(%error, "a receipt could not be signed");
        ErrorCode::Internal.into()
    }
}

impl From<CertificateRefused> for Refusal {
    fn from(refused: CertificateRefused) -> Self {
        use CertificateRefused as Why;
        let code = match refused {
            Why::TooLong | Why::Malformed | Why::DuplicateExtension | Why::Serial | Why::Validity => {
                ErrorCode::CardCertificateUnreadable
            }
            Why::Policy | Why::KeyUsage | Why::ExtendedKeyUsage | Why::KeyKind => {
                ErrorCode::CardCertificateWrongPolicy
            }
            _ => ErrorCode::CardCertificateUntrusted,
        };
        code.into()
    }
}
