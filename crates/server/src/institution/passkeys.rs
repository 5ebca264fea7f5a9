//! パスキー: keys of the own account, which sign in without the password. An open session alone changes none: whoever sits
//! down at a signed-in terminal would come in under the other's name ever after, past any new password.

use askama::Template;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use eligibility::Instant;
use eligibility::calendar::tokyo_date;
use serde_json::json;
use store::FactorChange;

use super::sign_in::party;
use super::user::InstitutionUser;
use super::{days, menu};
use crate::web::passkey::{Way, made, offer};
use crate::web::see;
use crate::web::sign_in::passkeys::answer_of;
use crate::web::sign_in::proof::is_proven_just_now;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/passkeys";
/// What it is called.
pub(super) const TITLE: &str = "パスキー";
/// The purpose of the dialogue.
const PURPOSE: &str = "create";
/// How long it may take, milliseconds.
const DIALOGUE_MS: i64 = 5 * 60 * 1000;
/// What is said when the sign-in is not fresh any more.
const SIGN_IN_ANEW: &str = "パスキーの登録・削除は、ログインしてから5分以内に行います。いったんログアウトし、もう一度ログインしてください。";

pub(super) fn pages() -> Router {
    Router::new()
        .route("/passkeys", get(page))
        .route("/passkeys/start", post(start))
        .route("/passkeys/finish", post(finish))
        .route("/passkeys/remove", post(remove))
}

struct Key {
    id: String,
    name: String,
    since: String,
    used: String,
}

#[derive(Template)]
#[template(path = "institution/passkeys.html")]
struct Page {
    shell: Shell,
    keys: Vec<Key>,
    offered: bool,
    said: Option<&'static str>,
}

async fn page(OnSite(site): OnSite, user: InstitutionUser, headers: HeaderMap) -> Response {
    show(&site, &user, &headers, StatusCode::OK, None).await
}

async fn show(
    site: &Site,
    user: &InstitutionUser,
    headers: &HeaderMap,
    status: StatusCode,
    said: Option<&'static str>,
) -> Response {
    let keys = match site.store.second_factors(user.subject()).await {
        Ok(factors) => factors.passkeys,
        Err(error) => return refused::by_store(&error),
    };
    let day = |at| days::day(tokyo_date(at));
    let keys = keys.into_iter().map(|key| Key {
        id: hex::encode(&key.credential_id),
        since: day(key.created_at),
        used: key.last_used_at.map_or_else(|| "まだ使われていません".to_owned(), day),
        name: key.name,
    });
    let keys = keys.collect();
    let shell = menu::shell(site, TITLE, PATH, user).with_help("/help/passkeys").with_passkey_script();
    render(status, &Page { shell, keys, offered: party(site, headers).is_some(), said })
}

/// Whether whoever asks has signed in just now.
fn signed_in_just_now(site: &Site, user: &InstitutionUser) -> bool {
    is_proven_just_now(&user.signed_in.session, site.clock.now())
}

fn say(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "message": words }))).into_response()
}

async fn start(OnSite(site): OnSite, user: InstitutionUser, headers: HeaderMap) -> Response {
    if !signed_in_just_now(&site, &user) {
        return say(StatusCode::FORBIDDEN, SIGN_IN_ANEW);
    }
    let there = match site.store.second_factors(user.subject()).await {
        Ok(factors) => factors.passkeys,
        Err(error) => return refused::by_store(&error),
    };
    let dialogue = party(&site, &headers)
        .and_then(|party| offer(&party, &user.signed_in.session, &there, Way::Alone).ok());
    let Some(dialogue) = dialogue else { return refused::broken() };
    let ends_at = Instant(site.clock.now().0.saturating_add(DIALOGUE_MS));
    let token = user.signed_in.token;
    match site.store.put_passkey_dialogue(token, PURPOSE, dialogue.ours, ends_at).await {
        Ok(()) => Json(dialogue.theirs).into_response(),
        Err(error) => refused::by_store(&error),
    }
}

async fn finish(OnSite(site): OnSite, user: InstitutionUser, headers: HeaderMap, body: Bytes) -> Response {
    match keep(&site, &user, &headers, &body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn keep(
    site: &Site,
    user: &InstitutionUser,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Response> {
    if !signed_in_just_now(site, user) {
        return Err(say(StatusCode::FORBIDDEN, SIGN_IN_ANEW));
    }
    let by_store = |error: store::Error| refused::by_store(&error);
    let now = site.clock.now();
    let ours =
        site.store.take_passkey_dialogue(user.signed_in.token, PURPOSE, now).await.map_err(by_store)?;
    let over = || say(StatusCode::UNPROCESSABLE_ENTITY, "時間切れです。もう一度ボタンを押してください。");
    let ours = ours.ok_or_else(over)?;
    let (name, credential) = answer_of(body).ok_or_else(refused::incomplete)?;
    let name = if name.is_empty() { TITLE.to_owned() } else { name };
    let party = party(site, headers).ok_or_else(refused::incomplete)?;
    let made = made(&party, now, &ours, &credential, name).map_err(|error| {
        tracing::info!(%error, "a passkey was refused");
        say(StatusCode::UNPROCESSABLE_ENTITY, "パスキーを確認できませんでした。もう一度お試しください。")
    })?;
    let added = site.store.add_passkey(user.subject(), made, how(site, user)).await;
    if !added.map_err(by_store)? {
        let words = "このパスキーは登録できません（登録済みか、上限の10個です）。";
        return Err(say(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    Ok(Json(json!({ "next": PATH })).into_response())
}

/// An account of an institution has no mail address: its administrator and the log tell of it.
fn how(site: &Site, user: &InstitutionUser) -> FactorChange {
    FactorChange { by: user.signed_in.token, mail: None, act: user.act(site) }
}

async fn remove(OnSite(site): OnSite, user: InstitutionUser, headers: HeaderMap, form: FormData) -> Response {
    if !signed_in_just_now(&site, &user) {
        return show(&site, &user, &headers, StatusCode::FORBIDDEN, Some(SIGN_IN_ANEW)).await;
    }
    let Ok(id) = hex::decode(form.get("passkey")) else { return refused::incomplete() };
    match site.store.drop_passkey(user.subject(), id, how(&site, &user)).await {
        Ok(true) => see(PATH),
        Ok(false) => user.not_own(&site, "account.passkey-remove", "passkey").await,
        Err(error) => refused::by_store(&error),
    }
}
