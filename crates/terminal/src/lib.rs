//! The terminal at a medical institution (資格確認端末): the file drop of the receipt computer, the link to the card
//! reader, the one client that speaks to the central system, the certificate it is shown, and a door for the browser
//! on this machine.
//!
//! What must hold here: exactly one answer per request, across kill -9; never a partial file, never a name used
//! twice; nothing in the drop folder can crash, hang or bloat the terminal; no personal data in logs.
//! What must not live here: rules of eligibility (they are the centre's), SQL, card commands.
//!
//! Unix only: folders are touched relative to directory handles without following links.

pub mod central;
pub mod certificate;
mod clock;
pub mod config;
pub mod drop;
mod gateway;
mod loopback;
mod pages;
mod reader_link;
mod run;
mod settings;
mod status;

pub use reader_link::STATUS_PATH;
pub use run::{RunError, Terminal, run};
pub use status::{Status, StatusReport};
