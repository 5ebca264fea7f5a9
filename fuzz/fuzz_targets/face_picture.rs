//! See `bodies::face_picture`.
#![no_main]

#[allow(dead_code)]
#[path = "../bodies/face.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(
    // The decoder is another project's, and what it panics over is caught: only a hang, a flood of memory or our own
    // assertions are of interest here. The fuzzer would stop at every caught panic.
    init: std::panic::set_hook(Box::new(|_| {})),
    |data: &[u8]| bodies::face_picture(data)
);
