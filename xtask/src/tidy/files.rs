//! Files: how long, how named, how opened.

use std::path::Path;

use crate::{
    metadata::Metadata,
    process::root,
    tidy::{Finding, tree::Source},
};

/// A source file longer than this fails; a reader cannot hold it.
const TOO_LONG: usize = 600;
/// A source file longer than this is named, so that somebody splits it in time.
const LONG: usize = 500;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "managers", "core", "misc", "shared"];

/// Lengths and names of sources, and what every crate's manifest and first file must have.
pub(crate) fn check(metadata: &Metadata, sources: &[Source], findings: &mut Vec<Finding>) {
    for source in sources.iter().filter(|source| source.is_rust()) {
        check_length(source, findings);
        check_name(source, findings);
    }
    for package in metadata.members() {
        check_crate(&package.name, &package.manifest_path, findings);
    }
}

fn check_length(source: &Source, findings: &mut Vec<Finding>) {
    let lines = source.text.lines().count();
    if lines > TOO_LONG {
        findings.push(Finding::new(&source.path, format!("{lines} lines; {TOO_LONG} at most")));
    } else if lines > LONG {
        eprintln!("tidy: warning: {}: {lines} lines; better split before {TOO_LONG}", source.path);
    }
}

fn check_name(source: &Source, findings: &mut Vec<Finding>) {
    let path = Path::new(&source.path).with_extension("");
    let empty = path.iter().filter_map(|part| part.to_str()).find(|part| EMPTY_NAMES.contains(part));
    if let Some(name) = empty {
        findings
            .push(Finding::new(&source.path, format!("`{name}` says nothing; name it after what it does")));
    }
}

fn check_crate(name: &str, manifest: &Path, findings: &mut Vec<Finding>) {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let text = read(manifest);
    let lints_of_workspace = text
        .parse::<toml::Table>()
        .ok()
        .and_then(|table| table.get("lints")?.get("workspace")?.as_bool())
        .unwrap_or(false);
    if !lints_of_workspace {
        findings.push(Finding::new(name, "its Cargo.toml lacks `[lints] workspace = true`"));
    }
    let folder = manifest.parent().unwrap_or(Path::new("")).join("src");
    let first = ["lib.rs", "main.rs"].iter().map(|file| folder.join(file)).find(|file| file.is_file());
    let Some(first) = first else {
        findings.push(Finding::new(name, "has neither src/lib.rs nor src/main.rs"));
        return;
    };
    if !read(&first).starts_with("//!") {
        let shown = first.strip_prefix(root()).unwrap_or(&first).display().to_string();
        findings.push(Finding::new(shown, "does not begin with what the crate is for (`//!`)"));
    }
}
