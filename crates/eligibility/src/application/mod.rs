//! 申請: what an institution asks the operator for on the portal, from the first draft to the thing itself.
//!
//! A form is read into a content ([`ApplicationContent`]), automatic checks find what a person should look at
//! ([`check()`]), and a state machine ([`Application::apply`]) says who may do what next.

mod actor;
mod checks;
mod event;
mod form;
mod history;
mod kind;
mod month;
mod my_menu;
mod state;
mod way;

pub use actor::{Actor, Side};
pub use checks::{Facts, Finding, FindingCode, FindingSeverity, check};
pub use event::{Event, REASON_MAX_CHARS, Refused};
pub use form::{
    APPLICATION_TEXT_MAX_BYTES, ApplicationContent, ApplicationForm, CertificateApplication, CertificateForm,
    CodeChange, CodeChangeForm, Contact, CustomerIdChange, CustomerIdChangeForm, Filled, RenewalApplication,
    RenewalForm, RevocationApplication, RevocationForm, SerialNumber, Succession, SuccessionForm,
    UseApplication, UseForm,
};
pub use history::HistoryEntry;
pub use kind::ApplicationKind;
pub use month::{InvalidMonth, YearMonth};
pub use my_menu::{MyMenuEntry, my_menu};
pub use state::ApplicationState;
pub use way::Application;
