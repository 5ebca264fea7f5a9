//! See `bodies::face_model`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/face.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::face_model(data));
