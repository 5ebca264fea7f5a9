//! What the centre checks about a card's proof: path, policy, key, signature, revocation.
//!
//! Revocation is checked against certificate revocation lists only ([`RevocationList`]); OCSP responses are
//! not read here.

mod certificate;
mod envelope;
mod keys;
mod revocation;
mod trust;

pub use certificate::{CertificateRefused, CheckedCard, certificate_dates, certificate_digest};
pub use keys::{CardPublicKey, SignatureRefused};
pub use revocation::{Freshness, RevocationList, RevocationListRefused, RevocationReason, Status};
pub use trust::{AnchorRefused, AuthorityId, CardTrust, PRODUCTION_AUTH_POLICY, TEST_AUTH_POLICY};
