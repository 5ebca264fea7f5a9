//! 承認履歴: who approved what.

use eligibility::{Instant, application::HistoryEntry, institution::InstitutionCode};

use super::{ApplicationId, row};
use crate::{
    Result, Store,
    engine::{Row, Tx, bind},
    job::Read,
};

/// Decisions on one page.
pub const DECISIONS_PAGE_LIMIT: u32 = 50;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionEntry {
    /// Whose application.
    pub institution: InstitutionCode,
    /// Which.
    pub id: ApplicationId,
    /// Its place in the application's history.
    pub sequence: i64,
    /// Who did what, when, about which revision, with which reason.
    pub entry: HistoryEntry,
}

/// Before which decision a page begins (they are listed newest first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedFrom {
    /// When the last decision seen happened.
    pub happened_at: Instant,
    /// Its institution.
    pub institution: InstitutionCode,
    /// Its application.
    pub id: ApplicationId,
    /// Its place there.
    pub sequence: i64,
}

/// After every institution code.
const PAST_EVERY_CODE: &str = "~";

macro_rules! decision {
    ($which:literal) => {
        concat!(
            "SELECT institution_code, application_id, sequence, entry FROM application_event \
             WHERE event IN ('approve', 'return', 'reject') \
             AND (happened_at, institution_code, application_id, sequence) < ($1, $2, $3, $4) ",
            $which,
            "ORDER BY happened_at DESC, institution_code DESC, application_id DESC, sequence DESC LIMIT "
        )
    };
}
const ALL: &str = concat!(decision!(""), "$5");
const OF_INSTITUTION: &str = concat!(decision!("AND institution_code = $5 "), "$6");

fn decision(found: &Row<'_>) -> Result<DecisionEntry> {
    Ok(DecisionEntry {
        institution: row::code_of(found.text(0, "institution_code")?)?,
        id: row::id_of(found.text(1, "application_id")?)?,
        sequence: found.int(2, "sequence")?,
        entry: row::of_json(found.text(3, "entry")?, "application event")?,
    })
}

struct Decided {
    institution: Option<InstitutionCode>,
    before: Option<DecidedFrom>,
}

impl Read for Decided {
    type Output = Vec<DecisionEntry>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let (time, code, id, sequence) = match &self.before {
            Some(from) => (from.happened_at.0, from.institution.as_str(), from.id.as_str(), from.sequence),
            None => (i64::MAX, PAST_EVERY_CODE, "", 0),
        };
        let limit = i64::from(DECISIONS_PAGE_LIMIT);
        match &self.institution {
            Some(institution) => {
                let values = bind![time, code, id, sequence, institution.as_str(), limit];
                tx.query(OF_INSTITUTION, values, decision).await
            }
            None => tx.query(ALL, bind![time, code, id, sequence, limit], decision).await,
        }
    }
}

impl Store {
    /// Decisions (approved, returned, rejected), the newest first: one page of at most [`DECISIONS_PAGE_LIMIT`],
    /// of one institution or of all.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn decisions(
        &self,
        institution: Option<InstitutionCode>,
        before: Option<DecidedFrom>,
    ) -> Result<Vec<DecisionEntry>> {
        self.read(Decided { institution, before }).await
    }
}
