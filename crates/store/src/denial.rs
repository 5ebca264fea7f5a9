//! Refused attempts. Each leaves an audit entry, until one source makes so many that the log would only grow:
//! then they are counted, and one entry tells how many there were.

use eligibility::{Instant, institution::InstitutionCode};

use crate::{
    Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    job::{Read, Write},
};

/// Refused attempts of one source and outcome that get an entry of their own within one window.
pub const DENIALS_WRITTEN: i64 = 20;
/// Length of a window, milliseconds. It begins with the first attempt.
pub const DENIAL_WINDOW_MS: i64 = 10 * 60 * 1000;
/// `action` of the entry that tells how many attempts got none of their own.
pub const ACTION_DENIALS_COUNTED: &str = "denials.counted";

/// A refused attempt (bad signature, revoked card, unknown terminal …).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// From the client certificate.
    pub institution_code: InstitutionCode,
    /// Whose attempts are counted together, e.g. `certificate:…`.
    pub source: String,
    /// What the audit log says.
    pub audit: AuditEvent,
    /// Now.
    pub recorded_at: Instant,
}

/// Reads the count and holds its row until the commit, so that attempts made at once are counted one by one.
const HOLD: &str = "INSERT INTO denial (institution_code, source, outcome, actor, began_at, last_at, attempts) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (institution_code, source, outcome) DO UPDATE SET attempts = denial.attempts \
     RETURNING actor, began_at, last_at, attempts";
const SET: &str = "UPDATE denial SET actor = $1, began_at = $2, last_at = $3, attempts = $4 \
     WHERE institution_code = $5 AND source = $6 AND outcome = $7";
const OVER: &str = "SELECT institution_code, source, outcome FROM denial WHERE began_at <= $1 \
     ORDER BY began_at LIMIT $2";
const CLOSE: &str = "DELETE FROM denial \
     WHERE institution_code = $1 AND source = $2 AND outcome = $3 AND began_at <= $4 \
     RETURNING actor, began_at, last_at, attempts";

/// One window of attempts.
struct Window {
    actor: String,
    began_at: i64,
    last_at: i64,
    attempts: i64,
}

impl Window {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            actor: row.text(0, "actor")?.to_owned(),
            began_at: row.int(1, "began_at")?,
            last_at: row.int(2, "last_at")?,
            attempts: row.int(3, "attempts")?,
        })
    }

    /// The entry that tells what got no entry of its own, if there was anything.
    fn told(self, source: &str, outcome: &str) -> Option<AuditEvent> {
        let more = self.attempts - DENIALS_WRITTEN;
        (more > 0).then(|| AuditEvent {
            actor: self.actor,
            action: ACTION_DENIALS_COUNTED.to_owned(),
            object: source.to_owned(),
            outcome: outcome.to_owned(),
            detail: format!("more={more} from={} until={}", self.began_at, self.last_at),
        })
    }
}

/// Writes a refused attempt's entry, or only counts it.
pub(crate) async fn record(
    tx: &Tx<'_>,
    chains: &mut Chains,
    chain: &str,
    source: &str,
    now: Instant,
    event: &AuditEvent,
) -> Result<()> {
    let (outcome, actor) = (event.outcome.as_str(), event.actor.as_str());
    let row = bind![chain, source, outcome, actor, now.0, now.0, 0_i64];
    let Some(mut window) = tx.query_one(HOLD, row, Window::from_row).await? else {
        return Err(crate::Error::Malformed { what: "denial" });
    };
    if now.0.saturating_sub(window.began_at) >= DENIAL_WINDOW_MS {
        let fresh = Window { actor: actor.to_owned(), began_at: now.0, last_at: now.0, attempts: 0 };
        if let Some(told) = std::mem::replace(&mut window, fresh).told(source, outcome) {
            chains.append(tx, chain, now, &told).await?;
        }
    }
    window.attempts += 1;
    let row = bind![actor, window.began_at, now.0, window.attempts, chain, source, outcome];
    tx.execute(SET, row).await?;
    if window.attempts <= DENIALS_WRITTEN {
        chains.append(tx, chain, now, event).await?;
    }
    Ok(())
}

struct Deny(Denial);

impl Write for Deny {
    type Output = ();

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        let Denial { institution_code, source, audit, recorded_at } = &self.0;
        record(tx, chains, institution_code.as_str(), source, *recorded_at, audit).await
    }
}

/// Windows that are over.
struct Over {
    began_by: i64,
    limit: u32,
}

impl Read for Over {
    type Output = Vec<(String, String, String)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(OVER, bind![self.began_by, i64::from(self.limit)], |row| {
            let text = |index, what| row.text(index, what).map(str::to_owned);
            Ok((text(0, "institution_code")?, text(1, "source")?, text(2, "outcome")?))
        })
        .await
    }
}

struct Close {
    institution: String,
    source: String,
    outcome: String,
    began_by: i64,
    now: Instant,
}

impl Write for Close {
    type Output = ();

    fn key(&self) -> &str {
        &self.institution
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        let key = bind![&self.institution, &self.source, &self.outcome, self.began_by];
        // Nothing when another process closed it, or a new window began meanwhile.
        let Some(window) = tx.query_one(CLOSE, key, Window::from_row).await? else { return Ok(()) };
        if let Some(told) = window.told(&self.source, &self.outcome) {
            chains.append(tx, &self.institution, self.now, &told).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Writes the audit entry of a refused attempt, or counts it durably when its source made more than
    /// [`DENIALS_WRITTEN`] of the kind within [`DENIAL_WINDOW_MS`]; returns after that is durable.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn record_denied(&self, denial: Denial) -> Result<()> {
        self.write(Deny(denial)).await
    }

    /// Tells in one audit entry each how many refused attempts were only counted, for at most `limit` windows
    /// that are over; returns how many windows it closed. A source that goes on does it by itself.
    ///
    /// # Errors
    /// Any read or write error of the store.
    pub async fn close_denials(&self, now: Instant, limit: u32) -> Result<u32> {
        let began_by = now.0.saturating_sub(DENIAL_WINDOW_MS);
        let over = self.read(Over { began_by, limit }).await?;
        let mut closed = 0;
        for (institution, source, outcome) in over {
            self.write(Close { institution, source, outcome, began_by, now }).await?;
            closed += 1;
        }
        Ok(closed)
    }
}
