//! Taking new entries into the tree and signing it: run about once a minute, from any process.
//!
//! Reading goes in small steps so that no check waits behind it; the write of a head, its runs and marks is
//! one transaction, and the head's primary key settles which of several processes made it.
//!
//! Nothing is signed that contradicts itself: see [`newest`] and [`books`].
//!
//! [`newest`]: super::newest
//! [`books`]: super::books

use std::time::Duration;

use eligibility::{Instant, merkle::Tree};

use super::{Chains, SigningKey, TreeHead, books, frontier, head::head_columns, newest::Newest};
use crate::{
    Error, Result, Store,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// Entries that one read job takes at most.
const READ_ENTRIES: i64 = 500;
/// Institutions that one read job looks at at most.
const READ_INSTITUTIONS: usize = 200;
/// Runs that one head adds at most: bounds its transaction.
const HEAD_RUNS: usize = 2_000;
/// How often another process may come first before this one gives up.
const TRIES: u32 = 24;
/// Each try waits longer than the one before by this, so that whoever came first gets done.
const GIVE_WAY: Duration = Duration::from_millis(2);

const NEWER_HEAD: &str = "SELECT head_number FROM audit_tree_head WHERE head_number > $1 LIMIT 1";
const NEXT_INSTITUTION: &str =
    "SELECT institution_code FROM audit WHERE institution_code > $1 ORDER BY institution_code LIMIT 1";
const PUT_HEAD: &str = concat!(
    "INSERT INTO audit_tree_head (",
    head_columns!(),
    ", frontier) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (head_number) DO NOTHING"
);
const PUT_RUN: &str = "INSERT INTO audit_run (first_leaf, institution_code, first_sequence, entries) \
     VALUES ($1, $2, $3, $4)";
const PUT_INTEGRATED: &str = "INSERT INTO audit_integrated (institution_code, sequence) VALUES ($1, $2) \
     ON CONFLICT (institution_code) DO UPDATE SET sequence = excluded.sequence";

/// Neighbouring leaves of one institution.
#[derive(Clone, Debug)]
struct Run {
    first_leaf: u64,
    institution: String,
    first_sequence: i64,
    entries: i64,
}

/// Where the walk over the institutions stands.
#[derive(Clone, Default)]
struct Cursor {
    institution: String,
    /// Last sequence taken of that institution; `None` when it is done.
    sequence: Option<i64>,
}

/// New entries' leaf hashes, institution by institution.
struct Found {
    leaves: Vec<(String, i64, Vec<[u8; 32]>)>,
    /// Entries that were in the tree before, of the institutions the walk came to.
    covered: i64,
    cursor: Cursor,
    finished: bool,
}

struct NewEntries {
    cursor: Cursor,
    /// The head to be built upon, and its tree's size; 0 for none.
    head_number: i64,
    tree_size: i64,
}

impl Read for NewEntries {
    /// `None` when there is a newer head already: another process came first.
    type Output = Option<Found>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<Found>> {
        if tx.query_one(NEWER_HEAD, bind![self.head_number], |_| Ok(())).await?.is_some() {
            return Ok(None);
        }
        let mut found = Found { leaves: vec![], covered: 0, cursor: self.cursor.clone(), finished: false };
        let mut room = READ_ENTRIES;
        for _ in 0..READ_INSTITUTIONS {
            if !enter(tx, &mut found, self.tree_size).await? {
                return Ok(Some(found));
            }
            let after = found.cursor.sequence.unwrap_or(0);
            let leaves = books::leaves(tx, &found.cursor.institution, after, room).await?;
            let taken = leaves.len() as i64;
            // Fewer than asked for: the institution is done.
            found.cursor.sequence = (taken == room).then_some(after + taken);
            if taken > 0 {
                found.leaves.push((found.cursor.institution.clone(), after + 1, leaves));
            }
            room -= taken;
            if room == 0 {
                break;
            }
        }
        Ok(Some(found))
    }
}

/// Moves the cursor into the next institution unless it stands within one; `false` at the end.
async fn enter(tx: &Tx<'_>, found: &mut Found, tree_size: i64) -> Result<bool> {
    let cursor = &mut found.cursor;
    if cursor.sequence.is_some() {
        return Ok(true);
    }
    let next = tx
        .query_one(NEXT_INSTITUTION, bind![&cursor.institution], |row| {
            Ok(row.text(0, "institution_code")?.to_owned())
        })
        .await?;
    let Some(institution) = next else {
        found.finished = true;
        return Ok(false);
    };
    let done = books::agreed_mark(tx, &institution, tree_size).await?;
    found.covered = found.covered.saturating_add(done);
    *cursor = Cursor { institution, sequence: Some(done) };
    Ok(true)
}

/// A head with the runs it adds.
struct PutHead {
    head: TreeHead,
    frontier: String,
    runs: Vec<Run>,
}

impl Write for PutHead {
    /// Whether this head is the one; `false` when another process signed its number first.
    type Output = bool;

    fn key(&self) -> &'static str {
        "audit_tree_head"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let head = &self.head;
        let row = bind![
            head.head_number,
            leaf_number(head.tree_size)?,
            &head.root_hash,
            &head.previous_head_hash,
            head.signed_at.0,
            &head.key_id,
            &head.signature,
            &self.frontier,
        ];
        if tx.execute(PUT_HEAD, row).await? == 0 {
            return Ok(false);
        }
        let mut runs = Vec::with_capacity(self.runs.len());
        let mut marks = Vec::with_capacity(self.runs.len());
        for run in &self.runs {
            let first = leaf_number(run.first_leaf)?;
            runs.push(bind![first, &run.institution, run.first_sequence, run.entries].to_vec());
            marks.push(bind![&run.institution, run.first_sequence + run.entries - 1].to_vec());
        }
        tx.execute_many(PUT_RUN, &runs).await?;
        tx.execute_many(PUT_INTEGRATED, &marks).await?;
        Ok(true)
    }
}

pub(super) fn leaf_number(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::Malformed { what: "leaf number" })
}

/// The log's end as this process grows it.
struct Growth<'k> {
    previous: Option<TreeHead>,
    tree: Tree,
    runs: Vec<Run>,
    /// Entries of the tree built upon whose chains the walk has not come to yet.
    unseen: i64,
    key: &'k SigningKey,
    now: Instant,
}

impl Growth<'_> {
    fn take(&mut self, leaves: Vec<(String, i64, Vec<[u8; 32]>)>) {
        for (institution, first_sequence, hashes) in leaves {
            let first_leaf = self.tree.size();
            let entries = hashes.len() as i64;
            hashes.into_iter().for_each(|hash| self.tree.push(hash));
            match self.runs.last_mut() {
                Some(last) if last.institution == institution => last.entries += entries,
                _ => self.runs.push(Run { first_leaf, institution, first_sequence, entries }),
            }
        }
    }

    /// Signs and stores a head over what was taken; `false` when another process came first.
    async fn sign(&mut self, store: &Store) -> Result<bool> {
        let (size, root) = (self.tree.size(), self.tree.root());
        let head = TreeHead::sign(self.previous.as_ref(), size, root, self.now, self.key)?;
        let (frontier, runs) = (frontier::text(&self.tree), std::mem::take(&mut self.runs));
        let stored = store.write(PutHead { head: head.clone(), frontier, runs }).await?;
        if stored {
            store.audit_known().found(&head);
        }
        self.previous = Some(head);
        Ok(stored)
    }
}

impl Store {
    /// Takes all entries that are there into the Merkle tree and signs a head over them. Without new
    /// entries (and with a head there) it returns the last head. Run it about once a minute, from any
    /// process.
    ///
    /// # Errors
    /// [`Error::AuditBroken`] when what is recorded of the tree contradicts itself or the entries: then nothing is
    /// signed any more; [`Error::Key`] when signing fails; [`Error::Busy`] when other processes always come first; any read
    /// or write error of the store.
    pub async fn audit_integrate_and_sign(&self, key: &SigningKey, now: Instant) -> Result<TreeHead> {
        for number in 1..=TRIES {
            if let Some(head) = self.grow(key, now).await? {
                return Ok(head);
            }
            tokio::time::sleep(GIVE_WAY * number).await;
        }
        Err(Error::Busy { tries: TRIES })
    }

    /// One walk over all institutions; `None` when another process came first.
    async fn grow(&self, key: &SigningKey, now: Instant) -> Result<Option<TreeHead>> {
        let newest = Newest { key: key.public_key()?, known: self.audit_known().get() };
        let (previous, tree) =
            self.read(newest).await?.map_or((None, Tree::default()), |(head, tree)| (Some(head), tree));
        if let Some(head) = &previous {
            self.audit_known().found(head);
        }
        let unseen = leaf_number(tree.size())?;
        let mut growth = Growth { previous, tree, runs: vec![], unseen, key, now };
        let mut cursor = Cursor::default();
        loop {
            let (head_number, tree_size) =
                growth.previous.as_ref().map_or((0, 0), |head| (head.head_number, head.tree_size));
            let tree_size = leaf_number(tree_size)?;
            let Some(found) = self.read(NewEntries { cursor, head_number, tree_size }).await? else {
                return Ok(None);
            };
            growth.unseen = growth.unseen.saturating_sub(found.covered);
            if found.finished && growth.unseen != 0 {
                // A chain has its mark, but not one entry any more.
                return Err(Error::AuditBroken { what: "chain" });
            }
            growth.take(found.leaves);
            let signs = if found.finished {
                !growth.runs.is_empty() || growth.previous.is_none()
            } else {
                growth.runs.len() >= HEAD_RUNS
            };
            if signs && !growth.sign(self).await? {
                return Ok(None);
            }
            if found.finished {
                return Ok(growth.previous);
            }
            cursor = found.cursor;
        }
    }
}
