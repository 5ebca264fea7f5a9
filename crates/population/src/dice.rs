//! Chance from one seeded stream. Own arithmetic on the stream's words keeps the bytes stable whatever the
//! random-number crates change.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

/// Chances are given in parts of this.
pub(crate) const WHOLE: u32 = 100_000;

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `bound` (0 when `bound` is 0).
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let product = u64::from(self.0.next_u32()) * u64::from(bound);
        u32::try_from(product >> 32).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included; `low` when they are reversed.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = high.saturating_sub(low).saturating_add(1);
        low + i32::try_from(self.below(u32::try_from(width).unwrap_or(0))).unwrap_or(0)
    }

    /// Happens `parts` times in [`WHOLE`].
    pub(crate) fn chance(&mut self, parts: u32) -> bool {
        self.below(WHOLE) < parts
    }

    /// One of the entries. There must be one.
    pub(crate) fn pick<'t, T>(&mut self, among: &'t [T]) -> &'t T {
        let bound = u32::try_from(among.len()).unwrap_or(u32::MAX);
        &among[self.below(bound) as usize]
    }

    /// The place of one of the weights, chosen by weight.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }
}
