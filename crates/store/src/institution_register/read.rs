//! Reading the register.

use eligibility::{Instant, institution::InstitutionCode};

use super::{InstitutionWaiting, RegisteredInstitution};
use crate::{
    Error, InstitutionAddress, Result, Store,
    engine::{Row, Tx, bind},
    job::Read,
};

/// Institutions one page of a list shows at most.
pub const INSTITUTIONS_PAGE_LIMIT: u32 = 50;
/// Waiting wishes one list shows at most.
pub const WISHES_LIMIT: u32 = 200;

const ONE: &str = "SELECT i.code, i.name, a.postal_code, a.first_line, a.second_line, d.phone, d.changed_at, \
     d.changed_by, d.closed_at FROM institution i \
     LEFT JOIN institution_address a ON a.institution_code = i.code \
     LEFT JOIN institution_detail d ON d.institution_code = i.code WHERE i.code = $1";
const LIST: &str = "SELECT i.code, i.name, a.postal_code, a.first_line, a.second_line, d.phone, d.changed_at, \
     d.changed_by, d.closed_at FROM institution i \
     LEFT JOIN institution_address a ON a.institution_code = i.code \
     LEFT JOIN institution_detail d ON d.institution_code = i.code \
     WHERE i.code > $1 AND (i.code LIKE $2 ESCAPE '!' OR i.name LIKE $3 ESCAPE '!') ORDER BY i.code LIMIT $4";
const WISH: &str = "SELECT institution_code, wanted, asked_by, asked_at FROM institution_wish \
     WHERE institution_code = $1";
const WISHES: &str = "SELECT institution_code, wanted, asked_by, asked_at FROM institution_wish \
     ORDER BY asked_at, institution_code LIMIT $1";
const IN_USE: &str = "SELECT i.code FROM institution i \
     LEFT JOIN institution_detail d ON d.institution_code = i.code WHERE i.code = $1 AND d.closed_at IS NULL";

const CLOSED: &str = "SELECT 1 FROM institution_detail WHERE institution_code = $1 AND closed_at IS NOT NULL";

/// Whether the register has the code and it is not out of use.
pub(crate) async fn is_in_use(tx: &Tx<'_>, code: &InstitutionCode) -> Result<bool> {
    Ok(tx.query_one(IN_USE, bind![code.as_str()], |_| Ok(())).await?.is_some())
}

/// Whether the register has the code and it is out of use.
pub(crate) async fn is_closed(tx: &Tx<'_>, code: &InstitutionCode) -> Result<bool> {
    Ok(tx.query_one(CLOSED, bind![code.as_str()], |_| Ok(())).await?.is_some())
}

fn code_of(text: &str) -> Result<InstitutionCode> {
    InstitutionCode::parse(text).map_err(|_| Error::Malformed { what: "institution_code" })
}

fn entry(row: &Row<'_>) -> Result<RegisteredInstitution> {
    let text = |index, what| Ok::<_, Error>(row.text_or_null(index, what)?.map(str::to_owned));
    let address = match (text(2, "postal_code")?, text(3, "first_line")?) {
        (Some(postal_code), Some(first_line)) => {
            Some(InstitutionAddress { postal_code, first_line, second_line: text(4, "second_line")? })
        }
        _ => None,
    };
    Ok(RegisteredInstitution {
        code: code_of(row.text(0, "code")?)?,
        name: row.text(1, "name")?.to_owned(),
        address,
        phone: text(5, "phone")?,
        changed_at: row.int_or_null(6, "changed_at")?.map(Instant),
        changed_by: text(7, "changed_by")?,
        closed_at: row.int_or_null(8, "closed_at")?.map(Instant),
    })
}

fn wish(row: &Row<'_>) -> Result<InstitutionWaiting> {
    Ok(InstitutionWaiting {
        code: code_of(row.text(0, "institution_code")?)?,
        wanted: serde_json::from_str(row.text(1, "wanted")?)
            .map_err(|_| Error::Malformed { what: "wanted" })?,
        by: row.text(2, "asked_by")?.to_owned(),
        at: Instant(row.int(3, "asked_at")?),
    })
}

/// The entry, in use or not.
pub(super) async fn find(tx: &Tx<'_>, code: &InstitutionCode) -> Result<Option<RegisteredInstitution>> {
    tx.query_one(ONE, bind![code.as_str()], entry).await
}

/// The wish that waits.
pub(super) async fn waiting(tx: &Tx<'_>, code: &InstitutionCode) -> Result<Option<InstitutionWaiting>> {
    tx.query_one(WISH, bind![code.as_str()], wish).await
}

struct One(InstitutionCode);

impl Read for One {
    type Output = Option<(RegisteredInstitution, Option<InstitutionWaiting>)>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let Some(found) = find(tx, &self.0).await? else { return Ok(None) };
        Ok(Some((found, waiting(tx, &self.0).await?)))
    }
}

struct List {
    find: String,
    after: String,
    limit: u32,
}

/// What `LIKE` takes for itself stands for itself.
fn literal(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

impl Read for List {
    type Output = Vec<RegisteredInstitution>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let find = literal(&self.find);
        let (begins, holds) = (format!("{find}%"), format!("%{find}%"));
        tx.query(LIST, bind![&self.after, &begins, &holds, i64::from(self.limit)], entry).await
    }
}

struct Wishes;

impl Read for Wishes {
    type Output = Vec<InstitutionWaiting>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query(WISHES, bind![i64::from(WISHES_LIMIT)], wish).await
    }
}

impl Store {
    /// What the register says of an institution, in use or not, and the change that waits for a second person.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn institution_entry(
        &self,
        code: &InstitutionCode,
    ) -> Result<Option<(RegisteredInstitution, Option<InstitutionWaiting>)>> {
        self.read(One(code.clone())).await
    }

    /// Institutions whose code begins with `find` or whose name holds it, by code, after `after`, at most `limit`. An
    /// empty `find` is everybody.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn institution_entries(
        &self,
        find: &str,
        after: Option<&InstitutionCode>,
        limit: u32,
    ) -> Result<Vec<RegisteredInstitution>> {
        let after = after.map(|code| code.as_str().to_owned()).unwrap_or_default();
        self.read(List { find: find.to_owned(), after, limit }).await
    }

    /// Changes of the register that wait for a second person, the longest waiting first, at most [`WISHES_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn institution_wishes(&self) -> Result<Vec<InstitutionWaiting>> {
        self.read(Wishes).await
    }
}
