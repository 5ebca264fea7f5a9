//! See `bodies::card_session`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/card.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::card_session(data));
