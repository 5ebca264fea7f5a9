//! 認証ID are stored hashed with a key that is not in the database.

use aws_lc_rs::hmac;
use eligibility::retrieval::{RetrievalNumber, RetrievalSecret};

/// The key that 認証ID are hashed with.
pub struct SecretHasher(hmac::Key);

impl SecretHasher {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The hash that is stored. The number is part of it: the same secret twice does not show.
    #[must_use]
    pub fn hash(&self, number: &RetrievalNumber, secret: &RetrievalSecret) -> [u8; 32] {
        let tag = hmac::sign(&self.0, &Self::message(number, secret));
        let mut hash = [0; 32];
        hash.copy_from_slice(tag.as_ref());
        hash
    }

    /// Compares in a time that tells nothing. An unknown number costs the same.
    #[must_use]
    pub fn matches(
        &self,
        number: &RetrievalNumber,
        secret: &RetrievalSecret,
        stored: Option<&[u8; 32]>,
    ) -> bool {
        let nothing = [0; 32];
        let compared = hmac::verify(&self.0, &Self::message(number, secret), stored.unwrap_or(&nothing));
        compared.is_ok() && stored.is_some()
    }

    /// What a downloaded file's name and seal are derived with, besides its password.
    #[must_use]
    pub(super) fn file_salt(&self, order: &str, form: &str) -> Vec<u8> {
        let message = [b"shikaku-file-1:".as_slice(), order.as_bytes(), b"\n", form.as_bytes()].concat();
        hmac::sign(&self.0, &message).as_ref().to_vec()
    }

    fn message(number: &RetrievalNumber, secret: &RetrievalSecret) -> Vec<u8> {
        // Both have a fixed length.
        [b"shikaku-retrieval-1:".as_slice(), number.as_str().as_bytes(), secret.reveal().as_bytes()].concat()
    }
}

impl std::fmt::Debug for SecretHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHasher(****)")
    }
}
