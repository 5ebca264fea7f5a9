//! Institutions: who may ask.

use eligibility::institution::InstitutionCode;

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// One medical institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// 医療機関コード.
    pub code: InstitutionCode,
    /// 医療機関名.
    pub name: String,
}

const PUT: &str = "INSERT INTO institution (code, name) VALUES ($1, $2) \
     ON CONFLICT (code) DO UPDATE SET name = excluded.name";
const FIND: &str = "SELECT name FROM institution WHERE code = $1";

struct Put(Institution);

impl Write for Put {
    type Output = ();

    fn key(&self) -> &str {
        self.0.code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<()> {
        tx.execute(PUT, bind![self.0.code.as_str(), &self.0.name]).await.map(|_| ())
    }
}

struct Find(InstitutionCode);

impl Read for Find {
    type Output = Option<Institution>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<Institution>> {
        tx.query_one(FIND, bind![self.0.as_str()], |row| {
            Ok(Institution { code: self.0.clone(), name: row.text(0, "name")?.to_owned() })
        })
        .await
    }
}

impl Store {
    /// Adds an institution, or changes its name.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_institution(&self, institution: Institution) -> Result<()> {
        self.write(Put(institution)).await
    }

    /// Finds one institution.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn institution(&self, code: &InstitutionCode) -> Result<Option<Institution>> {
        self.read(Find(code.clone())).await
    }
}
