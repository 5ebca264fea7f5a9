//! See `bodies::typed_text`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/eligibility.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::typed_text(data));
