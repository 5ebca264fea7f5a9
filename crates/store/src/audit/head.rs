//! Signed tree heads: each says how many entries there are and their root, and names the head before it.

use eligibility::Instant;
use serde::{Deserialize, Serialize};

use super::{PublicKey, SigningKey, digest, hex32};
use crate::{Error, Result, engine::Row};

/// Put before the signed text, so that a signature of a head is a signature of nothing else.
const SIGNED_PREFIX: &[u8] = b"shikaku-audit-1 tree head\n";

/// A signed tree head: the log had exactly these entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Its number, counted from 1.
    pub head_number: i64,
    /// Entries covered.
    pub tree_size: u64,
    /// RFC 6962 root over them.
    #[serde(with = "hex32")]
    pub root_hash: [u8; 32],
    /// SHA-256 of the previous head's line; zeros for the first.
    #[serde(with = "hex32")]
    pub previous_head_hash: [u8; 32],
    /// When it was signed.
    pub signed_at: Instant,
    /// SHA-256 of the public key (SubjectPublicKeyInfo DER).
    #[serde(with = "hex32")]
    pub key_id: [u8; 32],
    /// Ed25519 over a fixed prefix and the head's line up to this field.
    #[serde(with = "hex32")]
    pub signature: [u8; 64],
}

/// Columns of [`TreeHead::from_row`], in its order.
macro_rules! head_columns {
    () => {
        "head_number, tree_size, root_hash, previous_head_hash, signed_at, key_id, signature"
    };
}
pub(crate) use head_columns;

impl TreeHead {
    /// The head's line in a dump, without line feed: also what a witness keeps.
    #[must_use]
    pub fn line(&self) -> String {
        // Numbers and hex only: there is nothing that could fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether this is the head right after `previous`.
    #[must_use]
    pub fn follows(&self, previous: &Self) -> bool {
        self.head_number == previous.head_number + 1 && self.previous_head_hash == previous.hash()
    }

    /// SHA-256 of the line: what the next head names.
    pub(crate) fn hash(&self) -> [u8; 32] {
        digest(self.line().as_bytes())
    }

    /// The bytes that are signed.
    fn message(&self) -> Vec<u8> {
        let line = self.line();
        let body = line.rsplit_once(",\"signature\":").map_or(line.as_str(), |(body, _)| body);
        [SIGNED_PREFIX, body.as_bytes(), b"}"].concat()
    }

    /// Signs a head on top of `previous`.
    pub(crate) fn sign(
        previous: Option<&Self>,
        tree_size: u64,
        root_hash: [u8; 32],
        signed_at: Instant,
        key: &SigningKey,
    ) -> Result<Self> {
        let mut head = Self {
            head_number: previous.map_or(1, |head| head.head_number + 1),
            tree_size,
            root_hash,
            previous_head_hash: previous.map_or([0; 32], Self::hash),
            signed_at,
            key_id: key.public_key()?.id(),
            signature: [0; 64],
        };
        head.signature = key.sign(&head.message())?;
        Ok(head)
    }

    /// Whether the signature is that of `key`.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.key_id == key.id() && key.proves(&self.message(), &self.signature)
    }

    pub(crate) fn from_row(row: &Row<'_>) -> Result<Self> {
        let size = row.int(1, "tree_size")?;
        Ok(Self {
            head_number: row.int(0, "head_number")?,
            tree_size: u64::try_from(size).map_err(|_| Error::Malformed { what: "tree_size" })?,
            root_hash: row.bytes(2, "root_hash")?,
            previous_head_hash: row.bytes(3, "previous_head_hash")?,
            signed_at: Instant(row.int(4, "signed_at")?),
            key_id: row.bytes(5, "key_id")?,
            signature: row.bytes(6, "signature")?,
        })
    }
}
