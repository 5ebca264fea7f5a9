//! The card crate through its public doors.

mod apdu_and_tlv;
mod authority;
mod faces;
#[allow(unreachable_pub, reason = "public for the fuzz targets that share it")]
#[path = "../../../../fuzz/bodies/card.rs"]
mod fuzz_bodies;
#[allow(unreachable_pub, reason = "shared by several crates")]
#[path = "../../../../fuzz/replay.rs"]
mod fuzz_replay;
mod fuzz_seeds;
mod jpki_certificates;
mod jpki_revocation;
#[cfg(not(pcsc_library))]
mod no_readers;
mod persona;
mod sessions;
mod simulated_card;
mod simulated_files;
mod transports;
mod virtual_card;
