//! The second factor, shown: a passkey, a code of the app, or a recovery code.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eligibility::account::LockoutDecision;
use store::{SecondFactors, Stage, WebSession};

use super::recovery;
use super::step::{complete, destination, event, onward};
use super::{Next, SignInDesk, see};
use crate::web::guess::{Guess, second_factor_of};
use crate::web::session::Presented;
use crate::web::{FormData, PasswordGiven, Shell, refused, render, totp};

#[derive(Template)]
#[template(path = "sign_in/second_factor.html")]
struct Page<'a> {
    shell: Shell,
    has_passkey: bool,
    has_totp: bool,
    has_recovery: bool,
    next: &'a str,
    said: Option<String>,
}

fn show(
    desk: &SignInDesk,
    status: StatusCode,
    factors: &SecondFactors,
    next: &str,
    said: Option<String>,
) -> Response {
    let page = Page {
        shell: Shell::new(&desk.site, "2段階認証", "/login/second-factor", None).with_passkey_script(),
        has_passkey: !factors.passkeys.is_empty(),
        has_totp: factors.has_totp(),
        has_recovery: factors.recovery_codes > 0,
        next,
        said,
    };
    render(status, &page)
}

pub(super) async fn page(
    State(desk): State<Arc<SignInDesk>>,
    Query(Next { next }): Query<Next>,
    given: PasswordGiven,
) -> Response {
    if given.session.stage == Stage::Full {
        return see(destination(&desk, &next));
    }
    match desk.site.store.second_factors(&given.session.subject).await {
        Ok(factors) if factors.any() => show(&desk, StatusCode::OK, &factors, &next, None),
        Ok(_) => see("/second-factor/setup"),
        Err(error) => refused::by_store(&error),
    }
}

/// What was shown.
enum Shown {
    Totp,
    Recovery,
}

pub(super) async fn totp(
    State(desk): State<Arc<SignInDesk>>,
    given: PasswordGiven,
    headers: HeaderMap,
    form: FormData,
) -> Response {
    match check(&desk, given, &headers, &form, &Shown::Totp).await {
        Ok(response) | Err(response) => response,
    }
}

pub(super) async fn recovery(
    State(desk): State<Arc<SignInDesk>>,
    given: PasswordGiven,
    headers: HeaderMap,
    form: FormData,
) -> Response {
    match check(&desk, given, &headers, &form, &Shown::Recovery).await {
        Ok(response) | Err(response) => response,
    }
}

/// The guesses at an account's second factor: codes of both kinds are counted together.
pub(super) fn guess(session: &WebSession) -> Guess {
    Guess::of_account(&second_factor_of(session.audience), &session.subject)
}

async fn check(
    desk: &SignInDesk,
    given: PasswordGiven,
    headers: &HeaderMap,
    form: &FormData,
    shown: &Shown,
) -> Result<Response, Response> {
    let (site, next) = (&desk.site, form.get("next"));
    let PasswordGiven { session, token } = given;
    if session.stage == Stage::Full {
        return Ok(see(destination(desk, next)));
    }
    let guess = guess(&session);
    let decision = guess.count(site).await?;
    let factors = site.store.second_factors(&session.subject).await;
    let factors = factors.map_err(|error| refused::by_store(&error))?;
    if decision != LockoutDecision::Allowed {
        note(desk, &session, "denied:locked").await?;
        let said = Some(decision.message());
        return Ok(show(desk, StatusCode::TOO_MANY_REQUESTS, &factors, next, said));
    }
    let (right, by) = match shown {
        Shown::Totp => (totp_is_right(desk, &session, &factors, form.get("code")).await?, "totp"),
        Shown::Recovery => (recovery::spend(desk, &session, form.get("code")).await?, "recovery-code"),
    };
    if !right {
        note(desk, &session, "denied:second-factor").await?;
        let said = "コードが正しくないか、すでに使われています。新しいコードを入力してください。".to_owned();
        return Ok(show(desk, StatusCode::UNPROCESSABLE_ENTITY, &factors, next, Some(said)));
    }
    guess.was_right(site).await?;
    let cookies = complete(desk, headers, &Presented { token, session }, by).await?;
    let to = if by == "recovery-code" { "/security" } else { destination(desk, next) };
    Ok(onward(to, cookies))
}

/// A code of the app: right, and of a step that was not used before.
pub(super) async fn totp_is_right(
    desk: &SignInDesk,
    session: &WebSession,
    factors: &SecondFactors,
    typed: &str,
) -> Result<bool, Response> {
    let Some(stored) = factors.totp.as_ref().filter(|stored| stored.confirmed) else { return Ok(false) };
    let now = desk.site.clock.now();
    let secret = desk.seal.open(&session.subject, &stored.sealed_secret).map_err(|error| {
        tracing::error!(%error, "a TOTP secret was sealed with another key");
        refused::broken()
    })?;
    let Some(step) = totp::step_of(&secret, typed, now) else { return Ok(false) };
    let sealed = stored.sealed_secret.clone();
    let spent = desk.site.store.spend_totp_step(&session.subject, sealed, step).await;
    spent.map_err(|error| refused::by_store(&error))
}

pub(super) async fn note(desk: &SignInDesk, session: &WebSession, outcome: &str) -> Result<(), Response> {
    let site = &desk.site;
    let event = event(session, "account.sign-in", outcome);
    let source = format!("account:{}", session.subject);
    let noted = site.store.record_sign_in_refused(session.chain(), &source, event, site.clock.now()).await;
    noted.map_err(|error| refused::by_store(&error))
}
