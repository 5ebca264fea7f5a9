//! Finding requests: events where the file system has them; and at least every second a look at the folder, whose
//! names are read when its time moved, when half a minute went by, and each time where there are no events.

use std::{
    ffi::OsString,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use notify::{
    EventKind, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};
use tokio::sync::mpsc;

use super::{folder::Folder, names};

/// Names the watcher may be ahead of the desk; beyond that the next scan finds them.
const EVENT_QUEUE: usize = 1_024;
/// Names one scan brings at most; the rest is found by the next, so memory does not grow with the folder.
pub(crate) const SCAN_LIMIT: usize = 4_096;
/// A folder whose time did not move is read all the same after this long.
const FULL_SCAN_EVERY: Duration = Duration::from_secs(30);
/// File systems note times this coarsely at worst; a younger change may hide behind an equal time.
const TIME_GRAIN: Duration = Duration::from_secs(2);

/// The eyes on `req`.
pub(crate) struct Watch {
    folder: Folder,
    events: Option<(mpsc::Receiver<OsString>, notify::RecommendedWatcher)>,
    missed: Arc<AtomicBool>,
    last: Mutex<Option<(SystemTime, Instant)>>,
}

impl Watch {
    /// Watches `folder`; without events (`events` false, or the file system refuses) by scanning only.
    pub(crate) fn new(folder: Folder, events: bool) -> Self {
        let missed = Arc::new(AtomicBool::new(false));
        let events = events.then(|| watcher(&folder, Arc::clone(&missed))).and_then(|made| {
            made.inspect_err(|error| tracing::warn!(%error, "no events for the request folder: polling only"))
                .ok()
        });
        Self { folder, events, missed, last: Mutex::new(None) }
    }

    /// The next name an event reported. Never returns where there are no events.
    pub(crate) async fn next(&mut self) -> OsString {
        match &mut self.events {
            Some((names, _)) => match names.recv().await {
                Some(name) => name,
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// The scan to run now, if one is due: a closure for a thread that may block.
    pub(crate) fn scan(&self) -> Option<impl FnOnce() -> std::io::Result<Vec<OsString>> + Send + 'static> {
        let modified = self.folder.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let missed = self.missed.swap(false, Ordering::Relaxed);
        if self.events.is_some() && !missed && last.is_some_and(|last| is_unchanged(last, modified, now)) {
            return None;
        }
        *last = Some((modified, now));
        let folder = self.folder.clone();
        Some(move || list(&folder))
    }

    /// Makes the next scan read the folder whatever its time says.
    pub(crate) fn look_again(&self) {
        self.missed.store(true, Ordering::Relaxed);
    }
}

fn is_unchanged(last: (SystemTime, Instant), modified: SystemTime, now: Instant) -> bool {
    let settled = SystemTime::now().duration_since(modified).is_ok_and(|age| age > TIME_GRAIN * 2);
    last.0 == modified && settled && now.duration_since(last.1) < FULL_SCAN_EVERY
}

/// Every name in the folder that concerns us. Foreign files cost one comparison each, no look at the file.
fn list(folder: &Folder) -> std::io::Result<Vec<OsString>> {
    let mut found = Vec::new();
    folder.for_each_name(|name| {
        if names::concerns_us(name) {
            found.push(name.to_owned());
        }
        found.len() < SCAN_LIMIT
    })?;
    Ok(found)
}

fn watcher(
    folder: &Folder,
    missed: Arc<AtomicBool>,
) -> notify::Result<(mpsc::Receiver<OsString>, notify::RecommendedWatcher)> {
    let (sender, names) = mpsc::channel(EVENT_QUEUE);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else {
            missed.store(true, Ordering::Relaxed);
            return;
        };
        if event.need_rescan() {
            missed.store(true, Ordering::Relaxed);
        }
        if !announces_a_file(event.kind) {
            return;
        }
        for name in event.paths.iter().filter_map(|path| path.file_name()) {
            if names::concerns_us(name) && sender.try_send(name.to_owned()).is_err() {
                missed.store(true, Ordering::Relaxed);
            }
        }
    })?;
    watcher.watch(folder.path(), RecursiveMode::NonRecursive)?;
    Ok((names, watcher))
}

fn announces_a_file(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_)
            | EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both | RenameMode::Any))
    )
}
