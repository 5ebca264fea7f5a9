//! Moving the write-ahead log into the database file (SQLite): beside the writer, not within its commits.
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
    engine::{Link, SqliteFile, checkpoint},
    store::Tally,
};

/// After a commit this long passes before pages are copied: a page written many times is copied once.
const PAUSE: Duration = Duration::from_millis(250);
/// Pages of the log from which on it is to begin anew: 32 MiB.
const LOG_PAGES: i64 = 8 * 1024;
/// Commits after which the last step is tried: it fails while a reader looks at a state before the newest, and
/// under load one mostly does.
const TRIES: u32 = 64;

/// The writer's end: it tells of commits, and is told when the last step is due.
pub(crate) struct Checkpointer {
    wake: SyncSender<()>,
    /// How often the last step is still to be tried.
    due: Arc<AtomicU32>,
    /// Closed with the writer: the thread then ends at once, also out of a pause.
    _alive: Sender<()>,
}

impl Checkpointer {
    /// Starts the thread.
    pub(crate) fn start(file: &SqliteFile, tally: &Arc<Tally>) -> Result<Self> {
        let (wake, woken) = sync_channel(1);
        let (alive, ended) = channel();
        let due = Arc::new(AtomicU32::new(0));
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
        let due = self.due.load(Relaxed);
        if due == 0 {
            return;
        }
        let left = match link.checkpoint() {
            Ok(true) => 0,
            Ok(false) => due - 1,
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not begin anew; it grows until it can");
                0
            }
        };
        self.due.store(left, Relaxed);
    }
}

/// The thread's end.
struct Helper {
    file: SqliteFile,
    due: Arc<AtomicU32>,
    tally: Arc<Tally>,
    open: Option<(Connection, &'static File)>,
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

    /// Copies what the log has; flushes, and asks for the last step, when the log is long.
    fn pass(&mut self) -> Result<()> {
        let (connection, file) = match &self.open {
            Some((connection, file)) => (connection, *file),
            None => {
                let opened = self.open.insert((self.file.open_checkpointer()?, self.file.handle()?));
                (&opened.0, opened.1)
            }
        };
        if checkpoint(connection)?.log_pages < LOG_PAGES || self.due.load(Relaxed) > 0 {
            return Ok(());
        }
        if let Err(error) = file.sync_data() {
            // The same rule as for the log: after a failed flush nobody knows what is on the disk.
            self.tally.storage_failed.store(true, Relaxed);
            return Err(Error::StorageFailed(error.to_string()));
        }
        checkpoint(connection)?;
        self.due.store(TRIES, Relaxed);
        Ok(())
    }
}
