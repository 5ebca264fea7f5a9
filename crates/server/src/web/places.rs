//! Places for what takes much memory or time, shared out between institutions: none takes them all, however many of its
//! people or programs come at once, and however slowly they send.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many places over all, and so many for each.
pub(crate) struct Places {
    all: usize,
    each: usize,
    taken: Mutex<BTreeMap<String, usize>>,
}

/// A place that is taken until this is dropped.
pub(crate) struct Place<'a> {
    places: &'a Places,
    whose: String,
}

impl Places {
    /// So many at once, of each at most so many.
    pub(crate) const fn new(all: usize, each: usize) -> Self {
        Self { all, each, taken: Mutex::new(BTreeMap::new()) }
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for this institution, if there is one.
    pub(crate) fn enter(&self, whose: &str) -> Option<Place<'_>> {
        let mut taken = self.taken();
        let own = taken.get(whose).copied().unwrap_or(0);
        if own >= self.each || taken.values().sum::<usize>() >= self.all {
            return None;
        }
        taken.insert(whose.to_owned(), own + 1);
        Some(Place { places: self, whose: whose.to_owned() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.whose) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.whose)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

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
        assert!(places.taken().is_empty(), "nothing is kept of who was here");
    }
}
