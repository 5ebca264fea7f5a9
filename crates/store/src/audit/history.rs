//! 操作履歴: one institution reads its own chain, backwards, in small pieces.
//!
//! Nothing is indexed by time: the log is written with every check and read this way now and then. Sequences grow with
//! time, so the ends of a span are found by halving; clocks of several processes may differ a little, so the halving
//! aims wide and every entry is looked at.

use eligibility::{Instant, institution::InstitutionCode};

use super::entry::{Entry, entry_columns};
use crate::{
    Result, Store,
    engine::{Tx, bind},
    job::Read,
};

/// Entries that one read takes: what the counter asks waits behind no more than these.
const PAGE: i64 = 200;
/// Entries that one page looks through at most, so that a search that finds little ends.
const LOOKED_AT_MAX: i64 = 20_000;
/// How far clocks may differ, milliseconds.
const CLOCKS_DIFFER_MS: i64 = 10 * 60 * 1000;

const LAST: &str = "SELECT COALESCE(MAX(sequence), 0) FROM audit WHERE institution_code = $1";
const AT: &str =
    "SELECT recorded_at FROM audit WHERE institution_code = $1 AND sequence >= $2 ORDER BY sequence LIMIT 1";
const BACKWARDS: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM audit WHERE institution_code = $1 AND sequence < $2 AND sequence >= $3 ORDER BY sequence DESC LIMIT $4"
);

/// A span of an institution's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryAsked {
    /// Whose chain.
    pub institution_code: InstitutionCode,
    /// From then on.
    pub from: Instant,
    /// Up to and including then.
    pub until: Instant,
    /// Only what stands before this sequence: where the page before ended.
    pub before: Option<i64>,
    /// Entries wanted at most.
    pub limit: usize,
}

/// An entry of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its number in the chain.
    pub sequence: i64,
    /// When.
    pub recorded_at: Instant,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// How it ended.
    pub outcome: String,
    /// What else was written down.
    pub detail: String,
}

/// A page of it, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// What fits.
    pub entries: Vec<HistoryEntry>,
    /// Where the next page begins; `None` at the end of the span.
    pub next: Option<i64>,
}

impl HistoryEntry {
    fn of(entry: Entry<'static>) -> Self {
        Self {
            sequence: entry.sequence,
            recorded_at: Instant(entry.recorded_at),
            actor: entry.actor.into_owned(),
            action: entry.action.into_owned(),
            object: entry.object.into_owned(),
            outcome: entry.outcome.into_owned(),
            detail: entry.detail.into_owned(),
        }
    }
}

/// The first sequence from a moment on.
struct Begins {
    institution: InstitutionCode,
    from: i64,
}

impl Read for Begins {
    type Output = i64;

    async fn run(&self, tx: &Tx<'_>) -> Result<i64> {
        let code = self.institution.as_str();
        let last = tx.query_one(LAST, bind![code], |row| row.int(0, "sequence")).await?.unwrap_or(0);
        let (mut low, mut high) = (1, last.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let at = tx.query_one(AT, bind![code, middle], |row| row.int(0, "recorded_at")).await?;
            if at.is_none_or(|at| at >= self.from) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }
}

struct Backwards {
    institution: InstitutionCode,
    before: i64,
    first: i64,
}

impl Read for Backwards {
    type Output = Vec<HistoryEntry>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let key = bind![self.institution.as_str(), self.before, self.first, PAGE];
        tx.query(BACKWARDS, key, |row| Entry::from_row(row).map(HistoryEntry::of)).await
    }
}

impl Store {
    /// What of an institution's chain lies in a span and `fits`, the newest first. A page may have fewer entries than
    /// wanted, or none, and still lead on: one page looks through a bounded part.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn audit_history(
        &self,
        asked: &HistoryAsked,
        fits: impl Fn(&HistoryEntry) -> bool + Send,
    ) -> Result<HistoryPage> {
        let begins = |from: i64| {
            let institution = asked.institution_code.clone();
            self.read(Begins { institution, from })
        };
        let first = begins(asked.from.0.saturating_sub(CLOCKS_DIFFER_MS)).await?;
        let after = begins(asked.until.0.saturating_add(CLOCKS_DIFFER_MS)).await?;
        let mut before = asked.before.map_or(after, |before| before.min(after));
        let mut page = HistoryPage::default();
        let stops = before.saturating_sub(LOOKED_AT_MAX);
        while before > first {
            let institution = asked.institution_code.clone();
            let piece = self.read(Backwards { institution, before, first }).await?;
            if piece.is_empty() {
                return Ok(page);
            }
            for entry in piece {
                if page.entries.len() == asked.limit || before <= stops {
                    page.next = Some(before);
                    return Ok(page);
                }
                before = entry.sequence;
                let within = asked.from <= entry.recorded_at && entry.recorded_at <= asked.until;
                if within && fits(&entry) {
                    page.entries.push(entry);
                }
            }
        }
        Ok(page)
    }
}
