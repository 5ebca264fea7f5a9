//! Nonces for the card to sign. Issuing one writes nothing: a nonce proves by itself who made it, when, and
//! for which terminal. That it is used once is the business of the verification's primary key.
//!
//! Bytes: issued at (8, milliseconds, big endian) ‖ random (16) ‖ tag (16), in base64url. The tag is
//! HMAC-SHA-256, cut to 16 bytes, over the first two and the terminal certificate's fingerprint.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::Instant;

/// Longest life of a nonce, seconds.
pub const NONCE_LIFETIME_MAX_S: u32 = 120;
/// A nonce from this far in the future is still believed: nodes' clocks differ a little.
const CLOCK_SKEW_MS: i64 = 10_000;

const TIME: usize = 8;
const RANDOM: usize = 16;
const TAG: usize = 16;
const STAMP: usize = TIME + RANDOM;

/// Makes and recognises nonces.
pub struct NonceMint {
    key: hmac::Key,
    random: SystemRandom,
    lifetime_s: u32,
}

/// Why a nonce is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceError {
    /// Not one of ours, or made for another terminal: the two cannot be told apart.
    #[error("the nonce was not issued to this terminal")]
    Forged,
    /// Too old.
    #[error("the nonce has expired")]
    Expired,
}

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no random bytes from the system")]
pub struct NoRandomness;

impl NonceMint {
    /// A mint with this key.
    #[must_use]
    pub fn new(key: &[u8; 32], lifetime_s: u32) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Self { key, random: SystemRandom::new(), lifetime_s: lifetime_s.min(NONCE_LIFETIME_MAX_S) }
    }

    /// A mint with a random key, for a server that runs alone.
    ///
    /// # Errors
    /// [`NoRandomness`] when the system gives no random bytes.
    pub fn random(lifetime_s: u32) -> Result<Self, NoRandomness> {
        let mut key = zeroize::Zeroizing::new([0; 32]);
        SystemRandom::new().fill(&mut *key).map_err(|_| NoRandomness)?;
        Ok(Self::new(&key, lifetime_s))
    }

    /// Seconds a nonce can be used.
    #[must_use]
    pub fn lifetime_s(&self) -> u32 {
        self.lifetime_s
    }

    /// A new nonce for the terminal with this certificate.
    ///
    /// # Errors
    /// [`NoRandomness`] when the system gives no random bytes.
    pub fn issue(&self, fingerprint: &str, now: Instant) -> Result<String, NoRandomness> {
        let mut bytes = [0; STAMP + TAG];
        bytes[..TIME].copy_from_slice(&now.0.to_be_bytes());
        self.random.fill(&mut bytes[TIME..STAMP]).map_err(|_| NoRandomness)?;
        let tag = self.tag(&bytes[..STAMP], fingerprint);
        bytes[STAMP..].copy_from_slice(&tag);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Checks a nonce and names its use: the same text for the same nonce, whatever its spelling.
    ///
    /// # Errors
    /// [`NonceError`] when it was not made here for this terminal, or is too old.
    pub fn check(&self, nonce: &str, fingerprint: &str, now: Instant) -> Result<NonceUse, NonceError> {
        let mut bytes = [0; STAMP + TAG];
        let length = URL_SAFE_NO_PAD.decode_slice(nonce, &mut bytes).map_err(|_| NonceError::Forged)?;
        if length != bytes.len() {
            return Err(NonceError::Forged);
        }
        let tag = self.tag(&bytes[..STAMP], fingerprint);
        verify_slices_are_equal(&tag, &bytes[STAMP..]).map_err(|_| NonceError::Forged)?;
        let mut time = [0; TIME];
        time.copy_from_slice(&bytes[..TIME]);
        let age = now.0.saturating_sub(i64::from_be_bytes(time));
        if age < -CLOCK_SKEW_MS || age >= i64::from(self.lifetime_s) * 1000 {
            return Err(NonceError::Expired);
        }
        Ok(NonceUse(format!("n:{}", hex::encode(&bytes[..STAMP]))))
    }

    fn tag(&self, stamp: &[u8], fingerprint: &str) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(stamp);
        context.update(fingerprint.as_bytes());
        let mut tag = [0; TAG];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG]);
        tag
    }
}

impl std::fmt::Debug for NonceMint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NonceMint").field("lifetime_s", &self.lifetime_s).finish_non_exhaustive()
    }
}

/// The request id under which a nonce's one use is recorded: `n:` and the nonce's time and random part in hex.
/// The colon keeps it apart from the ids terminals choose. The time comes first so that the records of one
/// moment lie side by side in the primary key: a hash would touch a page of its own for every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonceUse(String);

impl NonceUse {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
