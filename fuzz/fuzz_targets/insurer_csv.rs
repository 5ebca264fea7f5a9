//! See `bodies::insurer_csv`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/wire.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::insurer_csv(data));
