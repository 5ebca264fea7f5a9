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

use tokio::sync::{Notify, Semaphore};

pub(crate) use worker::start;

/// Files taken at the same time; each may be some megabytes.
const UPLOADS_AT_ONCE: usize = 4;
/// Rows that are answered in one commit.
const CHUNK_ROWS: usize = 100;
/// Chunks that one page of a result holds.
const PAGE_CHUNKS: u32 = 5;

/// What desk and worker share.
pub(crate) struct Bulk {
    /// A file came.
    came: Notify,
    /// Room for files that are being taken.
    pub(crate) uploads: Semaphore,
}

impl Bulk {
    pub(crate) fn new() -> Self {
        Self { came: Notify::new(), uploads: Semaphore::new(UPLOADS_AT_ONCE) }
    }
}
