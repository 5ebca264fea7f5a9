//! The certificate authority of the institution network, in parts that know as little as they must:
//!
//! * [`Signing`] has the key. It signs what was linted, under a serial number that is on disk, and decides nothing.
//! * [`Desk`] decides: subject, key, letter, renewal, revocation. It has no key and no socket.
//! * the store keeps, in one transaction each: number before signature; certificate, public log and admission
//!   together.
//! * fronts face the network: [`retrieval`] (電子証明書取得サイト), [`renewal`] (電子証明書更新申請サイト),
//!   [`distribution`] (lists, answers, authorities, log). They ask the desk or read what was signed ahead.
//! * [`publication`] and [`issuing`] work in the background: what is due is signed, what was approved is done,
//!   whose end comes near is told ([`notices`]).

mod background;
mod desk;
pub mod distribution;
pub mod issuing;
mod letters;
pub mod notices;
mod public_log;
pub mod publication;
mod refusal;
pub mod renewal;
pub mod retrieval;
mod signing;

pub use background::{Keys, Parts};
pub use desk::{Begun, CertificateOrder, Desk, Fetched, How, Issued, Renewed, SecretHasher, Signed};
pub use letters::{LetterDesk, LetterFor, Written, opened_letter};
pub use public_log::PublicLog;
pub use refusal::{NotIssued, Refusal};
pub use signing::{AnswerSigner, Signing};
