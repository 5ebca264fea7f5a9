//! The store through its public door, on every database.
#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod applications;
mod audit_changed;
mod audit_dump;
mod audit_log;
mod certificates;
mod checks;
mod databases;
mod denials;
#[path = "../../../../fuzz/bodies/store.rs"]
mod fuzz_bodies;
#[path = "../../../../fuzz/replay.rs"]
mod fuzz_replay;
mod fuzz_seeds;
mod imports;
mod kill;
mod lines;
mod people;
mod read_only;
mod registrants;
mod revocation_lists;
mod schema;
mod signing_in;
mod two_files;
mod writer;
