//! The audit key: Ed25519, PEM outside.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::digest;
use crate::{Error, Result};

/// SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Characters of base64 on one line of PEM.
const PEM_WIDTH: usize = 64;

/// Signs tree heads. Its Debug form shows nothing.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`Error::Key`] when the system gives no randomness.
    pub fn generate() -> Result<Self> {
        let pair = Ed25519KeyPair::generate().map_err(|_| Error::Key("cannot be generated".to_owned()))?;
        Ok(Self { pair })
    }

    /// Reads a PKCS#8 PEM (`PRIVATE KEY`).
    ///
    /// # Errors
    /// [`Error::Key`] when it is not an Ed25519 key.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let der = from_pem(pem, "PRIVATE KEY")?;
        let pair = Ed25519KeyPair::from_pkcs8(&der)
            .map_err(|_| Error::Key("is not an Ed25519 private key".to_owned()))?;
        Ok(Self { pair })
    }

    /// The PKCS#8 PEM to keep in a file of mode 0600.
    ///
    /// # Errors
    /// [`Error::Key`] when the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String> {
        let der = self.pair.to_pkcs8v1().map_err(|_| Error::Key("cannot be encoded".to_owned()))?;
        Ok(to_pem(der.as_ref(), "PRIVATE KEY"))
    }

    /// The public half.
    ///
    /// # Errors
    /// [`Error::Key`] when the key cannot be encoded.
    pub fn public_key(&self) -> Result<PublicKey> {
        let der: PublicKeyX509Der<'_> =
            self.pair.public_key().as_der().map_err(|_| Error::Key("cannot be encoded".to_owned()))?;
        PublicKey::from_der(der.as_ref())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<[u8; 64]> {
        let signature = self.pair.sign(message);
        signature.as_ref().try_into().map_err(|_| Error::Key("signature has another length".to_owned()))
    }
}

/// Proves tree heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    raw: [u8; 32],
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo PEM (`PUBLIC KEY`).
    ///
    /// # Errors
    /// [`Error::Key`] when it is not an Ed25519 key.
    pub fn from_pem(pem: &str) -> Result<Self> {
        Self::from_der(&from_pem(pem, "PUBLIC KEY")?)
    }

    fn from_der(der: &[u8]) -> Result<Self> {
        let raw = der.strip_prefix(&SPKI_PREFIX).and_then(|key| key.try_into().ok());
        raw.map(|raw| Self { raw }).ok_or(Error::Key("is not an Ed25519 public key".to_owned()))
    }

    fn to_der(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], &self.raw].concat()
    }

    /// The PEM to hand to whoever verifies.
    #[must_use]
    pub fn to_pem(&self) -> String {
        to_pem(&self.to_der(), "PUBLIC KEY")
    }

    /// SHA-256 of the SubjectPublicKeyInfo: names the key in tree heads.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        digest(&self.to_der())
    }

    pub(super) fn proves(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.raw).verify(message, signature).is_ok()
    }
}

fn to_pem(der: &[u8], label: &str) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(PEM_WIDTH) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

fn from_pem(pem: &str, label: &str) -> Result<Vec<u8>> {
    let missing = || Error::Key(format!("no PEM block {label:?}"));
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----")).ok_or_else(missing)?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or_else(missing)?;
    let text: String = body.split_whitespace().collect();
    STANDARD.decode(text).map_err(|_| Error::Key("PEM is not base64".to_owned()))
}
