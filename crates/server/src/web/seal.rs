//! Secrets that must be read again (TOTP, mailed links, letters), sealed before they go into the database: whoever has the
//! database alone has nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// A key that seals and opens. Never printed.
pub struct Seal(LessSafeKey);

/// A sealed secret that this key did not seal for this purpose, or no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret could not be sealed or opened")]
pub struct SealError;

impl Seal {
    /// With 32 bytes.
    ///
    /// # Errors
    /// [`SealError`] when the library refuses the key.
    pub fn new(key: &[u8; 32]) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals for one purpose and owner: opened for another it is nothing.
    ///
    /// # Errors
    /// [`SealError`] when there is no randomness.
    pub fn seal(&self, owner: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| SealError)?;
        let mut sealed = secret.to_vec();
        let aad = Aad::from(owner.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| SealError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens.
    ///
    /// # Errors
    /// [`SealError`] when it was changed, or sealed by another key or for another owner.
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut open = Zeroizing::new(sealed.to_vec());
        let secret =
            self.0.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut open).map_err(|_| SealError)?;
        Ok(Zeroizing::new(secret.to_vec()))
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(****)")
    }
}
