//! Receipts: proof of an answer that holds without the centre. Checked when they come, the last ones kept.

use std::{
    collections::VecDeque,
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use wire::{
    receipt::{MAX_RECEIPT_CHARS, RECEIPT_ALGORITHM, RECEIPT_TYPE, ReceiptClaims},
    terminal_api::{Jwk, JwkSet},
};

/// Receipts kept at most; more than a large hospital's day.
const KEEP: usize = 5_000;
/// How far the two clocks may differ, seconds.
const CLOCK_SKEW_S: i64 = 300;
/// First byte of an uncompressed point.
const UNCOMPRESSED: u8 = 4;

/// Why a receipt is not accepted. Never holds its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not a compact JWS of the expected kind.
    #[error("the receipt is malformed")]
    Malformed,
    /// Signed with a key that is not in the set.
    #[error("the receipt's key is unknown")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the receipt's signature is wrong")]
    BadSignature,
    /// Made out to another institution.
    #[error("the receipt is made out to another institution")]
    OtherInstitution,
    /// Not yet valid.
    #[error("the receipt is not valid yet")]
    NotYet,
    /// No longer valid.
    #[error("the receipt is not valid any more")]
    Outdated,
}

/// Why a file of receipt keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptKeysError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] std::io::Error),
    /// It is no JWK set with a P-256 key in it.
    #[error("not a JWK set with a P-256 key")]
    NoKeys,
}

/// The public keys of the centre.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptKeys {
    keys: Vec<(String, [u8; 65])>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

impl ReceiptKeys {
    /// Takes the P-256 keys of a set; others are left out.
    #[must_use]
    pub fn new(set: &JwkSet) -> Self {
        Self { keys: set.keys.iter().filter_map(|key| Some((key.kid.clone(), point(key)?))).collect() }
    }

    /// Reads a JWK set from a file.
    ///
    /// # Errors
    /// [`ReceiptKeysError`] when it cannot be read or holds no P-256 key.
    pub fn load(file: &Path) -> Result<Self, ReceiptKeysError> {
        let set = serde_json::from_slice(&std::fs::read(file)?).map_err(|_| ReceiptKeysError::NoKeys)?;
        let keys = Self::new(&set);
        if keys.keys.is_empty() { Err(ReceiptKeysError::NoKeys) } else { Ok(keys) }
    }

    /// Checks a receipt made out to `institution` at `now_s` (seconds since 1970), without any network.
    ///
    /// # Errors
    /// [`ReceiptError`]
    pub fn verify(
        &self,
        receipt: &str,
        institution: &str,
        now_s: i64,
    ) -> Result<ReceiptClaims, ReceiptError> {
        if receipt.len() > MAX_RECEIPT_CHARS {
            return Err(ReceiptError::Malformed);
        }
        let (signed, signature) = receipt.rsplit_once('.').ok_or(ReceiptError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(ReceiptError::Malformed)?;
        let header: Header = decode(header)?;
        if header.alg != RECEIPT_ALGORITHM || header.typ != RECEIPT_TYPE {
            return Err(ReceiptError::Malformed);
        }
        let (_, key) =
            self.keys.iter().find(|(kid, _)| *kid == header.kid).ok_or(ReceiptError::UnknownKey)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| ReceiptError::Malformed)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| ReceiptError::BadSignature)?;
        let claims: ReceiptClaims = decode(claims)?;
        if claims.aud != institution {
            return Err(ReceiptError::OtherInstitution);
        }
        if now_s + CLOCK_SKEW_S < claims.iat {
            return Err(ReceiptError::NotYet);
        }
        if now_s >= claims.exp + CLOCK_SKEW_S {
            return Err(ReceiptError::Outdated);
        }
        Ok(claims)
    }
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, ReceiptError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| ReceiptError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| ReceiptError::Malformed)
}

fn point(key: &Jwk) -> Option<[u8; 65]> {
    if key.kty != "EC" || key.crv != "P-256" {
        return None;
    }
    let mut point = [UNCOMPRESSED; 65];
    point[1..33].copy_from_slice(&coordinate(&key.x)?);
    point[33..].copy_from_slice(&coordinate(&key.y)?);
    Some(point)
}

fn coordinate(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// The last receipts, one a line, in a file only the terminal can read.
#[derive(Debug)]
pub(crate) struct ReceiptFile {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    receipts: VecDeque<String>,
    lines: usize,
}

impl ReceiptFile {
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        let path = folder.join("receipts");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        // What a terminal was killed over while writing has no end of line and is no receipt.
        let (whole, torn) = text.rsplit_once('\n').unwrap_or(("", &text));
        let lines = whole.lines().count();
        let receipts: VecDeque<_> =
            whole.lines().skip(lines.saturating_sub(KEEP)).map(str::to_owned).collect();
        let mut kept = Kept { receipts, lines };
        if !torn.is_empty() {
            rewrite(&path, &kept.receipts)?;
            kept.lines = kept.receipts.len();
        }
        Ok(Self { path, kept: Mutex::new(kept) })
    }

    /// Keeps one more. A receipt proves what the centre has on record, so losing one to a full disk stops nothing.
    pub(crate) fn keep(&self, receipt: String) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.receipts.push_back(receipt);
        if kept.receipts.len() > KEEP {
            kept.receipts.pop_front();
        }
        let is_full = kept.lines >= KEEP * 2;
        let outcome =
            if is_full { rewrite(&self.path, &kept.receipts) } else { self.append(kept.receipts.back()) };
        match outcome {
            Ok(()) => kept.lines = if is_full { kept.receipts.len() } else { kept.lines + 1 },
            Err(error) => tracing::warn!(%error, "a receipt could not be kept"),
        }
    }

    fn append(&self, receipt: Option<&String>) -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        // In one write: a terminal that is killed in between must not leave a line that the next one goes on with.
        receipt.map_or(Ok(()), |receipt| file.write_all(format!("{receipt}\n").as_bytes()))
    }
}

fn rewrite(path: &Path, receipts: &VecDeque<String>) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    for receipt in receipts {
        writeln!(file, "{receipt}")?;
    }
    std::fs::rename(fresh, path)
}
