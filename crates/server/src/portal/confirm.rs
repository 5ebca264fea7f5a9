//! The link of the confirmation mail: opening it shows a button, pressing the button makes the account. Mail programs
//! that open every link to look at it therefore change nothing.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::account::LockoutDecision;
use store::Confirmed;

use super::register::too_often;
use crate::web::door::Peer;
use crate::web::guess::Guess;
use crate::web::sign_in::SignInDesk;
use crate::web::{FormData, SecretToken, Shell, refused, render};

const TITLE: &str = "新規ユーザー登録の確認";
const PATH: &str = "/confirm";

/// The secret of a link.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    pub(super) token: String,
}

#[derive(Template)]
#[template(path = "portal/confirm.html")]
struct Page<'a> {
    shell: Shell,
    token: &'a str,
}

/// What came of a link that was mailed.
#[derive(Template)]
#[template(path = "portal/confirmed.html")]
pub(super) struct Outcome {
    pub(super) shell: Shell,
    pub(super) done: bool,
    pub(super) title: &'static str,
    pub(super) words: &'static str,
}

pub(super) async fn page(
    State(desk): State<Arc<SignInDesk>>,
    Query(Token { token }): Query<Token>,
) -> Response {
    let shell = Shell::new(&desk.site, TITLE, PATH, None);
    render(StatusCode::OK, &Page { shell, token: &token })
}

pub(super) async fn confirm(
    State(desk): State<Arc<SignInDesk>>,
    Extension(peer): Extension<Peer>,
    form: FormData,
) -> Response {
    match confirmed(&desk, peer, &form).await {
        Ok(response) | Err(response) => response,
    }
}

/// The secret of a mailed link whose button was pressed, if it can be one, and the guess that it was counted as before
/// anything is compared. The error is the page to answer with; `(title, path)` are the link's.
pub(super) async fn pressed(
    desk: &SignInDesk,
    peer: Peer,
    form: &FormData,
    (title, path): (&'static str, &'static str),
) -> Result<(Guess, Option<SecretToken>), Response> {
    let guess = Guess::of_network("portal-mail-link", peer);
    if guess.count(&desk.site).await? != LockoutDecision::Allowed {
        return Err(too_often(desk, title, path));
    }
    Ok((guess, SecretToken::read(form.get("token"))))
}

async fn confirmed(desk: &SignInDesk, peer: Peer, form: &FormData) -> Result<Response, Response> {
    let site = &desk.site;
    let (guess, secret) = pressed(desk, peer, form, (TITLE, PATH)).await?;
    let outcome = match secret {
        Some(secret) => {
            let subject = uuid::Uuid::now_v7().to_string();
            let done = site.store.confirm_registration(secret.hash(), subject, site.clock.now()).await;
            done.map_err(|error| refused::by_store(&error))?
        }
        None => Confirmed::LinkOver,
    };
    if outcome != Confirmed::LinkOver {
        guess.was_right(site).await?;
    }
    let (status, title, words) = match outcome {
        Confirmed::Done(_) => (
            StatusCode::OK,
            "登録が完了しました",
            "登録したメールアドレスとパスワードでログインしてください。最初のログインで、2段階認証を設定します。",
        ),
        Confirmed::LinkOver => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "このリンクは使えません",
            "有効期限（24時間）が過ぎたか、すでに使われています。登録がまだのときは、もう一度「新規ユーザー登録」を行ってください。",
        ),
        Confirmed::InstitutionTaken => (
            StatusCode::CONFLICT,
            "この医療機関コードは登録済みです",
            "ほかのアカウントで登録されています。施設内の登録者の方にご確認ください。",
        ),
        Confirmed::MailTaken => (
            StatusCode::CONFLICT,
            "このメールアドレスは登録済みです",
            "登録したメールアドレスとパスワードでログインしてください。",
        ),
    };
    let shell = Shell::new(site, title, PATH, None);
    Ok(render(status, &Outcome { shell, done: status == StatusCode::OK, title, words }))
}
