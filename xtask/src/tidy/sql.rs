//! SQL lives in `store` and nowhere else.

use crate::tidy::{Finding, tree::Source};

/// Who may hold SQL: the store; the test kit, which makes and drops databases; the rules themselves.
const HOLDERS: &[&str] = &["crates/store/", "crates/testkit/", "xtask/"];

/// A statement is known by these words, all in one line of source.
const STATEMENTS: &[&[&str]] = &[
    &["SELECT ", " FROM "],
    &["INSERT INTO "],
    &["UPDATE ", " SET "],
    &["DELETE FROM "],
    &["CREATE TABLE "],
    &["CREATE INDEX "],
];

/// Statements outside the store.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    let outside = |source: &&Source| {
        (source.is_rust() || source.is_sql()) && !HOLDERS.iter().any(|holder| source.path.starts_with(holder))
    };
    for source in sources.iter().filter(outside) {
        for (index, line) in source.text.lines().enumerate() {
            if is_statement(line) {
                findings.push(Finding::new(
                    format!("{}:{}", source.path, index + 1),
                    "SQL lives in `store` only",
                ));
            }
        }
    }
}

fn is_statement(line: &str) -> bool {
    let code = line.trim_start();
    if code.starts_with("//") || !code.contains('"') {
        return false;
    }
    STATEMENTS.iter().any(|words| words.iter().all(|word| code.contains(word)))
}
