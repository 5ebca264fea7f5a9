//! 操作履歴: an institution's own part of the audit log in Japanese words, and the form it is searched with.
//!
//! What must stay inside stays inside: an opaque key of a person is not shown, and a card that an insurer protects
//! reads as one that is not registered, as it does at the reader.

mod form;
mod orders;
mod words;

pub use form::{HistoryForm, HistorySearch};
pub use orders::{ORDER, OrderEnd, RESULT_WITHIN_MS, ReaderEntry};
pub use words::{HistoryKind, actor, is_refusal, object, outcome, what};

/// Days that one search covers at most.
pub const HISTORY_DAYS_MAX: i32 = 93;
/// Days that the page covers at first, today included.
pub(crate) const HISTORY_DAYS_AT_FIRST: i32 = 7;
