//! The insurers' data files: UTF-8 CSV (RFC 4180, no line breaks inside fields), one record a line.
//!
//! - first line: format name, version and, for a coverage file, the 保険者番号;
//! - second line: the column names, exactly;
//! - then the records;
//! - last line: `END`, number of records, SHA-256 (lower-case hex) of every byte before this line.
//!
//! Readers stream: they hold one record at a time. A reader yields every row error it meets up to
//! [`MAX_ROW_ERRORS`] and checks the trailer at the end, so one pass validates the whole file.

mod cards;
mod columns;
mod coverage;
mod coverage_columns;
mod insurers;
mod lines;

pub use cards::{CardFileReader, CardFileWriter, CardRecord};
pub use coverage::{CoverageFileReader, CoverageFileWriter};
pub use insurers::{InsurerFileReader, InsurerFileWriter};

/// Most row errors reported before a reader gives up.
pub const MAX_ROW_ERRORS: usize = 1_000;
/// Longest line, bytes.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// Longest field, bytes.
pub const MAX_FIELD_BYTES: usize = 4 * 1024;
/// Most certificates of one kind, and most tickets, on one coverage.
pub const MAX_CERTIFICATES: usize = 64;
/// Format version written and read.
pub const FORMAT_VERSION: u32 = 1;

/// What is wrong with one line. It never carries the value: the file has it, a log must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {field}: {problem}; {remedy}")]
pub struct RowError {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// The column, or the part of the file (`header`, `columns`, `END`, `file`).
    pub field: &'static str,
    /// What is wrong.
    pub problem: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// `true` when nothing after this can be read.
    pub fatal: bool,
}

/// What a writer or reader knows once the file is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// Number of records (persons' coverages, cards or insurers; ticket lines not counted).
    pub records: u64,
    /// SHA-256 over every byte before the trailer, lower-case hex: names the file's content.
    pub content_hash: String,
}
