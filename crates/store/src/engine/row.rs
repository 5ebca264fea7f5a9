//! One row of either driver, read by column position.

use crate::{Error, Result};

/// A row, valid while its query runs.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

const fn malformed(what: &'static str) -> Error {
    Error::Malformed { what }
}

impl Row<'_> {
    /// Text that may be NULL. `what` names the column in errors.
    pub(crate) fn text_or_null(&self, index: usize, what: &'static str) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => {
                row.get_ref(index).ok().and_then(|v| v.as_str_or_null().ok()).ok_or(malformed(what))
            }
            Self::Postgres(row) => row.try_get(index).map_err(|_| malformed(what)),
        }
    }

    /// Text.
    pub(crate) fn text(&self, index: usize, what: &'static str) -> Result<&str> {
        self.text_or_null(index, what)?.ok_or(malformed(what))
    }

    /// An integer that may be NULL.
    pub(crate) fn int_or_null(&self, index: usize, what: &'static str) -> Result<Option<i64>> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(|_| malformed(what)),
            Self::Postgres(row) => row.try_get(index).map_err(|_| malformed(what)),
        }
    }

    /// An integer.
    pub(crate) fn int(&self, index: usize, what: &'static str) -> Result<i64> {
        self.int_or_null(index, what)?.ok_or(malformed(what))
    }

    /// A truth value.
    pub(crate) fn bool(&self, index: usize, what: &'static str) -> Result<bool> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(|_| malformed(what)),
            Self::Postgres(row) => row.try_get(index).map_err(|_| malformed(what)),
        }
    }

    /// Bytes of a fixed length.
    pub(crate) fn bytes<const N: usize>(&self, index: usize, what: &'static str) -> Result<[u8; N]> {
        self.blob(index, what)?.try_into().map_err(|_| malformed(what))
    }

    /// Bytes.
    pub(crate) fn blob(&self, index: usize, what: &'static str) -> Result<&[u8]> {
        match self {
            Self::Sqlite(row) => {
                row.get_ref(index).ok().and_then(|v| v.as_blob().ok()).ok_or(malformed(what))
            }
            Self::Postgres(row) => row.try_get(index).map_err(|_| malformed(what)),
        }
    }
}
