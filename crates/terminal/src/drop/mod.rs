//! The file drop: a request appears in `req`, exactly one answer appears in `res`.
//!
//! The loop here only decides who is attended when; what happens to one request is in [`desk`], how it survives
//! kill -9 in [`journal`].

mod archive;
mod desk;
mod facility;
mod family;
mod folder;
mod immediate;
mod journal;
mod left_alone;
mod many_rows;
mod names;
mod outbox;
mod owed;
#[cfg(test)]
mod properties;
mod quarantine;
mod question;
mod turns;
mod watch;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    ffi::OsString,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use archive::seal;
pub(crate) use desk::{Desk, FaceFile};
pub(crate) use folder::FolderWork;
pub(crate) use left_alone::left_alone;
use watch::{SCAN_LIMIT, Watch};

use crate::central::Central;

/// Doors to the parsers of what comes from outside, for the fuzz targets. Nothing else goes through them.
#[doc(hidden)]
pub mod parsers {
    /// The XML in an archive, if it is one.
    #[must_use]
    pub fn archive(bytes: &[u8], password: &str) -> Option<Vec<u8>> {
        super::archive::open(bytes, password).ok()
    }

    /// An archive with one entry.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub fn seal(content: &[u8], password: &str) -> std::io::Result<Vec<u8>> {
        super::archive::seal("a.xml", content, password)
    }

    /// What a journal of these bytes says, written as a new journal.
    ///
    /// # Errors
    /// When a record cannot be written.
    pub fn journal(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        super::journal::normalised(bytes)
    }
}

/// The folders below the drop's root.
pub const FOLDERS: [&str; 5] = ["req", "res", "face", "staging", "quarantine"];
/// Largest request file, bytes.
pub const MAX_REQUEST_BYTES: u64 = 10 * 1024 * 1024;
/// Requests attended at the same time.
const MAX_IN_FLIGHT: usize = 16;

/// What to do with a name after attending to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing more.
    Finished,
    /// Look at it again after this time.
    Later(Duration),
}

/// SHA-256, hex.
fn digest_of(content: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content).as_ref())
}

/// Attends to `req` until `shutdown`, then lets the requests in flight come to their end.
pub(crate) async fn run<C: Central>(desk: Arc<Desk<C>>, shutdown: CancellationToken) {
    let promises = tokio::spawn(owed::keep_promises(Arc::clone(&desk), shutdown.clone()));
    let settings = desk.settings();
    let mut watch = Watch::new(desk.req().clone(), settings.events);
    let mut tick = tokio::time::interval(settings.poll_interval());
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut attendance = Attendance::default();
    let mut scans: JoinSet<std::io::Result<Vec<OsString>>> = JoinSet::new();
    loop {
        attendance.start_waiting(&desk);
        tokio::select! {
            () = shutdown.cancelled() => break,
            name = watch.next() => attendance.hear_of(name),
            Some(ended) = attendance.in_flight.join_next() => attendance.end(ended),
            Some(scanned) = scans.join_next() => match scanned {
                Ok(Ok(names)) => {
                    if names.len() >= SCAN_LIMIT {
                        watch.look_again();
                    }
                    names.into_iter().for_each(|name| attendance.queue(name));
                }
                Ok(Err(error)) => desk.report_trouble(&error),
                Err(error) => tracing::error!(%error, "a scan of the request folder panicked"),
            },
            _ = tick.tick() => {
                attendance.wake_resting();
                // Scanning in the background: a folder full of foreign files must not hold up a request in hand.
                if scans.is_empty() && attendance.has_room() && let Some(scan) = watch.scan() {
                    scans.spawn_blocking(scan);
                }
            }
        }
    }
    while let Some(ended) = attendance.in_flight.join_next().await {
        attendance.end(ended);
    }
    if let Err(error) = promises.await {
        tracing::error!(%error, "delivering what was promised panicked");
    }
}

/// Who waits, who is attended, who rests before the next try. A name is in one of the three at most.
#[derive(Default)]
struct Attendance {
    waiting: VecDeque<OsString>,
    known: HashSet<OsString>,
    resting: HashMap<OsString, Instant>,
    in_flight: JoinSet<(OsString, Next)>,
}

impl Attendance {
    fn queue(&mut self, name: OsString) {
        let is_new = !self.resting.contains_key(&name) && !self.known.contains(&name);
        if is_new && self.waiting.len() < SCAN_LIMIT {
            self.known.insert(name.clone());
            self.waiting.push_back(name);
        }
    }

    /// Something happened to this name just now: its pause is over.
    fn hear_of(&mut self, name: OsString) {
        self.resting.remove(&name);
        self.queue(name);
    }

    fn start_waiting<C: Central>(&mut self, desk: &Arc<Desk<C>>) {
        while self.in_flight.len() < MAX_IN_FLIGHT
            && let Some(name) = self.waiting.pop_front()
        {
            let desk = Arc::clone(desk);
            self.in_flight.spawn(async move {
                let next = desk.attend(&name).await;
                (name, next)
            });
        }
    }

    fn end(&mut self, ended: Result<(OsString, Next), tokio::task::JoinError>) {
        match ended {
            Ok((name, next)) => {
                self.known.remove(&name);
                if let Next::Later(pause) = next {
                    self.resting.insert(name, Instant::now() + pause);
                }
            }
            // The name stays known and so is left alone until the restart: attending to it again would panic again.
            Err(error) => tracing::error!(%error, "attending to a request panicked"),
        }
    }

    /// Lets those whose pause is over wait again.
    fn wake_resting(&mut self) {
        let now = Instant::now();
        let due: Vec<_> =
            self.resting.iter().filter(|(_, at)| **at <= now).map(|(name, _)| name.clone()).collect();
        for name in &due {
            self.resting.remove(name);
        }
        due.into_iter().for_each(|name| self.queue(name));
    }

    fn has_room(&self) -> bool {
        self.waiting.len() < SCAN_LIMIT / 2
    }
}
