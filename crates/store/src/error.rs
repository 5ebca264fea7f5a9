//! What can go wrong in the store. No variant carries a person's data, so every one may be logged.

/// The result of a store call.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a store call failed. On any of these nothing was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The database URL or an option cannot be used.
    #[error("database cannot be opened: {0}")]
    Open(String),
    /// The queue of jobs is full: ask again a little later.
    #[error("database is overloaded: its queue of {limit} jobs is full")]
    Overloaded {
        /// The limit that was reached, in jobs.
        limit: usize,
    },
    /// A lock conflict outlasted all retries.
    #[error("database was busy and {tries} tries did not get through")]
    Busy {
        /// How often it was tried.
        tries: u32,
    },
    /// The disk failed a durable write: nothing is written any more until the process is started anew.
    #[error("storage failed a durable write; writing has stopped until a restart: {0}")]
    StorageFailed(String),
    /// Nothing can be written for now: the disk is full, or the database may only be read. Nothing is lost, and
    /// writing goes on by itself when there is room again.
    #[error("nothing can be written: {0}")]
    Unwritable(String),
    /// The database answered with an error.
    #[error("database error: {0}")]
    Database(String),
    /// A stored row cannot be read as what it should be.
    #[error("stored {what} is malformed")]
    Malformed {
        /// Which column or thing.
        what: &'static str,
    },
    /// What the database says about the audit log contradicts itself: somebody changed it.
    #[error("the audit log contradicts itself: its {what} was changed or removed")]
    AuditBroken {
        /// Which part of it.
        what: &'static str,
    },
    /// The store is closing, or the thread that served it ended.
    #[error("the store is closed")]
    Closed,
    /// An import was refused as a whole.
    #[error("import refused: {faults} faults, the first: {first}")]
    ImportRefused {
        /// How many faults were found.
        faults: usize,
        /// The first of them: row and reason, without personal data.
        first: String,
    },
    /// What is asked for does not exist.
    #[error("{what} not found")]
    NotFound {
        /// Which kind of thing.
        what: &'static str,
    },
    /// A value is outside of what is allowed.
    #[error("{what} is not allowed: {why}")]
    Refused {
        /// Which value.
        what: &'static str,
        /// The reason.
        why: String,
    },
    /// A key cannot be read or used.
    #[error("key: {0}")]
    Key(String),
    /// Reading or writing a dump failed.
    #[error("input or output: {0}")]
    Io(String),
    /// Retry signal of the audit chain: another process appended first. Never leaves the store.
    #[doc(hidden)]
    #[error("audit chain moved")]
    ChainMoved,
    /// Retry signal: SQLITE_BUSY, 40001 or 40P01. Never leaves the store.
    #[doc(hidden)]
    #[error("lock conflict")]
    LockConflict,
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}
