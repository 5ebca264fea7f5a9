//! Lines: which お客さまID and which addresses an institution has, and whether its line is authenticated.
//!
//! A *line* is what one お客さまID stands for. Institutions in one house may share it when the operator says so;
//! lines never share an address. Every change takes the next number of one row ([`next_change`]), so that
//! changes are one after another on both engines and a reader that knows a number knows what it has seen.

mod keep;
mod record;
mod register;
mod session;
mod standing;

use eligibility::{Instant, institution::InstitutionCode};

pub use keep::{LINES_PAGE_LIMIT, PrefixChange};
pub use record::LineRecord;
pub use register::{LINE_INSTITUTIONS_MAX, LINE_PREFIXES_MAX, LineRegistration, NewLine, PrefixNotice};
// The seam for whoever registers or stops a line within a transaction of their own.
pub(crate) use register::{register, stop};
pub use session::LineAnswer;
pub use standing::LineChange;

use crate::{
    Error, Result,
    audit::{AuditEvent, Chains},
    engine::{Tx, bind},
};

/// The one row of `line_change`.
const REGISTER: &str = "lines";
const NEXT: &str = "INSERT INTO line_change (register, number) VALUES ($1, $2) \
     ON CONFLICT (register) DO UPDATE SET number = line_change.number + 1 RETURNING number";
const CHANGED: &str = "UPDATE line_customer SET change_number = $1 WHERE line_key = $2";

/// Takes the next change number; other changes wait from here to the commit.
async fn next_change(tx: &Tx<'_>) -> Result<i64> {
    let number = tx.query_one(NEXT, bind![REGISTER, 1_i64], |row| row.int(0, "number")).await?;
    number.ok_or(Error::Malformed { what: "line_change" })
}

/// Tells everyone who keeps this line in memory that it changed.
async fn mark_changed(tx: &Tx<'_>, line_key: &str, change: i64) -> Result<()> {
    tx.execute(CHANGED, bind![change, line_key]).await.map(drop)
}

/// One act on a line, for the audit log of each institution it serves.
struct Act<'a> {
    actor: &'a str,
    action: &'static str,
    outcome: &'a str,
    line_key: &'a str,
    detail: String,
}

async fn record(
    tx: &Tx<'_>,
    chains: &mut Chains,
    institutions: &[InstitutionCode],
    now: Instant,
    act: Act<'_>,
) -> Result<()> {
    let event = AuditEvent {
        actor: act.actor.to_owned(),
        action: act.action.to_owned(),
        object: format!("line:{}", act.line_key),
        outcome: act.outcome.to_owned(),
        detail: act.detail,
    };
    for institution in institutions {
        chains.append(tx, institution.as_str(), now, &event).await?;
    }
    Ok(())
}
