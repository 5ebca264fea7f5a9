//! An authenticator app, set up: the secret as a picture and as text, and the first code as the proof that it works.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eligibility::account::LockoutDecision;
use store::{SecondFactors, Stage};

use super::step::{act, complete, with_cookies};
use super::{SignInDesk, recovery, second_factor, see, setup};
use crate::web::session::Presented;
use crate::web::{FormData, PasswordGiven, Shell, refused, render, totp};

#[derive(Template)]
#[template(path = "sign_in/totp.html")]
struct Page {
    shell: Shell,
    picture: String,
    secret: String,
    said: Option<String>,
}

/// The codes, this once.
#[derive(Template)]
#[template(path = "sign_in/recovery_codes.html")]
pub(super) struct Codes {
    pub(super) shell: Shell,
    pub(super) codes: Vec<String>,
    pub(super) home: &'static str,
}

fn show(
    desk: &SignInDesk,
    given: &PasswordGiven,
    factors: &SecondFactors,
    status: StatusCode,
    said: Option<String>,
) -> Response {
    let Some(stored) = factors.totp.as_ref().filter(|stored| !stored.confirmed) else {
        return see("/second-factor/setup");
    };
    let Ok(secret) = desk.seal.open(&given.session.subject, &stored.sealed_secret) else {
        return refused::broken();
    };
    let picture = totp::picture(&secret, desk.site.host(), &given.session.name).unwrap_or_default();
    let shell = Shell::new(&desk.site, "認証アプリの設定", "/second-factor/totp", None);
    render(status, &Page { shell, picture, secret: totp::typed_secret(&secret), said })
}

pub(super) async fn page(State(desk): State<Arc<SignInDesk>>, given: PasswordGiven) -> Response {
    match setup::allowed(&desk, &given.session).await {
        Ok(factors) => show(&desk, &given, &factors, StatusCode::OK, None),
        Err(response) => response,
    }
}

pub(super) async fn begin(State(desk): State<Arc<SignInDesk>>, given: PasswordGiven) -> Response {
    let session = &given.session;
    if let Err(response) = setup::allowed(&desk, session).await {
        return response;
    }
    let Ok(secret) = totp::new_secret() else { return refused::busy() };
    let Ok(sealed) = desk.seal.seal(&session.subject, &secret) else { return refused::busy() };
    match desk.site.store.begin_totp(&session.subject, sealed, act(&desk, session)).await {
        // One that is in use stays: it is removed first, with another factor in its place.
        Ok(_) => see("/second-factor/totp"),
        Err(error) => refused::by_store(&error),
    }
}

pub(super) async fn confirm(
    State(desk): State<Arc<SignInDesk>>,
    given: PasswordGiven,
    headers: HeaderMap,
    form: FormData,
) -> Response {
    match confirmed(&desk, given, &headers, &form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn confirmed(
    desk: &SignInDesk,
    given: PasswordGiven,
    headers: &HeaderMap,
    form: &FormData,
) -> Result<Response, Response> {
    let (site, session) = (&desk.site, &given.session);
    let factors = setup::allowed(desk, session).await?;
    let Some(stored) = factors.totp.as_ref().filter(|stored| !stored.confirmed) else {
        return Ok(see("/second-factor/setup"));
    };
    let guess = second_factor::guess(session);
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        let said = Some(decision.message());
        return Ok(show(desk, &given, &factors, StatusCode::TOO_MANY_REQUESTS, said));
    }
    let now = site.clock.now();
    let secret = desk.seal.open(&session.subject, &stored.sealed_secret).map_err(|_| refused::broken())?;
    let step = totp::step_of(&secret, form.get("code"), now);
    let spent = match step {
        Some(step) => {
            let sealed = stored.sealed_secret.clone();
            let spent = site.store.spend_totp_step(&session.subject, sealed, step, now).await;
            spent.map_err(|error| refused::by_store(&error))?
        }
        None => false,
    };
    if !spent {
        let said = "コードが正しくありません。アプリに表示されている6桁の数字を入力してください。".to_owned();
        return Ok(show(desk, &given, &factors, StatusCode::UNPROCESSABLE_ENTITY, Some(said)));
    }
    guess.was_right(site).await?;
    let codes = recovery::renew(desk, session, act(desk, session)).await?;
    let shell = Shell::new(site, "回復コード", "/second-factor/totp", None);
    let page = render(StatusCode::OK, &Codes { shell, codes, home: site.home });
    if session.stage == Stage::Full {
        return Ok(page);
    }
    let before = Presented { token: given.token, session: session.clone() };
    let cookies = complete(desk, headers, &before, "totp").await?;
    Ok(with_cookies(page, cookies))
}
