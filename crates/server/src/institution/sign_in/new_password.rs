//! パスワード変更 at the first sign-in: the initial password ends here.

use askama::Template;
use axum::Extension;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::account::{LockoutDecision, NewPassword, NewPasswordForm, OwnWords};
use eligibility::institution_account::{UserId, password_barred};
use store::{Act, NewStaffPassword, StaffAccount};

use super::session::{BARRED, Entered, enter, onward};
use super::take_over::account_of;
use super::{Asked, by_password, destination, with_next};
use crate::institution::password::had_lately;
use crate::institution::user::Proven;
use crate::web::guess::Guess;
use crate::web::password::Passwords;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "institution/new_password.html")]
struct Page<'a> {
    shell: Shell,
    next: &'a str,
    user_id: &'a str,
    form: FormView,
    said: Option<String>,
}

const SAME: &str = "初期パスワードと同じです。別のパスワードを入力してください。";

fn show(
    site: &Site,
    status: StatusCode,
    (user_id, next): (&str, &str),
    form: FormView,
    said: Option<String>,
) -> Response {
    let shell = Shell::new(site, "パスワード変更", "/login", None).with_help("/help/login");
    render(status, &Page { shell, next, user_id, form, said })
}

/// The page.
pub(super) async fn page(
    OnSite(site): OnSite,
    Query(Asked { next, .. }): Query<Asked>,
    proven: Proven,
) -> Response {
    match account_of(&site, &proven).await {
        Ok(account) if account.must_change => {
            let form = FormView::new(NewPasswordForm::FIELDS);
            show(&site, StatusCode::OK, (&account.user_id, &next), form, None)
        }
        Ok(_) => see(&with_next("/login/take-over", &next)),
        Err(response) => response,
    }
}

/// 《変更》.
pub(super) async fn set(
    OnSite(site): OnSite,
    Extension(passwords): Extension<Passwords>,
    proven: Proven,
    form: FormData,
) -> Response {
    match change(&site, &passwords, &proven, form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn change(
    site: &Site,
    passwords: &Passwords,
    proven: &Proven,
    form: FormData,
) -> Result<Response, Response> {
    let account = account_of(site, proven).await?;
    let next = form.text("next");
    if !account.must_change {
        return Ok(see(&with_next("/login/take-over", &next)));
    }
    let own = [account.user_id.as_str(), account.institution_code.as_str()];
    let own = OwnWords { names: &[&account.name, &account.name_kana], mail: None, institution: &own };
    let typed =
        NewPasswordForm { password: form.text("password"), password_again: form.text("password_again") };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let password = match typed.read(&own) {
        Ok(password) => password,
        Err(errors) => {
            let view = FormView::faulty(NewPasswordForm::FIELDS, form, errors);
            return Ok(show(site, status, (&account.user_id, &next), view, None));
        }
    };
    let same = passwords.matches(account.password_hash.clone(), password.reveal()).await;
    if same.map_err(by_password)? {
        let view = FormView::new(NewPasswordForm::FIELDS);
        return Ok(show(site, status, (&account.user_id, &next), view, Some(SAME.to_owned())));
    }
    match lately(site, passwords, &account, &password).await? {
        Lately::No => {}
        Lately::Yes => {
            let view = FormView::faulty(NewPasswordForm::FIELDS, form, password_barred());
            return Ok(show(site, status, (&account.user_id, &next), view, None));
        }
        Lately::NotSaid(words) => {
            let (status, view) = (StatusCode::TOO_MANY_REQUESTS, FormView::new(NewPasswordForm::FIELDS));
            return Ok(show(site, status, (&account.user_id, &next), view, Some(words)));
        }
    }
    let password_hash = passwords.hash(&password).await.map_err(by_password)?;
    let account = keep(site, proven, account, password_hash).await?;
    match enter(site, &proven.terminal, account, ("initial-password", true), Some(proven.token)).await? {
        Entered::In(cookie) => Ok(onward(destination(&next), cookie)),
        Entered::Occupied | Entered::Closed => Ok(see(site.sign_in)),
    }
}

/// Whether the account had a password lately.
enum Lately {
    Yes,
    No,
    /// Too many were tried; what is said.
    NotSaid(String),
}

/// Whoever holds an initial password need not be who had the passwords before: an administrator has it too. What was a
/// password once may be one elsewhere, so each that is tried counts as a guess.
async fn lately(
    site: &Site,
    passwords: &Passwords,
    account: &StaffAccount,
    password: &NewPassword,
) -> Result<Lately, Response> {
    let guess = Guess::of_account(BARRED, &account.subject());
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        return Ok(Lately::NotSaid(decision.message()));
    }
    if had_lately(site, passwords, account, password).await? {
        return Ok(Lately::Yes);
    }
    guess.was_right(site).await?;
    Ok(Lately::No)
}

/// Keeps the password; the account as it is then.
async fn keep(
    site: &Site,
    proven: &Proven,
    account: StaffAccount,
    password_hash: String,
) -> Result<StaffAccount, Response> {
    let user_id = UserId::parse(&account.user_id).map_err(|_| refused::broken())?;
    let new = NewStaffPassword {
        before: account.password_hash.clone().unwrap_or_default(),
        password_hash,
        kept: proven.token,
        act: Act {
            chain: account.institution_code.to_string(),
            actor: proven.session.actor(),
            now: site.clock.now(),
        },
    };
    let set = site.store.set_staff_password(&account.institution_code, &user_id, new).await;
    if !set.map_err(|error| refused::by_store(&error))? {
        return Err(see(site.sign_in));
    }
    account_of(site, proven).await
}
