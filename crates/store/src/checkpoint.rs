//! Moving the write-ahead logs into the database files (SQLite): beside the writer, not within its commits.
//!
//! SQLite by itself does this inside the commit that made the log too long: every answer then waits for
//! thousands of pages and a flush of the database file. Here a thread of its own copies and flushes while
//! the writer goes on. Only the last step, after which the log begins anew, is the writer's, as it needs a moment
//! without commits; by then it finds next to nothing to copy or to flush.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    time::Duration,
};

use rusqlite::Connection;

use crate::{
    Error, Result,
    engine::{Link, Part, SqliteFile, checkpoint},
    store::Tally,
};

/// After a commit this long passes before pages are copied: a page written many times is copied once.
const PAUSE: Duration = Duration::from_millis(250);
/// Pages of the log from which on it is to begin anew: 32 MiB.
const LOG_PAGES: i64 = 8 * 1024;
/// Commits after which the last step is tried: it fails while a reader looks at a state before the newest, and
/// under load one mostly does.
const TRIES: u32 = 64;

/// Tries left, as [`Part::ALL`] lists the files.
type Due = [AtomicU32; 2];

/// The writer's end: it tells of commits, and is told when the last step is due.
pub(crate) struct Checkpointer {
    wake: SyncSender<()>,
    /// How often the last step is still to be tried, for each file.
    due: Arc<Due>,
    /// Closed with the writer: the thread then ends at once, also out of a pause.
    _alive: Sender<()>,
}

impl Checkpointer {
    /// Starts the thread.
    pub(crate) fn start(file: &SqliteFile, tally: &Arc<Tally>) -> Result<Self> {
        let (wake, woken) = sync_channel(1);
        let (alive, ended) = channel();
        let due = Arc::new(Due::default());
        let helper = Helper { file: file.clone(), due: due.clone(), tally: tally.clone(), open: None };
        std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || helper.serve(&woken, &ended))
            .map_err(|error| Error::Open(error.to_string()))?;
        Ok(Self { wake, due, _alive: alive })
    }

    /// The writer has committed and answered: it holds no lock and nobody waits for it.
    pub(crate) fn committed(&self, link: &Link) {
        // Full: the thread knows already.
        let _ = self.wake.try_send(());
        for (part, due) in Part::ALL.into_iter().zip(self.due.iter()) {
            let tries = due.load(Relaxed);
            if tries == 0 {
                continue;
            }
            let left = match link.checkpoint(part) {
                Ok(true) => 0,
                Ok(false) => tries - 1,
                Err(error) => {
                    tracing::warn!(%error, "the write-ahead log could not begin anew; it grows until it can");
                    0
                }
            };
            due.store(left, Relaxed);
        }
    }
}

/// The thread's end.
struct Helper {
    file: SqliteFile,
    due: Arc<Due>,
    tally: Arc<Tally>,
    /// The connection, and the files to flush; none before the first pass.
    open: Option<(Connection, [&'static File; 2])>,
}

impl Helper {
    fn serve(mut self, woken: &Receiver<()>, ended: &Receiver<()>) {
        while woken.recv().is_ok() {
            if ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            if let Err(error) = self.pass() {
                tracing::warn!(%error, "the write-ahead log could not be copied; it grows until it can");
            }
        }
    }

    /// Copies what the logs have; flushes, and asks for the last step, when one is long.
    fn pass(&mut self) -> Result<()> {
        if self.open.is_none() {
            let files = [self.file.handle(Part::Main)?, self.file.handle(Part::People)?];
            self.open = Some((self.file.open_checkpointer()?, files));
        }
        let Some((connection, files)) = &self.open else { return Ok(()) };
        for ((part, file), due) in Part::ALL.into_iter().zip(files).zip(self.due.iter()) {
            if checkpoint(connection, part)?.log_pages < LOG_PAGES || due.load(Relaxed) > 0 {
                continue;
            }
            if let Err(error) = file.sync_data() {
                // The same rule as for the log: after a failed flush nobody knows what is on the disk.
                self.tally.storage_failed.store(true, Relaxed);
                return Err(Error::StorageFailed(error.to_string()));
            }
            checkpoint(connection, part)?;
            due.store(TRIES, Relaxed);
        }
        Ok(())
    }
}
