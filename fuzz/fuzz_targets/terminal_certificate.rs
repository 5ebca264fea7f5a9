//! See `bodies::terminal_certificate`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/pki.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::terminal_certificate(data));
