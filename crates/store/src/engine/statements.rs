//! Which statements this thread ran: for tests that two questions do the same work.

use std::cell::RefCell;

thread_local! {
    static RUN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// A statement is about to run.
pub(super) fn note(sql: &'static str) {
    RUN.with_borrow_mut(|run| run.push(sql));
}

/// The statements since the last call.
pub(crate) fn taken() -> Vec<&'static str> {
    RUN.take()
}
