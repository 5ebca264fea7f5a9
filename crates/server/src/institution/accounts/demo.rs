//! Accounts with known passwords, for demonstrations.

use eligibility::institution::InstitutionCode;
use eligibility::institution_account::{
    AccountChange, InstitutionRole, InvalidUserId, NewAccount, UsePeriod, UserId,
};
use store::{Act, FormId, NewStaff, Store};

use crate::clock::Clock;
use crate::web::password::{PasswordError, Passwords};

/// An account to set up.
#[derive(Clone, Copy, Debug)]
pub struct DemoAccount<'a> {
    /// ユーザーID.
    pub user_id: &'a str,
    /// 権限区分.
    pub role: InstitutionRole,
    /// ユーザ名.
    pub name: &'a str,
    /// ユーザ名(カナ).
    pub name_kana: &'a str,
    /// パスワード: its own, not an initial one.
    pub password: &'a str,
    /// Whether it has signed in before: one that never has cannot be used in the app.
    pub signed_in: bool,
}

/// Why the accounts could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoAccountsError {
    /// A ユーザーID is none.
    #[error(transparent)]
    UserId(#[from] InvalidUserId),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database did not take them.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Sets accounts of an institution up, each with its own password; those that are there get that password.
///
/// # Errors
/// [`DemoAccountsError`].
pub async fn set_up(
    store: &Store,
    clock: &Clock,
    institution: &InstitutionCode,
    accounts: &[DemoAccount<'_>],
) -> Result<(), DemoAccountsError> {
    let passwords = Passwords::new()?;
    let now = clock.now();
    for account in accounts {
        let user_id = UserId::parse(account.user_id)?;
        let new = NewStaff {
            form: FormId { subject: format!("demo:{institution}"), form_id: user_id.to_string() },
            institution_code: institution.clone(),
            account: NewAccount {
                role: account.role,
                user_id,
                change: AccountChange {
                    name: account.name.to_owned(),
                    name_kana: account.name_kana.to_owned(),
                    period: UsePeriod { starts_on: Some(clock.today()), ends_on: None },
                    emergency_view: false,
                },
            },
            password_hash: passwords.hash_text(account.password).await?,
            password_until: now,
            act: Act { chain: institution.to_string(), actor: "system".to_owned(), now },
        };
        store.set_up_staff(new, account.signed_in.then_some(now)).await?;
    }
    Ok(())
}
