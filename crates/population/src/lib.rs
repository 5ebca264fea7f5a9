//! A plausible synthetic Japan: insurers, people, coverage, cards. Nobody in it is real.
//!
//! The same [`Options`] give the same bytes, on every machine and in every release with the same
//! [`GENERATOR_VERSION`]: all chance comes from one seeded stream, and no clock is read.
//!
//! [`generate`] hands everybody to a [`Sink`]; [`write_folder`] writes the insurers' data files; [`personas`]
//! are the named people of the demonstration, and are part of every population.
//!
//! What must not live here: I/O beyond the files written, certificates and keys (a card is only a serial
//! number here), SQL.

mod batch;
mod career;
mod certificates;
mod clan;
mod dice;
mod folder;
mod generate;
mod insurers;
mod member;
mod names;
pub mod personas;
mod places;
mod pyramid;
mod sink;

pub use folder::{Error, FileWritten, FolderSummary, write_folder};
pub use generate::{Counts, generate};
pub use insurers::insurers;
pub use personas::{Persona, personas};
pub use sink::{Card, Sink};

use eligibility::Date;

/// Changes whenever the same options would give other bytes.
pub const GENERATOR_VERSION: u32 = 4;
/// The day a population is generated for when no other is given: fixed, so that bytes do not depend on a clock.
pub const DEFAULT_AS_OF: Date = jiff::civil::date(2026, 11, 22);
/// Most people of one population: serial numbers of cards must not run out.
pub const MAX_PERSONS: u32 = 200_000_000;
/// Serial numbers of the personas' cards begin here.
pub const PERSONA_SERIAL_BASE: u32 = 0x0001_0000;
/// The current card of the n-th generated person has this serial number plus n.
pub const CITIZEN_SERIAL_BASE: u32 = 0x0010_0000;
/// A card replaced by a newer one has this serial number plus the ordinal of its holder.
pub const REPLACED_SERIAL_BASE: u32 = 0x4000_0000;
/// The issuer of all cards: SHA-256 of the name of the simulated authentication authority
/// (`C=JP, O=JPKI-TEST, OU=JPKI for user authentication, OU=Japan Agency for Local Authority Information
/// Systems`), the same for all its generations.
pub const CARD_ISSUER: &str = "b871352fe1f30e3e611ea8e00cd977fdf0575a202fda9adbb93f064712ec61da";
/// The institution of the demonstration, 架空内科医院.
pub const DEMO_INSTITUTION: &str = "1319990012";
/// Its name.
pub const DEMO_INSTITUTION_NAME: &str = "架空内科医院";

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many people, besides the personas.
    pub persons: u32,
    /// Where chance begins.
    pub seed: u64,
    /// The day the population is seen from: ages, certificates and tickets are right on it.
    pub as_of: Date,
    /// The issuer of the cards, [`CARD_ISSUER`] unless cards come from elsewhere.
    pub card_issuer: String,
}

impl Options {
    /// So many people from this seed, seen from [`DEFAULT_AS_OF`].
    #[must_use]
    pub fn new(persons: u32, seed: u64) -> Self {
        Self { persons, seed, as_of: DEFAULT_AS_OF, card_issuer: CARD_ISSUER.to_owned() }
    }
}
