//! Passwords: Argon2id, a few at a time, and the same work for a name that nobody has.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use eligibility::account::{NewPassword, TypedPassword};
use eligibility::retrieval::SECRET_ALPHABET;
use tokio::sync::{AcquireError, Semaphore};
use zeroize::Zeroizing;

/// KiB of memory of one hash (OWASP's first recommendation for Argon2id).
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;
/// Hashes under way at once in the whole process at most: each takes a core and 19 MiB.
const AT_ONCE_MAX: usize = 4;
/// Who waits for a turn at one site at most; more are told to come again.
pub const WAITING_MAX: usize = 64;
/// How long one waits for its turn.
const TURN: Duration = Duration::from_secs(10);
/// Characters of an initial password: 80 bits.
const INITIAL_CHARS: usize = 16;

/// The turns of all sites together: half of the cores stay for what is not a password, however many sign in. Each site
/// sends no more than its share to stand in line here, so that a storm at one is waited for by its own people.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(at_once())));

/// Hashes under way in this process, and the most that ever were.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
static MOST_UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// The most hashes that were under way at once since this process began.
#[must_use]
pub fn most_under_way() -> usize {
    MOST_UNDER_WAY.load(Ordering::Relaxed)
}

/// Does the work of one turn, counted.
fn counted<T>(work: impl FnOnce() -> T) -> T {
    let now = UNDER_WAY.fetch_add(1, Ordering::Relaxed) + 1;
    MOST_UNDER_WAY.fetch_max(now, Ordering::Relaxed);
    let done = work();
    UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    done
}

/// How many passwords are hashed at once at most, on this machine.
#[must_use]
pub fn at_once() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    (cores / 2).clamp(1, AT_ONCE_MAX)
}

/// Random characters that are not mistaken for each other, small and easy to type; `None` without randomness.
#[must_use]
pub fn initial_password() -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0_u8; INITIAL_CHARS]);
    aws_lc_rs::rand::fill(&mut *bytes).ok()?;
    // 256 is a multiple of 32, so every character is as likely as the others.
    let letter = |byte: &u8| char::from(SECRET_ALPHABET[usize::from(*byte) % SECRET_ALPHABET.len()]);
    Some(Zeroizing::new(bytes.iter().map(letter).collect::<String>().to_ascii_lowercase()))
}

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

/// Hashes and compares passwords of one site, a few at a time over all sites.
#[derive(Clone)]
pub struct Passwords {
    nobodys: Arc<str>,
    /// The places to wait in.
    waiting: Arc<Semaphore>,
    /// Who stands in line for a turn, or has one.
    in_line: Arc<Semaphore>,
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
        let (waiting, in_line) = (Semaphore::new(WAITING_MAX), Semaphore::new(at_once()));
        Ok(Self { nobodys, waiting: Arc::new(waiting), in_line: Arc::new(in_line) })
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
        let place = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        let turn = tokio::time::timeout(TURN, async {
            let in_line = Arc::clone(&self.in_line).acquire_owned().await?;
            Ok::<_, AcquireError>((in_line, Arc::clone(&TURNS).acquire_owned().await?))
        });
        let turn = turn.await.map_err(|_| PasswordError::Busy)?.map_err(|_| PasswordError::Busy)?;
        drop(place);
        let done = tokio::task::spawn_blocking(move || {
            let done = counted(work);
            drop(turn);
            done
        });
        done.await.map_err(|_| PasswordError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    /// The turns are the whole process's: these tests take them one after another.
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    /// However many sign in at once: so many hashes run, so many wait, and the rest is told at once.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_storm_takes_no_more_than_its_turns() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let _alone = ALONE.lock().await;
        let passwords = Passwords::new().expect("hashes");
        let gate = Arc::new(std::sync::Barrier::new(at_once() + 1));
        let storm: Vec<_> = (0..at_once() + WAITING_MAX + 40)
            .map(|_| {
                let (passwords, gate) = (passwords.clone(), Arc::clone(&gate));
                tokio::spawn(async move {
                    let work = move || {
                        MOST.fetch_max(RUNNING.fetch_add(1, SeqCst) + 1, SeqCst);
                        gate.wait();
                        RUNNING.fetch_sub(1, SeqCst);
                    };
                    passwords.in_turn(work).await
                })
            })
            .collect();
        // Each round lets the running ones go; nobody hangs on the gate at the end.
        let opener = tokio::task::spawn_blocking({
            let gate = Arc::clone(&gate);
            move || {
                for _ in 0..(at_once() + WAITING_MAX) / at_once() {
                    gate.wait();
                }
            }
        });
        let mut refused = 0;
        for one in storm {
            refused += usize::from(one.await.expect("runs") == Err(PasswordError::Busy));
        }
        opener.await.expect("opens");
        assert_eq!(MOST.load(SeqCst), at_once(), "so many at once and no more");
        assert_eq!(refused, 40, "the rest is told at once");
    }

    /// A storm at one site is waited for there; another site's people come after those who are at it, not after all.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_storm_at_one_site_does_not_hold_up_another() {
        let _alone = ALONE.lock().await;
        let (stormy, calm) = (Passwords::new().expect("hashes"), Passwords::new().expect("hashes"));
        let (open, opened) = std::sync::mpsc::channel::<()>();
        let opened = Arc::new(std::sync::Mutex::new(opened));
        let storm: Vec<_> = (0..at_once() + WAITING_MAX)
            .map(|_| {
                let (site, opened) = (stormy.clone(), Arc::clone(&opened));
                tokio::spawn(async move {
                    let work = move || {
                        let _ = opened.lock().expect("no panics").recv();
                    };
                    site.in_turn(work).await
                })
            })
            .collect();
        while stormy.waiting.available_permits() > 0 || stormy.in_line.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let site = calm.clone();
        let other = tokio::spawn(async move { site.in_turn(|| ()).await });
        while calm.waiting.available_permits() == WAITING_MAX && calm.in_line.available_permits() == at_once()
        {
            tokio::task::yield_now().await;
        }
        // Those who are at it end, and those who may have come to the line of all sites meanwhile, and no other: whoever
        // waits for one more of the storm waits for ever.
        for _ in 0..2 * at_once() {
            open.send(()).expect("somebody works");
        }
        other.await.expect("runs").expect("has its turn while most of the storm waits");
        for _ in 2 * at_once()..at_once() + WAITING_MAX {
            open.send(()).expect("somebody works");
        }
        for one in storm {
            let _ = one.await.expect("runs");
        }
    }
}
