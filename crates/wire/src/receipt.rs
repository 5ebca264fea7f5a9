//! The eligibility receipt: what the centre signs with every answer (JWS ES256), so that the answer can be
//! proven later without the centre. Signing and verifying live elsewhere; this is the payload.

use eligibility::{
    Date,
    codes::{InquiryMethod, Validity},
    insurer::InsurerNumber,
};
use serde::{Deserialize, Serialize};

/// `typ` of the JWS header.
pub const RECEIPT_TYPE: &str = "shikaku-receipt+jwt";
/// `alg` of the JWS header.
pub const RECEIPT_ALGORITHM: &str = "ES256";
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
