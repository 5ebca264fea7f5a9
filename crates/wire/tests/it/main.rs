//! Behaviour of `wire` through its public doors.

mod bulk;
mod card_statement;
mod charset;
mod every_element;
mod facility;
mod facts;
#[allow(unreachable_pub, reason = "public for the fuzz targets that share it")]
#[path = "../../../../fuzz/bodies/wire.rs"]
mod fuzz_bodies;
#[allow(unreachable_pub, reason = "shared by several crates")]
#[path = "../../../../fuzz/replay.rs"]
mod fuzz_replay;
mod fuzz_seeds;
mod hostile;
mod institution_certificate;
mod insurer_files;
mod kana;
mod names;
mod random;
mod requests;
mod round_trip;
mod same_facts;
mod samples;
mod strict;
mod terminal_api;
