//! The audit key: Ed25519, PEM outside.

use crate::Result;

/// Signs tree heads. Its Debug form shows nothing.
pub struct SigningKey {}

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`crate::Error::Key`] when the system gives no randomness.
    pub fn generate() -> Result<Self> {
        Err(crate::Error::Closed)
    }

    /// Reads a PKCS#8 PEM (`PRIVATE KEY`).
    ///
    /// # Errors
    /// [`crate::Error::Key`] when it is not an Ed25519 key.
    pub fn from_pem(_pem: &str) -> Result<Self> {
        Err(crate::Error::Closed)
    }

    /// The PKCS#8 PEM to keep in a file of mode 0600.
    ///
    /// # Errors
    /// [`crate::Error::Key`] when the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String> {
        Err(crate::Error::Closed)
    }

    /// The public half.
    ///
    /// # Errors
    /// [`crate::Error::Key`] when the key cannot be encoded.
    pub fn public_key(&self) -> Result<PublicKey> {
        Err(crate::Error::Closed)
    }
}

/// Proves tree heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo PEM (`PUBLIC KEY`).
    ///
    /// # Errors
    /// [`crate::Error::Key`] when it is not an Ed25519 key.
    pub fn from_pem(_pem: &str) -> Result<Self> {
        Err(crate::Error::Closed)
    }

    /// The PEM to hand to whoever verifies.
    #[must_use]
    pub fn to_pem(&self) -> String {
        String::new()
    }
}
