//! 医療機関マスタ: what is known of every institution, and how it is entered and changed.
//!
//! One person adds an institution. What changes or ends one takes two people: letters with the means to fetch a
//! certificate go to the address in here, and the operator calls the number in here to learn who registered.

mod add;
mod read;
mod wish;

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_entry::{FeeTable, InstitutionEntry},
};
use serde::{Deserialize, Serialize};

pub use read::{INSTITUTIONS_PAGE_LIMIT, WISHES_LIMIT};
pub(crate) use read::{is_closed, is_in_use};
pub use wish::{InstitutionAsked, InstitutionDecided};

use crate::{
    InstitutionAddress, Result, application,
    audit::AuditEvent,
    engine::{Tx, bind},
};

/// An institution as the register has it. What was entered before the register held it is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredInstitution {
    /// 医療機関コード.
    pub code: InstitutionCode,
    /// 医療機関等名称.
    pub name: String,
    /// Where letters go.
    pub address: Option<InstitutionAddress>,
    /// 電話番号.
    pub phone: Option<String>,
    /// When it was last changed.
    pub changed_at: Option<Instant>,
    /// By whom.
    pub changed_by: Option<String>,
    /// Out of use since.
    pub closed_at: Option<Instant>,
}

impl RegisteredInstitution {
    /// 点数表区分.
    #[must_use]
    pub fn fee_table(&self) -> Option<FeeTable> {
        self.code.fee_table()
    }
}

/// What somebody wants to change in the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstitutionWish {
    /// These values in the place of the present ones.
    Change(InstitutionEntry),
    /// 廃止: its certificates and its line end.
    Close {
        /// Why.
        reason: String,
    },
}

impl InstitutionWish {
    const fn name(&self) -> &'static str {
        match self {
            Self::Change(_) => "change",
            Self::Close { .. } => "close",
        }
    }
}

/// A wish that waits for the second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstitutionWaiting {
    /// Whose entry.
    pub code: InstitutionCode,
    /// What is wanted.
    pub wanted: InstitutionWish,
    /// The account of the operator.
    pub by: String,
    /// When: it names the wish, so that nobody agrees to another one than the page showed.
    pub at: Instant,
}

const PUT_NAME: &str = "INSERT INTO institution (code, name) VALUES ($1, $2) \
     ON CONFLICT (code) DO UPDATE SET name = excluded.name";
const PUT_ADDRESS: &str = "INSERT INTO institution_address \
     (institution_code, postal_code, first_line, second_line) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (institution_code) DO UPDATE SET postal_code = excluded.postal_code, \
     first_line = excluded.first_line, second_line = excluded.second_line";
const PUT_DETAIL: &str = "INSERT INTO institution_detail (institution_code, phone, changed_at, changed_by) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code) DO UPDATE SET phone = excluded.phone, \
     changed_at = excluded.changed_at, changed_by = excluded.changed_by";

/// Writes an entry, whether or not there is one.
async fn put(tx: &Tx<'_>, entry: &InstitutionEntry, by: &str, now: Instant) -> Result<()> {
    let code = entry.code.as_str();
    tx.execute(PUT_NAME, bind![code, &entry.name]).await?;
    let address = bind![code, &entry.postal_code, &entry.first_line, entry.second_line.as_deref()];
    tx.execute(PUT_ADDRESS, address).await?;
    tx.execute(PUT_DETAIL, bind![code, &entry.phone, now.0, by]).await?;
    // A letter that waited for the address is written at once.
    application::try_again_now(tx, &entry.code).await
}

/// What was done to an entry, for the institution's chain.
fn event(actor: &str, action: &str, code: &InstitutionCode, detail: String) -> AuditEvent {
    AuditEvent {
        actor: actor.to_owned(),
        action: action.to_owned(),
        object: format!("institution:{code}"),
        outcome: "done".to_owned(),
        detail,
    }
}
