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
#[allow(unreachable_pub, reason = "public for the fuzz targets that share it")]
#[path = "../../../../fuzz/bodies/eligibility.rs"]
mod fuzz_bodies;
#[allow(unreachable_pub, reason = "shared by several crates")]
#[path = "../../../../fuzz/replay.rs"]
mod fuzz_replay;
mod fuzz_seeds;
mod institution_certificate;
mod institution_entry;
mod insurer;
mod kept_consent;
mod line;
mod lockout;
mod matching;
mod number_search;
mod people;
mod retrieval;
mod search;
mod standing_consent;
mod verification;
mod verification_oracle;
mod verification_properties;
mod visit_changes;
