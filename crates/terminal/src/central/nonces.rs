//! A small stock of nonces, so that a card check in the steady state is one request.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Nonces kept at most.
const STOCK: usize = 32;
/// A nonce is handed out only while at least this part of its life is left: the patient needs time.
const LEAST_PART_LEFT: u32 = 2;

/// The stock.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    stock: Mutex<Stock>,
}

#[derive(Debug, Default)]
struct Stock {
    nonces: VecDeque<(String, Instant)>,
    handed_out: VecDeque<String>,
    life: Duration,
}

impl Nonces {
    /// Takes in nonces just issued, with the life the centre told.
    pub(crate) fn put(&self, nonces: impl IntoIterator<Item = String>, life: Duration) {
        let mut stock = self.lock();
        stock.life = life;
        let until = Instant::now() + life;
        for nonce in nonces {
            stock.nonces.push_back((nonce, until));
        }
        while stock.nonces.len() > STOCK {
            stock.nonces.pop_front();
        }
    }

    /// Takes in the nonce that came with an answer; it lives as long as the last ones.
    pub(crate) fn put_next(&self, nonce: String) {
        let life = self.lock().life;
        if !life.is_zero() {
            self.put([nonce], life);
        }
    }

    /// The freshest nonce with enough life left, and how long it still lives, seconds.
    pub(crate) fn take(&self) -> Option<(String, u32)> {
        let mut stock = self.lock();
        let (nonce, until) = stock.nonces.pop_back()?;
        let left = until.saturating_duration_since(Instant::now());
        if left < stock.life / LEAST_PART_LEFT {
            // The freshest is too old, so are all others.
            stock.nonces.clear();
            return None;
        }
        stock.handed_out.push_back(nonce.clone());
        if stock.handed_out.len() > STOCK {
            stock.handed_out.pop_front();
        }
        Some((nonce, u32::try_from(left.as_secs()).unwrap_or(u32::MAX)))
    }

    /// Whether this one was taken here, not long ago.
    pub(crate) fn was_handed_out(&self, nonce: &str) -> bool {
        self.lock().handed_out.iter().any(|one| one == nonce)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
