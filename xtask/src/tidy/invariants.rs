//! The tests that docs/ARCHITECTURE.md says hold the invariants are there.

use crate::tidy::{Finding, tree::Source};

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
        let there = |source: &Source| test == "*" || source.text.contains(&format!("fn {test}("));
        if !source.is_some_and(there) {
            findings.push(Finding::new(PAGE, format!("`{name}` is not in {file}")));
        }
    }
}
