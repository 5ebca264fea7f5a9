//! A few RSA keys for many cards.

use std::path::Path;

use zeroize::Zeroizing;

use crate::keys::{KeyAlgorithm, PrivateKey, write_private};
use crate::{Error, Result, file_error, pem};

/// Most keys in a pool.
pub const KEY_POOL_MAX: usize = 4096;

/// Card keys that many simulated cards share. On real cards every key is its own; making one RSA key
/// takes tens of milliseconds, so a population of a million cards shares a pool.
pub struct KeyPool {
    keys: Vec<PrivateKey>,
}

impl KeyPool {
    /// Makes a pool of RSA-2048 keys.
    ///
    /// # Errors
    /// [`Error::Key`] for an empty or too large pool.
    pub fn generate(count: usize) -> Result<Self> {
        if count == 0 || count > KEY_POOL_MAX {
            return Err(Error::Key(format!("a key pool holds 1 to {KEY_POOL_MAX} keys")));
        }
        let keys = (0..count).map(|_| PrivateKey::generate(KeyAlgorithm::Rsa2048)).collect::<Result<_>>()?;
        Ok(Self { keys })
    }

    /// Writes all keys to a new file that only its owner can read.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::File`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut text = Zeroizing::new(String::new());
        for key in &self.keys {
            text.push_str(&key.to_pem()?);
        }
        write_private(path, text.as_bytes())
    }

    /// Reads a pool written by [`KeyPool::save`].
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Malformed`] when it holds no keys.
    pub fn load(path: &Path) -> Result<Self> {
        const END: &str = "-----END PRIVATE KEY-----";
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(file_error(path))?);
        let mut keys = Vec::new();
        for block in text.split_inclusive(END).filter(|block| block.ends_with(END)) {
            keys.push(PrivateKey::from_pkcs8_der(&Zeroizing::new(pem::decode(pem::PRIVATE_KEY, block)?))?);
        }
        if keys.is_empty() || keys.len() > KEY_POOL_MAX {
            return Err(Error::Malformed("a key pool"));
        }
        Ok(Self { keys })
    }

    /// Reads the pool, or makes and saves it when the file does not exist.
    ///
    /// # Errors
    /// As [`KeyPool::load`], [`KeyPool::generate`] and [`KeyPool::save`].
    pub fn load_or_generate(path: &Path, count: usize) -> Result<Self> {
        if path.exists() {
            return Self::load(path);
        }
        let pool = Self::generate(count)?;
        pool.save(path)?;
        Ok(pool)
    }

    /// The key of the card with this serial number: always the same one.
    #[must_use]
    pub fn key_of(&self, serial: u32) -> &PrivateKey {
        // A pool is never empty, and u32 fits usize on every machine this runs on.
        &self.keys[serial as usize % self.keys.len()]
    }

    /// All keys.
    #[must_use]
    pub fn keys(&self) -> &[PrivateKey] {
        &self.keys
    }
}
