//! The own passwords that an account may not take again: hashes only, the few that are barred, no older ones.

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_account::{PASSWORDS_BARRED, UserId},
};

use super::{Place, StaffAccount, read};
use crate::{
    Result, Store,
    engine::{Tx, bind},
    job::Read,
};

const KEEP: &str = "INSERT INTO institution_password_before (institution_code, user_id, password_hash, ended_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (institution_code, user_id, password_hash) DO NOTHING";
const NEWEST: &str = "SELECT password_hash FROM institution_password_before \
     WHERE institution_code = $1 AND user_id = $2 ORDER BY ended_at DESC, password_hash LIMIT $3";
const FORGET: &str = "DELETE FROM institution_password_before \
     WHERE institution_code = $1 AND user_id = $2 AND password_hash = $3";

/// More than are kept at any time.
const ALL: i64 = 64;

/// The own password of an account; an initial one is nobody's own.
fn own(account: &StaffAccount) -> Option<&str> {
    account.password_hash.as_deref().filter(|_| !account.must_change)
}

async fn newest(tx: &Tx<'_>, place: &Place, limit: i64) -> Result<Vec<String>> {
    let key = bind![place.institution.as_str(), &place.user_id, limit];
    tx.query(NEWEST, key, |row| Ok(row.text(0, "password_hash")?.to_owned())).await
}

/// Remembers the own password that an account has, which is about to end, and forgets what is too old to be barred.
pub(super) async fn keep(tx: &Tx<'_>, place: &Place, now: Instant) -> Result<()> {
    let Some(account) = read::find(tx, place).await? else { return Ok(()) };
    let Some(hash) = own(&account) else { return Ok(()) };
    let institution = place.institution.as_str();
    tx.execute(KEEP, bind![institution, &place.user_id, hash, now.0]).await?;
    for old in newest(tx, place, ALL).await?.iter().skip(PASSWORDS_BARRED) {
        tx.execute(FORGET, bind![institution, &place.user_id, old.as_str()]).await?;
    }
    Ok(())
}

/// [`keep`] for an account whose ユーザーID is as the table has it.
pub(crate) async fn keep_of(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    user_id: &str,
    now: Instant,
) -> Result<()> {
    keep(tx, &Place { institution: institution.clone(), user_id: user_id.to_owned() }, now).await
}

struct Barred(Place);

impl Read for Barred {
    type Output = Vec<String>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        let Some(account) = read::find(tx, &self.0).await? else { return Ok(Vec::new()) };
        let now = own(&account).map(str::to_owned);
        let before = newest(tx, &self.0, ALL).await?;
        Ok(now.into_iter().chain(before).take(PASSWORDS_BARRED).collect())
    }
}

impl Store {
    /// Hashes of the own passwords that an account may not take again, the newest first, the one it has included: at
    /// most [`PASSWORDS_BARRED`].
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn barred_passwords(
        &self,
        institution: &InstitutionCode,
        user_id: &UserId,
    ) -> Result<Vec<String>> {
        self.read(Barred(Place::of(institution, user_id))).await
    }
}
