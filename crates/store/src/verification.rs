//! Recording verifications: one effect per request id, audit in the same commit, guessing held back.

use eligibility::{
    Instant,
    codes::{InquiryMethod, Validity},
    institution::InstitutionCode,
    person::PersonKey,
    verification::ProofMethod,
};

use crate::{NewConsent, Result, Store, audit::AuditEvent};

/// A decided verification that is to become durable before its answer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVerification {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Names the question within the institution; for cards `n:` and the nonce's digest, so that the
    /// primary key makes a nonce single-use.
    pub request_id: String,
    /// UUIDv7 text.
    pub verification_id: String,
    /// SHA-256 over everything asked: the same id with another question is a conflict.
    pub question_digest: [u8; 32],
    /// Card or number.
    pub method: InquiryMethod,
    /// How the holder proved who they are; cards only.
    pub proof_method: Option<ProofMethod>,
    /// SHA-256 over certificate and signature; cards only.
    pub proof_digest: Option<[u8; 32]>,
    /// 資格有効性; `None` when the check ended in an error answer.
    pub validity: Option<Validity>,
    /// The person the answer is about, when there is exactly one.
    pub person_key: Option<PersonKey>,
    /// The id (`jti`) of the receipt in the answer.
    pub receipt_id: Option<String>,
    /// The whole answer, given again when the same request comes again.
    pub answer: String,
    /// The patient's choices; written only when `person_key` is known.
    pub consents: Vec<NewConsent>,
    /// Whether the question counts as a wrong guess (number checks that found nobody). The guard decides
    /// within the same commit and may turn the outcome into [`Recorded::Limited`]. `None`: not guarded.
    pub wrong_guess: Option<bool>,
    /// What the audit log says; institution and time are added from this record.
    pub audit: AuditEvent,
    /// Now.
    pub recorded_at: Instant,
}

/// What became of a verification that was to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Recorded now, durably: send the answer.
    Fresh,
    /// The same question under the same id was recorded before: send this answer, its first one.
    Repeated {
        /// The first answer.
        answer: String,
    },
    /// The id was used for another question: nothing is sent. The attempt is audited.
    Conflict,
    /// Too many wrong questions: nothing is sent, whatever the answer is. The attempt is audited.
    Limited {
        /// From when the next question is taken.
        retry_at: Instant,
    },
}

/// A refused attempt (bad signature, revoked card, unknown terminal …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// What the audit log says.
    pub audit: AuditEvent,
    /// Now.
    pub recorded_at: Instant,
}

impl Store {
    /// Writes verification, consents and audit entry in one grouped commit; returns after it is durable.
    ///
    /// # Errors
    /// Any write error of the store: then nothing may be answered.
    pub async fn record_verification(&self, _verification: NewVerification) -> Result<Recorded> {
        Err(crate::Error::Closed)
    }

    /// Writes the audit entry of a refused attempt; returns after it is durable.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn record_denied(&self, _denial: Denial) -> Result<()> {
        Err(crate::Error::Closed)
    }

    /// Whether the institution is held back now from asking by number: a cheap look before the work.
    /// [`Store::record_verification`] decides.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn enumeration_limited(
        &self,
        _institution: &InstitutionCode,
        _now: Instant,
    ) -> Result<Option<Instant>> {
        Err(crate::Error::Closed)
    }

    /// Removes verifications recorded before `before`, at most `limit` of them; returns how many. Their
    /// audit entries stay.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn prune_verifications(&self, _before: Instant, _limit: u32) -> Result<u64> {
        Err(crate::Error::Closed)
    }
}
