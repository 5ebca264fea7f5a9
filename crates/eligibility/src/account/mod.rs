//! Accounts of the portal and of the operator: who signs in, with which password, and when no more is tried.

mod lockout;
mod mail_address;
mod new_password;
mod password;
mod registrant;
mod registration;
mod role;

pub use lockout::{
    AttemptState, BUCKETS_OF_KNOWN_TERMINAL, BUCKETS_OF_STRANGER, Bucket, LockoutDecision, LockoutStep,
    NEIGHBOURHOOD_FAILURES_MAX, NEIGHBOURHOOD_V6_BITS, NETWORK_FAILURES_MAX, NETWORK_V6_BITS,
};
pub use mail_address::{InvalidMailAddress, MAIL_ADDRESS_MAX_BYTES, MailAddress};
pub use new_password::NewPasswordForm;
pub use password::{
    NewPassword, OwnWords, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, PasswordRefusal, TypedPassword,
};
pub use registrant::{NewMailForm, RegistrantContact, RegistrantContactForm};
pub use registration::{Registration, RegistrationForm};
pub use role::{OperatorAction, OperatorRole, PortalRole};

/// How long the link in a confirmation mail works, milliseconds; it works once.
pub const MAIL_LINK_MS: i64 = 24 * 60 * 60 * 1000;

/// How long an initial password works, days; it works once.
pub const INITIAL_PASSWORD_DAYS: i32 = 7;
