//! The results of this run, in memory: a demo keeps nothing it need not keep.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::view::{Recent, ResultPage};

/// Results kept; older ones go.
const KEPT: usize = 50;
/// Results listed on the first page.
const LISTED: usize = 5;

/// The newest results, each under its number.
#[derive(Default)]
pub(crate) struct Results {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    last: u64,
    pages: VecDeque<(u64, ResultPage)>,
}

impl Results {
    /// Keeps one and says its number.
    pub(crate) fn keep(&self, page: ResultPage) -> u64 {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let number = kept.last;
        kept.pages.push_front((number, page));
        kept.pages.truncate(KEPT);
        number
    }

    /// One of them.
    pub(crate) fn find(&self, number: u64) -> Option<ResultPage> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pages.iter().find(|(kept, _)| *kept == number).map(|(_, page)| page.clone())
    }

    /// The newest, for the list.
    pub(crate) fn newest(&self) -> Vec<Recent> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = kept.pages.iter().take(LISTED);
        shown
            .map(|(number, page)| Recent {
                number: *number,
                title: page.title.clone(),
                tone: page.band.tone,
                word: page.band.word.clone(),
            })
            .collect()
    }
}
