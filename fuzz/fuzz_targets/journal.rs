//! See `bodies::journal`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/terminal.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::journal(data));
