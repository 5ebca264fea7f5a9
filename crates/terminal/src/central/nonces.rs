//! A small stock of nonces, so that a card check in the steady state is one request.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::FreshNonce;

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

    /// The freshest nonce with enough life left.
    pub(crate) fn take(&self) -> Option<FreshNonce> {
        let mut stock = self.lock();
        let (nonce, until) = stock.nonces.pop_back()?;
        let left = until.saturating_duration_since(Instant::now());
        if left < stock.life / LEAST_PART_LEFT {
            // The freshest is too old, so are all others.
            stock.nonces.clear();
            return None;
        }
        Some(FreshNonce { nonce, expires_in_s: u32::try_from(left.as_secs()).unwrap_or(u32::MAX) })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
