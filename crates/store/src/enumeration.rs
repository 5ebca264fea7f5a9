//! The guard against guessing, kept per institution. The rule is [`eligibility::enumeration`]'s.

use eligibility::{
    Instant,
    enumeration::{GuardDecision, GuardState},
    institution::InstitutionCode,
};

use crate::{
    Result, Store,
    engine::{Row, Tx, bind},
    job::Read,
};

const LOOK: &str =
    "SELECT window_started_at, misses, last_slow_at FROM enumeration_guard WHERE institution_code = $1";
/// Reads the state and holds its row until the commit, so that guesses made at once are decided one by one.
const HOLD: &str = "INSERT INTO enumeration_guard (institution_code, misses) VALUES ($1, $2) \
     ON CONFLICT (institution_code) DO UPDATE SET misses = enumeration_guard.misses \
     RETURNING window_started_at, misses, last_slow_at";
const SET: &str = "UPDATE enumeration_guard SET window_started_at = $1, misses = $2, last_slow_at = $3 \
     WHERE institution_code = $4";

fn state(row: &Row<'_>) -> Result<GuardState> {
    Ok(GuardState {
        window_started_at: row.int_or_null(0, "window_started_at")?.map(Instant),
        misses: u32::try_from(row.int(1, "misses")?).unwrap_or(u32::MAX),
        last_slow_at: row.int_or_null(2, "last_slow_at")?.map(Instant),
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
    /// Far from the limit: right answers need no writing.
    Free,
    /// In the slow pace: every question counts.
    Slow,
    /// Held back until then.
    Limited(Instant),
}

/// Looks without changing anything.
pub(crate) async fn look(tx: &Tx<'_>, institution: &InstitutionCode, now: Instant) -> Result<Look> {
    let state = tx.query_one(LOOK, bind![institution.as_str()], state).await?.unwrap_or_default();
    Ok(match retry_at(&state, now) {
        Some(at) => Look::Limited(at),
        None if state.is_limited(now) => Look::Slow,
        None => Look::Free,
    })
}

/// Counts one question; `Some` when it must be held back after all (another got in between).
pub(crate) async fn count(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    now: Instant,
    wrong: bool,
) -> Result<Option<Instant>> {
    let before = tx.query_one(HOLD, bind![institution.as_str(), 0_i64], state).await?.unwrap_or_default();
    if let Some(at) = retry_at(&before, now) {
        return Ok(Some(at));
    }
    let asked = before.on_asked(now);
    let after = if wrong { asked.on_miss(now) } else { asked };
    let row = bind![
        after.window_started_at.map(|at| at.0),
        i64::from(after.misses),
        after.last_slow_at.map(|at| at.0),
        institution.as_str(),
    ];
    tx.execute(SET, row).await?;
    Ok(None)
}

struct LookOf {
    institution: InstitutionCode,
    now: Instant,
}

impl Read for LookOf {
    type Output = Option<Instant>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<Instant>> {
        Ok(match look(tx, &self.institution, self.now).await? {
            Look::Limited(at) => Some(at),
            Look::Free | Look::Slow => None,
        })
    }
}

impl Store {
    /// From when the institution may ask by number again, if it is held back now: a cheap look before the
    /// work. [`Store::record_verification`] decides.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn enumeration_limited(
        &self,
        institution: &InstitutionCode,
        now: Instant,
    ) -> Result<Option<Instant>> {
        self.read(LookOf { institution: institution.clone(), now }).await
    }
}
