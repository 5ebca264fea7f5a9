//! PKCS#12 files, for terminals that cannot make their own request.

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12ImportPolicy,
    PrivateKey as StoredKey, PrivateKeyChain,
};

use crate::keys::PrivateKey;
use crate::{Error, Result};

/// PBKDF2 rounds for the encryption and for the MAC; OWASP's figure for HMAC-SHA-256.
pub const ITERATIONS: u32 = 600_000;
/// Shortest password accepted, in characters: the file travels by mail.
pub const PASSWORD_MIN_CHARS: usize = 12;

/// Whether [`export`] takes this password: asked before anything is issued that it is for.
///
/// # Errors
/// [`Error::Key`] for one that is too short or not plain ASCII.
pub fn check_password(password: &str) -> Result<()> {
    if password.chars().count() < PASSWORD_MIN_CHARS || !password.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Error::Key(format!(
            "a PKCS#12 password needs {PASSWORD_MIN_CHARS} visible ASCII characters"
        )));
    }
    Ok(())
}

/// Writes key, certificate and chain (leaf's issuer first, root last) as PKCS#12 with AES-256,
/// PBKDF2 and an HMAC-SHA-256 MAC. No legacy algorithm is ever used.
///
/// # Errors
/// [`Error::Key`] for a password that is too short or not plain ASCII (readers disagree about the
/// encoding of others), [`Error::Crypto`] when a part cannot be stored.
pub fn export(
    alias: &str,
    key: &PrivateKey,
    certificate_der: &[u8],
    chain_der: &[Vec<u8>],
    password: &str,
) -> Result<Vec<u8>> {
    check_password(password)?;
    let failed = |_| Error::Crypto("PKCS#12");
    let mut certificates = vec![Certificate::from_der(certificate_der).map_err(failed)?];
    for der in chain_der {
        certificates.push(Certificate::from_der(der).map_err(failed)?);
    }
    let stored = StoredKey::from_der(key.pkcs8_der()).map_err(failed)?;
    let local_key_id = crate::signing::key_identifier(key.raw_public_key());
    let chain = PrivateKeyChain::new(local_key_id, stored, certificates);
    let mut store = KeyStore::new();
    store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(chain));
    store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ITERATIONS)
        .write()
        .map_err(failed)
}

/// A key and its certificate, out of a PKCS#12 file.
#[derive(Debug)]
pub struct Imported {
    /// The key.
    pub key: PrivateKey,
    /// Its certificate and the authorities above it as far as the file has them, DER, its own first.
    pub chain_der: Vec<Vec<u8>>,
}

/// Reads the one key of a PKCS#12 file with its certificate and chain. Says nothing of who issued them.
///
/// # Errors
/// [`Error::Crypto`] when the password is wrong or the file is broken, which cannot be told apart;
/// [`Error::Malformed`] when it holds no key with a certificate; [`Error::Key`] for a kind of key not used here.
pub fn import(file: &[u8], password: &str) -> Result<Imported> {
    let store = KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Strict)
        .map_err(|_| Error::Crypto("PKCS#12: wrong password or broken file"))?;
    let (_, chain) =
        store.private_key_chain().ok_or(Error::Malformed("PKCS#12 (no key with a certificate)"))?;
    let key = PrivateKey::from_pkcs8_der(chain.key().as_der())?;
    let chain_der = chain.certs().iter().map(|certificate| certificate.as_der().to_vec()).collect();
    Ok(Imported { key, chain_der })
}
