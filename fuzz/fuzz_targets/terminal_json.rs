//! See `bodies::terminal_json`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/wire.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::terminal_json(data));
