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

/// Whether a function is run as a test: by its attribute, or by one of the macros that make tests of functions.
fn is_test(text: &str, name: &str) -> bool {
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else { return false };
    let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
    let mut attributes = above.lines().rev().take_while(|line| line.trim_start().starts_with("#["));
    attributes.any(|line| line.contains("test")) || is_named_to_a_macro(text, name)
}

/// Whether a function's name stands somewhere without being called: macros that make tests of functions list them.
fn is_named_to_a_macro(text: &str, name: &str) -> bool {
    let part_of_a_name = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part_of_a_name) && !after.is_some_and(|next| part_of_a_name(next) || next == '(')
    })
}

/// Every `crate/module::test` in a text.
fn tests(text: &str, sources: &[Source], findings: &mut Vec<Finding>) {
    let quoted = text.split('`').skip(1).step_by(2);
    for (name, place) in quoted.filter_map(|name| Some((name, name.split_once('/')?))) {
        let (module, test) = place.1.split_once("::").unwrap_or((place.1, "*"));
        let file = format!("crates/{}/tests/it/{module}.rs", place.0);
        let source = sources.iter().find(|source| source.path == file);
        let there = |source: &Source| test == "*" || is_test(&source.text, test);
        if !source.is_some_and(there) {
            findings.push(Finding::new(PAGE, format!("`{name}` is not in {file}")));
        }
    }
}
