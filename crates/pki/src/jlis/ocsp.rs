//! An OCSP responder (RFC 6960): request bytes in, response bytes out.

use std::sync::Arc;

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use der::asn1::OctetString;
use der::oid::AssociatedOid as _;
use der::oid::db::rfc5912::{ID_SHA_1, ID_SHA_256};
use der::{Decode as _, Encode as _};
use eligibility::Instant;
use x509_cert::Certificate;
use x509_cert::ext::Extension;
use x509_ocsp::ext::Nonce;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspRequest, OcspResponse, ResponderId,
    ResponseData, RevokedInfo, SingleResponse, Version,
};

use super::CardAuthority;
use super::register::{CertificateStatus, Register};
use crate::keys::PrivateKey;
use crate::{Error, Result, moment, signing};

/// Largest request read, in bytes.
pub const MAX_OCSP_REQUEST_BYTES: usize = 8 * 1024;
/// Most certificates one request may ask about.
pub const MAX_OCSP_REQUEST_ENTRIES: usize = 32;
/// Hours an answer may be kept.
pub const OCSP_VALIDITY_H: i64 = 12;
/// Lengths of nonces that are echoed, in bytes (RFC 9654).
const NONCE_BYTES: std::ops::RangeInclusive<usize> = 1..=128;

/// Answers for all generations of one authority, each with its own delegated key.
pub struct OcspResponder {
    signers: Vec<Signer>,
    register: Arc<Register>,
}

struct Signer {
    generation: u8,
    key: PrivateKey,
    certificate: Certificate,
    /// Hashes of the authority's name and key, with SHA-1 and with SHA-256.
    names: [(Vec<u8>, Vec<u8>); 2],
}

enum Refused {
    Malformed,
    Unauthorized,
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
        let response = match self.try_answer(request_der, now) {
            Ok(Ok(response)) => response,
            Ok(Err(Refused::Malformed)) => OcspResponse::malformed_request(),
            Ok(Err(Refused::Unauthorized)) => OcspResponse::unauthorized(),
            Err(_) => OcspResponse::internal_error(),
        };
        // A response without content always encodes; three bytes of "internal error" if not.
        response.to_der().unwrap_or_else(|_| vec![0x30, 0x03, 0x0a, 0x01, 0x02])
    }

    fn try_answer(&self, request_der: &[u8], now: Instant) -> Result<Result<OcspResponse, Refused>> {
        let request = match read(request_der) {
            Ok(request) => request,
            Err(refused) => return Ok(Err(refused)),
        };
        let asked = &request.tbs_request.request_list;
        let known =
            asked.iter().find_map(|entry| self.signers.iter().find(|s| s.is_asked_for(&entry.req_cert)));
        let Some(signer) = known else {
            return Ok(Err(Refused::Unauthorized));
        };
        let responses = asked
            .iter()
            .map(|entry| self.single(signer, &entry.req_cert, now))
            .collect::<Result<Vec<_>>>()?;
        let nonce = request.tbs_request.request_extensions.iter().flatten().find(|e| e.extn_id == Nonce::OID);
        signer.sign(responses, nonce.cloned(), now).map(Ok)
    }

    fn single(&self, signer: &Signer, asked: &CertId, now: Instant) -> Result<SingleResponse> {
        let status = match (signer.is_asked_for(asked), serial_of(asked)) {
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

fn read(request_der: &[u8]) -> Result<OcspRequest, Refused> {
    if request_der.len() > MAX_OCSP_REQUEST_BYTES {
        return Err(Refused::Malformed);
    }
    let request = OcspRequest::from_der(request_der).map_err(|_| Refused::Malformed)?;
    let asked = &request.tbs_request.request_list;
    if asked.is_empty() || asked.len() > MAX_OCSP_REQUEST_ENTRIES {
        return Err(Refused::Malformed);
    }
    let whole = request.tbs_request.request_extensions.iter().flatten();
    let single = asked.iter().flat_map(|entry| entry.single_request_extensions.iter().flatten());
    // A critical extension is a condition on the answer; the nonce is the only one we could meet.
    if whole.clone().chain(single).any(|e| e.critical && e.extn_id != Nonce::OID) {
        return Err(Refused::Malformed);
    }
    let nonces: Vec<&Extension> = whole.filter(|e| e.extn_id == Nonce::OID).collect();
    let echoable = |e: &&Extension| {
        Nonce::from_der(e.extn_value.as_bytes())
            .is_ok_and(|nonce| NONCE_BYTES.contains(&nonce.0.as_bytes().len()))
    };
    if nonces.len() > 1 || !nonces.iter().all(echoable) {
        return Err(Refused::Malformed);
    }
    Ok(request)
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
        let hashed = |with: &'static Algorithm| {
            (digest(with, &name).as_ref().to_vec(), digest(with, bits).as_ref().to_vec())
        };
        let names = [hashed(&SHA1_FOR_LEGACY_USE_ONLY), hashed(&SHA256)];
        Ok(Self { generation: authority.generation(), key, certificate, names })
    }

    fn is_asked_for(&self, asked: &CertId) -> bool {
        let (name, key) = match asked.hash_algorithm.oid {
            ID_SHA_1 => &self.names[0],
            ID_SHA_256 => &self.names[1],
            _ => return false,
        };
        asked.issuer_name_hash.as_bytes() == name && asked.issuer_key_hash.as_bytes() == key
    }

    fn sign(
        &self,
        responses: Vec<SingleResponse>,
        nonce: Option<Extension>,
        now: Instant,
    ) -> Result<OcspResponse> {
        let key_hash = signing::key_identifier(self.key.raw_public_key());
        let tbs_response_data = ResponseData {
            version: Version::V1,
            responder_id: ResponderId::ByKey(OctetString::new(key_hash)?),
            produced_at: OcspGeneralizedTime(moment::to_generalized(now)?),
            responses,
            response_extensions: nonce.map(|echo| vec![echo]),
        };
        let signature = signing::sign_structure(&self.key, &tbs_response_data)?;
        let basic = BasicOcspResponse {
            tbs_response_data,
            signature_algorithm: signing::algorithm_identifier(self.key.algorithm()),
            signature,
            certs: Some(vec![self.certificate.clone()]),
        };
        Ok(OcspResponse::successful(basic)?)
    }
}
