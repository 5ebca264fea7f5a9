//! 利用者証明用電子証明書: the certificate on the card, and what its remaining life allows.

use serde::{Deserialize, Serialize};

/// Names one card certificate: serial numbers are unique only within their issuer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CardCertificateId {
    /// Lower-case hex SHA-256 of the issuer's DER name.
    pub issuer: String,
    /// The serial number, lower-case hex without leading zeros.
    pub serial: String,
}

/// What the certificate's dates allow on a day (design decision: three months on either side).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardCertificateState {
    /// Not yet valid: refused.
    NotYetValid,
    /// Valid, more than three months left.
    Valid,
    /// Valid, at most three months left: answer carries OQSB1101I.
    ExpiresSoon,
    /// Expired at most three months ago: eligibility only, OQSB1102W.
    Grace,
    /// Expired longer ago: refused.
    Expired,
}
