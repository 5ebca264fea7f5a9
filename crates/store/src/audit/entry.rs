//! One entry and its canonical line: fixed key order, no blanks, only the escapes JSON demands.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::hex32;
use crate::{Error, Result, engine::Row};

/// An entry as its line writes it. The field order is the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) institution_code: Cow<'a, str>,
    pub(crate) sequence: i64,
    pub(crate) recorded_at: i64,
    #[serde(borrow)]
    pub(crate) actor: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) action: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) object: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) outcome: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) detail: Cow<'a, str>,
    #[serde(with = "hex32")]
    pub(crate) previous_hash: [u8; 32],
}

/// Columns of [`Entry::from_row`], in its order.
macro_rules! entry_columns {
    () => {
        "institution_code, sequence, recorded_at, actor, action, object, outcome, detail, previous_hash"
    };
}
pub(crate) use entry_columns;

impl Entry<'_> {
    /// Appends the line, without its line feed.
    pub(crate) fn write_line(&self, line: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(line, self).map_err(|_| Error::Malformed { what: "audit entry" })
    }

    /// Reads a row of the table.
    pub(crate) fn from_row(row: &Row<'_>) -> Result<Entry<'static>> {
        let text = |index, what| row.text(index, what).map(|text| Cow::Owned(text.to_owned()));
        Ok(Entry {
            institution_code: text(0, "institution_code")?,
            sequence: row.int(1, "sequence")?,
            recorded_at: row.int(2, "recorded_at")?,
            actor: text(3, "actor")?,
            action: text(4, "action")?,
            object: text(5, "object")?,
            outcome: text(6, "outcome")?,
            detail: text(7, "detail")?,
            previous_hash: row.bytes(8, "previous_hash")?,
        })
    }
}
