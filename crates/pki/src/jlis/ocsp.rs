//! An OCSP responder (RFC 6960): request bytes in, response bytes out.

use std::sync::Arc;

use der::Encode as _;
use eligibility::Instant;
use x509_cert::Certificate;
use x509_cert::ext::Extension;
use x509_ocsp::{CertId, CertStatus, OcspGeneralizedTime, RevokedInfo, SingleResponse};

use super::CardAuthority;
use super::register::{CertificateStatus, Register};
use crate::keys::PrivateKey;
use crate::ocsp::{self, AskedNames, Refusal};
use crate::{Error, Result, moment};

pub use crate::ocsp::{MAX_OCSP_REQUEST_BYTES, MAX_OCSP_REQUEST_ENTRIES};

/// Hours an answer may be kept.
pub const OCSP_VALIDITY_H: i64 = 12;

/// Answers for all generations of one authority, each with its own delegated key.
pub struct OcspResponder {
    signers: Vec<Signer>,
    register: Arc<Register>,
}

struct Signer {
    generation: u8,
    key: PrivateKey,
    certificate: Certificate,
    names: AskedNames,
}

impl OcspResponder {
    pub(super) fn new(generations: &[CardAuthority], now: Instant) -> Result<Self> {
        let first = generations.first().ok_or(Error::Malformed("an authority without generations"))?;
        let signers =
            generations.iter().map(|authority| Signer::new(authority, now)).collect::<Result<_>>()?;
        Ok(Self { signers, register: Arc::clone(first.register()) })
    }

    /// Answers a request. Never fails: what cannot be answered gets one of the protocol's error answers.
    #[must_use]
    pub fn answer(&self, request_der: &[u8], now: Instant) -> Vec<u8> {
        self.try_answer(request_der, now).unwrap_or_else(Refusal::response)
    }

    fn try_answer(&self, request_der: &[u8], now: Instant) -> Result<Vec<u8>, Refusal> {
        let request = ocsp::read(request_der)?;
        let asked = &request.tbs_request.request_list;
        let known = asked
            .iter()
            .find_map(|entry| self.signers.iter().find(|s| s.names.is_asked_for(&entry.req_cert)));
        let signer = known.ok_or(Refusal::Unauthorized)?;
        let nonce = ocsp::nonce_of(&request);
        self.signed(signer, asked.iter().map(|entry| &entry.req_cert), nonce, now)
            .map_err(|_| Refusal::Internal)
    }

    fn signed<'a>(
        &self,
        signer: &Signer,
        asked: impl Iterator<Item = &'a CertId>,
        nonce: Option<Extension>,
        now: Instant,
    ) -> Result<Vec<u8>> {
        let responses = asked.map(|one| self.single(signer, one, now)).collect::<Result<Vec<_>>>()?;
        Ok(ocsp::answer(&signer.key, &signer.certificate, responses, nonce, now)?.to_der()?)
    }

    fn single(&self, signer: &Signer, asked: &CertId, now: Instant) -> Result<SingleResponse> {
        let status = match (signer.names.is_asked_for(asked), serial_of(asked)) {
            (true, Some(serial)) => self.register.status(signer.generation, serial, now),
            _ => CertificateStatus::Unknown,
        };
        let cert_status = match status {
            CertificateStatus::Good => CertStatus::good(),
            CertificateStatus::Unknown => CertStatus::unknown(),
            CertificateStatus::Revoked(how) => CertStatus::revoked(RevokedInfo {
                revocation_time: OcspGeneralizedTime(moment::to_generalized(how.at)?),
                revocation_reason: how.reason.to_asn1(),
            }),
        };
        let until = Instant(now.0.saturating_add(OCSP_VALIDITY_H * 3_600_000));
        Ok(SingleResponse {
            cert_id: asked.clone(),
            cert_status,
            this_update: OcspGeneralizedTime(moment::to_generalized(now)?),
            next_update: Some(OcspGeneralizedTime(moment::to_generalized(until)?)),
            single_extensions: None,
        })
    }
}

fn serial_of(asked: &CertId) -> Option<u32> {
    let bytes = asked.serial_number.as_bytes();
    // Int strips leading zeros of positive numbers only, so a set top bit means a negative number
    // unless a zero precedes it; our numbers stay below 2^31 and have neither.
    if bytes.is_empty() || bytes.len() > 4 || bytes[0] & 0x80 != 0 {
        return None;
    }
    Some(bytes.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
}

impl Signer {
    fn new(authority: &CardAuthority, now: Instant) -> Result<Self> {
        let (key, certificate) = authority.delegate_responder(now)?;
        let root = &authority.certificate().tbs_certificate;
        let name = root.subject.to_der()?;
        let bits = root.subject_public_key_info.subject_public_key.as_bytes().unwrap_or_default();
        let names = AskedNames::of(&name, bits);
        Ok(Self { generation: authority.generation(), key, certificate, names })
    }
}
