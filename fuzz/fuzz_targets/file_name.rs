//! See `bodies::file_name`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/wire.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::file_name(data));
