//! See `bodies::audit_dump`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/store.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::audit_dump(data));
