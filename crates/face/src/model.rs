//! The model files: which ones, and that they are these and no others.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use rten::ModelOptions;

use crate::onnx;

/// The longest model file that is read, in bytes.
pub const MAX_MODEL_BYTES: u64 = 64 * 1024 * 1024;

/// A file that counts only with this content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its content, in lower-case hexadecimal.
    pub sha256: String,
}

/// The two models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles {
    /// `YuNet`, which finds faces and their five points.
    pub detector: PinnedFile,
    /// `SFace`, which makes the template.
    pub recogniser: PinnedFile,
}

impl ModelFiles {
    /// Name of the detector's file.
    pub const DETECTOR: &str = "face_detection_yunet_2023mar_int8bq.onnx";
    /// What the detector's file must hold.
    pub const DETECTOR_SHA256: &str = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10";
    /// Name of the recogniser's file.
    pub const RECOGNISER: &str = "face_recognition_sface_2021dec_int8bq.onnx";
    /// What the recogniser's file must hold.
    pub const RECOGNISER_SHA256: &str = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee";

    /// The files that `cargo xtask` puts into a folder, under their own names and hashes.
    #[must_use]
    pub fn in_folder(folder: impl AsRef<Path>) -> Self {
        let file = |name: &str, sha256: &str| PinnedFile {
            path: folder.as_ref().join(name),
            sha256: sha256.to_owned(),
        };
        Self {
            detector: file(Self::DETECTOR, Self::DETECTOR_SHA256),
            recogniser: file(Self::RECOGNISER, Self::RECOGNISER_SHA256),
        }
    }
}

/// Why a model is not used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("the face model {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Longer than [`MAX_MODEL_BYTES`].
    #[error("the face model {} is too long", path.display())]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
    /// Not the content that was asked for: cut off, changed or another model.
    #[error("the face model {} has SHA-256 {found}, not {expected}", path.display())]
    OtherContent {
        /// Which file.
        path: PathBuf,
        /// What was asked for.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The content is no model of the kind that is understood.
    #[error("the face model {} cannot be understood: {reason}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: onnx::Malformed,
    },
    /// The runtime does not take it.
    #[error("the face model {} cannot be run: {reason}", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// What the runtime says.
        reason: String,
    },
}

/// Reads, checks and prepares a model.
pub(crate) fn load(file: &PinnedFile) -> Result<rten::Model, ModelError> {
    let path = || file.path.clone();
    let bytes = read(&file.path)?;
    let found = hex::encode(digest(&SHA256, &bytes));
    if found != file.sha256 {
        return Err(ModelError::OtherContent { path: path(), expected: file.sha256.clone(), found });
    }
    let plain =
        onnx::with_plain_weights(&bytes).map_err(|reason| ModelError::Malformed { path: path(), reason })?;
    drop(bytes);
    let mut options = ModelOptions::with_all_ops();
    options.prepack_weights(true);
    options.load(plain).map_err(|reason| ModelError::Refused { path: path(), reason: reason.to_string() })
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    let unreadable = |reason| ModelError::Unreadable { path: path.to_owned(), reason };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // One byte more than may be, so that a file that grows is noticed, too.
    let read = file.take(MAX_MODEL_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if read as u64 > MAX_MODEL_BYTES {
        return Err(ModelError::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}
