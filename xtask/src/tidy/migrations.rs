//! Every table says how a cluster spreads it, and its keys agree with that.
//!
//! The store's own tests prove the same on hash-partitioned tables; this finds it without a database.

use crate::tidy::{Finding, tree::Source};

const FOLDER: &str = "crates/store/src/migrations/";
const SHARD_KEYS: &[&str] = &[
    "institution_code",
    "person_key",
    "insurer_number",
    "serial",
    "login_key",
    "subject",
    "token_hash",
    "attempt_key",
    "mail_id",
    "key_fingerprint",
    "retrieval_number",
    "url_hash",
];
/// Columns have one of these types, which both engines know.
const TYPES: &[&str] = &["TEXT", "BIGINT", "BOOLEAN", "BYTES"];
/// Things one of the engines, or a cluster, does not do the same way.
const FORBIDDEN: &[&str] = &[
    "TRIGGER",
    "SEQUENCE",
    "SERIAL",
    "AUTOINCREMENT",
    "JSONB",
    "ENUM",
    "NOW()",
    "CURRENT_TIMESTAMP",
    "CREATE VIEW",
];

/// A table as it is read, line by line.
struct Table<'a> {
    name: &'a str,
    line: usize,
    /// `Some("")` for a reference table, the shard key otherwise, `None` without annotation.
    spread_by: Option<&'a str>,
}

/// Checks every migration.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    for source in sources.iter().filter(|source| source.is_sql() && source.path.starts_with(FOLDER)) {
        check_file(source, findings);
    }
}

fn check_file(source: &Source, findings: &mut Vec<Finding>) {
    let mut annotation = None;
    let mut table: Option<Table<'_>> = None;
    for (index, line) in source.text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        let mut found =
            |problem: String| findings.push(Finding::new(format!("{}:{number}", source.path), problem));
        if let Some(comment) = line.strip_prefix("--") {
            annotation = read_annotation(comment.trim()).or(annotation);
            continue;
        }
        let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        if let Some(word) = words.find(|word| FORBIDDEN.contains(word)) {
            found(format!("`{word}` is not portable"));
        }
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            let name = rest.trim_end_matches(['(', ' ']);
            table = Some(Table { name, line: number, spread_by: annotation.take() });
            continue;
        }
        if line.starts_with(");") {
            if let Some(table) = table.take().filter(|table| table.spread_by.is_none()) {
                findings.push(Finding::new(
                    format!("{}:{}", source.path, table.line),
                    format!("{} is annotated neither `-- reference` nor `-- sharded: KEY`", table.name),
                ));
            }
            continue;
        }
        if let Some(table) = &table {
            column_or_key(table, line, &mut found);
        }
    }
}

fn read_annotation(comment: &str) -> Option<&str> {
    if comment == "reference" {
        return Some("");
    }
    comment.strip_prefix("sharded:").map(str::trim)
}

fn column_or_key(table: &Table<'_>, line: &str, found: &mut impl FnMut(String)) {
    let shard_key = table.spread_by.filter(|key| !key.is_empty());
    if let Some(keys) = line.strip_prefix("PRIMARY KEY").or_else(|| line.strip_prefix("UNIQUE")) {
        let first = keys.trim_start_matches([' ', '(']).split([',', ')', ' ']).next().unwrap_or_default();
        if shard_key.is_some_and(|key| key != first) {
            found(format!("{}: a key of a sharded table begins with its shard key", table.name));
        }
        return;
    }
    let mut words = line.trim_end_matches(',').split_whitespace();
    let (Some(_), Some(kind)) = (words.next(), words.next()) else {
        return;
    };
    if !TYPES.contains(&kind) {
        found(format!("{}: type {kind} is not one of {}", table.name, TYPES.join(", ")));
    }
    if shard_key.is_some_and(|key| !SHARD_KEYS.contains(&key)) {
        found(format!("{}: `{}` is no shard key", table.name, shard_key.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let source = Source { path: format!("{FOLDER}V9__x.sql"), text: text.to_owned() };
        let mut findings = Vec::new();
        check(&[source], &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tables_are_annotated_and_keys_begin_with_the_shard_key() {
        let good = "-- sharded: person_key\nCREATE TABLE a (\n  person_key TEXT NOT NULL,\n  PRIMARY KEY (person_key)\n);\n";
        assert!(problems(good).is_empty(), "{:?}", problems(good));
        assert_eq!(problems(&good.replace("-- sharded: person_key\n", "")).len(), 1);
        assert_eq!(problems(&good.replace("KEY (person_key)", "KEY (other, person_key)")).len(), 1);
        assert_eq!(problems(&good.replace("TEXT", "JSONB")).len(), 2);
    }
}
