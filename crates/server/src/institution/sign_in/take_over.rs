//! The account is signed in elsewhere: 《OK》 ends that session and goes on here.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::institution_account::UserId;
use store::StaffAccount;

use super::session::{Entered, enter, onward};
use super::{Asked, destination, with_next};
use crate::institution::user::Proven;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "institution/take_over.html")]
struct Page<'a> {
    shell: Shell,
    next: &'a str,
}

/// The page.
pub(super) async fn page(
    OnSite(site): OnSite,
    Query(Asked { next, .. }): Query<Asked>,
    proven: Proven,
) -> Response {
    match account_of(&site, &proven).await {
        Ok(account) if account.must_change => see(&with_next("/login/new-password", &next)),
        Ok(_) => {
            let shell = Shell::new(&site, "確認", "/login", None).with_help("/help/take-over");
            render(StatusCode::OK, &Page { shell, next: &next })
        }
        Err(response) => response,
    }
}

/// The account of who has given the password.
pub(super) async fn account_of(site: &Site, proven: &Proven) -> Result<StaffAccount, Response> {
    let (_, user_id) = proven.session.subject.split_once(':').ok_or_else(refused::broken)?;
    let user_id = UserId::parse(user_id).map_err(|_| refused::broken())?;
    let found = site.store.staff_account(&proven.terminal.institution_code, &user_id).await;
    found.map_err(|error| refused::by_store(&error))?.ok_or_else(|| see(site.sign_in))
}

/// 《OK》.
pub(super) async fn done(OnSite(site): OnSite, proven: Proven, form: FormData) -> Response {
    let next = form.get("next");
    let account = match account_of(&site, &proven).await {
        Ok(account) if account.must_change => return see(&with_next("/login/new-password", next)),
        Ok(account) => account,
        Err(response) => return response,
    };
    match enter(&site, &proven.terminal, account, ("password", true), Some(proven.token)).await {
        Ok(Entered::In(cookie)) => onward(destination(next), cookie),
        Ok(_) => see(site.sign_in),
        Err(response) => response,
    }
}
