//! Appending: one hash chain per institution. The writer remembers each chain's tip, so that an append is
//! one insert; the primary key settles who comes first when several processes append.

use std::{borrow::Cow, collections::HashMap};

use eligibility::Instant;

use super::{
    AuditEvent, digest,
    entry::{Entry, entry_columns},
};
use crate::{
    Error, Result,
    engine::{Tx, bind},
};

/// Chains remembered at most; beyond, all are forgotten and read again as needed.
const TIPS_LIMIT: usize = 100_000;
/// Bytes of an entry's line at most; a verifier may count on lines below 64 KiB.
const ENTRY_LIMIT_BYTES: usize = 32 * 1024;
/// How often one append gives way to other processes.
const GIVE_WAY_LIMIT: usize = 64;

const TIP: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM audit WHERE institution_code = $1 ORDER BY sequence DESC LIMIT 1"
);
const INSERT: &str = concat!(
    "INSERT INTO audit (",
    entry_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (institution_code, sequence) DO NOTHING"
);

/// The last entry of a chain.
#[derive(Clone, Copy, Debug)]
struct Tip {
    sequence: i64,
    hash: [u8; 32],
}

/// The tips a writer knows: as of the last commit, and as moved by the open transaction.
#[derive(Default)]
pub(crate) struct Chains {
    committed: HashMap<String, Tip>,
    pending: HashMap<String, Tip>,
    line: Vec<u8>,
}

impl Chains {
    /// The transaction became durable.
    pub(crate) fn committed(&mut self) {
        if self.committed.len() > TIPS_LIMIT {
            self.committed.clear();
        }
        self.committed.extend(self.pending.drain());
    }

    /// The transaction was undone, perhaps because the tips were stale.
    pub(crate) fn forget(&mut self) {
        self.pending.clear();
        self.committed.clear();
    }

    /// Appends an entry; returns its sequence.
    pub(crate) async fn append(
        &mut self,
        tx: &Tx<'_>,
        institution: &str,
        recorded_at: Instant,
        event: &AuditEvent,
    ) -> Result<i64> {
        let known = self.pending.get(institution).or_else(|| self.committed.get(institution)).copied();
        let mut tip = match known {
            Some(tip) => tip,
            None => self.load(tx, institution).await?,
        };
        for _ in 0..GIVE_WAY_LIMIT {
            let entry = Entry {
                institution_code: Cow::Borrowed(institution),
                sequence: tip.sequence + 1,
                recorded_at: recorded_at.0,
                actor: Cow::Borrowed(&event.actor),
                action: Cow::Borrowed(&event.action),
                object: Cow::Borrowed(&event.object),
                outcome: Cow::Borrowed(&event.outcome),
                detail: Cow::Borrowed(&event.detail),
                previous_hash: tip.hash,
            };
            if insert(tx, &entry).await? == 1 {
                self.line.clear();
                entry.write_line(&mut self.line)?;
                if self.line.len() > ENTRY_LIMIT_BYTES {
                    let why = format!("its line exceeds {ENTRY_LIMIT_BYTES} bytes");
                    return Err(Error::Refused { what: "audit entry", why });
                }
                let tip = Tip { sequence: entry.sequence, hash: digest(&self.line) };
                self.pending.insert(institution.to_owned(), tip);
                return Ok(tip.sequence);
            }
            // Another process has this place: its entry is committed, so the new tip can be read here.
            tip = self.load(tx, institution).await?;
        }
        Err(Error::ChainMoved)
    }

    async fn load(&mut self, tx: &Tx<'_>, institution: &str) -> Result<Tip> {
        let line = &mut self.line;
        let tip = tx
            .query_one(TIP, bind![institution], |row| {
                let entry = Entry::from_row(row)?;
                line.clear();
                entry.write_line(line)?;
                Ok(Tip { sequence: entry.sequence, hash: digest(line) })
            })
            .await?;
        Ok(tip.unwrap_or(Tip { sequence: 0, hash: [0; 32] }))
    }
}

async fn insert(tx: &Tx<'_>, entry: &Entry<'_>) -> Result<u64> {
    let row = bind![
        entry.institution_code.as_ref(),
        entry.sequence,
        entry.recorded_at,
        entry.actor.as_ref(),
        entry.action.as_ref(),
        entry.object.as_ref(),
        entry.outcome.as_ref(),
        entry.detail.as_ref(),
        &entry.previous_hash,
    ];
    tx.execute(INSERT, row).await
}
