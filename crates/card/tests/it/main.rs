//! The card crate through its public doors.

mod apdu_and_tlv;
mod authority;
mod faces;
mod jpki_certificates;
mod jpki_revocation;
mod persona;
mod sessions;
mod simulated_card;
mod simulated_files;
mod transports;
#[cfg(feature = "pcsc")]
mod virtual_card;
