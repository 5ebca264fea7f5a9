//! Passwords: Argon2id, a few at a time, and the same work for a name that nobody has.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use eligibility::account::{NewPassword, TypedPassword};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// KiB of memory of one hash (OWASP's first recommendation for Argon2id).
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;
/// Hashes under way at once: each takes a core and 19 MiB.
const AT_ONCE: usize = 4;
/// How long one waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// Why no password was hashed or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many at once.
    #[error("too many passwords are being compared")]
    Busy,
    /// The parameters or the system failed.
    #[error("a password could not be hashed")]
    Failed,
}

/// Hashes and compares passwords, [`AT_ONCE`] at a time.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    nobodys: Arc<str>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| PasswordError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, PasswordError> {
    let hash = argon2()?.hash_password(password.as_bytes()).map_err(|_| PasswordError::Failed)?;
    Ok(hash.to_string())
}

impl Passwords {
    /// Makes the hash that is compared when a name has none.
    ///
    /// # Errors
    /// [`PasswordError::Failed`].
    pub fn new() -> Result<Self, PasswordError> {
        let mut nobody = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(&mut *nobody).map_err(|_| PasswordError::Failed)?;
        let nobodys = hash(&hex::encode(*nobody))?.into();
        Ok(Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobodys })
    }

    /// Argon2id of a new password, as PHC text.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: &NewPassword) -> Result<String, PasswordError> {
        self.hash_text(password.reveal()).await
    }

    /// Argon2id of a password that the system made itself, as PHC text.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash_text(&self, password: &str) -> Result<String, PasswordError> {
        let password = Zeroizing::new(password.to_owned());
        self.in_turn(move || hash(&password)).await?
    }

    /// Whether the typed password has this hash; `None` does the same work and is never right.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn matches(&self, stored: Option<String>, typed: &str) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobodys.to_string());
        let typed = TypedPassword::of(typed);
        self.in_turn(move || {
            let argon2 = argon2()?;
            let stored = PasswordHash::new(&stored).map_err(|_| PasswordError::Failed)?;
            let text = typed.as_ref().map_or("", TypedPassword::reveal);
            let right = argon2.verify_password(text.as_bytes(), &stored).is_ok();
            Ok(right && known && typed.is_some())
        })
        .await?
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned());
        let turn = turn.await.map_err(|_| PasswordError::Busy)?.map_err(|_| PasswordError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| PasswordError::Failed)
    }
}
