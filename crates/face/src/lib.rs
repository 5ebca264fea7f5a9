//! Is the person before the camera the person of the card's photo? Detector, embedding, bands and liveness, in process.
//!
//! Pictures come in, a [`Verdict`] comes out; there is no I/O but the reading of two pinned model files, no clock and
//! no network. Pictures, templates and what is computed on the way in this crate are wiped when they are dropped.
//! What this does not stop is said in `docs/FACE.md`.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (jpeg, grey) = (&[0u8; 0][..], &[0u8; 0][..]);
//! use face::{Bands, ModelFiles, Picture, Verdict, Verifier};
//!
//! let verifier = Verifier::load(&ModelFiles::in_folder("target/face/models"))?;
//! let photo = verifier.look_at_photo(&Picture::from_grey(200, 250, grey)?)?;
//! let person = verifier.look(&Picture::from_jpeg(jpeg)?)?;
//! let same = Bands::default().verdict(person.compare(&photo)) == Verdict::Same;
//! # Ok(()) }
//! ```

pub mod align;
mod bands;
mod engine;
pub mod geometry;
pub mod liveness;
mod model;
pub mod onnx;
mod picture;
mod sface;
mod verifier;
mod yunet;

pub use bands::{Bands, BandsError, Score, Verdict};
pub use engine::{Embedding, Engine, EngineError, Found};
pub use geometry::{Area, Landmarks, Point};
pub use model::{MAX_MODEL_BYTES, ModelError, ModelFiles, PinnedFile};
pub use picture::{MAX_JPEG_BYTES, MAX_SIDE, MIN_SIDE, Picture, PictureError};
pub use verifier::{Demands, Looked, NoFace, Thumbnail, Verifier};
