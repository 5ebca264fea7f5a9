//! An authenticator app, set up: the secret as a picture and as text, and the first code as the proof that it works.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::LockoutDecision;
use store::Stage;

use super::recovery::Drawn;
use super::step::{act, change, complete, with_cookies};
use super::{SignInDesk, recovery, second_factor, see, setup};
use crate::web::session::Presented;
use crate::web::{FormData, PasswordGiven, Shell, refused, render, totp};

/// A secret that is shown waits so long for its first code, milliseconds.
const SETUP_MS: i64 = 10 * 60 * 1000;

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
    /// What was done.
    pub(super) done: &'static str,
    pub(super) codes: Vec<String>,
    pub(super) home: &'static str,
}

fn show(
    desk: &SignInDesk,
    given: &PasswordGiven,
    sealed_secret: &[u8],
    status: StatusCode,
    said: Option<String>,
) -> Response {
    let Ok(secret) = desk.seal.open(&given.session.subject, sealed_secret) else {
        return refused::broken();
    };
    let picture = totp::picture(&secret, desk.site.host(), &given.session.name).unwrap_or_default();
    let shell = Shell::new(&desk.site, "認証アプリの設定", "/second-factor/totp", None);
    render(status, &Page { shell, picture, secret: totp::typed_secret(&secret), said })
}

/// The secret that this very session was shown, if it may still set one up.
async fn pending(desk: &SignInDesk, given: &PasswordGiven) -> Result<Vec<u8>, Response> {
    setup::may_add(desk, &given.session).await?;
    let pending = desk.site.store.pending_totp(given.token, desk.site.clock.now()).await;
    pending.map_err(|error| refused::by_store(&error))?.ok_or_else(|| see("/second-factor/setup"))
}

pub(super) async fn page(State(desk): State<Arc<SignInDesk>>, given: PasswordGiven) -> Response {
    match pending(&desk, &given).await {
        Ok(sealed_secret) => show(&desk, &given, &sealed_secret, StatusCode::OK, None),
        Err(response) => response,
    }
}

pub(super) async fn begin(State(desk): State<Arc<SignInDesk>>, given: PasswordGiven) -> Response {
    let session = &given.session;
    if let Err(response) = setup::may_add(&desk, session).await {
        return response;
    }
    let Ok(secret) = totp::new_secret() else { return refused::busy() };
    let Ok(sealed) = desk.seal.seal(&session.subject, &secret) else { return refused::busy() };
    let act = act(&desk, session);
    let ends_at = Instant(act.now.0.saturating_add(SETUP_MS));
    match desk.site.store.begin_totp(&session.subject, (given.token, sealed), ends_at, act).await {
        Ok(true) => see("/second-factor/totp"),
        // One that is in use stays: it is removed first, with another factor in its place.
        Ok(false) => see("/second-factor/setup"),
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
    let sealed = pending(desk, &given).await?;
    let guess = second_factor::guess(session);
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        let said = Some(decision.message());
        return Ok(show(desk, &given, &sealed, StatusCode::TOO_MANY_REQUESTS, said));
    }
    let secret = desk.seal.open(&session.subject, &sealed).map_err(|_| refused::broken())?;
    let Some(step) = totp::step_of(&secret, form.get("code"), site.clock.now()) else {
        let said = "コードが正しくありません。アプリに表示されている6桁の数字を入力してください。".to_owned();
        return Ok(show(desk, &given, &sealed, StatusCode::UNPROCESSABLE_ENTITY, Some(said)));
    };
    guess.was_right(site).await?;
    let Drawn { codes, hashes } = recovery::draw(&session.subject)?;
    let how = change(desk, (session, given.token), "認証アプリが設定されました").await?;
    let added = site.store.add_totp(&session.subject, (sealed, step), hashes, how).await;
    // Another browser of the account was faster: the secret is taken up, and this session has ended.
    if !added.map_err(|error| refused::by_store(&error))? {
        return Ok(see("/second-factor/setup"));
    }
    let shell = Shell::new(site, "回復コード", "/second-factor/totp", None);
    let done = "2段階認証の設定が完了しました。";
    let page = render(StatusCode::OK, &Codes { shell, done, codes, home: site.home });
    if session.stage == Stage::Full {
        return Ok(page);
    }
    let before = Presented { token: given.token, session: session.clone() };
    let cookies = complete(desk, headers, &before, "totp").await?;
    Ok(with_cookies(page, cookies))
}
