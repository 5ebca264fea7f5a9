//! The rules of the house that a program can check. One file per kind of rule; each reports findings.

mod clock;
mod code;
mod direction;
mod files;
mod fuzz;
mod invariants;
mod licences;
mod links;
mod migrations;
mod sql;
mod tree;
mod words;

use std::fmt;

use anyhow::{Result, bail};

use crate::metadata::Metadata;

/// Something that breaks a rule, and where.
pub(crate) struct Finding {
    place: String,
    problem: String,
}

impl Finding {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Checks everything; fails when anything was found.
pub(crate) fn run() -> Result<()> {
    let metadata = Metadata::read()?;
    let sources = tree::read()?;
    let mut findings = Vec::new();
    direction::check(&metadata, &mut findings);
    licences::check(&metadata, &mut findings)?;
    files::check(&metadata, &sources, &mut findings);
    words::check(&sources, &mut findings);
    sql::check(&sources, &mut findings);
    clock::check(&sources, &mut findings);
    invariants::check(&sources, &mut findings);
    migrations::check(&sources, &mut findings);
    links::check(&sources, &mut findings);
    fuzz::check(&sources, &mut findings);
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    eprintln!("tidy: {} files, nothing found", sources.len());
    Ok(())
}
