//! A passkey in the place of the password. ユーザーID says whose it is; the browser offers what it has, so nobody learns
//! from the question which accounts have any.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use eligibility::Instant;
use eligibility::account::LockoutDecision;
use eligibility::institution_account::UserId;
use serde_json::json;
use store::{Audience, StaffAccount, StoredPasskey};
use wire::institution_certificate::GATEWAY_ORIGIN_HEADER;

use super::login::{note, obstacle, step};
use super::session::{Entered, brought, enter, guess};
use crate::institution::menu;
use crate::listener::identity::AskingTerminal;
use crate::web::passkey::{Asked, RelyingParty, answered, ask_anybody};
use crate::web::session::cookie;
use crate::web::sign_in::passkeys::answer_of;
use crate::web::signed_in::OnSite;
use crate::web::{SecretToken, Site, refused};

/// The purpose of the dialogue.
const PURPOSE: &str = "sign-in";
/// How long it may take, milliseconds.
const DIALOGUE_MS: i64 = 5 * 60 * 1000;
/// The cookie that ties the two halves of a dialogue together before anybody is signed in.
const COOKIE: &str = "__Host-shikaku-passkey";
const WRONG: &str =
    "ユーザーIDとパスキーを確認できませんでした。ユーザーIDを入力し、もう一度お試しください。";
const INITIAL: &str = "初期パスワードでログインし、パスワードを変更してください。";

/// Whom passkeys are bound to in this browser; `None` where there are none (an address instead of a name).
pub(in crate::institution) fn party(site: &Site, headers: &HeaderMap) -> Option<RelyingParty> {
    let party = match headers.get(GATEWAY_ORIGIN_HEADER) {
        Some(origin) => RelyingParty::of_gateway(origin.to_str().ok()?)?,
        None => RelyingParty::of(site),
    };
    party.can().then_some(party)
}

fn say(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "message": words }))).into_response()
}

/// Begins.
pub(super) async fn start(OnSite(site): OnSite, headers: HeaderMap) -> Response {
    let dialogue = party(&site, &headers).and_then(|party| ask_anybody(&party).ok());
    let (Some(dialogue), Ok(secret)) = (dialogue, SecretToken::random()) else { return refused::busy() };
    let ends_at = Instant(site.clock.now().0.saturating_add(DIALOGUE_MS));
    let kept = site.store.put_passkey_dialogue(secret.hash(), PURPOSE, dialogue.ours, ends_at).await;
    if let Err(error) = kept {
        return refused::by_store(&error);
    }
    let cookie =
        format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=300", secret.reveal());
    let Ok(mut cookie) = HeaderValue::from_str(&cookie) else { return refused::broken() };
    cookie.set_sensitive(true);
    ([(header::SET_COOKIE, cookie)], Json(dialogue.theirs)).into_response()
}

/// Takes the answer.
pub(super) async fn finish(
    OnSite(site): OnSite,
    Extension(terminal): Extension<AskingTerminal>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match sign_in(&site, &terminal, &headers, &body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn sign_in(
    site: &Site,
    terminal: &AskingTerminal,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Response> {
    let by_store = |error: store::Error| refused::by_store(&error);
    let (typed, credential) = answer_of(body).ok_or_else(refused::incomplete)?;
    let wrong = || say(StatusCode::UNPROCESSABLE_ENTITY, WRONG);
    let user_id = UserId::parse(&typed).map_err(|_| wrong())?;
    let subject = format!("{}:{user_id}", terminal.institution_code);
    // A signature is not guessed; counted all the same, so that nobody may try without end.
    let guess = guess(site, terminal, &subject).await?;
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        return Err(say(StatusCode::TOO_MANY_REQUESTS, &decision.message()));
    }
    let account = site.store.staff_account(&terminal.institution_code, &user_id).await.map_err(by_store)?;
    let secret = cookie(headers, COOKIE).and_then(SecretToken::read).ok_or_else(wrong)?;
    let ours = site.store.take_passkey_dialogue(secret.hash(), PURPOSE, site.clock.now()).await;
    let ours = ours.map_err(by_store)?.ok_or_else(wrong)?;
    let keys = site.store.second_factors(&subject).await.map_err(by_store)?.passkeys;
    let party = party(site, headers).ok_or_else(wrong)?;
    let account_of = (Audience::Institution, subject.as_str());
    let proven = answered(&party, Asked::Anybody, account_of, &ours, &credential, &keys);
    let moved = match proven {
        Ok((used, after)) => moved(site, &subject, used, after).await?,
        Err(error) => {
            tracing::info!(%error, "a passkey was refused");
            false
        }
    };
    let Some(account) = account.clone().filter(|_| moved) else {
        note(site, terminal, account.as_ref(), "denied:passkey").await?;
        return Err(wrong());
    };
    guess.was_right(site).await?;
    enter_with(site, terminal, headers, account).await
}

async fn moved(site: &Site, subject: &str, used: &StoredPasskey, after: Vec<u8>) -> Result<bool, Response> {
    let moved = site.store.passkey_used(subject, used, after, site.clock.now()).await;
    moved.map_err(|error| refused::by_store(&error))
}

async fn enter_with(
    site: &Site,
    terminal: &AskingTerminal,
    headers: &HeaderMap,
    account: StaffAccount,
) -> Result<Response, Response> {
    if account.must_change {
        return Err(say(StatusCode::UNPROCESSABLE_ENTITY, INITIAL));
    }
    if let Some((said, outcome)) = obstacle(site, &account) {
        note(site, terminal, Some(&account), outcome).await?;
        return Err(say(StatusCode::UNPROCESSABLE_ENTITY, said));
    }
    let replaced = brought(site, headers, &terminal.institution_code).await?;
    let (next, cookie) = match enter(site, terminal, account.clone(), ("passkey", false), replaced).await? {
        Entered::In(cookie) => (menu::PATH, cookie),
        Entered::Occupied => ("/login/take-over", step(site, terminal, &account, replaced).await?),
        Entered::Closed => return Err(say(StatusCode::UNPROCESSABLE_ENTITY, WRONG)),
    };
    Ok(([(header::SET_COOKIE, cookie)], Json(json!({ "next": next }))).into_response())
}
