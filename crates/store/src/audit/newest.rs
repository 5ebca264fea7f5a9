//! The newest head, held against all it stands on, before anything is signed on top of it.
//!
//! What a head does not say itself, the tree's frontier, the runs and the marks, is only as good as the database. So
//! each time: this process's key signed the newest head, its frontier gives its root, the last run ends at its size,
//! all marks together are its size, and the newest head this process knew before is still there.

use std::sync::{Mutex, MutexGuard, PoisonError};

use eligibility::merkle::Tree;

use super::{PublicKey, TreeHead, frontier, head::head_columns, integrate::leaf_number};
use crate::{
    Error, Result, Store,
    engine::{Tx, bind},
    job::Read,
};

const NEWEST: &str = concat!(
    "SELECT ",
    head_columns!(),
    ", frontier FROM audit_tree_head WHERE head_number > $1 ORDER BY head_number DESC LIMIT 1"
);
const ONE: &str = concat!("SELECT ", head_columns!(), " FROM audit_tree_head WHERE head_number = $1");
const LAST_RUN: &str =
    "SELECT first_leaf, entries FROM audit_run WHERE first_leaf >= $1 ORDER BY first_leaf DESC LIMIT 1";
/// A mark beyond the tree is wrong in any case; left out, no sum of wrong ones can overflow.
const MARKED: &str = "SELECT CAST(COALESCE(SUM(sequence), 0) AS BIGINT) FROM audit_integrated \
     WHERE sequence BETWEEN $1 AND $2";

const fn broken(what: &'static str) -> Error {
    Error::AuditBroken { what }
}

/// The newest head that this process signed or found in order: the database must never be without it again.
#[derive(Default)]
pub(crate) struct Known(Mutex<Option<TreeHead>>);

impl Known {
    fn locked(&self) -> MutexGuard<'_, Option<TreeHead>> {
        // Nothing within can panic half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self) -> Option<TreeHead> {
        self.locked().clone()
    }

    /// Keeps the newer one: several calls may be under way.
    pub(super) fn found(&self, head: &TreeHead) {
        let mut known = self.locked();
        if known.as_ref().is_none_or(|known| known.head_number < head.head_number) {
            *known = Some(head.clone());
        }
    }
}

/// The newest head and its tree, to be built upon.
pub(super) struct Newest {
    /// What all heads are signed with.
    pub(super) key: PublicKey,
    /// As of before this read began.
    pub(super) known: Option<TreeHead>,
}

impl Read for Newest {
    type Output = Option<(TreeHead, Tree)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let first = bind![0_i64];
        let newest = tx.query_one(NEWEST, first, |row| {
            let head = TreeHead::from_row(row)?;
            if !head.is_signed_by(&self.key) {
                return Err(broken("head"));
            }
            let tree = frontier::restore(head.tree_size, row.text(7, "frontier")?);
            let tree = tree.filter(|tree| tree.root() == head.root_hash);
            Ok((head, tree.ok_or(broken("frontier"))?))
        });
        let newest = newest.await?;
        if let Some(known) = &self.known {
            let there = tx.query_one(ONE, bind![known.head_number], TreeHead::from_row).await?;
            if there.as_ref() != Some(known) {
                return Err(broken("head"));
            }
        }
        let size = leaf_number(newest.as_ref().map_or(0, |(head, _)| head.tree_size))?;
        let first = bind![i64::MIN];
        let last_run = tx.query_one(LAST_RUN, first, |row| {
            Ok(row.int(0, "first_leaf")?.saturating_add(row.int(1, "entries")?))
        });
        // No run at all belongs to the empty tree only.
        if last_run.await?.unwrap_or(0) != size {
            return Err(broken("run"));
        }
        let marked = tx.query_one(MARKED, bind![1_i64, size], |row| row.int(0, "sequence")).await?;
        if marked.unwrap_or(0) != size {
            return Err(broken("mark"));
        }
        Ok(newest)
    }
}

struct NewestHead;

impl Read for NewestHead {
    type Output = Option<TreeHead>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<TreeHead>> {
        tx.query_one(NEWEST, bind![0_i64], TreeHead::from_row).await
    }
}

impl Store {
    /// The newest head as the database has it, without looking at what it stands on.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn audit_tree_head(&self) -> Result<Option<TreeHead>> {
        self.read(NewestHead).await
    }
}
