//! The rule that a job writes into one file only, checked wherever debug assertions are on: SQLite commits each
//! file by itself, so a job that changed both could be cut in two by a crash.

use std::{cell::Cell, sync::LazyLock};

use super::Part;
use crate::migrations;

static OF_PEOPLE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let tables = migrations::ALL.iter().flat_map(|(_, text)| migrations::tables(text));
    tables.filter(|table| table.of_people).map(|table| table.name).collect()
});

thread_local! {
    /// What this job has written into; on SQLite a job runs on one thread.
    static WRITTEN: Cell<Option<Part>> = const { Cell::new(None) };
}

/// A job begins.
pub(crate) fn begin() {
    if cfg!(debug_assertions) {
        WRITTEN.set(None);
    }
}

/// A statement is about to change rows.
///
/// # Panics
/// When the job has written into the other file: make two jobs of it, the people first, such that the first one
/// alone does no harm and can be repeated.
pub(super) fn note(sql: &str) {
    if cfg!(debug_assertions) {
        let part =
            if OF_PEOPLE.iter().any(|table| table == written(sql)) { Part::People } else { Part::Main };
        let before = WRITTEN.replace(Some(part));
        assert!(before.is_none_or(|before| before == part), "a job writes into both files: {sql}");
    }
}

/// The table that a statement changes.
fn written(sql: &str) -> &str {
    let mut words = sql.split_whitespace();
    match words.next() {
        Some("INSERT" | "DELETE") => words.nth(1),
        Some("UPDATE") => words.next(),
        _ => None,
    }
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "both files")]
    fn a_job_that_writes_into_both_files_is_found() {
        begin();
        note("UPDATE import_run SET state = $1");
        note("INSERT INTO coverage (person_key) VALUES ($1)");
    }

    #[test]
    fn another_job_may_write_into_the_other_file() {
        begin();
        note("DELETE FROM medical_ticket WHERE person_key = $1");
        note("UPDATE coverage SET until_import = $1");
        begin();
        note("INSERT INTO audit (sequence) VALUES ($1)");
    }
}
