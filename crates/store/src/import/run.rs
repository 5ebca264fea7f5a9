//! The life of an import: begun, staged, applied or rejected.

use eligibility::Instant;

use super::{Receipt, cards::CARDS};
use crate::{
    Error, Result, Store,
    audit::{AuditEvent, CENTRAL_CHAIN, Chains},
    engine::{Tx, bind},
    job::Write,
};

const CURRENT: &str = "SELECT current_import FROM insurer WHERE number = $1";
const NEWEST: &str = "SELECT import_number, content_hash, state, rows_expected, rows_staged, finished_at \
     FROM import_run WHERE source = $1 ORDER BY import_number DESC LIMIT 1";
const LAST_APPLIED: &str = "SELECT import_number, content_hash, rows_staged, finished_at FROM import_run \
     WHERE source = $1 AND state = 'applied' ORDER BY import_number DESC LIMIT 1";
const BEGIN: &str = "INSERT INTO import_run (source, import_number, content_hash, rows_expected, rows_staged, \
     state, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const STAGED: &str = "UPDATE import_run SET rows_staged = $1 \
     WHERE source = $2 AND import_number = $3 AND state = 'staging' AND rows_staged = $4";
/// From then on nothing of it is staged any more: what a task or another process still has under way is refused.
const DISCARD: &str = "UPDATE import_run SET state = 'discarding' \
     WHERE source = $1 AND import_number = $2 AND state IN ('staging', 'discarding')";
const FINISH: &str = "UPDATE import_run SET state = $1, finished_at = $2 \
     WHERE source = $3 AND import_number = $4 AND state = $5";
const SWAP: &str = "INSERT INTO insurer (number, name, current_import) VALUES ($1, $2, $3) \
     ON CONFLICT (number) DO UPDATE SET current_import = excluded.current_import";

/// An import that is being staged.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) import_number: i64,
    /// The import in force meanwhile; 0 = none.
    pub(super) current_import: i64,
    pub(super) rows_staged: u64,
}

/// What beginning an import led to.
pub(super) enum Begun {
    AlreadyApplied(Receipt),
    Staging(Progress),
}

/// What a begin found: perhaps an unfinished import of other content, to be discarded first.
enum Found {
    Begun(Begun),
    Unfinished(i64),
}

struct Begin {
    source: String,
    content_hash: [u8; 32],
    rows: u64,
    now: Instant,
}

fn rows_of(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl Write for Begin {
    type Output = Found;

    fn key(&self) -> &str {
        &self.source
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<Found> {
        if let Some(receipt) = self.applied(tx).await? {
            return Ok(Found::Begun(Begun::AlreadyApplied(receipt)));
        }
        let current = tx.query_one(CURRENT, bind![&self.source], |row| row.int(0, "current_import")).await?;
        let current_import = current.unwrap_or(0);
        let newest = tx
            .query_one(NEWEST, bind![&self.source], |row| {
                let state = row.text(2, "state")?;
                let unfinished = (state == "staging", state == "discarding");
                let staged = rows_of(row.int(4, "rows_staged")?);
                Ok((row.int(0, "import_number")?, row.bytes::<32>(1, "content_hash")?, unfinished, staged))
            })
            .await?;
        let import_number = match newest {
            Some((import_number, hash, (true, _), rows_staged)) if hash == self.content_hash => {
                let progress = Progress { import_number, current_import, rows_staged };
                return Ok(Found::Begun(Begun::Staging(progress)));
            }
            Some((import_number, _, (true, _) | (_, true), _)) => {
                return Ok(Found::Unfinished(import_number));
            }
            Some((import_number, ..)) => import_number + 1,
            None => 1,
        };
        let rows = i64::try_from(self.rows).unwrap_or(i64::MAX);
        let row = bind![&self.source, import_number, &self.content_hash, rows, 0_i64, "staging", self.now.0];
        tx.execute(BEGIN, row).await?;
        Ok(Found::Begun(Begun::Staging(Progress { import_number, current_import, rows_staged: 0 })))
    }
}

impl Begin {
    /// The receipt, when this content is in force.
    async fn applied(&self, tx: &Tx<'_>) -> Result<Option<Receipt>> {
        let last = tx
            .query_one(LAST_APPLIED, bind![&self.source], |row| {
                let receipt = Receipt {
                    import_number: row.int(0, "import_number")?,
                    rows: rows_of(row.int(2, "rows_staged")?),
                    already_applied: true,
                    applied_at: Instant(row.int(3, "finished_at")?),
                };
                Ok((row.bytes::<32>(1, "content_hash")?, receipt))
            })
            .await?;
        Ok(last.filter(|(hash, _)| *hash == self.content_hash).map(|(_, receipt)| receipt))
    }
}

/// Holds, within a transaction that stages rows, the import as it is. Fails when another process works on it.
pub(super) async fn hold_staging(
    tx: &Tx<'_>,
    source: &str,
    import_number: i64,
    rows_staged: u64,
) -> Result<()> {
    let rows = number_of(rows_staged);
    one_row(tx.hold(STAGED, bind![rows, source, import_number, rows]).await?)
}

fn number_of(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn one_row(changed: u64) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    let why = "another process imports the same source now".to_owned();
    Err(Error::Refused { what: "import", why })
}

/// Notes that an import got from `before` to `after` rows, which are durable already. A commit of its own after
/// theirs: SQLite has rows and note in different files, and a crash must not leave the note alone. Rows without
/// their note are staged again, with no effect.
struct Note {
    source: String,
    import_number: i64,
    before: u64,
    after: u64,
}

impl Write for Note {
    type Output = ();

    fn key(&self) -> &str {
        &self.source
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        note(tx, &self.source, self.import_number, self.before, self.after).await
    }
}

/// The note itself, within a transaction that may note more.
pub(super) async fn note(
    tx: &Tx<'_>,
    source: &str,
    import_number: i64,
    before: u64,
    after: u64,
) -> Result<()> {
    let row = bind![number_of(after), source, import_number, number_of(before)];
    one_row(tx.execute(STAGED, row).await?)
}

/// Ends the staging of an import that is to be taken back.
struct Discard {
    source: String,
    import_number: i64,
}

impl Write for Discard {
    type Output = ();

    fn key(&self) -> &str {
        &self.source
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        one_row(tx.execute(DISCARD, bind![&self.source, self.import_number]).await?)
    }
}

struct Finish {
    source: String,
    import_number: i64,
    rows: u64,
    /// `false`: rejected.
    applied: bool,
    /// Whether the source is an insurer whose visible import is to move.
    swaps: bool,
    now: Instant,
}

impl Write for Finish {
    type Output = Receipt;

    fn key(&self) -> &str {
        &self.source
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<Receipt> {
        let state = if self.applied { "applied" } else { "rejected" };
        let before = if self.applied { "staging" } else { "discarding" };
        let row = bind![state, self.now.0, &self.source, self.import_number, before];
        if tx.execute(FINISH, row).await? != 1 {
            let why = "another process finished it".to_owned();
            return Err(Error::Refused { what: "import", why });
        }
        if self.swaps && self.applied {
            // An insurer that no names file listed yet is named by its number.
            tx.execute(SWAP, bind![&self.source, &self.source, self.import_number]).await?;
        }
        let event = AuditEvent {
            actor: "import".to_owned(),
            action: "import.finish".to_owned(),
            object: format!("source:{}", self.source),
            outcome: state.to_owned(),
            detail: format!("import {} of {} rows", self.import_number, self.rows),
        };
        chains.append(tx, CENTRAL_CHAIN, self.now, &event).await?;
        let (import_number, rows) = (self.import_number, self.rows);
        Ok(Receipt { import_number, rows, already_applied: false, applied_at: self.now })
    }
}

impl Store {
    pub(super) async fn begin_import(
        &self,
        source: &str,
        content_hash: [u8; 32],
        rows: u64,
        now: Instant,
    ) -> Result<Begun> {
        loop {
            let begin = Begin { source: source.to_owned(), content_hash, rows, now };
            match self.write(begin).await? {
                Found::Begun(begun) => return Ok(begun),
                // Its number is never used again, and after this it is no longer unfinished.
                Found::Unfinished(import_number) => self.discard_import(source, import_number, now).await?,
            }
        }
    }

    /// Notes rows that are staged.
    pub(super) async fn note_staged(
        &self,
        source: &str,
        import_number: i64,
        before: u64,
        after: u64,
    ) -> Result<()> {
        self.write(Note { source: source.to_owned(), import_number, before, after }).await
    }

    /// From here on the import stages nothing: what a task or another process still has under way is refused.
    pub(super) async fn end_staging(&self, source: &str, import_number: i64) -> Result<()> {
        self.write(Discard { source: source.to_owned(), import_number }).await
    }

    /// Takes back what an import staged, then marks it as rejected. It stages nothing from the beginning of this on.
    pub(super) async fn discard_import(&self, source: &str, import_number: i64, now: Instant) -> Result<()> {
        self.end_staging(source, import_number).await?;
        if source == CARDS {
            self.unstage_cards(import_number).await?;
        } else {
            self.unstage(source, import_number).await?;
        }
        self.finish_import(source, import_number, 0, false, true, now).await.map(|_| ())
    }

    /// The swap: one row makes the staged import the one that is seen.
    pub(super) async fn swap_import(
        &self,
        source: &str,
        import_number: i64,
        rows: u64,
        now: Instant,
    ) -> Result<Receipt> {
        self.finish_import(source, import_number, rows, true, true, now).await
    }

    pub(super) async fn finish_import(
        &self,
        source: &str,
        import_number: i64,
        rows: u64,
        applied: bool,
        swaps: bool,
        now: Instant,
    ) -> Result<Receipt> {
        self.write(Finish { source: source.to_owned(), import_number, rows, applied, swaps, now }).await
    }
}
