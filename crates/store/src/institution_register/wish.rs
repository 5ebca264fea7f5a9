//! Changing the register by two people: the first one asks, another one does it.

use eligibility::{
    Instant,
    account::OperatorAction,
    application::{Actor, Side},
    institution::InstitutionCode,
    institution_certificate::RevocationReason,
};

use super::{InstitutionWish, event, put, read};
use crate::{
    Error, Result, Store,
    audit::Chains,
    certificate,
    engine::{Tx, bind},
    job::Write,
    line,
};

/// What became of a wish to change the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstitutionAsked {
    /// It waits for another person.
    Waiting,
    /// Another wish about this institution waits: it is decided first.
    AnotherWaits,
    /// The register has no such institution in use, the wish is about another code, or who asks may not.
    Unknown,
}

/// What became of a wish that somebody decided about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstitutionDecided {
    /// It is done.
    Done,
    /// It is taken back; nothing was changed.
    Dropped,
    /// Who asked cannot agree: another person does.
    SamePerson,
    /// It does not wait (any more), or who decides may not.
    Gone,
}

const ASK: &str = "INSERT INTO institution_wish (institution_code, wanted, asked_by, asked_mail_key, asked_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (institution_code) DO NOTHING";
const MAIL: &str = "SELECT asked_mail_key FROM institution_wish WHERE institution_code = $1";
const GONE: &str = "DELETE FROM institution_wish WHERE institution_code = $1 AND asked_at = $2";
const CLOSE: &str = "INSERT INTO institution_detail (institution_code, changed_at, changed_by, closed_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code) DO UPDATE SET changed_at = excluded.changed_at, \
     changed_by = excluded.changed_by, closed_at = excluded.closed_at";

/// Who of the operator may act here, as an audit entry names them.
fn keeper(by: &Actor) -> Option<String> {
    match &by.side {
        Side::Operator(role) if role.may(OperatorAction::ManageInstitutions) => {
            Some(format!("operator:{}", by.account))
        }
        _ => None,
    }
}

struct Ask {
    code: InstitutionCode,
    wanted: InstitutionWish,
    by: Actor,
    now: Instant,
}

impl Write for Ask {
    type Output = InstitutionAsked;

    fn key(&self) -> &str {
        self.code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<InstitutionAsked> {
        let (Some(actor), Some(mail)) = (keeper(&self.by), &self.by.mail) else {
            return Ok(InstitutionAsked::Unknown);
        };
        if matches!(&self.wanted, InstitutionWish::Change(entry) if entry.code != self.code)
            || !read::is_in_use(tx, &self.code).await?
        {
            return Ok(InstitutionAsked::Unknown);
        }
        let wanted = serde_json::to_string(&self.wanted).map_err(|_| Error::Malformed { what: "wanted" })?;
        let code = self.code.as_str();
        let mail_key = mail.key();
        let row = bind![code, &wanted, &self.by.account, &mail_key, self.now.0];
        if tx.execute(ASK, row).await? == 0 {
            return Ok(InstitutionAsked::AnotherWaits);
        }
        let action = format!("institution.{}-ask", self.wanted.name());
        chains.append(tx, code, self.now, &event(&actor, &action, &self.code, String::new())).await?;
        Ok(InstitutionAsked::Waiting)
    }
}

struct Decide {
    code: InstitutionCode,
    asked_at: Instant,
    agrees: bool,
    by: Actor,
    now: Instant,
}

impl Write for Decide {
    type Output = InstitutionDecided;

    fn key(&self) -> &str {
        self.code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<InstitutionDecided> {
        let (Some(actor), Some(mail)) = (keeper(&self.by), &self.by.mail) else {
            return Ok(InstitutionDecided::Gone);
        };
        let code = self.code.as_str();
        // The one the page showed, not one that was asked for since.
        let found = read::waiting(tx, &self.code).await?.filter(|wish| wish.at == self.asked_at);
        let Some(wish) = found else { return Ok(InstitutionDecided::Gone) };
        let asked_by = format!("asked-by=operator:{}", wish.by);
        if !self.agrees {
            tx.execute(GONE, bind![code, wish.at.0]).await?;
            let action = format!("institution.{}-drop", wish.wanted.name());
            chains.append(tx, code, self.now, &event(&actor, &action, &self.code, asked_by)).await?;
            return Ok(InstitutionDecided::Dropped);
        }
        let asker = tx.query_one(MAIL, bind![code], |row| Ok(row.text(0, "mail")?.to_owned())).await?;
        // One person with two accounts is one pair of eyes, as with applications.
        if wish.by == self.by.account || asker.as_deref() == Some(mail.key().as_str()) {
            return Ok(InstitutionDecided::SamePerson);
        }
        if tx.execute(GONE, bind![code, wish.at.0]).await? == 0 {
            return Ok(InstitutionDecided::Gone);
        }
        match &wish.wanted {
            InstitutionWish::Change(entry) => put(tx, entry, &actor, self.now).await?,
            InstitutionWish::Close { .. } => self.close(tx, chains, &actor).await?,
        }
        let action = format!("institution.{}", wish.wanted.name());
        chains.append(tx, code, self.now, &event(&actor, &action, &self.code, asked_by)).await?;
        Ok(InstitutionDecided::Done)
    }
}

impl Decide {
    /// Out of use: nothing of it is let in any more.
    async fn close(&self, tx: &Tx<'_>, chains: &mut Chains, actor: &str) -> Result<()> {
        // A certificate that is being recorded now is there before this, or finds the institution closed.
        certificate::hold_log(tx).await?;
        let row = bind![self.code.as_str(), self.now.0, actor, self.now.0];
        tx.execute(CLOSE, row).await?;
        line::stop(tx, chains, &self.code, actor, self.now).await?;
        let why = (RevocationReason::CessationOfOperation, actor);
        certificate::end_all(tx, chains, &self.code, why, self.now).await.map(drop)
    }
}

impl Store {
    /// Notes, audited, that a person of the operator wants an entry of the register changed; nothing changes until
    /// another person agrees ([`Store::decide_institution_wish`]).
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn ask_institution_wish(
        &self,
        code: &InstitutionCode,
        wanted: InstitutionWish,
        by: Actor,
        now: Instant,
    ) -> Result<InstitutionAsked> {
        self.write(Ask { code: code.clone(), wanted, by, now }).await
    }

    /// Does what was asked for at `asked_at` when another person agrees, audited; or drops it, which who asked may do
    /// too. An institution that is taken out of use loses its line and its certificates in the same commit.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn decide_institution_wish(
        &self,
        (code, asked_at): (&InstitutionCode, Instant),
        agrees: bool,
        by: Actor,
        now: Instant,
    ) -> Result<InstitutionDecided> {
        self.write(Decide { code: code.clone(), asked_at, agrees, by, now }).await
    }
}
