//! Adding an institution to the register.

use eligibility::{Instant, institution_entry::InstitutionEntry};

use super::{event, put};
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::Write,
};

const KNOWN: &str = "SELECT name FROM institution WHERE code = $1";

struct Add {
    entry: InstitutionEntry,
    actor: String,
    now: Instant,
}

impl Write for Add {
    type Output = bool;

    fn key(&self) -> &str {
        self.entry.code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let code = &self.entry.code;
        if tx.query_one(KNOWN, bind![code.as_str()], |_| Ok(())).await?.is_some() {
            return Ok(false);
        }
        put(tx, &self.entry, &self.actor, self.now).await?;
        let added = event(&self.actor, "institution.add", code, String::new());
        chains.append(tx, code.as_str(), self.now, &added).await?;
        Ok(true)
    }
}

impl Store {
    /// Adds an institution to the register, audited. `actor` is who did it, as the audit log names them. `false` when the
    /// register has the code already, in use or not: nothing was changed.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn add_institution(&self, entry: InstitutionEntry, actor: &str, now: Instant) -> Result<bool> {
        self.write(Add { entry, actor: actor.to_owned(), now }).await
    }
}
