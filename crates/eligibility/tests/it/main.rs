//! The rules of eligibility, through the crate's public doors.

mod calendar;
mod card_certificate;
mod codes;
mod coverage;
mod disclosure;
mod enumeration;
mod errors;
mod insurer;
mod matching;
mod people;
mod standing_consent;
mod verification;
mod verification_oracle;
mod verification_properties;
