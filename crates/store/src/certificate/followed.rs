//! How many certificates followed one.

use eligibility::institution::InstitutionCode;

use crate::{
    Result, Store,
    engine::{Tx, bind},
    job::Read,
};

const COUNT: &str =
    "SELECT COUNT(*) FROM institution_certificate WHERE institution_code = $1 AND predecessor = $2";

/// Within a transaction.
pub(super) async fn count(tx: &Tx<'_>, institution: &str, serial: &str) -> Result<i64> {
    let counted = tx.query_one(COUNT, bind![institution, serial], |row| row.int(0, "count")).await?;
    Ok(counted.unwrap_or_default())
}

struct Count(InstitutionCode, String);

impl Read for Count {
    type Output = i64;

    async fn run(&self, tx: &Tx<'_>) -> Result<i64> {
        count(tx, self.0.as_str(), &self.1).await
    }
}

impl Store {
    /// How many certificates were issued by renewal of this one, whatever became of them.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn certificates_following(&self, institution: &InstitutionCode, serial: &str) -> Result<u32> {
        let counted = self.read(Count(institution.clone(), serial.to_owned())).await?;
        Ok(u32::try_from(counted).unwrap_or(u32::MAX))
    }
}
