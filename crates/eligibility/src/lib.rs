//! The domain of online insurance eligibility: who is insured, by whom, when, and what a clinic is told.
//!
//! What lives here: every rule of eligibility, consent and codes, as plain values and functions.
//! What must not: I/O, async, clocks, SQL, XML. Time comes in as an argument; dates of coverage are
//! civil dates in Asia/Tokyo ([`jiff::civil::Date`]), instants are UTC milliseconds ([`Instant`]).
//!
//! One module per noun; the words are those of `docs/GLOSSARY.md`.

pub mod account;
pub mod activation;
pub mod application;
pub mod bulk;
pub mod calendar;
pub mod card_certificate;
pub mod codes;
pub mod consent;
pub mod coverage;
pub mod disclosure;
pub mod enumeration;
pub mod errors;
pub mod facility_settings;
pub mod field;
pub mod history;
pub mod home_visit_url;
pub mod institution;
pub mod institution_account;
pub mod institution_certificate;
pub mod institution_entry;
pub mod insurer;
pub mod line;
pub mod matching;
pub mod meaning;
pub mod merkle;
pub mod number_search;
pub mod person;
pub mod public_assistance;
pub mod reader;
pub mod reference_number;
pub mod reference_number_form;
pub mod retrieval;
pub mod search;
mod typed;
pub mod verification;
pub mod visit_changes;
pub mod visual_check_passcode;

/// A civil date in Asia/Tokyo: the only kind of date coverage knows.
pub type Date = jiff::civil::Date;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. Made only by a clock at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);
