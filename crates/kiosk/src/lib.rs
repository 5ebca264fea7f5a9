//! The card reader at the counter (顔認証付きカードリーダー): a card session becomes a proof, the proof an outcome.
//!
//! What must hold here: a PIN is seen by the card alone; a card is powered off at the end of every session; every
//! trouble has words for the patient and words for the staff.
//! What must not live here: rules of eligibility, HTTP to the centre (the terminal's reader link is the only door),
//! and how a face is compared: a [`ProofMethod`](eligibility::verification::ProofMethod) is given, not judged.

mod clock;
mod comparing;
pub mod config;
mod counter;
mod faces;
pub mod machine;
pub mod pages;
mod photo_shown;
pub mod session;
mod site;
pub mod slot;
mod terminal_link;
mod trouble;
pub mod view;
pub mod words;
mod worker;

pub use comparing::FaceVerifier;
pub use counter::Parts;
pub use faces::{FaceTalk, Faces};
pub use site::Kiosk;
pub use terminal_link::{LinkError, TerminalLink, TerminalLinkConfig};
pub use trouble::{CardTrouble, Trouble};
pub use worker::Authorizer;
