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

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`MAX_REQUEST_BYTES`].
    #[error("the request is larger than {MAX_REQUEST_BYTES} bytes")]
    TooLarge,
    /// Not a PKCS#10 request.
    #[error("the request is not PKCS#10")]
    Malformed,
    /// Only P-256 keys are accepted; the kind found is named.
    #[error("the request's key is {0}; only P-256 is accepted")]
    KeyType(String),
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

/// Checks a request for a certificate with this subject and gives the key to certify. Attributes of the
/// request (extensions it asks for) are ignored: what a certificate says is decided here alone.
///
/// # Errors
/// [`Refusal`], the first reason found.
pub fn accept(request_der: &[u8], expected: &TerminalSubject) -> Result<PublicKey, Refusal> {
    if request_der.len() > MAX_REQUEST_BYTES {
        return Err(Refusal::TooLarge);
    }
    let request = CertReq::from_der(request_der).map_err(|_| Refusal::Malformed)?;
    let key = &request.info.public_key;
    let kind = signing::key_kind(key);
    if kind != signing::P256 {
        return Err(Refusal::KeyType(kind));
    }
    if read_subject(&request.info.subject).map_err(|_| Refusal::Subject)? != *expected {
        return Err(Refusal::Subject);
    }
    let message = request.info.to_der().map_err(|_| Refusal::Malformed)?;
    signing::verify_p256(key, request.algorithm.oid, &message, &request.signature)
        .map_err(|_| Refusal::Signature)?;
    let spki = key.to_der().map_err(|_| Refusal::Malformed)?;
    PublicKey::from_spki_der(&spki).map_err(|_| Refusal::Malformed)
}

/// As [`accept`], from PEM.
///
/// # Errors
/// [`Refusal`], the first reason found.
pub fn accept_pem(text: &str, expected: &TerminalSubject) -> Result<PublicKey, Refusal> {
    // PEM is a third larger than DER; twice the limit leaves room for line ends.
    if text.len() > 2 * MAX_REQUEST_BYTES {
        return Err(Refusal::TooLarge);
    }
    let der = pem::decode(pem::CERTIFICATE_REQUEST, text).map_err(|_| Refusal::Malformed)?;
    accept(&der, expected)
}
