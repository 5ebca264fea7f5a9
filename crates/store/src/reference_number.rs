//! 照会番号: the institution's own number for a patient. Unique per institution and person, kept across insurers.

use eligibility::{institution::InstitutionCode, person::PersonKey};

use crate::{
    Error, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// Characters of a 照会番号 at most.
pub const REFERENCE_NUMBER_MAX: usize = 20;

const FIND: &str = "SELECT number FROM reference_number WHERE institution_code = $1 AND person_key = $2";
const HOLDER: &str = "SELECT person_key FROM reference_number WHERE institution_code = $1 AND number = $2";
const PUT: &str = "INSERT INTO reference_number (institution_code, person_key, number) VALUES ($1, $2, $3) \
     ON CONFLICT (institution_code, person_key) DO UPDATE SET number = excluded.number";
const REMOVE: &str = "DELETE FROM reference_number WHERE institution_code = $1 AND person_key = $2";

/// The number, within a transaction.
pub(crate) async fn find(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
) -> Result<Option<String>> {
    let key = bind![institution.as_str(), person.0.as_str()];
    tx.query_one(FIND, key, |row| Ok(row.text(0, "number")?.to_owned())).await
}

/// Sets the number in the place of an earlier one, within a transaction. `false`: another person of the institution has
/// it.
pub(crate) async fn put(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    person: &PersonKey,
    number: &str,
) -> Result<bool> {
    let holder = tx
        .query_one(HOLDER, bind![institution.as_str(), number], |row| {
            Ok(row.text(0, "person_key")?.to_owned())
        })
        .await?;
    match holder {
        Some(holder) if holder != person.0 => Ok(false),
        _ => {
            let row = bind![institution.as_str(), person.0.as_str(), number];
            tx.execute(PUT, row).await.map(|_| true)
        }
    }
}

struct Find {
    institution: InstitutionCode,
    person: PersonKey,
}

impl Read for Find {
    type Output = Option<String>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<String>> {
        find(tx, &self.institution, &self.person).await
    }
}

struct Put {
    institution: InstitutionCode,
    person: PersonKey,
    number: Option<String>,
}

impl Write for Put {
    /// Whether the number was free.
    type Output = bool;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let Some(number) = &self.number else {
            tx.execute(REMOVE, bind![self.institution.as_str(), self.person.0.as_str()]).await?;
            return Ok(true);
        };
        put(tx, &self.institution, &self.person, number).await
    }
}

fn check(number: &str) -> Result<()> {
    let length = (1..=REFERENCE_NUMBER_MAX).contains(&number.len());
    if length && number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Ok(());
    }
    let why = format!("it must be 1 to {REFERENCE_NUMBER_MAX} ASCII letters, digits or hyphens");
    Err(Error::Refused { what: "reference number", why })
}

impl Store {
    /// Sets (or with `None` removes) the institution's number for a person.
    ///
    /// # Errors
    /// [`Error::Refused`] unless it is 1–20 ASCII letters, digits or hyphens and no other person of that
    /// institution has it; any write error of the store.
    pub async fn set_reference_number(
        &self,
        institution: &InstitutionCode,
        person: &PersonKey,
        number: Option<String>,
    ) -> Result<()> {
        number.as_deref().map(check).transpose()?;
        let free =
            self.write(Put { institution: institution.clone(), person: person.clone(), number }).await?;
        if free {
            return Ok(());
        }
        Err(Error::Refused { what: "reference number", why: "another patient has it".to_owned() })
    }

    /// The institution's number for a person.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn reference_number(
        &self,
        institution: &InstitutionCode,
        person: &PersonKey,
    ) -> Result<Option<String>> {
        self.read(Find { institution: institution.clone(), person: person.clone() }).await
    }
}
