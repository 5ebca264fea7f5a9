//! Signed tree heads, shown where the database's owner cannot take them back.
//!
//! A head shown once must stay in the log for ever: heads of the database that do not continue those shown before,
//! also by an earlier process into the same file, are a rewritten log.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use store::Store;
use store::audit::TreeHead;

/// Bytes read from the end of the witness file: some hundred lines.
const TAIL_BYTES: u64 = 64 * 1024;
/// Target of the log events, so that they can be sent somewhere of their own.
const LOG_TARGET: &str = "shikaku::witness";

/// Why heads could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The file could not be read or written.
    #[error("audit.witness_file: {path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The log in the database is not the one whose heads were shown.
    #[error("the signed head {head_number} that was shown before is not in the audit log")]
    Rewritten {
        /// The head shown.
        head_number: i64,
    },
}

/// Shows heads, each once, in order, without a gap.
#[derive(Debug)]
pub struct Witness {
    file: Option<PathBuf>,
    /// The last head shown.
    shown: Option<TreeHead>,
}

/// What an earlier process left in the file.
struct Left {
    last: Option<TreeHead>,
    /// Begun, but without its line feed.
    torn: String,
}

impl Witness {
    /// Shows heads in the log, and in this file when there is one.
    #[must_use]
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, shown: None }
    }

    /// Shows every head after the last one shown; the first time also the newest one that was there before.
    pub(crate) async fn show(&mut self, store: &Store, newest: &TreeHead) -> Result<(), WitnessError> {
        if self.shown.is_none() {
            self.resume(store).await?;
        }
        let mut after = self.shown.as_ref().map_or(newest.head_number - 1, |shown| shown.head_number);
        if let Some(shown) = &self.shown
            && (newest.head_number < shown.head_number
                || newest.head_number == shown.head_number && newest != shown)
        {
            return Err(WitnessError::Rewritten { head_number: shown.head_number });
        }
        while after < newest.head_number {
            let heads = store.audit_tree_heads_after(after).await?;
            let Some(last) = heads.last().cloned() else { break };
            self.check(&heads)?;
            if let Some(file) = &self.file {
                let text: String = heads.iter().map(|head| head.line() + "\n").collect();
                append(file.clone(), text).await?;
            }
            for head in &heads {
                tracing::info!(target: LOG_TARGET, head = %head.line(), "audit tree head");
            }
            after = last.head_number;
            self.shown = Some(last);
        }
        Ok(())
    }

    /// Each head must follow the one shown before it.
    fn check(&self, heads: &[TreeHead]) -> Result<(), WitnessError> {
        let mut previous = self.shown.as_ref();
        for head in heads {
            if let Some(previous) = previous.filter(|previous| !head.follows(previous)) {
                return Err(WitnessError::Rewritten { head_number: previous.head_number });
            }
            previous = Some(head);
        }
        Ok(())
    }

    /// Goes on where an earlier process left off.
    async fn resume(&mut self, store: &Store) -> Result<(), WitnessError> {
        let Some(file) = self.file.clone() else { return Ok(()) };
        let path = file.clone();
        let left = tokio::task::spawn_blocking(move || read_left(&path)).await;
        let left = left.map_err(|error| file_error(&file, error))??;
        let Some(mut last) = left.last else {
            return if left.torn.is_empty() { Ok(()) } else { Err(file_error(&file, NO_HEAD)) };
        };
        let rewritten = WitnessError::Rewritten { head_number: last.head_number };
        let heads = store.audit_tree_heads_after(last.head_number - 1).await?;
        if heads.first() != Some(&last) {
            return Err(rewritten);
        }
        if !left.torn.is_empty() {
            // A crash cut this line: it can only be the beginning of the next head's.
            let next = heads.get(1).ok_or(rewritten)?;
            let line = next.line() + "\n";
            let rest = line
                .strip_prefix(&left.torn)
                .ok_or(WitnessError::Rewritten { head_number: next.head_number })?;
            append(file, rest.to_owned()).await?;
            last = next.clone();
        }
        self.shown = Some(last);
        Ok(())
    }
}

const NO_HEAD: &str = "its last line is no tree head; keep it elsewhere and let a new file begin";

fn read_left(path: &Path) -> Result<Left, WitnessError> {
    let failed = |error: std::io::Error| file_error(path, error);
    let mut file = match OpenOptions::new().read(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Left { last: None, torn: String::new() });
        }
        opened => opened.map_err(failed)?,
    };
    let length = file.metadata().map_err(failed)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES))).map_err(failed)?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail).map_err(failed)?;
    // Heads are ASCII; whatever is not is no head.
    let tail = String::from_utf8_lossy(&tail);
    let (whole, torn) = tail.rsplit_once('\n').unwrap_or(("", &tail));
    let last = match whole.lines().next_back() {
        None => None,
        Some(line) => Some(serde_json::from_str(line).map_err(|_| file_error(path, NO_HEAD))?),
    };
    Ok(Left { last, torn: torn.to_owned() })
}

/// Appends and waits until it is on the disk.
async fn append(path: PathBuf, text: String) -> Result<(), WitnessError> {
    let name = path.clone();
    let written = tokio::task::spawn_blocking(move || {
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()
    });
    let written = written.await.map_err(|error| file_error(&name, error))?;
    written.map_err(|error| file_error(&name, error))
}

fn file_error(path: &Path, message: impl ToString) -> WitnessError {
    WitnessError::File { path: path.to_owned(), message: message.to_string() }
}
