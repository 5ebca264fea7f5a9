//! Every fuzz target is run over its seeds by the ordinary tests as well.

use std::path::Path;

use crate::tidy::{Finding, code::Code, tree::Source};

const TARGETS: &str = "fuzz/fuzz_targets/";
const MANIFEST: &str = "fuzz/Cargo.toml";
const GUIDE: &str = "CONTRIBUTING.md";
/// What runs a target over its seeds.
const REPLAY: &str = "replay(";

/// Targets that no test replays, that cannot be built, or that the guide does not name.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    let text_of = |path: &str| sources.iter().find(|source| source.path == path).map(|source| &source.text);
    let says = |path: &str, what: &str| text_of(path).is_some_and(|text| text.contains(what));
    let tests = sources.iter().filter(|source| source.is_rust() && source.path.contains("/tests/"));
    let tests: Vec<Code> =
        tests.filter(|test| test.text.contains(REPLAY)).map(|test| Code::of(&test.text)).collect();
    for source in sources.iter().filter(|source| source.path.starts_with(TARGETS)) {
        let stem = Path::new(&source.path).file_stem().and_then(|stem| stem.to_str());
        let Some(target) = stem else { continue };
        if !tests.iter().any(|test| replays(test, target)) {
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

/// Whether a function that is run as a test runs a target over its seeds.
fn replays(test: &Code, target: &str) -> bool {
    let call = format!("{REPLAY}\"{target}\"");
    let mut calls = test.with_strings.match_indices(&call).map(|(at, _)| at);
    calls.any(|at| {
        test.bare[at..].starts_with(REPLAY) && test.function_at(at).is_some_and(|name| test.runs(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(text: &str) -> bool {
        replays(&Code::of(text), "archive")
    }

    #[test]
    fn a_target_is_replayed_by_a_test_that_is_run() {
        assert!(replayed("#[test]\nfn archives() {\n    fuzz_replay::replay(\"archive\", body);\n}"));
        assert!(!replayed("#[test]\nfn archives() {\n    // replay(\"archive\", body);\n}"));
        assert!(!replayed("#[test]\nfn archives() {\n    let said = r#\"replay(\"archive\")\"#;\n}"));
        assert!(!replayed(
            "#[test]\n#[ignore = \"slow\"]\nfn archives() {\n    replay(\"archive\", body);\n}"
        ));
        assert!(!replayed("fn archives() {\n    replay(\"archive\", body);\n}"));
        assert!(!replayed("#[test]\nfn archives() {\n    replay(\"archives\", body);\n}"));
    }
}
