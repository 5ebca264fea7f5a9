//! What checks leave behind: bytes in the database, bytes in the audit log.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OpenFlags};

/// Entries of the audit log looked at: the newest.
const ENTRIES: u32 = 10_000;
const AUDIT: &str = "SELECT AVG(length(institution_code) + 8 + 8 + length(CAST(actor AS BLOB)) + length(action) \
     + length(object) + length(outcome) + length(detail) + length(previous_hash)) \
     FROM (SELECT * FROM audit ORDER BY rowid DESC LIMIT ?1)";

/// A look into the server's main database file from outside; checks write into no other.
pub(crate) struct Footprint(Connection);

impl Footprint {
    pub(crate) fn of(database: &Path) -> Result<Self> {
        Ok(Self(Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?))
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> Result<f64> {
        let pages: i64 = self.0.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let page: i64 = self.0.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        Ok((pages * page) as f64)
    }

    /// Bytes of the values of one audit entry, mean.
    pub(crate) fn audit_bytes(&self) -> Result<f64> {
        Ok(self.0.query_row(AUDIT, [ENTRIES], |row| row.get(0))?)
    }
}
