//! See `bodies::facility_xml`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/wire.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::facility_xml(data));
