//! What is recorded of the tree, held against itself and against the entries before anything new is signed.
//!
//! Whoever may write every row could keep entries out of the tree by moving the mark of what is in it, or by
//! stretching a run. So for every chain, each time: the mark is where its newest run ends, that run ends where the
//! next one (or the signed tree) says, and new entries follow the last one that is in, without gap and by its hash.

use eligibility::merkle;

use super::{
    digest,
    entry::{Entry, entry_columns},
};
use crate::{
    Error, Result,
    engine::{Tx, bind},
};

const MARK: &str = "SELECT sequence FROM audit_integrated WHERE institution_code = $1";
const NEWEST_RUN: &str = "SELECT first_leaf, first_sequence, entries FROM audit_run \
     WHERE institution_code = $1 ORDER BY first_leaf DESC LIMIT 1";
const NEXT_RUN: &str = "SELECT first_leaf FROM audit_run WHERE first_leaf > $1 ORDER BY first_leaf LIMIT 1";
const ENTRIES: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM audit WHERE institution_code = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3"
);

/// The last sequence of a chain that is in the tree, as mark and runs agree.
pub(super) async fn agreed_mark(tx: &Tx<'_>, institution: &str, tree_size: i64) -> Result<i64> {
    let mark = tx.query_one(MARK, bind![institution], |row| row.int(0, "sequence")).await?.unwrap_or(0);
    let newest = tx
        .query_one(NEWEST_RUN, bind![institution], |row| {
            Ok((row.int(0, "first_leaf")?, row.int(1, "first_sequence")?, row.int(2, "entries")?))
        })
        .await?;
    let Some((first_leaf, first_sequence, entries)) = newest else {
        return if mark == 0 { Ok(0) } else { Err(Error::AuditBroken { what: "mark" }) };
    };
    if mark != first_sequence.saturating_add(entries).saturating_sub(1) {
        return Err(Error::AuditBroken { what: "mark" });
    }
    let next = tx.query_one(NEXT_RUN, bind![first_leaf], |row| row.int(0, "first_leaf")).await?;
    if entries < 1 || first_leaf.saturating_add(entries) != next.unwrap_or(tree_size) {
        return Err(Error::AuditBroken { what: "run" });
    }
    Ok(mark)
}

/// The leaves of the next entries of a chain after `after`, at most `limit`.
pub(super) async fn leaves(tx: &Tx<'_>, institution: &str, after: i64, limit: i64) -> Result<Vec<[u8; 32]>> {
    // The entry before the first new one is read along: the new one must follow it.
    let before = i64::from(after > 0);
    let (mut expected, mut previous) = if after > 0 { (after, None) } else { (1, Some([0; 32])) };
    let mut line = Vec::new();
    let mut leaves = tx
        .query(ENTRIES, bind![institution, after, limit + before], |row| {
            let entry = Entry::from_row(row)?;
            if entry.sequence != expected {
                return Err(Error::AuditBroken { what: "sequence" });
            }
            if previous.is_some_and(|hash| hash != entry.previous_hash) {
                return Err(Error::AuditBroken { what: "chain" });
            }
            line.clear();
            entry.write_line(&mut line)?;
            (expected, previous) = (expected + 1, Some(digest(&line)));
            Ok(merkle::leaf(&line))
        })
        .await?;
    if after > 0 {
        if leaves.is_empty() {
            return Err(Error::AuditBroken { what: "sequence" });
        }
        leaves.remove(0);
    }
    Ok(leaves)
}
