//! Where revocation data of an issuing authority is fetched, and how it is cut into shards.

use aws_lc_rs::digest::{SHA256, digest};
use der::Decode as _;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use crate::{Error, Result, serial};

/// Most shards one authority may have.
pub const SHARDS_MAX: u16 = 4096;
/// Characters of the key identifier (hex) that tell issuing authorities' addresses apart.
const ISSUER_CHARS: usize = 16;
/// Longest base address, in bytes.
const BASE_URL_MAX_BYTES: usize = 200;

/// Addresses written into certificates. They outlive every certificate that names them: base and number of
/// shards are chosen once for each issuing authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    base: String,
    shards: u16,
}

/// The addresses in one certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeafAddresses {
    /// The shard of the revocation list this serial number belongs to.
    pub crl: String,
    /// The OCSP responder.
    pub ocsp: String,
    /// The issuing authority's certificate.
    pub issuer: String,
}

impl Distribution {
    /// Takes an `http://` address without a slash at its end (lists and answers are signed; fetching them must
    /// not need certificates) and the number of shards, 1 to [`SHARDS_MAX`].
    ///
    /// # Errors
    /// [`Error::Name`] for anything else.
    pub fn new(base: &str, shards: u16) -> Result<Self> {
        let wrong = Error::Name("the distribution address");
        let host = base.strip_prefix("http://").unwrap_or_default();
        let plain = base.bytes().all(|byte| byte.is_ascii_graphic()) && !base.ends_with('/');
        if host.is_empty() || !plain || base.len() > BASE_URL_MAX_BYTES {
            return Err(wrong);
        }
        if shards == 0 || shards > SHARDS_MAX {
            return Err(Error::Name("the number of shards"));
        }
        Ok(Self { base: base.to_owned(), shards })
    }

    /// Number of shards.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.shards
    }

    /// The shard a serial number (hex) belongs to: by digest, so that every shard is about as long.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is no serial number.
    pub fn shard_of(&self, serial: &str) -> Result<u16> {
        let hash = digest(&SHA256, &serial::bytes_of(serial)?);
        let (first, _) = hash.as_ref().split_at(4);
        let number = first.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
        // A remainder of a u16 fits a u16.
        Ok(u16::try_from(number % u32::from(self.shards)).unwrap_or_default())
    }

    /// Path of a shard's list below the base address; `issuer` is [`issuer_label`].
    #[must_use]
    pub fn crl_path(issuer: &str, shard: u16) -> String {
        format!("/crl/{issuer}/{shard}.crl")
    }

    /// Address of a shard's list.
    #[must_use]
    pub fn crl_url(&self, issuer: &str, shard: u16) -> String {
        format!("{}{}", self.base, Self::crl_path(issuer, shard))
    }

    /// The addresses for a certificate with this serial number (hex).
    ///
    /// # Errors
    /// As [`Distribution::shard_of`].
    pub fn leaf(&self, issuer: &str, serial: &str) -> Result<LeafAddresses> {
        Ok(LeafAddresses {
            crl: self.crl_url(issuer, self.shard_of(serial)?),
            ocsp: format!("{}/ocsp", self.base),
            issuer: format!("{}/issuer/{issuer}.cer", self.base),
        })
    }
}

/// How the addresses of this issuing authority (its certificate, DER) name it.
///
/// # Errors
/// [`Error::Malformed`] when it is no certificate, or has no key identifier.
pub fn issuer_label_of(certificate_der: &[u8]) -> Result<String> {
    let certificate = Certificate::from_der(certificate_der)?.tbs_certificate;
    let (_, key_id) =
        certificate.get::<SubjectKeyIdentifier>()?.ok_or(Error::Malformed("the key identifier"))?;
    Ok(issuer_label(key_id.0.as_bytes()))
}

/// How addresses name an issuing authority: the first half of its key identifier, hex.
pub(crate) fn issuer_label(key_id: &[u8]) -> String {
    let mut text = hex::encode(key_id);
    text.truncate(ISSUER_CHARS);
    text
}
