//! The fuzz targets' bodies over their seeds and over changes of them.

#[path = "../../../../fuzz/bodies/face.rs"]
#[allow(unreachable_pub)]
mod fuzz_bodies;
#[path = "../../../../fuzz/replay.rs"]
#[allow(dead_code, unreachable_pub)]
mod fuzz_replay;

#[test]
fn models_of_any_bytes_are_read_or_refused() {
    fuzz_replay::replay("face_model", fuzz_bodies::face_model);
}

#[test]
fn frames_of_any_bytes_are_decoded_or_refused() {
    fuzz_replay::replay("face_picture", fuzz_bodies::face_picture);
}
