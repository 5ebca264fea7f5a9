//! Writing the dump, step by step: memory does not grow with the log.

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
    /// What the database holds is written as it is: whether it was tampered with, [`super::verify`] tells.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no head was ever signed; [`Error::Malformed`] when a row is no entry at all;
    /// I/O and read errors.
    pub async fn audit_export(&self, out: &mut (impl std::io::Write + Send)) -> Result<TreeHead> {
        let head = self.audit_tree_head().await?.ok_or(Error::NotFound { what: "signed tree head" })?;
        let (size, heads) = (head.tree_size, head.head_number);
        writeln!(out, "{{\"format\":\"{FORMAT}\",\"tree_size\":{size},\"heads\":{heads}}}")?;
        self.export_heads(heads, out).await?;
        self.export_entries(i64::try_from(size).unwrap_or(i64::MAX), out).await?;
        out.flush()?;
        Ok(head)
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

    async fn export_entries(&self, tree_size: i64, out: &mut (impl std::io::Write + Send)) -> Result<()> {
        let mut after = -1;
        loop {
            let runs = self.read(Runs { after, tree_size }).await?;
            let Some(newest) = runs.last() else { return Ok(()) };
            after = newest.first_leaf;
            for run in runs {
                self.export_run(run, out).await?;
            }
        }
    }

    async fn export_run(&self, run: Run, out: &mut (impl std::io::Write + Send)) -> Result<()> {
        let last = run.first_sequence + run.entries - 1;
        let mut after = run.first_sequence - 1;
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
