//! The guard against guessing, kept per institution. The rule is [`eligibility::enumeration`]'s.

use eligibility::{
    Instant,
    enumeration::{GuardDecision, GuardState, Recent, SlowReason},
    institution::InstitutionCode,
};

use crate::{
    Error, Result,
    engine::{Row, Tx, bind},
};

const LOOK: &str = "SELECT window_started_at, misses, last_slow_at, recent_wrong, recent_asked, stepped_up_at \
     FROM number_check_guard WHERE institution_code = $1";
/// Reads the state and holds its row until the commit, so that guesses made at once are decided one by one.
const HOLD: &str = "INSERT INTO number_check_guard (institution_code, misses, recent_wrong, recent_asked) \
     VALUES ($1, $2, $3, $4) \
     ON CONFLICT (institution_code) DO UPDATE SET misses = number_check_guard.misses \
     RETURNING window_started_at, misses, last_slow_at, recent_wrong, recent_asked, stepped_up_at";
const SET: &str = "UPDATE number_check_guard SET window_started_at = $1, misses = $2, last_slow_at = $3, \
     recent_wrong = $4, recent_asked = $5, stepped_up_at = $6 WHERE institution_code = $7";

fn state(row: &Row<'_>) -> Result<GuardState> {
    let what = "number_check_guard";
    let malformed = |_| Error::Malformed { what };
    Ok(GuardState {
        window_started_at: row.int_or_null(0, "window_started_at")?.map(Instant),
        misses: u32::try_from(row.int(1, "misses")?).unwrap_or(u32::MAX),
        last_slow_at: row.int_or_null(2, "last_slow_at")?.map(Instant),
        recent: Recent {
            wrong: u64::try_from(row.int(3, "recent_wrong")?).map_err(malformed)?,
            asked: u32::try_from(row.int(4, "recent_asked")?).map_err(malformed)?,
        },
        stepped_up_at: row.int_or_null(5, "stepped_up_at")?.map(Instant),
    })
}

fn retry_at(state: &GuardState, now: Instant) -> Option<Instant> {
    match state.decide(now) {
        GuardDecision::Allowed => None,
        GuardDecision::Limited { retry_after_ms } => Some(Instant(now.0.saturating_add(retry_after_ms))),
    }
}

/// What the guard says before a question is counted.
pub(crate) enum Look {
    /// Nothing that could be told of a right answer is new: it needs no writing.
    Idle,
    /// How the question ended is to be remembered.
    Counts,
    /// Held back until then.
    Limited(Instant),
}

/// Looks without changing anything.
pub(crate) async fn look(tx: &Tx<'_>, institution: &InstitutionCode, now: Instant) -> Result<Look> {
    let state = tx.query_one(LOOK, bind![institution.as_str()], state).await?.unwrap_or_default();
    Ok(match retry_at(&state, now) {
        Some(at) => Look::Limited(at),
        None if state.after(now, false) == state => Look::Idle,
        None => Look::Counts,
    })
}

/// The slow pace began with a question: operators want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowed {
    /// Which rule was it.
    pub reason: SlowReason,
    /// How many of the last [`eligibility::enumeration::RECENT_QUESTIONS`] showed nobody.
    pub not_found: u32,
}

/// What became of a question that was to be counted.
pub(crate) enum Counted {
    /// Another got in between: held back until then.
    Limited(Instant),
    /// Let through, and whether that began the slow pace.
    Passed(Option<Slowed>),
}

/// Counts one question.
pub(crate) async fn count(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    now: Instant,
    wrong: bool,
) -> Result<Counted> {
    let new = bind![institution.as_str(), 0_i64, 0_i64, 0_i64];
    let before = tx.query_one(HOLD, new, state).await?.unwrap_or_default();
    if let Some(at) = retry_at(&before, now) {
        return Ok(Counted::Limited(at));
    }
    let after = before.after(now, wrong);
    set(tx, institution, &after).await?;
    let began = after.slow(now).filter(|_| before.slow(now).is_none());
    Ok(Counted::Passed(began.map(|reason| Slowed { reason, not_found: after.recent.misses() })))
}

async fn set(tx: &Tx<'_>, institution: &InstitutionCode, after: &GuardState) -> Result<()> {
    let row = bind![
        after.window_started_at.map(|at| at.0),
        i64::from(after.misses),
        after.last_slow_at.map(|at| at.0),
        // At most fifty bits.
        i64::try_from(after.recent.wrong).map_err(|_| Error::Malformed { what: "number_check_guard" })?,
        i64::from(after.recent.asked),
        after.stepped_up_at.map(|at| at.0),
        institution.as_str(),
    ];
    tx.execute(SET, row).await.map(drop)
}

/// The guard over many questions of one commit: each is decided after those before it.
pub(crate) struct Many {
    before: GuardState,
    now: GuardState,
    at: Option<Instant>,
}

impl Many {
    /// Reads the state and holds it until the commit.
    pub(crate) async fn hold(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Self> {
        let new = bind![institution.as_str(), 0_i64, 0_i64, 0_i64];
        let before = tx.query_one(HOLD, new, state).await?.unwrap_or_default();
        Ok(Self { before, now: before, at: None })
    }

    /// Whether one more question passes; then it is counted.
    pub(crate) fn ask(&mut self, now: Instant, wrong: bool) -> bool {
        if retry_at(&self.now, now).is_some() {
            return false;
        }
        self.now = self.now.after(now, wrong);
        self.at = Some(now);
        true
    }

    /// Keeps what was counted; whether it began the slow pace.
    pub(crate) async fn keep(self, tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<Slowed>> {
        let Some(at) = self.at else { return Ok(None) };
        set(tx, institution, &self.now).await?;
        let began = self.now.slow(at).filter(|_| self.before.slow(at).is_none());
        Ok(began.map(|reason| Slowed { reason, not_found: self.now.recent.misses() }))
    }
}
