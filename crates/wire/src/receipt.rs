//! The eligibility receipt: what the centre signs with every answer (JWS ES256), so that the answer can be
//! proven later without the centre. Signing and verifying live elsewhere; this is the payload.

use crate::message::{Code, QualificationResult, ResultMessage};
use eligibility::{
    Date,
    codes::{InquiryMethod, ResultSegment, Validity},
    insurer::InsurerNumber,
};
use serde::{Deserialize, Serialize};

/// `typ` of the JWS header.
pub const RECEIPT_TYPE: &str = "shikaku-receipt+jwt";
/// `alg` of the JWS header.
pub const RECEIPT_ALGORITHM: &str = "ES256";
/// `iss` of the centre unless it is configured otherwise.
pub const RECEIPT_ISSUER: &str = "urn:shikaku:centre";
/// Longest receipt a reader accepts, characters of the compact form.
pub const MAX_RECEIPT_CHARS: usize = 8 * 1024;

/// The claims. Times are seconds since 1970-01-01T00:00:00Z, as JWT has them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptClaims {
    /// Who signed: the centre's name.
    pub iss: String,
    /// 医療機関コード of the institution that asked.
    pub aud: String,
    /// The receipt's id, the same as in the audit record.
    pub jti: String,
    /// Signed at.
    pub iat: i64,
    /// Holds until.
    pub exp: i64,
    /// SHA-256 of the question's body as it was sent, base64url: the receipt is about this question and no other.
    pub question: String,
    /// SHA-256 of the value of `answer` as it was sent, base64url: nothing in it can be changed.
    pub answer: String,
    /// 照会区分.
    pub method: InquiryMethod,
    /// 資格確認日.
    pub as_of: Date,
    /// 資格有効性.
    pub validity: Validity,
    /// The coverages the answer showed.
    pub coverages: Vec<ReceiptCoverage>,
}

/// Names one coverage the way a claim does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptCoverage {
    /// 保険者番号.
    pub insurer_number: InsurerNumber,
    /// 記号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// 番号.
    pub number: String,
    /// 枝番.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

impl ReceiptClaims {
    /// What an answer says that its receipt does not, or the other way round: the name of the first such thing, never
    /// its content. None when the receipt proves the answer.
    #[must_use]
    pub fn disagreement_with(&self, answer: &ResultMessage) -> Option<&'static str> {
        let (header, body) = (&answer.header, &answer.body);
        let agreements = [
            ("institution", header.medical_institution_code.as_str() == self.aud),
            ("date", header.qualification_confirmation_date == Some(self.as_of)),
            ("method", header.reference_classification.known() == Some(self.method)),
            ("segment", header.segment_of_result.known() == Some(ResultSegment::Done)),
            ("validity", body.qualification_validity.as_ref().and_then(Code::known) == Some(self.validity)),
            ("number of coverages", body.results.len() == self.coverages.len()),
            ("coverage", self.coverages.iter().zip(&body.results).all(|(claim, shown)| claim.names(shown))),
        ];
        agreements.into_iter().find(|(_, agrees)| !agrees).map(|(what, _)| what)
    }
}

impl ReceiptCoverage {
    /// Whether this names the coverage shown. An element left out and an empty one are the same in an answer.
    fn names(&self, shown: &QualificationResult) -> bool {
        let same = |claimed: Option<&str>, shown: &Option<String>| {
            claimed.unwrap_or_default() == shown.as_deref().unwrap_or_default()
        };
        shown.insurer_number.as_ref() == Some(&self.insurer_number)
            && same(self.symbol.as_deref(), &shown.insured_card_symbol)
            && same(Some(&self.number), &shown.insured_identification_number)
            && same(self.branch.as_deref(), &shown.insured_branch_number)
    }
}

impl std::fmt::Debug for ReceiptClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptClaims")
            .field("jti", &self.jti)
            .field("aud", &self.aud)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ReceiptCoverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptCoverage").finish_non_exhaustive()
    }
}
