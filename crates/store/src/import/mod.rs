//! Loading insurers' data: staged in chunks nobody sees, checked whole, swapped at once.
//!
//! A file states all members of one insurer. Its rows are written as versions from the import's number on,
//! invisible until one row, `insurer.current_import`, is moved to that number. Old versions stay, so that
//! what was known at an earlier moment can be answered. A row that did not change is not written again.

mod cards;
mod check;
mod close;
#[cfg(test)]
mod discarding;
mod repeated;
mod run;
mod stage;

use eligibility::{Instant, coverage::Coverage, insurer::InsurerNumber};

pub use cards::Card;
pub(crate) use cards::in_force;
pub use repeated::NamedCertificates;

use crate::{Error, Result, Store};
use check::WholeFile;
use run::{Begun, Progress};

/// Faults reported one by one at most; more are only counted.
pub const FAULTS_REPORTED: usize = 100;
/// Rows that one transaction stages: large enough to be fast, small enough that checks get in between.
pub const CHUNK_ROWS: usize = 4_000;

/// What an insurer's file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    /// Whose members the file lists, all of them.
    pub insurer_number: InsurerNumber,
    /// SHA-256 naming the file's content: the same content is imported once.
    pub content_hash: [u8; 32],
    /// How many coverages it has.
    pub rows: u64,
}

/// Why one row of a file cannot be used. The reason names fields, never their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Row or line as the caller counts; 0 when it concerns the whole file.
    pub row: u64,
    /// The reason.
    pub reason: String,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The import's number within its source.
    pub import_number: i64,
    /// Rows in the file.
    pub rows: u64,
    /// Whether exactly this content was in force already, so that nothing was done now.
    pub already_applied: bool,
    /// When it was (first) applied.
    pub applied_at: Instant,
}

/// Counts faults and passes the first ones on.
struct Faults<F> {
    count: usize,
    first: Option<String>,
    report: F,
}

impl<F: FnMut(RowFault)> Faults<F> {
    fn add(&mut self, row: u64, reason: String) {
        self.count += 1;
        self.first.get_or_insert_with(|| format!("row {row}: {reason}"));
        if self.count <= FAULTS_REPORTED {
            (self.report)(RowFault { row, reason });
        }
    }

    fn outcome(&self) -> Result<()> {
        match &self.first {
            None => Ok(()),
            Some(first) => Err(Error::ImportRefused { faults: self.count, first: first.clone() }),
        }
    }
}

impl Store {
    /// Loads one insurer's whole file and swaps it in. Killed at any point and called again with the same
    /// file, it goes on where it was and ends in the same state. `progress` gets the rows staged so far;
    /// `clock` tells when the swap happened.
    ///
    /// # Errors
    /// [`Error::ImportRefused`] when any row is at fault: nothing becomes visible, and the faults go to
    /// `on_fault`, at most [`FAULTS_REPORTED`] of them. Any write error of the store.
    pub async fn import_insurer_file<I>(
        &self,
        meta: FileMeta,
        rows: I,
        clock: impl Fn() -> Instant + Send,
        progress: impl FnMut(u64) + Send,
        on_fault: impl FnMut(RowFault) + Send,
    ) -> Result<Receipt>
    where
        I: Iterator<Item = std::result::Result<Coverage, RowFault>> + Send,
    {
        let source = meta.insurer_number.as_str();
        let begun = self.begin_import(source, meta.content_hash, meta.rows, clock()).await?;
        let staging = match begun {
            Begun::AlreadyApplied(receipt) => return Ok(receipt),
            Begun::Staging(staging) => staging,
        };
        let mut faults = Faults { count: 0, first: None, report: on_fault };
        self.stage(&meta, &staging, rows, progress, &mut faults).await?;
        if let Err(refused) = faults.outcome() {
            self.discard_import(source, staging.import_number, clock()).await?;
            return Err(refused);
        }
        if staging.current_import > 0 {
            self.close_missing(source, staging.import_number).await?;
        }
        self.swap_import(source, staging.import_number, meta.rows, clock()).await
    }

    /// Reads all rows once: each is checked and staged, and the file as a whole is checked at its end.
    async fn stage<I, F>(
        &self,
        meta: &FileMeta,
        staging: &Progress,
        rows: I,
        mut progress: impl FnMut(u64) + Send,
        faults: &mut Faults<F>,
    ) -> Result<()>
    where
        I: Iterator<Item = std::result::Result<Coverage, RowFault>> + Send,
        F: FnMut(RowFault) + Send,
    {
        let mut whole = WholeFile::default();
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        let mut line = stage::Line::new(self, meta, staging);
        let mut seen = 0_u64;
        for row in rows {
            seen += 1;
            match row {
                Err(fault) => faults.add(fault.row, fault.reason),
                Ok(coverage) => {
                    check::row(&meta.insurer_number, &coverage, seen, faults);
                    whole.add(&coverage, seen);
                    // Rows that a killed run has staged are checked again, but not written again.
                    if faults.count == 0 && seen > staging.rows_staged {
                        chunk.push(coverage);
                    }
                }
            }
            if chunk.len() == CHUNK_ROWS {
                line.push(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_ROWS))).await?;
                progress(line.staged());
            }
        }
        if faults.count == 0 && !chunk.is_empty() {
            line.push(chunk).await?;
        }
        line.finish().await?;
        progress(line.staged());
        if seen != meta.rows {
            faults.add(0, format!("the file has {seen} rows, not the {} it states", meta.rows));
        }
        whole.finish(faults);
        Ok(())
    }
}
