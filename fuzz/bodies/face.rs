//! What the fuzz targets of `face` do with their bytes.

use face::{MAX_SIDE, MIN_SIDE, Picture, onnx};

/// A model that is understood is understood again, with nothing left to do, and is not much longer than it was.
pub fn face_model(data: &[u8]) {
    let Ok(plain) = onnx::with_plain_weights(data) else { return };
    assert!(plain.len() <= 16 * data.len() + 64 * 1024, "{} bytes of {}", plain.len(), data.len());
    let again = onnx::with_plain_weights(&plain).expect("what was written can be read");
    assert!(again.len() <= plain.len(), "it grew");
}

/// A frame that is decoded is within its limits.
pub fn face_picture(data: &[u8]) {
    let Ok(picture) = Picture::from_jpeg(data) else { return };
    let sides = MIN_SIDE as usize..=MAX_SIDE as usize;
    assert!(sides.contains(&picture.width()) && sides.contains(&picture.height()));
    assert_eq!(picture.pixels().len(), 3 * picture.width() * picture.height());
}
