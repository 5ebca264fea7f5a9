//! アカウント管理: who of the institution may sign in. The master makes administrators, administrators everybody else;
//! nobody manages an account of the own role, so nobody changes or stops the own one.

mod demo;
mod detail;
mod issue;
mod list;
mod lock;
mod new;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use eligibility::institution_account::{InstitutionAction, UserId};
use store::StaffAccount;

pub(super) use issue::reissue;

pub use demo::{DemoAccount, DemoAccountsError, set_up};

use super::user::InstitutionUser;
use crate::web::{Site, refused};

/// Where the list is.
pub(super) const PATH: &str = "/accounts";
/// What it is called.
pub(super) const TITLE: &str = "アカウント管理(一覧)";
/// Where the form is.
pub(super) const NEW_PATH: &str = "/accounts/new";
/// What it is called: the label of the procedure.
pub(super) const NEW_TITLE: &str = "アカウント管理(登録)";
/// Either is enough to see the list and the form.
pub(super) const NEEDS: &[InstitutionAction] =
    &[InstitutionAction::ManageAccounts, InstitutionAction::ManageAdministrators];

pub(super) fn pages() -> Router {
    Router::new()
        .route("/accounts", get(list::page))
        .route("/accounts/new", get(new::page).post(new::add))
        .route("/accounts/{user_id}", get(detail::page).post(detail::change))
        .route("/accounts/{user_id}/stop", get(detail::ask_stop).post(detail::stop))
        .route("/accounts/{user_id}/resume", post(detail::resume))
        .route("/accounts/{user_id}/reset", post(issue::reset))
}

/// The account that a path names, if this user may manage it.
async fn managed(
    site: &Site,
    user: &InstitutionUser,
    user_id: &str,
) -> Result<(UserId, StaffAccount), Response> {
    user.must_one_of(site, NEEDS).await?;
    let missing = InstitutionAction::ManageAccounts;
    let object = "institution-account";
    let Ok(id) = UserId::parse(user_id) else { return Err(user.not_there(site, missing, object).await) };
    let found = site.store.staff_account(&user.institution_code, &id).await;
    let Some(account) = found.map_err(|error| refused::by_store(&error))? else {
        return Err(user.not_there(site, missing, object).await);
    };
    // Those of the 通知書 are nobody's to manage here.
    let Some(action) = account.role.managed_by() else {
        return Err(user.not_there(site, missing, &format!("institution-account:{id}")).await);
    };
    user.must(site, action).await?;
    Ok((id, account))
}
