//! Files with many rows: taken from terminals and from the institution web, worked on in the background, told.
//!
//! * [`desk`]: takes a file, says how it stands, gives its answers;
//! * [`worker`]: answers one chunk after another, and gives way to the counter between them;
//! * [`rows`]: what a chunk's rows ask and what they are answered.
//!
//! A row is checked by the same rule, over the same data and under the same guard against guessing as a question from
//! the counter. Its record is the chunk's: one audit entry names every person whose eligibility the chunk tells, so that
//! it stands in the institution's chain before anybody can fetch the answer, and ten thousand rows do not write ten
//! thousand records. What makes a question from the counter repeatable, its kept answer, is here the chunk itself.

pub(crate) mod desk;
mod packed;
mod rows;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

pub(crate) use worker::start;

use crate::web::places::Places;

/// Files taken or written at the same time; each may be some megabytes.
const FILES_AT_ONCE: usize = 16;
/// The same of one institution: its body may come slowly, and another's must find room meanwhile.
const FILES_OF_ONE: usize = 2;
/// Rows that are answered in one commit.
const CHUNK_ROWS: usize = 100;
/// Chunks that one page of a result holds.
const PAGE_CHUNKS: u32 = 5;

/// What desk and worker share.
pub(crate) struct Bulk {
    /// A file came.
    came: Notify,
    /// Room for files that are being taken or written.
    pub(crate) files: Places,
    /// Questions that came from the counter since the start.
    asked_at_counter: AtomicU64,
}

impl Bulk {
    pub(crate) fn new() -> Self {
        let files = Places::new(FILES_AT_ONCE, FILES_OF_ONE);
        Self { came: Notify::new(), files, asked_at_counter: AtomicU64::new(0) }
    }

    /// Somebody at a counter asks, by card or by number: files give way.
    pub(crate) fn counter_asks(&self) {
        self.asked_at_counter.fetch_add(1, Ordering::Relaxed);
    }

    fn asked_at_counter(&self) -> u64 {
        self.asked_at_counter.load(Ordering::Relaxed)
    }
}
