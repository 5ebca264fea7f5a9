//! Key pairs and the files they rest in.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::{Error, Result, file_error, pem};

/// The kinds of key this authority makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// NIST P-256, signing with SHA-256: terminals, servers, OCSP responders.
    P256,
    /// NIST P-384, signing with SHA-384: the institution root.
    P384,
    /// RSA of 2,048 bits, PKCS#1 v1.5 with SHA-256: the card world.
    Rsa2048,
}

enum Inner {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// A private key. Never shown by `Debug`; its PKCS#8 bytes are wiped when it is dropped.
pub struct PrivateKey {
    algorithm: KeyAlgorithm,
    inner: Inner,
    pkcs8: Zeroizing<Vec<u8>>,
    public_key: PublicKey,
    raw_public_key: Vec<u8>,
}

/// A public key, as the DER of its SubjectPublicKeyInfo.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
}

impl PublicKey {
    /// Takes the DER of a SubjectPublicKeyInfo; what kinds are acceptable is each profile's business.
    ///
    /// # Errors
    /// [`Error::Asn1`] when it is no SubjectPublicKeyInfo.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self> {
        use der::Decode as _;
        x509_cert::spki::SubjectPublicKeyInfoRef::from_der(spki)?;
        Ok(Self { spki: spki.to_vec() })
    }

    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo: how a key is remembered, to find it used twice.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.spki))
    }

    /// The bits inside: the EC point or the PKCS#1 RSA key.
    pub(crate) fn bits(&self) -> Result<Vec<u8>> {
        use der::Decode as _;
        let key = x509_cert::spki::SubjectPublicKeyInfoRef::from_der(&self.spki)?;
        let bits = key.subject_public_key.as_bytes();
        bits.map(<[u8]>::to_vec).ok_or(Error::Malformed("the public key"))
    }

    /// The DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({} bytes)", self.spki.len())
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({:?})", self.algorithm)
    }
}

impl PrivateKey {
    /// Makes a new key from the system's randomness. RSA takes tens of milliseconds or more.
    ///
    /// # Errors
    /// [`Error::Crypto`] when the library fails.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self> {
        let failed = |_| Error::Crypto("key generation");
        let pkcs8 = match algorithm {
            KeyAlgorithm::P256 => generate_ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)?,
            KeyAlgorithm::P384 => generate_ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING)?,
            KeyAlgorithm::Rsa2048 => {
                let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                Zeroizing::new(key.as_der().map_err(failed)?.as_ref().to_vec())
            }
        };
        Self::from_pkcs8_der(&pkcs8)
    }

    /// Reads a PKCS#8 key of one of the supported kinds.
    ///
    /// # Errors
    /// [`Error::Key`] for any other kind or size.
    pub fn from_pkcs8_der(pkcs8: &[u8]) -> Result<Self> {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8) {
            return Self::of_ecdsa(KeyAlgorithm::P256, pair, pkcs8);
        }
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8) {
            return Self::of_ecdsa(KeyAlgorithm::P384, pair, pkcs8);
        }
        let unknown = || Error::Key("only P-256, P-384 and RSA-2048 in PKCS#8 are supported".to_owned());
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| unknown())?;
        if pair.public_modulus_len() * 8 != 2048 {
            return Err(unknown());
        }
        let public = pair.public_key();
        let spki = spki_of(public)?;
        let raw_public_key = public.as_ref().to_vec();
        let algorithm = KeyAlgorithm::Rsa2048;
        Ok(Self { algorithm, inner: Inner::Rsa(pair), pkcs8: wiped(pkcs8), public_key: spki, raw_public_key })
    }

    fn of_ecdsa(algorithm: KeyAlgorithm, pair: EcdsaKeyPair, pkcs8: &[u8]) -> Result<Self> {
        let public_key = spki_of(pair.public_key())?;
        let raw_public_key = pair.public_key().as_ref().to_vec();
        Ok(Self { algorithm, inner: Inner::Ecdsa(pair), pkcs8: wiped(pkcs8), public_key, raw_public_key })
    }

    /// Reads a PEM key (`PRIVATE KEY`, that is unencrypted PKCS#8).
    ///
    /// # Errors
    /// As [`PrivateKey::from_pkcs8_der`], or [`Error::Malformed`] when it is no such PEM.
    pub fn from_pem(text: &str) -> Result<Self> {
        let der = Zeroizing::new(pem::decode(pem::PRIVATE_KEY, text)?);
        Self::from_pkcs8_der(&der)
    }

    /// The kind of key.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The PKCS#8 DER. Whoever copies it must wipe the copy.
    #[must_use]
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The PKCS#8 key as PEM, wiped when dropped.
    ///
    /// # Errors
    /// [`Error::Malformed`] when encoding fails.
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        pem::encode(pem::PRIVATE_KEY, &self.pkcs8).map(Zeroizing::new)
    }

    /// Signs a message: ECDSA as an ASN.1 signature, RSA as PKCS#1 v1.5 with SHA-256.
    ///
    /// # Errors
    /// [`Error::Crypto`] when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::Crypto("signing");
        let random = SystemRandom::new();
        match &self.inner {
            Inner::Ecdsa(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Inner::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }

    /// The bits inside the SubjectPublicKeyInfo: the EC point or the PKCS#1 RSA key.
    pub(crate) fn raw_public_key(&self) -> &[u8] {
        &self.raw_public_key
    }

    /// Writes the key to a new file that only its owner can read; an existing file is never replaced.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], or [`Error::File`] from the system.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_private(path, self.to_pem()?.as_bytes())
    }

    /// Reads a key written by [`PrivateKey::save`].
    ///
    /// # Errors
    /// [`Error::File`], or as [`PrivateKey::from_pem`].
    pub fn load(path: &Path) -> Result<Self> {
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(file_error(path))?);
        Self::from_pem(&text)
    }
}

fn generate_ecdsa(kind: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |_| Error::Crypto("key generation");
    let pair = EcdsaKeyPair::generate(kind).map_err(failed)?;
    Ok(wiped(pair.to_pkcs8v1().map_err(failed)?.as_ref()))
}

fn wiped(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

fn spki_of(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Result<PublicKey> {
    let der = key.as_der().map_err(|_| Error::Crypto("public key"))?;
    Ok(PublicKey { spki: der.as_ref().to_vec() })
}

/// Writes a new file that only its owner can read (mode 0600), synced; an existing one is never replaced.
///
/// # Errors
/// [`Error::AlreadyExists`], or [`Error::File`] from the system.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = create_private(path)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(file_error(path))
}

fn create_private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // At creation, not afterwards: there must be no moment in which others can open it.
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Error::AlreadyExists(path.to_owned()))
        }
        other => other.map_err(file_error(path)),
    }
}

/// Creates a folder that only its owner can enter (mode 0700), with its parents.
pub(crate) fn create_private_folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(file_error(path))
}
