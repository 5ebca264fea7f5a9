//! マイメニュー: an institution's own applications.

use eligibility::institution::InstitutionCode;

use super::{ApplicationId, StoredApplication, row};
use crate::{
    Result, Store,
    engine::{Tx, bind},
    job::Read,
};

/// Applications of one institution that are shown at most, the newest.
pub const MINE_LIMIT: u32 = 200;

const MINE: &str = "SELECT application_id FROM application WHERE institution_code = $1 \
     ORDER BY changed_at DESC, application_id LIMIT $2";

struct Find {
    institution: InstitutionCode,
    id: ApplicationId,
}

impl Read for Find {
    type Output = Option<StoredApplication>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        row::find(tx, &self.institution, &self.id).await
    }
}

struct Mine(InstitutionCode);

impl Read for Mine {
    type Output = Vec<StoredApplication>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let values = bind![self.0.as_str(), i64::from(MINE_LIMIT)];
        let ids = tx.query(MINE, values, |found| row::id_of(found.text(0, "application_id")?)).await?;
        let mut mine = Vec::with_capacity(ids.len());
        for id in ids {
            mine.extend(row::find(tx, &self.0, &id).await?);
        }
        Ok(mine)
    }
}

impl Store {
    /// One application of an institution, drafts included; `None` when it has none of this id.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn application(
        &self,
        institution: &InstitutionCode,
        id: &ApplicationId,
    ) -> Result<Option<StoredApplication>> {
        self.read(Find { institution: institution.clone(), id: id.clone() }).await
    }

    /// The newest [`MINE_LIMIT`] applications of an institution, drafts included, last changed first.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn applications_of(&self, institution: &InstitutionCode) -> Result<Vec<StoredApplication>> {
        self.read(Mine(institution.clone())).await
    }
}
