//! The body of the fuzz target over its seeds, so that it runs without a fuzzer.

use crate::{fuzz_bodies, fuzz_replay};

#[test]
fn typed_texts() {
    fuzz_replay::replay("typed_text", fuzz_bodies::typed_text);
}
