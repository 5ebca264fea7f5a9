//! When the blows fell, and what they cut off.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// What one client has under way.
#[derive(Default)]
pub(super) struct Traffic {
    open: AtomicUsize,
    cut: Mutex<Vec<Cut>>,
}

/// A request that never got its answer.
struct Cut {
    sent: Instant,
    broke: Instant,
}

impl Traffic {
    /// Sends, and notes when no answer comes.
    pub(super) fn send<T, E>(&self, send: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let sent = Instant::now();
        self.open.fetch_add(1, Ordering::SeqCst);
        let outcome = send();
        self.open.fetch_sub(1, Ordering::SeqCst);
        if outcome.is_err() {
            self.cut.lock().expect("nobody panicked").push(Cut { sent, broke: Instant::now() });
        }
        outcome
    }

    /// Whether a request waits for its answer now.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst) > 0
    }

    /// Whether a request was sent before the blow and broken off by it.
    fn was_cut_at(&self, blow: Instant) -> bool {
        let cut = self.cut.lock().expect("nobody panicked");
        cut.iter().any(|cut| cut.sent < blow && blow < cut.broke)
    }
}

/// How many of the blows cut off a request of at least one of these clients.
pub(super) fn that_cut<'a>(blows: &[Instant], clients: impl Iterator<Item = &'a Traffic>) -> usize {
    let clients: Vec<_> = clients.collect();
    blows.iter().filter(|blow| clients.iter().any(|client| client.was_cut_at(**blow))).count()
}
