//! See `bodies::card_apdu`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/card.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::card_apdu(data));
