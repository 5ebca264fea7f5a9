//! Accounts of an institution on its own web: which roles there are, what each may do, who makes whom, and the forms.

mod form;
mod period;
mod role;
mod user_id;

pub use form::{
    AccountChange, AccountForm, ChangeForm, NewAccount, OwnPasswordForm, PASSWORDS_BARRED, password_barred,
    starts_on,
};
pub use period::{AccountState, UsePeriod};
pub use role::{InstitutionAction, InstitutionRole};
pub use user_id::{InvalidUserId, USER_ID_CHARS, UserId};
