//! A faithful simulated card: applications, files, secrets, counters, status words.
//!
//! It never stands for a real card: keys and certificates come from a simulated authority, and the parts
//! of the commands that are not publicly known are marked ([`crate::session::pinless`]).

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
