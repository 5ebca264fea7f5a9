//! Each program reads the time in one place.

use crate::tidy::{Finding, tree::Source};

/// What reads the wall clock.
const READINGS: &[&str] =
    &["SystemTime::now", "Timestamp::now", "Zoned::now", "OffsetDateTime::now", "Utc::now", "Local::now"];
/// How old a file is in the shared folder is told by the clock that wrote its time.
const AGES_OF_FILES: &[&str] =
    &["crates/terminal/src/drop/left_alone.rs", "crates/terminal/src/drop/watch.rs"];

/// Readings of the clock outside the places for it.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    let of_product = |source: &&Source| {
        source.path.starts_with("crates/")
            && source.path.contains("/src/")
            && !source.path.starts_with("crates/testkit/")
            && !source.path.ends_with("/src/clock.rs")
            && !AGES_OF_FILES.contains(&source.path.as_str())
    };
    for source in sources.iter().filter(of_product) {
        for (index, line) in source.text.lines().enumerate() {
            if READINGS.iter().any(|reading| line.contains(reading)) {
                let place = format!("{}:{}", source.path, index + 1);
                findings.push(Finding::new(place, "the time is read in `clock.rs` only"));
            }
        }
    }
}
