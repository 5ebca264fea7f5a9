//! The store's settings, each with its default and limits.

/// Jobs waiting for a reader at most.
pub const READ_QUEUE_LIMIT: usize = 4096;
/// Jobs waiting for a writer at most.
pub const WRITE_QUEUE_LIMIT: usize = 4096;
/// Jobs that one read transaction carries at most.
pub const READ_BATCH_LIMIT: usize = 64;
/// Jobs that one write transaction carries at most.
pub const WRITE_GROUP_LIMIT: usize = 64;
/// Bytes of the people's file that a reader maps: the most that SQLite is built for, some four million people.
const MMAP_BYTES: u64 = 0x7fff_0000;

/// How a store is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// SQLite: reader threads. PostgreSQL: connections for reading. By default half of the cores: fewer
    /// threads take larger batches, and writing and TLS want cores too.
    pub readers: usize,
    /// PostgreSQL: group writers, each serving the institutions whose hash falls to it. SQLite has one.
    pub writers: usize,
    /// Jobs waiting for a reader at most; more are refused as overload.
    pub read_queue_limit: usize,
    /// Jobs waiting for one writer at most; more are refused as overload.
    pub write_queue_limit: usize,
    /// SQLite: bytes of the people's file that readers map into memory; further ones are read. SQLite drops the
    /// whole mapping whenever another connection has committed to that file, which only imports do. The main file
    /// is never mapped: there that would be before every batch.
    pub mmap_bytes: u64,
    /// SQLite: how long a lock held by another process is waited for, milliseconds.
    pub busy_timeout_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1)),
            writers: 4,
            read_queue_limit: READ_QUEUE_LIMIT,
            write_queue_limit: WRITE_QUEUE_LIMIT,
            mmap_bytes: MMAP_BYTES,
            busy_timeout_ms: 5_000,
        }
    }
}
