//! Certificate requests (PKCS#10): the way a terminal gets a certificate without its key ever leaving it.

use der::asn1::SetOfVec;
use der::{Decode as _, Encode as _};
use x509_cert::request::{CertReq, CertReqInfo, Version};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::keys::{PrivateKey, PublicKey};
use crate::naming::{COMMON_NAME, COUNTRY, ORGANIZATION, name};
use crate::profile::read_subject;
use crate::{Result, TerminalSubject, pem, signing};

/// Largest request read, in bytes of DER.
pub const MAX_REQUEST_BYTES: usize = 8 * 1024;

/// RSA moduli below this are called weak.
const RSA_WEAK_BELOW_BITS: usize = 2048;
/// RSA moduli above this are called oversized.
const RSA_OVERSIZED_ABOVE_BITS: usize = 4096;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`MAX_REQUEST_BYTES`].
    #[error("the request is larger than {MAX_REQUEST_BYTES} bytes")]
    TooLarge,
    /// Not a PKCS#10 request.
    #[error("the request is not PKCS#10")]
    Malformed,
    /// A key too short to be safe; the kind found is named.
    #[error("the request's key is {0}, which is too weak; only P-256 is accepted")]
    WeakKey(String),
    /// A key so large that checking it costs more than it should; the kind found is named.
    #[error("the request's key is {0}, which is too large; only P-256 is accepted")]
    OversizedKey(String),
    /// A curve or a kind of key that this network does not use; the kind found is named.
    #[error("the request's key is {0}; only P-256 is accepted")]
    KeyType(String),
    /// P-256 by name, but no point of the curve.
    #[error("the request's key is no point of the curve P-256")]
    InvalidKey,
    /// A certificate was already issued for this key. Each certificate has a key of its own.
    #[error("a certificate was already issued for this key; make a new key and a new request")]
    ReusedKey,
    /// The key is known to others.
    #[error("this key is known to be compromised; make a new key and a new request")]
    CompromisedKey,
    /// The subject is not exactly the institution and terminal the certificate is for.
    #[error("the request's subject is not the institution and terminal this certificate is for")]
    Subject,
    /// The request is not signed by the key it carries.
    #[error("the request is not signed by its own key")]
    Signature,
}

/// Makes a request for a terminal certificate, as DER.
///
/// # Errors
/// [`crate::Error`] when the subject cannot be encoded or signing fails.
pub fn create(subject: &TerminalSubject, key: &PrivateKey) -> Result<Vec<u8>> {
    let parts = [
        (COUNTRY, "JP"),
        (ORGANIZATION, subject.institution.as_str()),
        (COMMON_NAME, subject.terminal.as_str()),
    ];
    let info = CertReqInfo {
        version: Version::V1,
        subject: name(&parts)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(key.public_key().spki_der())?,
        attributes: SetOfVec::new(),
    };
    let signature = signing::sign_structure(key, &info)?;
    let request = CertReq { info, algorithm: signing::algorithm_identifier(key.algorithm()), signature };
    Ok(request.to_der()?)
}

/// Makes a request for a terminal certificate, as PEM.
///
/// # Errors
/// As [`create`].
pub fn create_pem(subject: &TerminalSubject, key: &PrivateKey) -> Result<String> {
    pem::encode(pem::CERTIFICATE_REQUEST, &create(subject, key)?)
}

/// What the caller knows of a request's key, looked up by [`CheckedRequest::key_fingerprint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStanding {
    /// Never seen.
    New,
    /// A certificate was issued for it, expired ones included.
    UsedBefore,
    /// Revoked as compromised, or known from elsewhere.
    Compromised,
}

/// A request that is right in itself. Its key is given out only when the caller says that it is new.
#[derive(Debug)]
pub struct CheckedRequest {
    key: PublicKey,
}

impl CheckedRequest {
    /// Lower-case hex SHA-256 of the key, to look it up by.
    #[must_use]
    pub fn key_fingerprint(&self) -> String {
        self.key.fingerprint()
    }

    /// The key to certify.
    ///
    /// # Errors
    /// [`Refusal::ReusedKey`], [`Refusal::CompromisedKey`].
    pub fn accept(self, standing: KeyStanding) -> Result<PublicKey, Refusal> {
        match standing {
            KeyStanding::New => Ok(self.key),
            KeyStanding::UsedBefore => Err(Refusal::ReusedKey),
            KeyStanding::Compromised => Err(Refusal::CompromisedKey),
        }
    }
}

/// Checks a request for a certificate with this subject. Attributes of the request (extensions it asks for)
/// are ignored: what a certificate says is decided here alone.
///
/// # Errors
/// [`Refusal`], the first reason found.
pub fn check(request_der: &[u8], expected: &TerminalSubject) -> Result<CheckedRequest, Refusal> {
    if request_der.len() > MAX_REQUEST_BYTES {
        return Err(Refusal::TooLarge);
    }
    let request = CertReq::from_der(request_der).map_err(|_| Refusal::Malformed)?;
    let key = &request.info.public_key;
    check_key(key)?;
    if read_subject(&request.info.subject).map_err(|_| Refusal::Subject)? != *expected {
        return Err(Refusal::Subject);
    }
    let message = request.info.to_der().map_err(|_| Refusal::Malformed)?;
    signing::verify_p256(key, request.algorithm.oid, &message, &request.signature)
        .map_err(|_| Refusal::Signature)?;
    let spki = key.to_der().map_err(|_| Refusal::Malformed)?;
    let key = PublicKey::from_spki_der(&spki).map_err(|_| Refusal::Malformed)?;
    Ok(CheckedRequest { key })
}

fn check_key(key: &SubjectPublicKeyInfoOwned) -> Result<(), Refusal> {
    let kind = signing::key_kind(key);
    if kind == signing::P256 {
        return if signing::is_p256_point(key) { Ok(()) } else { Err(Refusal::InvalidKey) };
    }
    let rsa_bits = kind.strip_prefix("RSA-").and_then(|bits| bits.parse::<usize>().ok());
    match rsa_bits {
        Some(bits) if bits < RSA_WEAK_BELOW_BITS => Err(Refusal::WeakKey(kind)),
        Some(bits) if bits > RSA_OVERSIZED_ABOVE_BITS => Err(Refusal::OversizedKey(kind)),
        None if signing::WEAK_CURVES.contains(&kind.as_str()) => Err(Refusal::WeakKey(kind)),
        _ => Err(Refusal::KeyType(kind)),
    }
}

/// As [`check`], from PEM.
///
/// # Errors
/// [`Refusal`], the first reason found.
pub fn check_pem(text: &str, expected: &TerminalSubject) -> Result<CheckedRequest, Refusal> {
    // PEM is a third larger than DER; twice the limit leaves room for line ends.
    if text.len() > 2 * MAX_REQUEST_BYTES {
        return Err(Refusal::TooLarge);
    }
    let der = pem::decode(pem::CERTIFICATE_REQUEST, text).map_err(|_| Refusal::Malformed)?;
    check(&der, expected)
}
