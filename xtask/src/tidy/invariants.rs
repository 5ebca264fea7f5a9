//! The tests that docs/ARCHITECTURE.md says hold the invariants are there.

use crate::tidy::{Finding, code::Code, tree::Source};

const PAGE: &str = "docs/ARCHITECTURE.md";
const SECTION: &str = "## Invariants";
/// What begins the line under each invariant.
const HELD_BY: &str = "Held by ";

/// Invariants that nothing is said to hold, and tests that do not exist.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    let Some(page) = sources.iter().find(|source| source.path == PAGE) else {
        return findings.push(Finding::new(PAGE, "is not there"));
    };
    let section = page.text.split_once(SECTION).map_or("", |(_, after)| after);
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines: Vec<&str> = section.lines().collect();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| is_invariant(line)) {
        match lines.get(index + 1).and_then(|next| next.trim_start().strip_prefix(HELD_BY)) {
            Some(held) => tests(held, sources, findings),
            None => findings.push(Finding::new(PAGE, format!("no test is said to hold: {line}"))),
        }
    }
}

fn is_invariant(line: &str) -> bool {
    line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok())
}

/// Every `crate/module::test` in a text.
fn tests(text: &str, sources: &[Source], findings: &mut Vec<Finding>) {
    let quoted = text.split('`').skip(1).step_by(2);
    for (name, place) in quoted.filter_map(|name| Some((name, name.split_once('/')?))) {
        let (module, test) = place.1.split_once("::").unwrap_or((place.1, "*"));
        let file = format!("crates/{}/tests/it/{module}.rs", place.0);
        let source = sources.iter().find(|source| source.path == file);
        let there = |source: &Source| {
            let code = Code::of(&source.text);
            if test == "*" { code.runs_any() } else { code.runs(test) }
        };
        if !source.is_some_and(there) {
            findings.push(Finding::new(PAGE, format!("`{name}` is not run as a test in {file}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(test: &str) -> usize {
        let page =
            "## Invariants\n\n1. It holds.\n   Held by `store/holding::it_holds`, `store/holding::*`.\n";
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let sources = [source(PAGE, page), source("crates/store/tests/it/holding.rs", test)];
        let mut findings = Vec::new();
        check(&sources, &mut findings);
        findings.len()
    }

    #[test]
    fn an_invariant_is_held_by_tests_that_are_run() {
        assert_eq!(found("#[test]\nfn it_holds() {}"), 0);
        assert_eq!(found("#[test]\nfn another() {}\n// it_holds\nfn it_holds() {}"), 1);
        assert_eq!(found("#[test]\n#[ignore = \"slow\"]\nfn it_holds() {}"), 2);
        assert_eq!(found("#[cfg(test)]\nfn it_holds() {}"), 2);
    }
}
