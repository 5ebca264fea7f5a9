//! Insurers' names.

use eligibility::insurer::{Insurer, InsurerNumber};

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

const PUT: &str = "INSERT INTO insurer (number, name, current_import) VALUES ($1, $2, $3) \
     ON CONFLICT (number) DO UPDATE SET name = excluded.name WHERE insurer.name <> excluded.name";
const FIND: &str = "SELECT name FROM insurer WHERE number = $1";

struct Put(Vec<Insurer>);

impl Write for Put {
    type Output = u64;

    fn key(&self) -> &'static str {
        "insurer"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<u64> {
        let rows: Vec<_> = self.0.iter().map(|i| bind![i.number.as_str(), &i.name, 0_i64].to_vec()).collect();
        Ok(tx.execute_many(PUT, &rows).await?.into_iter().sum())
    }
}

struct Find(InsurerNumber);

impl Read for Find {
    type Output = Option<Insurer>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<Insurer>> {
        tx.query_one(FIND, bind![self.0.as_str()], |row| {
            Ok(Insurer { number: self.0.clone(), name: row.text(0, "name")?.to_owned() })
        })
        .await
    }
}

impl Store {
    /// Adds insurers, or changes their names; their coverage is left as it is. Gives how many were new or
    /// changed: what is known already counts for nothing.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_insurers(&self, insurers: Vec<Insurer>) -> Result<u64> {
        self.write(Put(insurers)).await
    }

    /// Finds one insurer.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn insurer(&self, number: &InsurerNumber) -> Result<Option<Insurer>> {
        self.read(Find(number.clone())).await
    }
}
