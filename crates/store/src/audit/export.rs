//! Writing the dump, step by step: memory grows with the number of institutions, not with the log.

use std::collections::HashMap;

use super::{
    FORMAT, TreeHead,
    entry::{Entry, entry_columns},
    head::head_columns,
};
use crate::{
    Error, Result, Store,
    engine::{Tx, bind},
    job::Read,
};

/// Heads, or runs, that one read takes.
const PAGE: i64 = 500;
/// Entries that one read takes.
const PAGE_ENTRIES: i64 = 500;

const HEADS: &str = concat!(
    "SELECT ",
    head_columns!(),
    " FROM audit_tree_head WHERE head_number > $1 AND head_number <= $2 ORDER BY head_number LIMIT $3"
);
const RUNS: &str = "SELECT first_leaf, institution_code, first_sequence, entries FROM audit_run \
     WHERE first_leaf > $1 AND first_leaf < $2 ORDER BY first_leaf LIMIT $3";
const ENTRIES: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM audit WHERE institution_code = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4"
);

const MARKS: &str = "SELECT institution_code, sequence FROM audit_integrated \
     WHERE institution_code > $1 ORDER BY institution_code LIMIT $2";

/// How far each institution's entries are said to be in the tree.
struct Marks {
    after: String,
}

impl Read for Marks {
    type Output = Vec<(String, i64)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(MARKS, bind![&self.after, PAGE], |row| {
            Ok((row.text(0, "institution_code")?.to_owned(), row.int(1, "sequence")?))
        })
        .await
    }
}

struct Heads {
    after: i64,
    last: i64,
}

impl Read for Heads {
    type Output = Vec<TreeHead>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<TreeHead>> {
        tx.query(HEADS, bind![self.after, self.last, PAGE], TreeHead::from_row).await
    }
}

#[derive(Clone)]
struct Run {
    first_leaf: i64,
    institution: String,
    first_sequence: i64,
    entries: i64,
}

impl Run {
    fn last_sequence(&self) -> i64 {
        self.first_sequence.saturating_add(self.entries - 1)
    }
}

struct Runs {
    after: i64,
    tree_size: i64,
}

impl Read for Runs {
    type Output = Vec<Run>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<Run>> {
        tx.query(RUNS, bind![self.after, self.tree_size, PAGE], |row| {
            Ok(Run {
                first_leaf: row.int(0, "first_leaf")?,
                institution: row.text(1, "institution_code")?.to_owned(),
                first_sequence: row.int(2, "first_sequence")?,
                entries: row.int(3, "entries")?,
            })
        })
        .await
    }
}

struct Entries {
    institution: String,
    after: i64,
    last: i64,
}

impl Read for Entries {
    /// The lines, how many, and the last sequence among them.
    type Output = (Vec<u8>, i64, i64);

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let mut lines = Vec::new();
        let key = bind![&self.institution, self.after, self.last, PAGE_ENTRIES];
        let sequences = tx
            .query(ENTRIES, key, |row| {
                let entry = Entry::from_row(row)?;
                entry.write_line(&mut lines)?;
                lines.push(b'\n');
                Ok(entry.sequence)
            })
            .await?;
        Ok((lines, sequences.len() as i64, sequences.last().copied().unwrap_or(self.last)))
    }
}

impl Store {
    /// Writes the dump that the newest head covers, and returns that head. To cover everything, sign first.
    ///
    /// What the database holds is written as it is: whether it was tampered with, [`super::verify`] tells. Only
    /// what a dump cannot show is looked for here: entries kept out of the tree by saying that they are in it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no head was ever signed; [`Error::Malformed`] when a row is no entry at all;
    /// [`Error::AuditBroken`] when marks and runs do not agree with the tree; I/O and read errors.
    pub async fn audit_export(&self, out: &mut (impl std::io::Write + Send)) -> Result<TreeHead> {
        // Before the head: another process may sign meanwhile, and marks only ever move on.
        let marks = self.marks().await?;
        let head = self.audit_tree_head().await?.ok_or(Error::NotFound { what: "signed tree head" })?;
        let (size, heads) = (head.tree_size, head.head_number);
        writeln!(out, "{{\"format\":\"{FORMAT}\",\"tree_size\":{size},\"heads\":{heads}}}")?;
        self.export_heads(heads, out).await?;
        let reached = self.export_entries(i64::try_from(size).unwrap_or(i64::MAX), out).await?;
        out.flush()?;
        if marks.iter().any(|(institution, mark)| *mark > reached.get(institution).copied().unwrap_or(0)) {
            return Err(Error::AuditBroken { what: "mark" });
        }
        Ok(head)
    }

    /// Signed heads after this number, oldest first, some of them: ask again after the last one.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn audit_tree_heads_after(&self, after: i64) -> Result<Vec<TreeHead>> {
        self.read(Heads { after, last: i64::MAX }).await
    }

    async fn marks(&self) -> Result<HashMap<String, i64>> {
        let mut marks = HashMap::new();
        let mut after = String::new();
        loop {
            let page = self.read(Marks { after }).await?;
            let Some((last, _)) = page.last() else { return Ok(marks) };
            after = last.clone();
            marks.extend(page);
        }
    }

    async fn export_heads(&self, last: i64, out: &mut (impl std::io::Write + Send)) -> Result<()> {
        let mut after = 0;
        loop {
            let heads = self.read(Heads { after, last }).await?;
            let Some(newest) = heads.last() else { return Ok(()) };
            after = newest.head_number;
            for head in &heads {
                writeln!(out, "{}", head.line())?;
            }
        }
    }

    /// Answers the last sequence of each institution that the tree holds.
    async fn export_entries(
        &self,
        tree_size: i64,
        out: &mut (impl std::io::Write + Send),
    ) -> Result<HashMap<String, i64>> {
        let (mut after, mut leaves) = (-1, 0_i64);
        let mut reached = HashMap::new();
        loop {
            let runs = self.read(Runs { after, tree_size }).await?;
            let Some(newest) = runs.last() else { break };
            after = newest.first_leaf;
            for run in runs {
                // A run that claims leaves of another one would make up entries the tree does not hold.
                if run.first_leaf != leaves || run.entries < 1 {
                    return Err(Error::AuditBroken { what: "run" });
                }
                leaves = leaves.saturating_add(run.entries);
                reached.insert(run.institution.clone(), run.last_sequence());
                self.export_run(run, out).await?;
            }
        }
        if leaves == tree_size { Ok(reached) } else { Err(Error::AuditBroken { what: "run" }) }
    }

    async fn export_run(&self, run: Run, out: &mut (impl std::io::Write + Send)) -> Result<()> {
        let last = run.last_sequence();
        let mut after = run.first_sequence.saturating_sub(1);
        while after < last {
            let institution = run.institution.clone();
            let (lines, count, newest) = self.read(Entries { institution, after, last }).await?;
            out.write_all(&lines)?;
            if count < PAGE_ENTRIES {
                return Ok(());
            }
            after = newest;
        }
        Ok(())
    }
}
