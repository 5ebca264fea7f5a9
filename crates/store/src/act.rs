//! Who acts.

use eligibility::Instant;

use crate::audit::AuditEvent;

/// Who does something with an account, where it is audited, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The audit chain.
    pub chain: String,
    /// Who acts.
    pub actor: String,
    /// Now.
    pub now: Instant,
}

impl Act {
    /// What was done to an account, for the audit log.
    pub(crate) fn event(&self, action: &str, subject: &str) -> AuditEvent {
        AuditEvent {
            actor: self.actor.clone(),
            action: action.to_owned(),
            object: format!("account:{subject}"),
            outcome: "done".to_owned(),
            detail: String::new(),
        }
    }
}
