//! Two small memories of the desk: whose turn it is, and which files may still be growing.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::folder::Look;

/// Files in doubt remembered at most; beyond that all doubts begin anew.
const MAX_DOUBTS: usize = 4_096;

/// Requests being attended to: one at a time for each key.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    busy: Mutex<HashSet<String>>,
}

/// A turn; over when dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    key: String,
}

impl Turns {
    /// The turn for a key, unless somebody has it.
    pub(crate) fn take(&self, key: &str) -> Option<Turn<'_>> {
        lock(&self.busy).insert(key.to_owned()).then(|| Turn { turns: self, key: key.to_owned() })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.turns.busy).remove(&self.key);
    }
}

/// Files that cannot be read as requests: broken, or not yet complete. Measured by our own watch, because the times
/// of a network file system are another machine's.
#[derive(Debug)]
pub(crate) struct Doubts {
    /// What cannot be read counts as complete only after lying unchanged this long: a slow writer pauses.
    patience: Duration,
    since: Mutex<HashMap<String, (Look, Instant)>>,
}

impl Doubts {
    /// No doubts yet; each will last this long.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience, since: Mutex::default() }
    }

    /// Whether the file was found wanting and has not yet lain long enough: reading it again would find the same.
    pub(crate) fn is_too_early(&self, key: &str, look: Look) -> bool {
        lock(&self.since).get(key).is_some_and(|(last, at)| *last == look && at.elapsed() < self.patience)
    }

    /// Notes that the file cannot be read; `true` when it has lain unchanged long enough to be called broken.
    pub(crate) fn is_sure(&self, key: &str, look: Look) -> bool {
        let mut since = lock(&self.since);
        if since.get(key).is_some_and(|(last, at)| *last == look && at.elapsed() >= self.patience) {
            since.remove(key);
            return true;
        }
        if since.len() >= MAX_DOUBTS {
            since.clear();
        }
        since.entry(key.to_owned()).and_modify(|doubt| renew(doubt, look)).or_insert((look, Instant::now()));
        false
    }
}

fn renew(doubt: &mut (Look, Instant), look: Look) {
    if doubt.0 != look {
        *doubt = (look, Instant::now());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both memories are whole after any panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
