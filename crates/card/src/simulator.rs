//! A faithful simulated card: applications, files, secrets, counters, status words.
//!
//! It never stands for a real card: keys and certificates come from a simulated authority, and the parts
//! of the commands that are not publicly known are marked ([`crate::session::pinless`]).
//!
//! Not simulated, because too little is known to do it right: the status 6283 (an application whose folder is
//! locked), the certificates and session keys of the surface application's file 0004 and the text application's
//! 0004, 0006 and 0007 with the secure messaging they serve (the files are there and answer 6982), and the contents
//! of JPKI's files 0005, 0009, 0010, 0019, 001C and 001E. Signing with PSS (P1 04 and 05) follows what is reported
//! of real cards; the length of the salt, that of the hash, is what verifiers accept by default.

mod card;
mod commands;
mod counters;
mod files;
mod print;
pub mod profile;
mod signing;

use std::sync::{Arc, Mutex};

pub use card::{ATR, ProfileRefused, SimulatedCard};
pub use counters::{CounterFormatError, Counters, Secret};

/// A simulated card that several parts of a program hold: the reader it lies on, and who looks at its counters.
pub type SharedCard = Arc<Mutex<SimulatedCard>>;
