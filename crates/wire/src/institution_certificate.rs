//! 電子証明書 between terminal and authority: fetching one with the letter, renewing it, asking how it stands.
//!
//! Times are milliseconds since 1970-01-01T00:00:00Z. Every answer may be lost on its way, so the same request
//! again, with the same key in its `request_pem`, gets the same certificate; that costs no further try.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{CertificateStanding, CertificateUses, TerminalName},
    retrieval::{RetrievalNumber, RetrievalOutcome, RetrievalSecret},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::strict;

/// Path of the retrieval with a letter (POST). No client certificate: there is none yet.
pub const RETRIEVAL_PATH: &str = "/v1/certificates/retrieval";
/// Path of the renewal (POST), with the certificate that is to be renewed.
pub const RENEWAL_PATH: &str = "/v1/certificates/renewal";
/// Path of the standing of the certificate that asks (GET). Answered to revoked and superseded ones as well.
pub const STANDING_PATH: &str = "/v1/certificates/standing";

/// Header in which a terminal's gateway names the origin under which its browser sees the institution web, e.g.
/// `http://localhost:18080`: passkeys are bound to what the browser sees.
pub const GATEWAY_ORIGIN_HEADER: &str = "terminal-gateway-origin";
/// Header of a page of the institution web that says why nobody comes in: the code of the catalogue, for the terminal
/// that passes the page on.
pub const CODE_HEADER: &str = "shikaku-code";

/// Longest body of a request, bytes.
pub const MAX_BODY_BYTES: usize = 32 * 1024;
/// Longest certificate request, characters of PEM.
pub const MAX_REQUEST_PEM_CHARS: usize = 16 * 1024;
/// Longest answer, bytes: a chain and a PKCS#12 file.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Code of a problem: the certificate request is refused; the title says why.
pub const REQUEST_REFUSED: &str = "certificate-request-refused";
/// Code of a problem: renewal is not open for this certificate, today or any more.
pub const RENEWAL_NOT_OPEN: &str = "certificate-renewal-not-open";
/// Code of a problem: it was renewed with another key already; that successor is to be used.
pub const RENEWED_BEFORE: &str = "certificate-renewed-before";
/// Code of a problem: the certificate that is asked for again was revoked meanwhile.
pub const CERTIFICATE_ENDED: &str = "certificate-ended";

/// Fetches the certificate of a letter. With neither `request_pem` nor `pkcs12_password` it only asks whom the letter
/// is for, which a request must name; that counts as a try, as the secret is compared.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct RetrievalRequest {
    /// リファレンスナンバー: twelve digits.
    pub retrieval_number: String,
    /// 認証ID: sixteen characters.
    pub secret: String,
    /// PKCS#10 of a key made on the terminal, PEM; its subject is that of [`CertificateSubject`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_pem: Option<String>,
    /// Password for a PKCS#12 file whose key the authority makes, where the terminal cannot make its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pkcs12_password: Option<String>,
}

/// Renews the certificate of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct RenewalRequest {
    /// PKCS#10 of a new key, PEM, with the subject of the old certificate.
    pub request_pem: String,
}

strict::objects_only!(RetrievalRequest, RenewalRequest);

impl RetrievalRequest {
    /// Asks whom a letter is for.
    #[must_use]
    pub fn about(number: &RetrievalNumber, secret: &RetrievalSecret) -> Self {
        Self {
            retrieval_number: number.as_str().to_owned(),
            secret: secret.reveal().to_owned(),
            request_pem: None,
            pkcs12_password: None,
        }
    }
}

impl std::fmt::Debug for RetrievalRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RetrievalRequest").field("request_pem", &self.request_pem).finish_non_exhaustive()
    }
}

/// A name as a certificate has it: certificates live longer than the rule for new names.
fn as_certified<'de, D: serde::Deserializer<'de>>(from: D) -> Result<TerminalName, D::Error> {
    let text = String::deserialize(from)?;
    TerminalName::of_certificate(&text).map_err(serde::de::Error::custom)
}

/// Whom a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateSubject {
    /// 医療機関コード: the certificate's organisation.
    #[schema(value_type = String)]
    pub institution_code: InstitutionCode,
    /// The institution's name, to be shown.
    pub institution_name: String,
    /// 端末名称: the certificate's common name.
    #[serde(deserialize_with = "as_certified")]
    #[schema(value_type = String)]
    pub terminal_name: TerminalName,
    /// What it may be used for.
    #[schema(value_type = String, examples("eligibility", "billing", "eligibility_and_billing"))]
    pub uses: CertificateUses,
}

/// What a letter opens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetrievalAnswer {
    /// Whom the certificate is for.
    pub subject: CertificateSubject,
    /// The certificate and the authorities below the root, PEM, its own first; when a request came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_pem: Option<String>,
    /// Key, certificate and chain as PKCS#12 in base64; when a password came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pkcs12_base64: Option<String>,
    /// Its last moment, ms; absent while it was only asked whom the letter is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub not_after: Option<Instant>,
}

impl std::fmt::Debug for RetrievalAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RetrievalAnswer").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

/// The successor of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenewalAnswer {
    /// The new certificate and the authorities below the root, PEM, its own first.
    pub chain_pem: String,
    /// The new one's last moment, ms.
    #[schema(value_type = i64)]
    pub not_after: Instant,
    /// First moment the old one is no longer taken, ms: the end of the overlap, or its own.
    #[schema(value_type = i64)]
    pub old_valid_until: Instant,
}

/// How the certificate that asks stands at the authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingAnswer {
    /// Serial number, lower-case hex without leading zeros.
    pub serial: String,
    /// Whom it is for.
    pub subject: CertificateSubject,
    /// Its last moment, ms.
    #[schema(value_type = i64)]
    pub not_after: Instant,
    /// Days to its last day in Tokyo: 0 on it, negative after it.
    pub days_left: i32,
    /// How it stands.
    pub stage: CertificateStage,
    /// The certificate that takes its place, once that was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<Successor>,
    /// The same for people.
    pub words: Words,
}

/// A certificate that takes another's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Successor {
    /// Serial number, lower-case hex without leading zeros.
    pub serial: String,
    /// Its last moment, ms.
    #[schema(value_type = i64)]
    pub not_after: Instant,
    /// First moment the old one is no longer taken, ms.
    #[schema(value_type = i64)]
    pub old_valid_until: Instant,
}

/// What is so and what to do, in Japanese.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Words {
    /// What is so.
    pub sentence: String,
    /// What to do; empty when nothing is.
    pub remedy: String,
}

/// How a certificate stands: the kinds of [`CertificateStanding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStage {
    /// Valid.
    Valid,
    /// Valid, and renewal is open.
    RenewalOpen,
    /// Renewed, and still taken beside its successor.
    Overlap,
    /// Renewed, and the overlap is over.
    Superseded,
    /// Its first moment is still to come.
    NotYetValid,
    /// Its last day is past.
    Expired,
    /// Revoked.
    Revoked,
    /// Not issued here.
    Unknown,
    /// Another institution's.
    OfAnotherInstitution,
}

impl From<CertificateStanding> for CertificateStage {
    fn from(standing: CertificateStanding) -> Self {
        match standing {
            CertificateStanding::Valid { .. } => Self::Valid,
            CertificateStanding::RenewalOpen { .. } => Self::RenewalOpen,
            CertificateStanding::Overlap { .. } => Self::Overlap,
            CertificateStanding::Superseded => Self::Superseded,
            CertificateStanding::NotYetValid => Self::NotYetValid,
            CertificateStanding::Expired { .. } => Self::Expired,
            CertificateStanding::Revoked(_) => Self::Revoked,
            CertificateStanding::Unknown => Self::Unknown,
            CertificateStanding::OfAnotherInstitution => Self::OfAnotherInstitution,
        }
    }
}

impl From<CertificateStanding> for Words {
    fn from(standing: CertificateStanding) -> Self {
        Self { sentence: standing.sentence(), remedy: standing.remedy().to_owned() }
    }
}

/// The code of the problem a try with a letter ends in; `None` when the certificate is handed out. The title of that
/// problem is the outcome's message, the detail its remedy.
#[must_use]
pub const fn retrieval_code(outcome: RetrievalOutcome) -> Option<&'static str> {
    match outcome {
        RetrievalOutcome::Granted => None,
        RetrievalOutcome::Wrong { .. } => Some("retrieval-wrong"),
        RetrievalOutcome::UsedUp => Some("retrieval-used-up"),
        RetrievalOutcome::Expired => Some("retrieval-expired"),
        RetrievalOutcome::AlreadyRetrieved => Some("retrieval-already-done"),
        RetrievalOutcome::Withdrawn => Some("retrieval-withdrawn"),
    }
}
