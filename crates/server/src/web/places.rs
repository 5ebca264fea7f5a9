//! Places for what takes much memory or time, shared out between institutions: none takes them all, however many of its
//! people or programs come at once, and however slowly they send.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many places over all, and so many for each.
pub(crate) struct Places {
    all: usize,
    each: usize,
    taken: Arc<Taken>,
}

type Taken = Mutex<BTreeMap<String, usize>>;

fn lock(taken: &Taken) -> MutexGuard<'_, BTreeMap<String, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place that is taken until the last clone of this is dropped. What goes on when whoever asked has gone, as work on a
/// thread of its own does, holds a clone: the place is free when the work is over, not when nobody waits for it.
#[derive(Clone)]
pub(crate) struct Place(#[expect(dead_code, reason = "held for its end")] Arc<Seat>);

struct Seat {
    taken: Arc<Taken>,
    whose: String,
}

impl Places {
    /// So many at once, of each at most so many.
    pub(crate) fn new(all: usize, each: usize) -> Self {
        Self { all, each, taken: Arc::default() }
    }

    /// A place for this institution, if there is one.
    pub(crate) fn enter(&self, whose: &str) -> Option<Place> {
        let mut taken = lock(&self.taken);
        let own = taken.get(whose).copied().unwrap_or(0);
        if own >= self.each || taken.values().sum::<usize>() >= self.all {
            return None;
        }
        taken.insert(whose.to_owned(), own + 1);
        Some(Place(Arc::new(Seat { taken: Arc::clone(&self.taken), whose: whose.to_owned() })))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        match taken.get_mut(&self.whose) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.whose)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, lock};

    #[test]
    fn none_takes_them_all_and_what_is_left_is_free_again() {
        let places = Places::new(3, 2);
        let (first, second) = (places.enter("a"), places.enter("a"));
        assert!(first.is_some() && second.is_some());
        assert!(places.enter("a").is_none(), "two are enough for one");
        let other = places.enter("b");
        assert!(other.is_some(), "another finds a place all the same");
        assert!(places.enter("c").is_none(), "three in all");
        drop(first);
        assert!(places.enter("c").is_some());
        drop((second, other));
        assert!(lock(&places.taken).is_empty(), "nothing is kept of who was here");
    }

    #[test]
    fn work_that_goes_on_keeps_its_place() {
        let places = Places::new(1, 1);
        let asked = places.enter("a").expect("free");
        let working = asked.clone();
        drop(asked);
        assert!(places.enter("a").is_none(), "nobody waits any more, but the work is not over");
        drop(working);
        assert!(places.enter("a").is_some());
    }
}
