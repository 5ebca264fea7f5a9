//! The audit log: a hash chain per institution, a Merkle tree over all entries, signed tree heads.
//!
//! `docs/AUDIT-FORMAT.md` describes the dump so that an outsider can write another verifier. Entries are
//! appended by the writer within the transaction of the fact they record; [`Store::audit_integrate_and_sign`]
//! takes them into the tree afterwards.
//!
//! [`Store::audit_integrate_and_sign`]: crate::Store::audit_integrate_and_sign

mod books;
mod chain;
mod entry;
mod export;
mod frontier;
mod head;
mod hex32;
mod history;
mod integrate;
mod key;
mod newest;
mod verify;

pub(crate) use chain::Chains;
pub use head::TreeHead;
pub use history::{HistoryAsked, HistoryEntry, HistoryPage};
pub use key::{PublicKey, SigningKey};
pub(crate) use newest::Known;
pub use verify::{Fault, Report, verify};

/// The dump's name and version, in its first line.
pub const FORMAT: &str = "shikaku-audit-1";

/// The chain of what concerns no institution: imports and other work of the centre.
pub const CENTRAL_CHAIN: &str = "central";

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

fn digest(bytes: &[u8]) -> [u8; 32] {
    digest_parts(&[bytes])
}

fn digest_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
