//! See `bodies::authority_list`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/pki.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::authority_list(data));
