//! PEM text around DER bytes.

use der::pem::{LineEnding, PemLabel as _, decode_vec, encode_string};
use x509_cert::Certificate;

use crate::{Error, Result};

/// Label of a PKCS#8 private key.
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
/// Label of a public key (SubjectPublicKeyInfo).
pub const PUBLIC_KEY: &str = "PUBLIC KEY";
/// Label of a certificate.
pub const CERTIFICATE: &str = Certificate::PEM_LABEL;
/// Label of a PKCS#10 request.
pub const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";
/// Label of a revocation list.
pub const CRL: &str = "X509 CRL";

/// Writes DER bytes as PEM with LF line ends.
///
/// # Errors
/// [`Error::Malformed`] when the bytes are too long to encode.
pub fn encode(label: &'static str, der: &[u8]) -> Result<String> {
    encode_string(label, LineEnding::LF, der).map_err(|_| Error::Malformed("PEM"))
}

/// Reads the first PEM block, which must carry this label. More may follow: a certificate's file holds its
/// issuer too.
///
/// # Errors
/// [`Error::Malformed`] when it is no PEM or has another label.
pub fn decode(label: &'static str, text: &str) -> Result<Vec<u8>> {
    const END: &str = "-----END ";
    let text = text.trim();
    let end = text.find(END).and_then(|at| text[at..].find('\n').map(|line| at + line));
    let first = text[..end.unwrap_or(text.len())].trim_end();
    let (found, der) = decode_vec(first.as_bytes()).map_err(|_| Error::Malformed("PEM"))?;
    if found != label {
        return Err(Error::Malformed("PEM label"));
    }
    Ok(der)
}
