//! OCSP (RFC 6960) for the institution network: answers signed ahead of time, so that whoever asks costs nothing
//! but a look-up. The card world's live responder shares the reading of questions.

mod question;

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use der::asn1::{Null, OctetString};
use der::oid::db::rfc5912::{ID_SHA_1, ID_SHA_256};
use der::{Decode as _, Encode as _};
use eligibility::Instant;
use x509_cert::Certificate;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspResponse, ResponderId, ResponseData,
    RevokedInfo, SingleResponse, Version,
};

use crate::crl::Revocation;
use crate::issued::IssuedCertificate;
use crate::issuing::IssuingAuthority;
use crate::issuing_key::IssuingKey;
use crate::linted::IssuerFacts;
use crate::{Error, Result, lint, moment, profile, serial, signing};

pub use question::{MAX_OCSP_REQUEST_BYTES, MAX_OCSP_REQUEST_ENTRIES, Refusal};
pub(crate) use question::{nonce_of, read};

/// Hours an answer signed ahead may be kept.
pub const PRESIGNED_VALIDITY_H: i64 = 12;

/// What is to be said about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Issued and not revoked.
    Good,
    /// Revoked.
    Revoked(Revocation),
    /// Never issued by this authority. Never to be mixed up with good.
    Unknown,
}

/// Hashes of an authority's name and key, as questions name it.
pub(crate) struct AskedNames {
    sha1: (Vec<u8>, Vec<u8>),
    sha256: (Vec<u8>, Vec<u8>),
}

impl AskedNames {
    pub(crate) fn of(name_der: &[u8], key_bits: &[u8]) -> Self {
        let hashed = |with: &'static Algorithm| {
            (digest(with, name_der).as_ref().to_vec(), digest(with, key_bits).as_ref().to_vec())
        };
        Self { sha1: hashed(&SHA1_FOR_LEGACY_USE_ONLY), sha256: hashed(&SHA256) }
    }

    fn of_issuer(facts: &IssuerFacts) -> Result<Self> {
        let bits = facts.key.subject_public_key.as_bytes().unwrap_or_default();
        Ok(Self::of(&facts.name.to_der()?, bits))
    }

    /// Whether this authority is asked.
    pub(crate) fn is_asked_for(&self, asked: &CertId) -> bool {
        let (name, key) = match asked.hash_algorithm.oid {
            ID_SHA_1 => &self.sha1,
            ID_SHA_256 => &self.sha256,
            _ => return false,
        };
        asked.issuer_name_hash.as_bytes() == name && asked.issuer_key_hash.as_bytes() == key
    }

    /// The names of one certificate, for those who hash with SHA-1 and for those who hash with SHA-256.
    fn ids(&self, serial: &[u8]) -> Result<[CertId; 2]> {
        let id = |oid, (name, key): &(Vec<u8>, Vec<u8>)| -> Result<CertId> {
            Ok(CertId {
                hash_algorithm: AlgorithmIdentifierOwned { oid, parameters: Some(Null.into()) },
                issuer_name_hash: OctetString::new(name.as_slice())?,
                issuer_key_hash: OctetString::new(key.as_slice())?,
                serial_number: SerialNumber::new(serial)?,
            })
        };
        Ok([id(ID_SHA_1, &self.sha1)?, id(ID_SHA_256, &self.sha256)?])
    }
}

/// Reads questions about one issuing authority's certificates. Needs no key: it can stand where the network is.
pub struct Counter {
    names: AskedNames,
}

impl Counter {
    /// For the certificates of the authority with this certificate.
    ///
    /// # Errors
    /// [`Error::Asn1`] when it is no certificate.
    pub fn for_authority(certificate_der: &[u8]) -> Result<Self> {
        let tbs = Certificate::from_der(certificate_der)?.tbs_certificate;
        let bits = tbs.subject_public_key_info.subject_public_key.as_bytes().unwrap_or_default();
        Ok(Self { names: AskedNames::of(&tbs.subject.to_der()?, bits) })
    }

    /// The serial number (hex) that is asked about. The answer signed ahead for it is the whole reply; when
    /// there is none, [`Refusal::Unauthorized`] is.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for what is no question or asks about several; [`Refusal::Unauthorized`] when
    /// another authority is asked.
    pub fn asked_serial(&self, request_der: &[u8]) -> Result<String, Refusal> {
        let request = read(request_der)?;
        let [one] = request.tbs_request.request_list.as_slice() else {
            return Err(Refusal::Malformed);
        };
        if !self.names.is_asked_for(&one.req_cert) {
            return Err(Refusal::Unauthorized);
        }
        Ok(profile::serial_hex(one.req_cert.serial_number.as_bytes()))
    }
}

/// Signs answers for one issuing authority with a delegated key.
pub struct Signer {
    key: Box<dyn IssuingKey>,
    certificate: Certificate,
    names: AskedNames,
}

impl Signer {
    /// A signer from its key and the certificate the authority issued for it
    /// ([`crate::issuing::Profile::OcspSigner`]).
    ///
    /// # Errors
    /// [`Error::Malformed`] when they do not belong together or to this authority; [`Error::Lint`] when the
    /// certificate is no OCSP signer's.
    pub fn new(
        authority: &IssuingAuthority,
        key: Box<dyn IssuingKey>,
        issued: &IssuedCertificate,
    ) -> Result<Self> {
        let findings = lint::check(lint::Kind::InstitutionResponder, &issued.der)?;
        if !findings.is_empty() {
            return Err(Error::Lint(findings));
        }
        let certificate = Certificate::from_der(&issued.der)?;
        let tbs = &certificate.tbs_certificate;
        let facts = authority.facts();
        let by_authority = signing::verify(
            &facts.key,
            certificate.signature_algorithm.oid,
            &tbs.to_der()?,
            &certificate.signature,
        );
        let own_key = tbs.subject_public_key_info.to_der()? == key.public_key().spki_der();
        if by_authority.is_err() || !own_key {
            return Err(Error::Malformed("an OCSP signer (authority, certificate and key do not fit)"));
        }
        Ok(Self { key, certificate, names: AskedNames::of_issuer(facts)? })
    }

    /// Signs one answer about one certificate (serial number in hex), for whoever will ask within the given
    /// time, hashing with SHA-1 or SHA-256. It carries no nonce.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a serial number that is none; [`Error::Crypto`], [`Error::Token`].
    pub fn presign(
        &self,
        serial: &str,
        status: Status,
        this_update: Instant,
        next_update: Instant,
    ) -> Result<Vec<u8>> {
        let at = |instant| -> Result<_> { Ok(OcspGeneralizedTime(moment::to_generalized(instant)?)) };
        let cert_status = match status {
            Status::Good => CertStatus::good(),
            Status::Unknown => CertStatus::unknown(),
            Status::Revoked(how) => CertStatus::Revoked(RevokedInfo {
                revocation_time: at(how.at)?,
                revocation_reason: how.reason.to_asn1(),
            }),
        };
        let single = |cert_id| -> Result<SingleResponse> {
            Ok(SingleResponse {
                cert_id,
                cert_status,
                this_update: at(this_update)?,
                next_update: Some(at(next_update)?),
                single_extensions: None,
            })
        };
        let ids = self.names.ids(&serial::bytes_of(serial)?)?;
        let responses = ids.into_iter().map(single).collect::<Result<_>>()?;
        answer(self.key.as_ref(), &self.certificate, responses, None, this_update)?
            .to_der()
            .map_err(Error::from)
    }
}

/// Signs answers under a delegated certificate.
pub(crate) fn answer(
    key: &dyn IssuingKey,
    certificate: &Certificate,
    responses: Vec<SingleResponse>,
    nonce: Option<x509_cert::ext::Extension>,
    now: Instant,
) -> Result<OcspResponse> {
    let key_hash = signing::key_identifier(&key.public_key().bits()?);
    let tbs_response_data = ResponseData {
        version: Version::V1,
        responder_id: ResponderId::ByKey(OctetString::new(key_hash)?),
        produced_at: OcspGeneralizedTime(moment::to_generalized(now)?),
        responses,
        response_extensions: nonce.map(|echo| vec![echo]),
    };
    let signature = signing::sign_structure(key, &tbs_response_data)?;
    let basic = BasicOcspResponse {
        tbs_response_data,
        signature_algorithm: signing::algorithm_identifier(key.algorithm()),
        signature,
        certs: Some(vec![certificate.clone()]),
    };
    Ok(OcspResponse::successful(basic)?)
}
