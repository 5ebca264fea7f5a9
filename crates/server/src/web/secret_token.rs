//! Secrets that a browser or a mail holds and the database knows by their hash only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::TokenHash;
use zeroize::Zeroizing;

/// Bytes of a secret: 256 bits.
const SECRET_BYTES: usize = 32;

/// A random secret of 256 bits, base64url without padding. Never printed.
pub struct SecretToken(Zeroizing<String>);

impl SecretToken {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
        aws_lc_rs::rand::fill(&mut *bytes)?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// Reads one as a browser sends it; `None` when it cannot be one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        (bytes.len() == SECRET_BYTES).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text that the browser or mail gets.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database knows.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        sha256(self.0.as_bytes())
    }
}

impl std::fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretToken(****)")
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    hash
}
