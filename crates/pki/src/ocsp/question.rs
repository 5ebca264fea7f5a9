//! Reading questions from strangers.

use der::oid::AssociatedOid as _;
use der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_ocsp::ext::Nonce;
use x509_ocsp::{OcspRequest, OcspResponse};

/// Largest request read, in bytes.
pub const MAX_OCSP_REQUEST_BYTES: usize = 8 * 1024;
/// Most certificates one request may ask about.
pub const MAX_OCSP_REQUEST_ENTRIES: usize = 32;
/// Lengths of nonces that are taken, in bytes (RFC 9654).
const NONCE_BYTES: std::ops::RangeInclusive<usize> = 1..=128;

/// Why a question gets no answer about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a question, or beyond a limit.
    #[error("not an OCSP request, or beyond a limit")]
    Malformed,
    /// About certificates nothing is known of here.
    #[error("nothing is known here about the certificate asked for")]
    Unauthorized,
    /// Something failed here.
    #[error("the answer could not be made")]
    Internal,
}

impl Refusal {
    /// The protocol's error answer; five bytes, unsigned.
    #[must_use]
    pub fn response(self) -> Vec<u8> {
        let response = match self {
            Self::Malformed => OcspResponse::malformed_request(),
            Self::Unauthorized => OcspResponse::unauthorized(),
            Self::Internal => OcspResponse::internal_error(),
        };
        // A response without content always encodes; three bytes of "internal error" if not.
        response.to_der().unwrap_or_else(|_| vec![0x30, 0x03, 0x0a, 0x01, 0x02])
    }
}

pub(crate) fn read(request_der: &[u8]) -> Result<OcspRequest, Refusal> {
    if request_der.len() > MAX_OCSP_REQUEST_BYTES {
        return Err(Refusal::Malformed);
    }
    let request = OcspRequest::from_der(request_der).map_err(|_| Refusal::Malformed)?;
    let asked = &request.tbs_request.request_list;
    if asked.is_empty() || asked.len() > MAX_OCSP_REQUEST_ENTRIES {
        return Err(Refusal::Malformed);
    }
    let whole = request.tbs_request.request_extensions.iter().flatten();
    let single = asked.iter().flat_map(|entry| entry.single_request_extensions.iter().flatten());
    // A critical extension is a condition on the answer; the nonce is the only one we could meet.
    if whole.clone().chain(single).any(|e| e.critical && e.extn_id != Nonce::OID) {
        return Err(Refusal::Malformed);
    }
    let nonces: Vec<&Extension> = whole.filter(|e| e.extn_id == Nonce::OID).collect();
    let echoable = |e: &&Extension| {
        Nonce::from_der(e.extn_value.as_bytes())
            .is_ok_and(|nonce| NONCE_BYTES.contains(&nonce.0.as_bytes().len()))
    };
    if nonces.len() > 1 || !nonces.iter().all(echoable) {
        return Err(Refusal::Malformed);
    }
    Ok(request)
}

pub(crate) fn nonce_of(request: &OcspRequest) -> Option<Extension> {
    request.tbs_request.request_extensions.iter().flatten().find(|e| e.extn_id == Nonce::OID).cloned()
}
