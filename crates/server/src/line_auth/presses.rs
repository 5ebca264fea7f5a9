//! How often buttons may be pressed: nothing is guessed here, so the limit only keeps one line, or one stranger, from
//! filling the audit log and the database's queue. It is kept in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eligibility::Instant;

/// Presses of one line, or of one stranger's network, within [`WINDOW_MS`].
pub const PRESSES_MAX: u32 = 20;
/// Length of a window, milliseconds. It begins with the first press.
pub const WINDOW_MS: i64 = 10 * 60 * 1000;
/// Lines and networks that are counted at once; above it everybody waits for the windows to end.
const COUNTED_MAX: usize = 100_000;

/// The presses of late.
#[derive(Debug, Default)]
pub(super) struct Presses(Mutex<HashMap<String, Window>>);

#[derive(Debug)]
struct Window {
    began_at: Instant,
    presses: u32,
}

impl Presses {
    /// Counts one press of `who`; `false` when it is one too many.
    pub(super) fn take(&self, who: &str, now: Instant) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |window: &Window| now.0.saturating_sub(window.began_at.0) >= WINDOW_MS;
        if counted.len() >= COUNTED_MAX && !counted.contains_key(who) {
            counted.retain(|_, window| !over(window));
            if counted.len() >= COUNTED_MAX {
                return false;
            }
        }
        let window = counted.entry(who.to_owned()).or_insert(Window { began_at: now, presses: 0 });
        if over(window) {
            *window = Window { began_at: now, presses: 0 };
        }
        window.presses = window.presses.saturating_add(1);
        window.presses <= PRESSES_MAX
    }
}
