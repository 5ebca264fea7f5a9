//! The certificate authority's records: serial numbers before signatures, certificates, letters, the public log,
//! lists and answers about the revoked, notices.
//!
//! Nothing is decided here but what only the database can decide: who came first.

mod address;
mod answer;
mod file;
mod first_use;
mod followed;
mod issued;
mod key;
mod letter;
mod letter_again;
mod letter_end;
mod letter_find;
mod letter_read;
mod list;
mod log;
mod notice;
mod read;
mod retrieval;
mod revoke;
mod serial;
mod standing;

pub use address::InstitutionAddress;
pub use answer::{AnswerDue, NewAnswer, StoredAnswer};
pub use file::NewCertificateFile;
pub use issued::{Kept, NewCertificate};
pub use letter::{Letter, LetterEnded, LetterFiled, NewLetter, VoidAsked};
pub use letter_again::{LetterAgain, LetterWanted};
pub use letter_end::LetterVoided;
pub use letter_find::{LETTERS_PAGE_LIMIT, LettersFrom};
pub use list::StoredList;
pub use log::{LOG_ENTRIES_MAX, LogEntry, StoredHead};
pub use notice::NewCertificateNotice;
pub use read::InstitutionCertificate;
pub use retrieval::{StoredRetrieval, TryCounted};
pub use revoke::{NewRevocation, Revoked, RevokedAsOf, RevokedCertificate};
pub use serial::{Reservation, Reserved};
pub use standing::TerminalStanding;

pub(crate) use letter_again::try_again_now;
pub(crate) use log::hold as hold_log;
pub(crate) use read::{by_serial, of};
pub(crate) use revoke::{end_all, follow_terminal};

use crate::audit::AuditEvent;

/// Stands for the authority itself where an institution's code is asked for.
pub const AUTHORITY: &str = "-";

/// An entry of the audit log about a certificate; no personal data.
fn event(actor: &str, action: &str, object: String, detail: String) -> AuditEvent {
    AuditEvent {
        actor: actor.to_owned(),
        action: action.to_owned(),
        object,
        outcome: "done".to_owned(),
        detail,
    }
}

fn certificate_object(serial: &str) -> String {
    format!("certificate:{serial}")
}
