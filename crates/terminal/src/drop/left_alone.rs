//! Files in `req` that nobody will answer, because their names are no requests: told on the terminal's page.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use super::names::{Verdict, classify};

/// Names looked at for one page.
const LOOKED_AT: usize = 1_000;
/// A file that is still being written, or renamed in a moment, is not counted.
const SETTLED: Duration = Duration::from_secs(30);

/// How many files have lain in `req` for a while under a name that is no request. Counted, not named: what somebody
/// calls a file may tell of a patient.
pub(crate) fn left_alone(root: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(root.join("req")) else { return 0 };
    let now = SystemTime::now();
    let lies = |entry: &std::fs::DirEntry| {
        let settled = |metadata: std::fs::Metadata| {
            let since = metadata.modified().ok().and_then(|at| now.duration_since(at).ok());
            metadata.is_file() && since.is_some_and(|since| since >= SETTLED)
        };
        classify(&entry.file_name()) == Verdict::Foreign && entry.metadata().is_ok_and(settled)
    };
    entries.take(LOOKED_AT).flatten().filter(lies).count()
}
