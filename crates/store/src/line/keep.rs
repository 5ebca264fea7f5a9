//! What who keeps the lines does: looks for them, enters and withdraws prefixes one by one.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    line::{AddressPrefix, CustomerId, SessionEndReason},
};

use super::{
    Act, LineRecord, PrefixNotice, mark_changed, next_change, record as audit,
    record::{of_institution, of_line, prefixes, whole},
    register::{distinct, listed, overlap, set_prefixes},
    session::Ending,
};
use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// Lines one page of a list shows at most.
pub const LINES_PAGE_LIMIT: u32 = 50;

const LIST: &str = "SELECT institution_code FROM line_customer WHERE institution_code > $1 \
     AND (institution_code LIKE $2 OR customer_id LIKE $3) ORDER BY institution_code LIMIT $4";
const OF_CUSTOMER: &str = "SELECT institution_code FROM line_customer WHERE customer_id = $1 \
     AND stopped_at IS NULL ORDER BY institution_code LIMIT 1";

/// A change of the prefixes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrefixChange {
    /// These too. One that the line has already changes nothing.
    Add(Vec<AddressPrefix>),
    /// These no longer: their sessions end.
    Withdraw(Vec<AddressPrefix>),
}

impl PrefixChange {
    /// The prefixes after the change, or the one that is to be withdrawn and is not there.
    fn apply(&self, mut had: Vec<AddressPrefix>) -> std::result::Result<Vec<AddressPrefix>, AddressPrefix> {
        match self {
            Self::Add(more) => {
                had.extend(more);
                Ok(had)
            }
            Self::Withdraw(gone) => match gone.iter().find(|one| !had.contains(one)) {
                Some(missing) => Err(*missing),
                None => {
                    had.retain(|one| !gone.contains(one));
                    Ok(had)
                }
            },
        }
    }
}

struct Change {
    institution: InstitutionCode,
    change: PrefixChange,
    actor: String,
    now: Instant,
}

impl Write for Change {
    type Output = PrefixNotice;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<PrefixNotice> {
        let number = next_change(tx).await?;
        let customer = of_institution(tx, &self.institution).await?;
        let Some((line, customer)) = customer.and_then(|one| Some((one.line_key.clone()?, one))) else {
            return Ok(PrefixNotice::UnknownLine);
        };
        let wanted = match self.change.apply(prefixes(tx, &line).await?) {
            Ok(wanted) => distinct(&wanted)?,
            Err(prefix) => return Ok(PrefixNotice::UnknownPrefix { prefix }),
        };
        if let Some((prefix, other)) = overlap(tx, &wanted, &line, "").await? {
            return Ok(PrefixNotice::Overlap { prefix, other });
        }
        let ending = Ending { reason: SessionEndReason::PrefixChanged, actor: &self.actor, now: self.now };
        let id = customer.customer_id();
        let ended = set_prefixes(tx, chains, &line, id, &wanted, &ending).await?;
        mark_changed(tx, &line, number).await?;
        let institutions: Vec<_> =
            of_line(tx, &line).await?.into_iter().map(|one| one.institution_code).collect();
        let detail = format!("prefixes={}", listed(&wanted));
        let act =
            Act { actor: &self.actor, action: "line.prefixes", outcome: "done", line_key: &line, detail };
        audit(tx, chains, &institutions, self.now, act).await?;
        Ok(PrefixNotice::Done { ended })
    }
}

struct List {
    find: String,
    after: String,
    limit: u32,
}

impl Read for List {
    type Output = Vec<LineRecord>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        // Letters and digits only: nothing that LIKE would take for itself.
        let plain: String = self.find.chars().filter(char::is_ascii_alphanumeric).collect();
        let begins = format!("{plain}%");
        let values = bind![&self.after, &begins, &begins, i64::from(self.limit)];
        let codes = tx
            .query(LIST, values, |row| {
                InstitutionCode::parse(row.text(0, "institution_code")?)
                    .map_err(|_| crate::Error::Malformed { what: "institution_code" })
            })
            .await?;
        let mut lines = Vec::with_capacity(codes.len());
        for code in codes {
            if let Some(customer) = of_institution(tx, &code).await? {
                lines.push(whole(tx, customer).await?);
            }
        }
        Ok(lines)
    }
}

struct OfCustomer(CustomerId);

impl Read for OfCustomer {
    type Output = Option<LineRecord>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let code = tx
            .query_one(OF_CUSTOMER, bind![self.0.as_str()], |row| {
                InstitutionCode::parse(row.text(0, "institution_code")?)
                    .map_err(|_| crate::Error::Malformed { what: "institution_code" })
            })
            .await?;
        let Some(code) = code else { return Ok(None) };
        match of_institution(tx, &code).await? {
            Some(customer) => whole(tx, customer).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Store {
    /// Enters or withdraws prefixes of an institution's line, audited in every institution it serves. Sessions of
    /// prefixes it no longer has end in the same commit.
    ///
    /// # Errors
    /// As [`Store::register_line`].
    pub async fn change_line_prefixes(
        &self,
        institution: &InstitutionCode,
        change: PrefixChange,
        actor: &str,
        now: Instant,
    ) -> Result<PrefixNotice> {
        self.write(Change { institution: institution.clone(), change, actor: actor.to_owned(), now }).await
    }

    /// Lines of institutions whose code, or whose お客さまID, begins with `find`, stopped ones too, by code, after
    /// `after`, at most `limit`. An empty `find` is everybody.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn lines(
        &self,
        find: &str,
        after: Option<&InstitutionCode>,
        limit: u32,
    ) -> Result<Vec<LineRecord>> {
        let after = after.map(|code| code.as_str().to_owned()).unwrap_or_default();
        self.read(List { find: find.to_owned(), after, limit }).await
    }

    /// The line of an お客さまID, as the first institution that has it.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn line_of_customer(&self, customer_id: &CustomerId) -> Result<Option<LineRecord>> {
        self.read(OfCustomer(customer_id.clone())).await
    }
}
