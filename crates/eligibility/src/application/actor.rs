//! Who does something to an application.

use serde::{Deserialize, Serialize};

use crate::{
    account::{MailAddress, OperatorRole, PortalRole},
    institution::InstitutionCode,
};

/// On which side somebody acts, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// An account of an institution on the portal.
    Applicant {
        /// Whose account.
        institution: InstitutionCode,
        /// Its role.
        role: PortalRole,
    },
    /// An account of the operator.
    Operator(OperatorRole),
    /// The system itself: automatic checks, carrying out.
    System,
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The side and role.
    pub side: Side,
    /// The id of the account, unique within its side.
    pub account: String,
    /// The account's mail address; `None` for the system.
    pub mail: Option<MailAddress>,
}

impl Actor {
    /// The system itself.
    #[must_use]
    pub fn system() -> Self {
        Self { side: Side::System, account: "system".to_owned(), mail: None }
    }

    /// Whether both are one person: the same account, or the same mail address on whichever side.
    #[must_use]
    pub fn is_same_person(&self, other: &Self) -> bool {
        let same_realm = match (&self.side, &other.side) {
            (Side::Applicant { institution: a, .. }, Side::Applicant { institution: b, .. }) => a == b,
            (Side::Operator(_), Side::Operator(_)) | (Side::System, Side::System) => true,
            _ => false,
        };
        (same_realm && self.account == other.account) || (self.mail.is_some() && self.mail == other.mail)
    }
}
