//! Passkeys: the dialogue between the browser's script and the server, in JSON. The server's half is kept with the
//! session and taken by its answer; nobody else's answer fits.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, body::Bytes};
use serde_json::{Value, json};
use store::{SecondFactors, Stage, WebSession};

use super::second_factor::{guess, note};
use super::step::{change, complete, destination, with_cookies};
use super::{SignInDesk, proof, setup};
use crate::web::passkey::{self, Asked, PasskeyError, RelyingParty, Way};
use crate::web::session::Presented;
use crate::web::{PasswordGiven, refused};
use eligibility::account::LockoutDecision;

/// The purposes of a dialogue.
const CREATE: &str = "create";
const GET: &str = "get";
/// How long a dialogue may take, milliseconds.
const DIALOGUE_MS: i64 = 5 * 60 * 1000;
/// The longest name of a passkey, in characters.
const NAME_MAX: usize = 40;

fn say(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "message": words }))).into_response()
}

fn troubled(error: &PasskeyError) -> Response {
    tracing::info!(%error, "a passkey was refused");
    say(StatusCode::UNPROCESSABLE_ENTITY, "パスキーを確認できませんでした。もう一度お試しください。")
}

async fn keep(
    desk: &SignInDesk,
    given: &PasswordGiven,
    purpose: &'static str,
    dialogue: passkey::Dialogue,
) -> Response {
    let site = &desk.site;
    let ends_at = eligibility::Instant(site.clock.now().0.saturating_add(DIALOGUE_MS));
    match site.store.put_passkey_dialogue(given.token, purpose, dialogue.ours, ends_at).await {
        Ok(()) => Json(dialogue.theirs).into_response(),
        Err(error) => refused::by_store(&error),
    }
}

async fn taken(desk: &SignInDesk, given: &PasswordGiven, purpose: &'static str) -> Result<Vec<u8>, Response> {
    let site = &desk.site;
    match site.store.take_passkey_dialogue(given.token, purpose, site.clock.now()).await {
        Ok(Some(ours)) => Ok(ours),
        Ok(None) => {
            Err(say(StatusCode::UNPROCESSABLE_ENTITY, "時間切れです。もう一度ボタンを押してください。"))
        }
        Err(error) => Err(refused::by_store(&error)),
    }
}

/// Who adds one now has proven just now to be the account's holder; the script is told where that is done.
async fn may_add(desk: &SignInDesk, session: &WebSession) -> Result<SecondFactors, Response> {
    let factors = setup::allowed(desk, session).await?;
    if proof::may_set_factors(session, desk.site.clock.now()) {
        return Ok(factors);
    }
    let told =
        json!({ "message": "パスワードをもう一度入力してください。", "next": proof::place(setup::PATH) });
    Err((StatusCode::FORBIDDEN, Json(told)).into_response())
}

/// Begins making a passkey.
pub(super) async fn offer(State(desk): State<Arc<SignInDesk>>, given: PasswordGiven) -> Response {
    let factors = match may_add(&desk, &given.session).await {
        Ok(factors) => factors,
        Err(response) => return response,
    };
    let party = RelyingParty::of(&desk.site);
    match passkey::offer(&party, &given.session, &factors.passkeys, Way::SecondFactor) {
        Ok(dialogue) => keep(&desk, &given, CREATE, dialogue).await,
        Err(error) => troubled(&error),
    }
}

/// What the script sends back.
pub(crate) fn answer_of(body: &[u8]) -> Option<(String, Value)> {
    let mut whole: Value = serde_json::from_slice(body).ok()?;
    let name = whole.get("name").and_then(Value::as_str).unwrap_or_default();
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(NAME_MAX).collect();
    let credential = whole.get_mut("credential")?.take();
    Some((name.trim().to_owned(), credential))
}

/// Takes the passkey that was made.
pub(super) async fn made(
    State(desk): State<Arc<SignInDesk>>,
    given: PasswordGiven,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match keep_made(&desk, given, &headers, &body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn keep_made(
    desk: &SignInDesk,
    given: PasswordGiven,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Response> {
    let (site, session) = (&desk.site, &given.session);
    may_add(desk, session).await?;
    let ours = taken(desk, &given, CREATE).await?;
    let Some((name, credential)) = answer_of(body) else { return Err(refused::incomplete()) };
    let name = if name.is_empty() { "パスキー".to_owned() } else { name };
    let made = passkey::made(&RelyingParty::of(site), site.clock.now(), &ours, &credential, name)
        .map_err(|error| troubled(&error))?;
    let how = change(desk, (session, given.token), "パスキーが追加されました").await?;
    let added = site.store.add_passkey(&session.subject, made, how).await;
    if !added.map_err(|error| refused::by_store(&error))? {
        return Err(say(
            StatusCode::UNPROCESSABLE_ENTITY,
            "このパスキーは登録できません（登録済みか、上限の10個です）。",
        ));
    }
    if session.stage == Stage::Full {
        return Ok(Json(json!({ "next": "/security" })).into_response());
    }
    let before = Presented { token: given.token, session: session.clone() };
    let cookies = complete(desk, headers, &before, "passkey").await?;
    Ok(with_cookies(Json(json!({ "next": site.home })).into_response(), cookies))
}

/// Begins asking for a passkey.
pub(super) async fn ask(State(desk): State<Arc<SignInDesk>>, given: PasswordGiven) -> Response {
    let factors = match desk.site.store.second_factors(&given.session.subject).await {
        Ok(factors) => factors,
        Err(error) => return refused::by_store(&error),
    };
    match passkey::ask(&RelyingParty::of(&desk.site), &factors.passkeys) {
        Ok(dialogue) => keep(&desk, &given, GET, dialogue).await,
        Err(error) => troubled(&error),
    }
}

/// Takes the answer of a passkey.
pub(super) async fn answered(
    State(desk): State<Arc<SignInDesk>>,
    given: PasswordGiven,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match check(&desk, given, &headers, &body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn check(
    desk: &SignInDesk,
    given: PasswordGiven,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Response> {
    let (site, session) = (&desk.site, &given.session);
    let by_store = |error: store::Error| refused::by_store(&error);
    // A signature is not guessed; counted all the same, so that nobody may try without end.
    let guess = guess(session);
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        return Err(say(StatusCode::TOO_MANY_REQUESTS, &decision.message()));
    }
    let ours = taken(desk, &given, GET).await?;
    let Some((_, credential)) = answer_of(body) else { return Err(refused::incomplete()) };
    let factors = site.store.second_factors(&session.subject).await.map_err(by_store)?;
    if let Err(error) = verify(desk, session, &factors, &ours, &credential).await? {
        note(desk, session, "denied:passkey").await?;
        return Err(troubled(&error));
    }
    guess.was_right(site).await?;
    let next = destination(desk, "").to_owned();
    let before = Presented { token: given.token, session: session.clone() };
    let cookies = complete(desk, headers, &before, "passkey").await?;
    Ok(with_cookies(Json(json!({ "next": next })).into_response(), cookies))
}

async fn verify(
    desk: &SignInDesk,
    session: &WebSession,
    factors: &SecondFactors,
    ours: &[u8],
    credential: &Value,
) -> Result<Result<(), PasskeyError>, Response> {
    let site = &desk.site;
    let (party, account) = (RelyingParty::of(site), (session.audience, session.subject.as_str()));
    let found = passkey::answered(&party, Asked::Account, account, ours, credential, &factors.passkeys);
    let (used, after) = match found {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let moved = site.store.passkey_used(&session.subject, used, after, site.clock.now()).await;
    let moved = moved.map_err(|error| refused::by_store(&error))?;
    Ok(if moved { Ok(()) } else { Err(PasskeyError::UsedMeanwhile) })
}
