//! パスワード変更: the own password.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Router, routing::get};
use eligibility::account::{LockoutDecision, NewPassword, OwnWords};
use eligibility::institution_account::{OwnPasswordForm, UserId, password_barred};
use store::{NewStaffPassword, StaffAccount};

use super::menu;
use super::sign_in::by_password;
use super::user::InstitutionUser;
use crate::web::guess::Guess;
use crate::web::password::Passwords;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/password";
/// What it is called.
pub(super) const TITLE: &str = "パスワード変更";

pub(super) fn pages() -> Router {
    Router::new().route("/password", get(page).post(change))
}

#[derive(Template)]
#[template(path = "institution/password.html")]
struct Page {
    shell: Shell,
    form: FormView,
    user_id: String,
    done: bool,
    said: Option<String>,
}

fn show(
    site: &Site,
    user: &InstitutionUser,
    status: StatusCode,
    form: FormView,
    (done, said): (bool, Option<String>),
) -> Response {
    let shell = menu::shell(site, TITLE, PATH, user).with_help("/help/password");
    render(status, &Page { shell, form, user_id: user.user_id().to_owned(), done, said })
}

async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    show(&site, &user, StatusCode::OK, FormView::new(OwnPasswordForm::FIELDS), (false, None))
}

async fn change(
    OnSite(site): OnSite,
    Extension(passwords): Extension<Passwords>,
    user: InstitutionUser,
    form: FormData,
) -> Response {
    match set(&site, &passwords, &user, form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn set(
    site: &Site,
    passwords: &Passwords,
    user: &InstitutionUser,
    form: FormData,
) -> Result<Response, Response> {
    let by_store = |error: store::Error| refused::by_store(&error);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let code = &user.institution_code;
    let user_id = UserId::parse(user.user_id()).map_err(|_| refused::broken())?;
    let account = site.store.staff_account(code, &user_id).await.map_err(by_store)?;
    let account = account.ok_or_else(refused::not_there)?;
    let own = [account.user_id.as_str(), code.as_str()];
    let own = OwnWords { names: &[&account.name, &account.name_kana], mail: None, institution: &own };
    let typed = OwnPasswordForm {
        current: form.text("current"),
        password: form.text("password"),
        password_again: form.text("password_again"),
    };
    let faulty = |errors| FormView::faulty(OwnPasswordForm::FIELDS, form.clone(), errors);
    let password = match typed.read(&own) {
        Ok(password) => password,
        Err(errors) => return Ok(show(site, user, status, faulty(errors), (false, None))),
    };
    // Whoever sits down at an open session guesses as little as anybody else.
    let guess = Guess::of_account("institution-own-password", user.subject());
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        let view = FormView::new(OwnPasswordForm::FIELDS);
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Ok(show(site, user, status, view, (false, Some(decision.message()))));
    }
    let stored = account.password_hash.clone();
    if !passwords.matches(stored, &typed.current).await.map_err(by_password)? {
        let view = faulty(OwnPasswordForm::wrong_current());
        return Ok(show(site, user, status, view, (false, None)));
    }
    guess.was_right(site).await?;
    if had_lately(site, passwords, &account, &password).await? {
        return Ok(show(site, user, status, faulty(password_barred()), (false, None)));
    }
    let new = NewStaffPassword {
        before: account.password_hash.unwrap_or_default(),
        password_hash: passwords.hash(&password).await.map_err(by_password)?,
        kept: user.signed_in.token,
        act: user.act(site),
    };
    if !site.store.set_staff_password(code, &user_id, new).await.map_err(by_store)? {
        return Err(refused::busy());
    }
    Ok(show(site, user, StatusCode::OK, FormView::new(OwnPasswordForm::FIELDS), (true, None)))
}

/// Whether the account had this password lately.
pub(super) async fn had_lately(
    site: &Site,
    passwords: &Passwords,
    account: &StaffAccount,
    password: &NewPassword,
) -> Result<bool, Response> {
    let user_id = UserId::parse(&account.user_id).map_err(|_| refused::broken())?;
    let barred = site.store.barred_passwords(&account.institution_code, &user_id).await;
    for hash in barred.map_err(|error| refused::by_store(&error))? {
        if passwords.matches(Some(hash), password.reveal()).await.map_err(by_password)? {
            return Ok(true);
        }
    }
    Ok(false)
}
