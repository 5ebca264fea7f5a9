//! Looking accounts up.

use eligibility::{
    Date, Instant,
    institution::InstitutionCode,
    institution_account::{InstitutionRole, UsePeriod, UserId},
};

use super::{Place, STAFF_LIMIT, StaffAccount};
use crate::{
    Error, Result, Store,
    engine::{Row, Tx, bind},
    job::Read,
};

const FIND: &str = "SELECT user_id, role, name, name_kana, starts_on, ends_on, emergency_view_at, password_hash, \
     must_change, password_until, initial_spent_at, stopped_at, last_sign_in_at, created_at, created_by \
     FROM institution_account WHERE institution_code = $1 AND user_id = $2";
const ALL: &str = "SELECT user_id, role, name, name_kana, starts_on, ends_on, emergency_view_at, password_hash, \
     must_change, password_until, initial_spent_at, stopped_at, last_sign_in_at, created_at, created_by \
     FROM institution_account WHERE institution_code = $1 ORDER BY user_id LIMIT $2";

fn day(row: &Row<'_>, index: usize, what: &'static str) -> Result<Option<Date>> {
    let text = row.text_or_null(index, what)?;
    text.map(|text| text.parse().map_err(|_| Error::Malformed { what })).transpose()
}

fn account(institution: &InstitutionCode, row: &Row<'_>) -> Result<StaffAccount> {
    let role = InstitutionRole::from_name(row.text(1, "role")?).ok_or(Error::Malformed { what: "role" })?;
    let text = |index, what| row.text_or_null(index, what).map(|text| text.map(str::to_owned));
    let moment = |index, what| row.int_or_null(index, what).map(|at| at.map(Instant));
    Ok(StaffAccount {
        institution_code: institution.clone(),
        user_id: row.text(0, "user_id")?.to_owned(),
        role,
        name: text(2, "name")?.unwrap_or_else(|| role.label().to_owned()),
        name_kana: text(3, "name_kana")?.unwrap_or_default(),
        period: UsePeriod { starts_on: day(row, 4, "starts_on")?, ends_on: day(row, 5, "ends_on")? },
        emergency_view: row.int_or_null(6, "emergency_view_at")?.is_some(),
        password_hash: text(7, "password_hash")?,
        must_change: row.bool(8, "must_change")?,
        password_until: moment(9, "password_until")?,
        initial_spent_at: moment(10, "initial_spent_at")?,
        stopped_at: moment(11, "stopped_at")?,
        last_sign_in_at: moment(12, "last_sign_in_at")?,
        created_at: Instant(row.int(13, "created_at")?),
        created_by: text(14, "created_by")?.unwrap_or_default(),
    })
}

/// One account, within a transaction.
pub(super) async fn find(tx: &Tx<'_>, place: &Place) -> Result<Option<StaffAccount>> {
    let key = bind![place.institution.as_str(), &place.user_id];
    tx.query_one(FIND, key, |row| account(&place.institution, row)).await
}

/// Every account of an institution, within a transaction.
pub(super) async fn all(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Vec<StaffAccount>> {
    tx.query(ALL, bind![institution.as_str(), i64::from(STAFF_LIMIT)], |row| account(institution, row)).await
}

struct Find(Place);

impl Read for Find {
    type Output = Option<StaffAccount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        find(tx, &self.0).await
    }
}

struct All(InstitutionCode);

impl Read for All {
    type Output = Vec<StaffAccount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        all(tx, &self.0).await
    }
}

impl Store {
    /// One account of an institution, stopped ones included.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn staff_account(
        &self,
        institution: &InstitutionCode,
        user_id: &UserId,
    ) -> Result<Option<StaffAccount>> {
        self.read(Find(Place::of(institution, user_id))).await
    }

    /// The accounts of an institution by ユーザーID, stopped ones included, at most [`STAFF_LIMIT`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn staff_accounts(&self, institution: &InstitutionCode) -> Result<Vec<StaffAccount>> {
        self.read(All(institution.clone())).await
    }
}
