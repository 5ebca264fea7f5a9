//! What `cargo metadata` says, as far as the rules need it.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process::{cargo, root};

/// The answer of `cargo metadata --format-version 1`.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
}

/// One crate, ours or foreign.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: std::path::PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line under `[dependencies]` and its relatives.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// Set for crates of this workspace.
    pub(crate) path: Option<std::path::PathBuf>,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let done = cargo()
            .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
            .current_dir(root())
            .stderr(std::process::Stdio::inherit())
            .output()
            .context("cannot start cargo metadata")?;
        anyhow::ensure!(done.status.success(), "cargo metadata ended with {}", done.status);
        serde_json::from_slice(&done.stdout).context("cargo metadata changed its format")
    }

    /// Our own crates.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}
