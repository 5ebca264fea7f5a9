//! Keyed hashes and seals for what is kept of an institution's codes. Whoever has the database alone has nothing: four
//! digits or twelve are soon tried out against a plain hash, not against one with a key.

use aws_lc_rs::hmac;
use eligibility::Instant;
use zeroize::Zeroizing;

use super::FacilityError;
use crate::web::seal::{Seal, SealError};

/// Makes the hash key out of the key for secrets, so that no key serves two purposes.
const HASH_KEY_LABEL: &[u8] = b"shikaku: hashes of institutions' codes, v1";

/// Hashes and seals.
pub struct Secrets {
    seal: Seal,
    key: hmac::Key,
}

impl Secrets {
    /// With the server's key for secrets.
    ///
    /// # Errors
    /// [`SealError`] when the library refuses the key.
    pub fn new(key: &[u8; 32]) -> Result<Self, SealError> {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), HASH_KEY_LABEL);
        Ok(Self { seal: Seal::new(key)?, key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) })
    }

    /// The keyed hash of a secret for one purpose and owner. Neither of those holds a NUL.
    pub(super) fn hash(&self, purpose: &str, owner: &str, secret: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [purpose, "\0", owner, "\0", secret] {
            context.update(part.as_bytes());
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }

    pub(super) fn seal(&self, owner: &str, secret: &str) -> Result<Vec<u8>, FacilityError> {
        self.seal.seal(owner, secret.as_bytes()).map_err(|_| FacilityError::Secret)
    }

    pub(super) fn open(&self, owner: &str, sealed: &[u8]) -> Result<Zeroizing<String>, FacilityError> {
        let open = self.seal.open(owner, sealed).map_err(|_| FacilityError::Secret)?;
        let text = std::str::from_utf8(&open).map_err(|_| FacilityError::Secret)?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// A form's outcome that lets the same form see the secret again: when it was issued, and the secret sealed for
    /// this form alone.
    pub(super) fn outcome(
        &self,
        owner: &str,
        secret: &str,
        issued_at: Instant,
    ) -> Result<String, FacilityError> {
        Ok(format!("{}:{}", issued_at.0, hex::encode(self.seal(owner, secret)?)))
    }

    /// The secret of an outcome that is not older than `within_ms`; `None` when it is, or is none of ours.
    pub(super) fn recall(
        &self,
        owner: &str,
        outcome: &str,
        now: Instant,
        within_ms: i64,
    ) -> Option<(Zeroizing<String>, Instant)> {
        let (issued_at, sealed) = outcome.split_once(':')?;
        let issued_at = Instant(issued_at.parse().ok()?);
        let age = now.0.saturating_sub(issued_at.0);
        let secret = self.open(owner, &hex::decode(sealed).ok()?).ok()?;
        (0..within_ms).contains(&age).then_some((secret, issued_at))
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(****)")
    }
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, FacilityError> {
    let mut bytes = Zeroizing::new([0; N]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).map_err(|_| FacilityError::Secret)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use eligibility::Instant;

    #[test]
    fn a_hash_is_of_one_purpose_and_owner_and_a_seal_of_one_form_for_a_while() {
        let secrets = Secrets::new(&[7; 32]).expect("a key");
        let hash = secrets.hash("passcode", "1319990012", "0042");
        assert_eq!(hash, secrets.hash("passcode", "1319990012", "0042"));
        for (purpose, owner, secret) in [
            ("url", "1319990012", "0042"),
            ("passcode", "1319990013", "0042"),
            ("passcode", "1319990012", "0043"),
        ] {
            assert_ne!(hash, secrets.hash(purpose, owner, secret));
        }
        assert_ne!(hash, Secrets::new(&[8; 32]).expect("a key").hash("passcode", "1319990012", "0042"));

        let outcome = secrets.outcome("form 1", "0042", Instant(1_000)).expect("sealed");
        assert!(!outcome.contains("0042"));
        let recalled = |owner, now| {
            secrets.recall(owner, &outcome, Instant(now), 500).map(|(secret, at)| (secret.to_string(), at.0))
        };
        assert_eq!(recalled("form 1", 1_499), Some(("0042".to_owned(), 1_000)));
        assert_eq!(recalled("form 1", 1_500), None, "later it is shown no more");
        assert_eq!(recalled("form 1", 999), None, "nor before");
        assert_eq!(recalled("form 2", 1_499), None, "nor to another form");
        assert_eq!(secrets.recall("form 1", "done", Instant(1_001), 500), None);
    }
}
