//! Forms handed in twice: the second click, the reload and the impatient finger see what the first one brought.

use eligibility::Instant;

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// A form's one-time id. It belongs to who was given the form: another account's form with the same id is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormId {
    /// The account that hands in.
    pub subject: String,
    /// The random id that the page was given.
    pub form_id: String,
}

/// Takes the place of the form and holds it until the commit; at a conflict the outcome that is there comes back.
const TAKE: &str = "INSERT INTO form_handed_in (subject, form_id, outcome, handed_in_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (subject, form_id) \
     DO UPDATE SET outcome = form_handed_in.outcome RETURNING outcome";
const SETTLE: &str = "UPDATE form_handed_in SET outcome = $1 WHERE subject = $2 AND form_id = $3";
const FORGET: &str = "DELETE FROM form_handed_in WHERE subject = $1 AND form_id = $2";
const FIND: &str = "SELECT outcome FROM form_handed_in WHERE subject = $1 AND form_id = $2";
const OLD: &str = "DELETE FROM form_handed_in WHERE (subject, form_id) IN \
     (SELECT subject, form_id FROM form_handed_in WHERE handed_in_at <= $1 ORDER BY handed_in_at LIMIT $2)";

/// First statement of a job that a form causes. `Some` = the outcome of the first time: do nothing, answer with it.
/// Otherwise do the work and call [`settle`] in the same transaction.
pub(crate) async fn take(tx: &Tx<'_>, form: &FormId, now: Instant) -> Result<Option<String>> {
    let row = bind![&form.subject, &form.form_id, "", now.0];
    let outcome = tx.query_one(TAKE, row, |row| Ok(row.text(0, "outcome")?.to_owned())).await?;
    Ok(outcome.filter(|outcome| !outcome.is_empty()))
}

/// Writes down what came of the form: a short text that is not empty, e.g. the address of the page to show.
pub(crate) async fn settle(tx: &Tx<'_>, form: &FormId, outcome: &str) -> Result<()> {
    tx.execute(SETTLE, bind![outcome, &form.subject, &form.form_id]).await.map(drop)
}

/// Gives the place of a form back that had no effect, so that it may be handed in again, corrected.
pub(crate) async fn forget(tx: &Tx<'_>, form: &FormId) -> Result<()> {
    tx.execute(FORGET, bind![&form.subject, &form.form_id]).await.map(drop)
}

struct Find(FormId);

impl Read for Find {
    type Output = Option<String>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let row = bind![&self.0.subject, &self.0.form_id];
        let outcome = tx.query_one(FIND, row, |row| Ok(row.text(0, "outcome")?.to_owned())).await?;
        Ok(outcome.filter(|outcome| !outcome.is_empty()))
    }
}

struct RemoveOld(Instant, u32);

impl Write for RemoveOld {
    type Output = u64;

    fn key(&self) -> &'static str {
        "form_handed_in"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        tx.execute(OLD, bind![self.0.0, i64::from(self.1)]).await
    }
}

impl Store {
    /// What came of a form, if it was handed in.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn form_outcome(&self, form: FormId) -> Result<Option<String>> {
        self.read(Find(form)).await
    }

    /// Forgets at most `limit` forms handed in by `before`.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn forget_forms(&self, before: Instant, limit: u32) -> Result<u64> {
        self.write(RemoveOld(before, limit)).await
    }
}
