//! The key an authority signs with, wherever it is kept.

use crate::Result;
use crate::keys::{KeyAlgorithm, PrivateKey, PublicKey};

/// A key that signs certificates, lists and answers. In a file ([`PrivateKey`]) or on a token
/// ([`crate::pkcs11::TokenKey`]); nobody who signs with it can see the difference.
pub trait IssuingKey: Send + Sync {
    /// The kind of key; it decides the digest too.
    fn algorithm(&self) -> KeyAlgorithm;

    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs a message (not its digest). ECDSA answers as the ASN.1 structure certificates carry.
    ///
    /// # Errors
    /// [`crate::Error::Crypto`] or [`crate::Error::Token`] when nothing could be signed.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}

impl IssuingKey for PrivateKey {
    fn algorithm(&self) -> KeyAlgorithm {
        Self::algorithm(self)
    }
    fn public_key(&self) -> &PublicKey {
        Self::public_key(self)
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        Self::sign(self, message)
    }
}
