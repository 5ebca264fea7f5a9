//! マスタアカウントリセット: the account that comes with the 通知書 for it gives the master a new initial password.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use eligibility::institution_account::{InstitutionAction, InstitutionRole};
use store::StaffAccount;

use super::accounts::reissue;
use super::days::moment;
use super::menu;
use super::user::InstitutionUser;
use crate::web::once::Once;
use crate::web::password::Passwords;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render, see};

/// Where it is.
pub(super) const PATH: &str = "/master-reset";
/// What it is called.
pub(super) const TITLE: &str = "マスタアカウントリセット";
const HELP: &str = "/help/master-reset";
const ACTION: InstitutionAction = InstitutionAction::ResetMaster;

pub(super) fn pages() -> Router {
    Router::new().route("/master-reset", get(page).post(reset))
}

#[derive(Template)]
#[template(path = "institution/master_reset.html")]
struct Page {
    shell: Shell,
    user_id: Option<String>,
    once: Once,
}

#[derive(Template)]
#[template(path = "institution/master_reset_done.html")]
struct Done<'a> {
    shell: Shell,
    user_id: &'a str,
    password: &'a str,
    until: String,
}

/// The institution's master account.
async fn master(site: &Site, user: &InstitutionUser) -> Result<Option<StaffAccount>, Response> {
    user.must(site, ACTION).await?;
    let accounts = site.store.staff_accounts(&user.institution_code).await;
    let accounts = accounts.map_err(|error| refused::by_store(&error))?;
    Ok(accounts.into_iter().find(|account| account.role == InstitutionRole::Master))
}

async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    match master(&site, &user).await {
        Ok(found) => {
            let shell = menu::shell(&site, TITLE, PATH, &user).with_help(HELP);
            let user_id = found.map(|account| account.user_id);
            render(StatusCode::OK, &Page { shell, user_id, once: Once::new() })
        }
        Err(response) => response,
    }
}

async fn reset(
    OnSite(site): OnSite,
    Extension(passwords): Extension<Passwords>,
    user: InstitutionUser,
    form: FormData,
) -> Response {
    match again(&site, &passwords, &user, &form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn again(
    site: &Site,
    passwords: &Passwords,
    user: &InstitutionUser,
    form: &FormData,
) -> Result<Response, Response> {
    let Some(account) = master(site, user).await? else { return Ok(see(PATH)) };
    let Some((password, until)) = reissue(site, passwords, user, &account, form).await? else {
        return Ok(see(PATH));
    };
    let page = Done {
        shell: menu::shell(site, TITLE, PATH, user).with_help(HELP),
        user_id: &account.user_id,
        password: &password,
        until: moment(until),
    };
    Ok(render(StatusCode::OK, &page))
}
