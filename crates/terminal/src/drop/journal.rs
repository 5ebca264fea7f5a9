//! What became of every request, so that none is answered twice and no name is used again — across kill -9.
//!
//! # The file
//! `journal` in the state folder: UTF-8 lines, each `CHECK JSON` where CHECK is the first 16 hex digits of the
//! SHA-256 of the JSON text. The first line is `{"journal":"shikaku-drop-1"}`; every other line is a [`Record`]
//! and replaces what was known about its `key`. A torn last line (power loss) is cut off when the file is opened.
//! Other unreadable lines are left out and reported. The file is rewritten, shorter, when half of it is history.
//!
//! # The order that makes "exactly once"
//! `seen` is durable before the question is asked, with the request id the central system knows it by: asked
//! again after a crash it is the same question. `answered` is durable before anything becomes visible, with the
//! names of the complete files lying in staging: a file still in staging has not been delivered, one that is gone
//! has. `done` follows when the request is removed.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Records waiting for the disk at most; more wait in their tasks.
const QUEUE: usize = 256;
/// Records made durable together at most.
const GROUP: usize = 64;
/// Lines beyond twice the living records before the file is rewritten.
const HISTORY: usize = 10_000;
/// How long a name is remembered after its answer, in milliseconds (93 days: past the accounting month and its appeal).
const REMEMBER_MS: i64 = 93 * 24 * 60 * 60 * 1000;

const HEADER: &str = r#"{"journal":"shikaku-drop-1"}"#;

/// What is known about one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The request's name without its ending, lower-case: two names that a Windows client cannot tell apart are one.
    pub(crate) key: String,
    /// SHA-256 of the request's bytes, hex.
    pub(crate) digest: String,
    /// The id under which the central system knows the question.
    pub(crate) request_id: Uuid,
    /// When this was written, milliseconds since 1970.
    pub(crate) at: i64,
    /// How far it has come.
    pub(crate) state: State,
}

/// How far a request has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Read; nothing is visible yet.
    Seen,
    /// The answer lies complete in staging, or has been delivered from there.
    Answered(Vec<Delivery>),
    /// Delivered, request removed.
    Done,
    /// A face result was delivered under this name; the card session that asks again is told it.
    Shown(String),
}

/// One file on its way out of staging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// Its name in staging.
    pub(crate) staged: String,
    /// The folder it goes to.
    pub(crate) folder: Target,
    /// Its final name.
    pub(crate) name: String,
    /// Staged for appearing empty first; decided when staged, whatever the setting is after a restart.
    pub(crate) in_place: bool,
    /// SHA-256 of its content, hex: staging lies in the share, where others may write.
    #[serde(default)]
    pub(crate) digest: String,
    /// Length of its content.
    #[serde(default)]
    pub(crate) bytes: u64,
}

/// Where answers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// `res`
    Res,
    /// `face`
    Face,
}

type Entries = Arc<Mutex<HashMap<String, Record>>>;
type Job = (Record, oneshot::Sender<io::Result<()>>);

/// The journal: reads from memory, writes through one thread that groups them into one fsync.
#[derive(Clone)]
pub(crate) struct Journal {
    entries: Entries,
    jobs: mpsc::SyncSender<Job>,
}

impl Journal {
    /// Opens (or begins) the journal in `folder` and forgets what is older than it must remember.
    pub(crate) fn open(folder: &Path, now_ms: i64) -> io::Result<Self> {
        let path = folder.join("journal");
        let mut entries = read(&path)?;
        entries.retain(|_, record| now_ms - record.at < REMEMBER_MS);
        let mut writer = Writer::rewrite(path.clone(), &entries).or_else(|error| {
            tracing::warn!(%error, "the journal could not be shortened; it is continued as it is");
            Writer::resume(path, entries.len())
        })?;
        let entries: Entries = Arc::new(Mutex::new(entries));
        let (jobs, queue) = mpsc::sync_channel(QUEUE);
        let shared = Arc::clone(&entries);
        std::thread::Builder::new().name("journal".into()).spawn(move || writer.run(&queue, &shared))?;
        Ok(Self { entries, jobs })
    }

    /// What is known about a request.
    pub(crate) fn get(&self, key: &str) -> Option<Record> {
        lock(&self.entries).get(key).cloned()
    }

    /// Every request whose answer may not have left staging.
    pub(crate) fn undelivered(&self) -> Vec<Record> {
        lock(&self.entries).values().filter(|r| matches!(r.state, State::Answered(_))).cloned().collect()
    }

    /// Makes a record durable, then known.
    pub(crate) async fn write(&self, record: Record) -> io::Result<()> {
        let (answer, written) = oneshot::channel();
        let jobs = self.jobs.clone();
        // The queue is bounded: waiting for room must not hold up the runtime.
        let job = (record, answer);
        let sent = match jobs.try_send(job) {
            Err(mpsc::TrySendError::Full(job)) => {
                tokio::task::spawn_blocking(move || jobs.send(job).is_ok()).await.unwrap_or(false)
            }
            other => other.is_ok(),
        };
        if !sent {
            return Err(io::Error::other("the journal has stopped"));
        }
        written.await.unwrap_or_else(|_| Err(io::Error::other("the journal has stopped")))
    }
}

struct Writer {
    path: PathBuf,
    file: File,
    /// Bytes known to be whole and durable.
    good: u64,
    lines: usize,
}

impl Writer {
    /// Writes the living records into a fresh file and puts it in the old one's place.
    fn rewrite(path: PathBuf, entries: &HashMap<String, Record>) -> io::Result<Self> {
        let fresh = path.with_extension("new");
        let mut text = line(HEADER);
        for record in entries.values() {
            text.push_str(&line_of(record)?);
        }
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self { path, file, good: text.len() as u64, lines: entries.len() })
    }

    /// Goes on at the end of the last whole line: where the disk is too full for a rewrite.
    fn resume(path: PathBuf, lines: usize) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let good = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last as u64 + 1);
        file.set_len(good)?;
        Ok(Self { path, file, good, lines })
    }

    fn run(&mut self, queue: &mpsc::Receiver<Job>, entries: &Entries) {
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(job) = queue.try_recv()
            {
                group.push(job);
            }
            let outcome = self.append(group.iter().map(|(record, _)| record));
            for (record, answer) in group {
                let told = match &outcome {
                    Ok(()) => {
                        lock(entries).insert(record.key.clone(), record);
                        Ok(())
                    }
                    Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                };
                // A task that gave up waiting is no reason to stop.
                let _ = answer.send(told);
            }
            self.shorten(entries);
        }
    }

    fn append<'a>(&mut self, records: impl Iterator<Item = &'a Record>) -> io::Result<()> {
        let mut text = String::new();
        let mut count = 0;
        for record in records {
            text.push_str(&line_of(record)?);
            count += 1;
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A full disk leaves half a line: cut back to what is known to be whole, so that later lines stay readable.
            self.file.set_len(self.good)?;
            self.file.seek(SeekFrom::Start(self.good))?;
            return Err(error);
        }
        self.good += text.len() as u64;
        self.lines += count;
        Ok(())
    }

    fn shorten(&mut self, entries: &Entries) {
        if self.lines < lock(entries).len() * 2 + HISTORY {
            return;
        }
        let living = lock(entries).clone();
        match Self::rewrite(self.path.clone(), &living) {
            Ok(fresh) => *self = fresh,
            Err(error) => {
                tracing::warn!(%error, "the journal could not be shortened; it keeps growing for now")
            }
        }
    }
}

fn read(path: &Path) -> io::Result<HashMap<String, Record>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(error),
    };
    let (entries, unreadable) = parse(&bytes);
    let torn_end = usize::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
    if unreadable > torn_end {
        let aside = path.with_extension("damaged");
        std::fs::copy(path, &aside)?;
        tracing::error!(unreadable, copy = %aside.display(), "the journal has unreadable lines; a copy is kept");
    }
    Ok(entries)
}

/// The last word on every key, and how many lines say nothing.
fn parse(bytes: &[u8]) -> (HashMap<String, Record>, usize) {
    let mut entries = HashMap::new();
    let mut unreadable = 0_usize;
    for text in bytes.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
        match json_of(text).and_then(|json| serde_json::from_str::<Record>(json).ok()) {
            Some(record) => {
                entries.insert(record.key.clone(), record);
            }
            None if json_of(text) == Some(HEADER) => {}
            None => unreadable += 1,
        }
    }
    (entries, unreadable)
}

/// A journal's living records written anew, sorted by key: the same for the same knowledge.
pub(super) fn normalised(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut records: Vec<_> = parse(bytes).0.into_values().collect();
    records.sort_by(|one, other| one.key.cmp(&other.key));
    let lines: Vec<String> = records.iter().map(line_of).collect::<io::Result<_>>()?;
    Ok([line(HEADER), lines.concat()].concat().into_bytes())
}

fn json_of(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line).ok()?;
    let (check, json) = text.split_once(' ')?;
    (check == check_of(json)).then_some(json)
}

fn line_of(record: &Record) -> io::Result<String> {
    Ok(line(&serde_json::to_string(record)?))
}

fn line(json: &str) -> String {
    format!("{} {json}\n", check_of(json))
}

fn check_of(json: &str) -> String {
    hex::encode(&aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, json.as_bytes()).as_ref()[..8])
}

fn lock(entries: &Entries) -> MutexGuard<'_, HashMap<String, Record>> {
    // A map of plain records is whole after any panic.
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, state: State) -> Record {
        Record { key: key.into(), digest: "00".into(), request_id: Uuid::nil(), at: 1_000, state }
    }

    #[tokio::test]
    async fn the_last_word_on_a_key_survives_reopening() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(folder.path(), 1_000).expect("opens");
        journal.write(record("a", State::Seen)).await.expect("writes");
        journal.write(record("a", State::Done)).await.expect("writes");
        journal.write(record("b", State::Seen)).await.expect("writes");
        let again = Journal::open(folder.path(), 1_000).expect("opens");
        assert_eq!(again.get("a"), Some(record("a", State::Done)));
        assert_eq!(again.get("b"), Some(record("b", State::Seen)));
    }

    #[tokio::test]
    async fn a_line_torn_by_power_loss_costs_only_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(folder.path(), 1_000).expect("opens");
        journal.write(record("a", State::Done)).await.expect("writes");
        journal.write(record("b", State::Done)).await.expect("writes");
        let path = folder.path().join("journal");
        let whole = std::fs::read(&path).expect("reads");
        for cut in (whole.len() - 40)..whole.len() {
            std::fs::write(&path, &whole[..cut]).expect("writes");
            let again = Journal::open(folder.path(), 1_000).expect("opens");
            assert_eq!(again.get("a"), Some(record("a", State::Done)));
            assert!(again.get("b").is_none() || cut == whole.len() - 1);
        }
    }

    #[test]
    fn names_are_forgotten_only_after_the_time_to_remember() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let old = HashMap::from([
            ("a".to_owned(), record("a", State::Done)),
            ("b".to_owned(), record("b", State::Seen)),
        ]);
        drop(Writer::rewrite(path, &old).expect("writes"));
        assert!(Journal::open(folder.path(), 999 + REMEMBER_MS).expect("opens").get("a").is_some());
        let later = Journal::open(folder.path(), 1_001 + REMEMBER_MS).expect("opens");
        assert!(later.get("a").is_none());
    }
}
