//! Files with many rows: each is a job with its rows in chunks, and a chunk is answered in one commit.
//!
//! What a chunk asks and answers is opaque here. A chunk's answer is written once: whoever comes second, also after a
//! crash or in another process, changes nothing. So nothing is counted, registered or audited twice.

mod chunk;
mod found;
mod job;
mod kept;
mod work;

pub use chunk::{BulkRowAct, BulkRowFate, ChunkAnswer, ChunkRecorded, MakeAnswer, NewChunkAnswer};
pub(crate) use found::look_up as row;
pub use found::{PERSONS_OF_MONTH_MAX, RowLookup};
pub use job::{BulkJob, BulkSubmitted, NewBulkJob};
pub use kept::BULK_JOBS_LIMIT;
pub use work::{BulkChunk, ClaimedBulkJob};
