//! The store through its public door, on every database.
#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod activations;
mod applications;
mod approved_in_order;
mod audit_changed;
mod audit_dump;
mod audit_log;
mod bulk;
mod bulk_kill;
mod cards;
mod certificate_letters;
mod certificates;
mod check_results;
mod checks;
mod consented;
mod databases;
mod denials;
mod every_field;
mod facility_settings;
#[path = "../../../../fuzz/bodies/store.rs"]
mod fuzz_bodies;
#[path = "../../../../fuzz/replay.rs"]
mod fuzz_replay;
mod fuzz_seeds;
mod history;
mod home_visit_urls;
mod imports;
mod institution_register;
mod kill;
mod lines;
mod lost_masters;
mod over_tls;
mod passcodes;
mod people;
mod read_only;
mod readers;
mod registrants;
mod revocation_lists;
mod schema;
mod signing_in;
mod staff_accounts;
mod two_files;
mod writer;
