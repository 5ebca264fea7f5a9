//! The rules of eligibility, through the crate's public doors.

mod account;
mod administration;
mod application;
mod application_checks;
mod application_forms;
mod calendar;
mod card_certificate;
mod codes;
mod coverage;
mod disclosure;
mod enumeration;
mod errors;
mod institution_certificate;
mod institution_entry;
mod insurer;
mod line;
mod lockout;
mod matching;
mod number_search;
mod people;
mod retrieval;
mod standing_consent;
mod verification;
mod verification_oracle;
mod verification_properties;
mod visit_changes;
