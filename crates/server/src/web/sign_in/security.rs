//! The account's own keys: what there is, more of it, less of it, new recovery codes.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::calendar::{format_japanese, tokyo_date};

use super::step::change;
use super::totp_setup::Codes;
use super::{SignInDesk, proof, recovery, see};
use crate::web::{FormData, Shell, SignedIn, refused, render};

/// Where it is.
const PATH: &str = "/security";

struct Key {
    id: String,
    name: String,
    since: String,
    used: String,
}

#[derive(Template)]
#[template(path = "sign_in/security.html")]
struct Page {
    shell: Shell,
    keys: Vec<Key>,
    has_totp: bool,
    last: bool,
    codes: u32,
}

pub(super) async fn page(State(desk): State<Arc<SignInDesk>>, who: SignedIn) -> Response {
    let factors = match desk.site.store.second_factors(who.subject()).await {
        Ok(factors) => factors,
        Err(error) => return refused::by_store(&error),
    };
    let day = |at| format_japanese(tokyo_date(at));
    let keys: Vec<Key> = factors
        .passkeys
        .iter()
        .map(|key| Key {
            id: hex::encode(&key.credential_id),
            name: key.name.clone(),
            since: day(key.created_at),
            used: key.last_used_at.map_or_else(|| "まだ使われていません".to_owned(), day),
        })
        .collect();
    let last = keys.len() + usize::from(factors.has_totp()) < 2;
    let shell = Shell::new(&desk.site, "アカウントの安全設定", "/security", Some(&who)).with_passkey_script();
    let page = Page { shell, keys, has_totp: factors.has_totp(), last, codes: factors.recovery_codes };
    render(StatusCode::OK, &page)
}

pub(super) async fn remove_passkey(
    State(desk): State<Arc<SignInDesk>>,
    who: SignedIn,
    form: FormData,
) -> Response {
    let Ok(id) = hex::decode(form.get("passkey")) else { return refused::incomplete() };
    if let Err(response) = proof::demand(&desk, &who.session, PATH) {
        return response;
    }
    match change(&desk, (&who.session, who.token), "パスキーが削除されました").await {
        Ok(how) => after(desk.site.store.remove_passkey(who.subject(), id, how).await),
        Err(response) => response,
    }
}

pub(super) async fn remove_totp(State(desk): State<Arc<SignInDesk>>, who: SignedIn) -> Response {
    if let Err(response) = proof::demand(&desk, &who.session, PATH) {
        return response;
    }
    match change(&desk, (&who.session, who.token), "認証アプリの設定が削除されました").await {
        Ok(how) => after(desk.site.store.remove_totp(who.subject(), how).await),
        Err(response) => response,
    }
}

fn after(done: store::Result<bool>) -> Response {
    match done {
        Ok(true) => see("/security"),
        Ok(false) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}

pub(super) async fn new_codes(State(desk): State<Arc<SignInDesk>>, who: SignedIn) -> Response {
    if let Err(response) = proof::demand(&desk, &who.session, PATH) {
        return response;
    }
    match recovery::renew(&desk, (&who.session, who.token)).await {
        Ok(codes) => {
            let shell = Shell::new(&desk.site, "回復コード", "/security", Some(&who));
            let done = "新しい回復コードを作りました。前の回復コードは使えません。";
            render(StatusCode::OK, &Codes { shell, done, codes, home: desk.site.home })
        }
        Err(response) => response,
    }
}
