//! The files that are ours: what git tracks or would track.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::process::{program, root};

/// A text file of the project.
pub(crate) struct Source {
    /// Path from the workspace's folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.has_extension("md")
    }

    pub(crate) fn is_sql(&self) -> bool {
        self.has_extension("sql")
    }

    fn has_extension(&self, wanted: &str) -> bool {
        PathBuf::from(&self.path).extension().is_some_and(|extension| extension == wanted)
    }
}

/// Reads every text file; files that are not UTF-8 (pictures, recordings) are left out.
pub(crate) fn read() -> Result<Vec<Source>> {
    let listed = program("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("cannot start git")?;
    ensure!(listed.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let read_one = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    };
    Ok(names.split('\0').filter(|name| !name.is_empty()).filter_map(read_one).collect())
}
