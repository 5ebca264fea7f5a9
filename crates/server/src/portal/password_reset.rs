//! パスワード再設定 by mail. The answer is the same whether or not the address has an account; the second factor stays.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::{LockoutDecision, MAIL_LINK_MS, MailAddress, NewPasswordForm, OwnWords};
use serde::{Deserialize, Serialize};
use store::{Audience, NewMail, NewMailLink, PasswordChange, SignInRecord};

use super::confirm::{Outcome, Token};
use super::register::{MailSent, by_password, goes_out, new_mail, too_often};
use crate::web::door::Peer;
use crate::web::guess::Guess;
use crate::web::once::Once;
use crate::web::sign_in::SignInDesk;
use crate::web::{FormData, FormView, SecretToken, Shell, refused, render};

/// The purpose of the link.
const PURPOSE: &str = "portal-password-reset";
const TITLE: &str = "パスワード再設定";
const PATH: &str = "/password-reset";

/// What the link stands for.
#[derive(Serialize, Deserialize)]
struct Payload {
    login_key: String,
    subject: String,
}

#[derive(Template)]
#[template(path = "portal/password_reset.html")]
struct Ask<'a> {
    shell: Shell,
    once: Once,
    typed: &'a str,
    fault: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "portal/new_password.html")]
struct New<'a> {
    shell: Shell,
    token: &'a str,
    form: FormView,
}

fn ask(desk: &SignInDesk, status: StatusCode, typed: &str, fault: Option<&'static str>) -> Response {
    render(status, &Ask { shell: Shell::new(&desk.site, TITLE, PATH, None), once: Once::new(), typed, fault })
}

pub(super) async fn page(State(desk): State<Arc<SignInDesk>>) -> Response {
    ask(&desk, StatusCode::OK, "", None)
}

pub(super) async fn asked(
    State(desk): State<Arc<SignInDesk>>,
    Extension(peer): Extension<Peer>,
    form: FormData,
) -> Response {
    let Some(once) = Once::of_form(&form) else { return refused::incomplete() };
    match MailAddress::parse(form.get("mail")) {
        Ok(mail) => match send(&desk, peer, &once, &mail).await {
            Ok(response) | Err(response) => response,
        },
        Err(refusal) => {
            ask(&desk, StatusCode::UNPROCESSABLE_ENTITY, form.get("mail"), Some(refusal.message()))
        }
    }
}

async fn send(desk: &SignInDesk, peer: Peer, once: &Once, mail: &MailAddress) -> Result<Response, Response> {
    let site = &desk.site;
    let by_store = |error: store::Error| refused::by_store(&error);
    let counted = Guess::of_network("portal-mail", peer).count(site).await?;
    if counted != LockoutDecision::Allowed {
        return Ok(too_often(desk, TITLE, PATH));
    }
    let record = site.store.sign_in_record(Audience::Portal, &mail.key()).await.map_err(by_store)?;
    let record = record.filter(|record| !record.closed);
    let secret = SecretToken::random().map_err(|_| refused::busy())?;
    let now = site.clock.now();
    let link = match &record {
        Some(record) => Some(NewMailLink {
            token: secret.hash(),
            purpose: PURPOSE.to_owned(),
            payload: serde_json::to_string(&Payload {
                login_key: mail.key(),
                subject: record.subject.clone(),
            })
            .map_err(|_| refused::broken())?,
            ends_at: Instant(now.0.saturating_add(MAIL_LINK_MS)),
        }),
        None => None,
    };
    let text = if link.is_some() {
        format!(
            "パスワード再設定を受け付けました。\n\
             次のアドレスを開き、新しいパスワードを入力してください（24時間以内、1回だけ有効です）。\n\n\
             {}/password-reset/new?token={}\n\n\
             お心当たりのないときは、このメールを削除してください。パスワードは変わりません。\n\
             このメールは送信専用です。\n",
            site.origin,
            secret.reveal()
        )
    } else {
        "パスワード再設定の依頼がありましたが、このメールアドレスは登録されていません。\n\
         お心当たりのないときは、このメールを削除してください。\n\
         このメールは送信専用です。\n"
            .to_owned()
    };
    let letter = new_mail(desk, mail.as_str(), TITLE, text)?;
    if goes_out(site, mail).await? {
        site.store.mail_link(once.of_subject(PURPOSE), link, letter, now).await.map_err(by_store)?;
    }
    let shell = Shell::new(site, TITLE, PATH, None);
    let sent = MailSent {
        shell, title: "メールを送信しました", mail: mail.as_str(), until: "24時間以内"
    };
    Ok(render(StatusCode::OK, &sent))
}

fn new_form(desk: &SignInDesk, status: StatusCode, token: &str, form: FormView) -> Response {
    render(status, &New { shell: Shell::new(&desk.site, TITLE, PATH, None), token, form })
}

pub(super) async fn new_page(
    State(desk): State<Arc<SignInDesk>>,
    Query(Token { token }): Query<Token>,
) -> Response {
    new_form(&desk, StatusCode::OK, &token, FormView::new(NewPasswordForm::FIELDS))
}

pub(super) async fn set(
    State(desk): State<Arc<SignInDesk>>,
    Extension(peer): Extension<Peer>,
    form: FormData,
) -> Response {
    match set_password(&desk, peer, form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn set_password(desk: &SignInDesk, peer: Peer, form: FormData) -> Result<Response, Response> {
    let site = &desk.site;
    let by_store = |error: store::Error| refused::by_store(&error);
    let guess = Guess::of_network("portal-mail-link", peer);
    if guess.count(site).await? != LockoutDecision::Allowed {
        return Ok(too_often(desk, TITLE, PATH));
    }
    let now = site.clock.now();
    let token = form.text("token");
    let Some(secret) = SecretToken::read(&token) else { return Ok(link_over(desk)) };
    let opened = site.store.opened_mail_link(secret.hash(), PURPOSE, now).await.map_err(by_store)?;
    let Some(payload) = opened.and_then(|text| serde_json::from_str::<Payload>(&text).ok()) else {
        return Ok(link_over(desk));
    };
    guess.was_right(site).await?;
    let found = site.store.sign_in_record(Audience::Portal, &payload.login_key).await.map_err(by_store)?;
    let Some(record) = found.filter(|record| record.subject == payload.subject && !record.closed) else {
        return Ok(link_over(desk));
    };
    let mail = MailAddress::parse(&payload.login_key).map_err(|_| refused::broken())?;
    let code = record.chain().to_owned();
    let own = OwnWords { names: &[&record.name], mail: Some(&mail), institution: &[&code] };
    let typed =
        NewPasswordForm { password: form.text("password"), password_again: form.text("password_again") };
    let password = match typed.read(&own) {
        Ok(password) => password,
        Err(errors) => {
            let form = FormView::faulty(NewPasswordForm::FIELDS, form, errors);
            return Ok(new_form(desk, StatusCode::UNPROCESSABLE_ENTITY, &token, form));
        }
    };
    let password_hash = desk.passwords.hash(&password).await.map_err(by_password)?;
    let told = new_mail(desk, mail.as_str(), "パスワードが再設定されました", WAS_SET.to_owned())?;
    let change = change(&record, &payload, told, password_hash, &secret, now);
    if !site.store.change_password(change).await.map_err(by_store)? {
        return Ok(link_over(desk));
    }
    let shell = Shell::new(site, TITLE, PATH, None);
    let (title, words) = (
        "パスワードを再設定しました",
        "新しいパスワードでログインしてください。ほかの端末でのログインは終了しました。",
    );
    Ok(render(StatusCode::OK, &Outcome { shell, done: true, title, words }))
}

const WAS_SET: &str = "パスワードが再設定されました。\n\
     お心当たりのないときは、すぐにもう一度パスワードを再設定し、運用窓口にご連絡ください。\n\
     このメールは送信専用です。\n";

fn change(
    record: &SignInRecord,
    payload: &Payload,
    mail: NewMail,
    password_hash: String,
    secret: &SecretToken,
    now: Instant,
) -> PasswordChange {
    PasswordChange {
        audience: Audience::Portal,
        login_key: payload.login_key.clone(),
        subject: payload.subject.clone(),
        chain: record.chain().to_owned(),
        password_hash,
        link: Some((secret.hash(), PURPOSE.to_owned())),
        kept: None,
        freed: vec![Guess::account_place("portal-password", &payload.login_key)],
        mail,
        now,
    }
}

fn link_over(desk: &SignInDesk) -> Response {
    let shell = Shell::new(&desk.site, TITLE, PATH, None);
    let (title, words) = (
        "このリンクは使えません",
        "有効期限（24時間）が過ぎたか、すでに使われています。もう一度「パスワードをお忘れの方」からお手続きください。",
    );
    render(StatusCode::UNPROCESSABLE_ENTITY, &Outcome { shell, done: false, title, words })
}
