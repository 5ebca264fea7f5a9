//! Every fuzz target is run over its seeds by the ordinary tests as well.

use std::path::Path;

use crate::tidy::{Finding, tree::Source};

const TARGETS: &str = "fuzz/fuzz_targets/";
const MANIFEST: &str = "fuzz/Cargo.toml";
const GUIDE: &str = "CONTRIBUTING.md";

/// Targets that no test replays, that cannot be built, or that the guide does not name.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    let text_of = |path: &str| sources.iter().find(|source| source.path == path).map(|source| &source.text);
    let says = |path: &str, what: &str| text_of(path).is_some_and(|text| text.contains(what));
    let tests: Vec<&Source> = sources.iter().filter(|source| source.path.contains("/tests/")).collect();
    for source in sources.iter().filter(|source| source.path.starts_with(TARGETS)) {
        let stem = Path::new(&source.path).file_stem().and_then(|stem| stem.to_str());
        let Some(target) = stem else { continue };
        let replayed = format!("replay(\"{target}\"");
        if !tests.iter().any(|test| test.text.contains(&replayed)) {
            findings.push(Finding::new(&source.path, "no ordinary test runs it over its seeds"));
        }
        if !says(MANIFEST, &format!("path = \"fuzz_targets/{target}.rs\"")) {
            findings.push(Finding::new(&source.path, format!("{MANIFEST} does not build it")));
        }
        if !says(GUIDE, &format!("`{target}`")) {
            findings.push(Finding::new(&source.path, format!("{GUIDE} does not say what it reads")));
        }
    }
}
