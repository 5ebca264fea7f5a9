//! Another mail address: asked for with a proof, in force once the link that went to it is opened. The answer is the same
//! whether or not somebody else has the address: only the mail says so.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::{LockoutDecision, MAIL_LINK_MS, MailAddress, NewMailForm};
use store::{Audience, MailChanged, MailText, MailWanted, NewMail};

use super::{Faulty, PATH, TITLE, account_of, act, write};
use crate::portal::confirm::{Outcome, Token, pressed};
use crate::portal::register::{MailSent, goes_out, new_mail, too_often};
use crate::web::door::Peer;
use crate::web::guess::Guess;
use crate::web::once::Once;
use crate::web::sign_in::{SignInDesk, proof};
use crate::web::{FormData, PortalUser, SecretToken, Shell, refused, render, see};

const SUBJECT: &str = "メールアドレスの変更の確認";

/// 確認メールを送信する.
pub(in crate::portal) async fn asked(
    State(desk): State<Arc<SignInDesk>>,
    Extension(peer): Extension<Peer>,
    user: PortalUser,
    typed: FormData,
) -> Response {
    if let Err(response) = proof::demand(&desk, &user.signed_in.session, PATH) {
        return response;
    }
    match send(&desk, peer, &user, typed).await {
        Ok(response) | Err(response) => response,
    }
}

async fn send(
    desk: &SignInDesk,
    peer: Peer,
    user: &PortalUser,
    typed: FormData,
) -> Result<Response, Response> {
    let (site, by_store) = (&desk.site, |error: store::Error| refused::by_store(&error));
    let once = Once::of_form(&typed).ok_or_else(refused::incomplete)?;
    let present = account_of(desk, user).await?.mail;
    let mail = match NewMailForm::read(typed.get("mail"), &present) {
        Ok(mail) => mail,
        Err(errors) => {
            let faulty = Faulty { mail: Some((typed, errors)), ..Faulty::default() };
            return write(desk, user, faulty, None).await;
        }
    };
    if Guess::of_network("portal-mail", peer).count(site).await? != LockoutDecision::Allowed {
        return Ok(too_often(desk, TITLE, PATH));
    }
    let taken = site.store.sign_in_record(Audience::Portal, &mail.key()).await.map_err(by_store)?.is_some();
    let secret = SecretToken::random().map_err(|_| refused::busy())?;
    let text = if taken { is_taken() } else { please_confirm(&site.origin, &secret) };
    let to_new = new_mail(desk, mail.as_str(), SUBJECT, text)?;
    let mails = goes_out(site, &mail).await?.then(|| [to_new, somebody_asked(&present)]);
    let wanted = MailWanted {
        form: once.of_subject(user.subject()),
        institution: user.institution_code.clone(),
        subject: user.subject().to_owned(),
        link: (!taken).then(|| secret.hash()),
        until: Instant(site.clock.now().0.saturating_add(MAIL_LINK_MS)),
        mails,
        act: act(desk, user),
        mail: mail.clone(),
    };
    if !site.store.ask_mail_change(wanted).await.map_err(by_store)? {
        return Err(refused::not_there());
    }
    let shell = Shell::new(site, TITLE, "/my-menu", Some(&user.signed_in));
    let sent =
        MailSent {
            shell, title: "確認メールを送信しました", mail: mail.as_str(), until: "24時間以内"
        };
    Ok(render(StatusCode::OK, &sent))
}

fn please_confirm(origin: &str, secret: &SecretToken) -> String {
    format!(
        "メールアドレスの変更を受け付けました。\n\
         次のアドレスを開き、《メールアドレスを変更する》を押してください（24時間以内、1回だけ有効です）。\n\n\
         {origin}{PATH}/mail/confirm?token={}\n\n\
         お心当たりのないときは、このメールを削除してください。メールアドレスは変わりません。\n\
         このメールは送信専用です。\n",
        secret.reveal()
    )
}

fn is_taken() -> String {
    "メールアドレスの変更の申込みがありましたが、このメールアドレスは、すでにほかのアカウントで登録されています。\n\
     施設ごとに別のメールアドレスが必要です。ほかのメールアドレスで、もう一度お手続きください。\n\
     お心当たりのないときは、このメールを削除してください。\n\
     このメールは送信専用です。\n"
        .to_owned()
}

/// To the present address: it holds no link, as whoever reads it has nothing to confirm.
fn somebody_asked(present: &MailAddress) -> NewMail {
    NewMail {
        mail_id: uuid::Uuid::now_v7().to_string(),
        recipient: present.as_str().to_owned(),
        subject_line: format!("【{}】メールアドレスの変更の申込みがありました", crate::portal::NAME),
        text: MailText::Open(
            "ほかのメールアドレスへの変更の申込みがありました。新しいメールアドレスで確認されるまで、変更されません。\n\n\
             お心当たりのないときは、ログインしてマイメニューの「登録情報の変更」で取りやめ、すぐにパスワードを再設定し、\
             運用窓口にご連絡ください。\n\
             このメールは送信専用です。\n"
                .to_owned(),
        ),
    }
}

/// 変更を取りやめる: the safe way needs no proof.
pub(in crate::portal) async fn dropped(State(desk): State<Arc<SignInDesk>>, user: PortalUser) -> Response {
    let act = act(&desk, &user);
    match desk.site.store.drop_mail_change(&user.institution_code, user.subject(), act).await {
        // A second click finds nothing to drop, and the same page.
        Ok(_) => see(&format!("{PATH}?done=dropped")),
        Err(error) => refused::by_store(&error),
    }
}

#[derive(Template)]
#[template(path = "portal/confirm_mail.html")]
struct Confirm<'a> {
    shell: Shell,
    token: &'a str,
}

/// The link of the mail: opening it shows a button, so that programs that look at links change nothing.
pub(in crate::portal) async fn confirm_page(
    State(desk): State<Arc<SignInDesk>>,
    Query(Token { token }): Query<Token>,
) -> Response {
    let shell = Shell::new(&desk.site, SUBJECT, PATH, None);
    render(StatusCode::OK, &Confirm { shell, token: &token })
}

/// メールアドレスを変更する.
pub(in crate::portal) async fn confirm(
    State(desk): State<Arc<SignInDesk>>,
    Extension(peer): Extension<Peer>,
    form: FormData,
) -> Response {
    match confirmed(&desk, peer, &form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn confirmed(desk: &SignInDesk, peer: Peer, form: &FormData) -> Result<Response, Response> {
    let site = &desk.site;
    let (guess, secret) = pressed(desk, peer, form, (SUBJECT, PATH)).await?;
    let outcome = match secret {
        Some(secret) => {
            let done = site.store.confirm_mail_change(secret.hash(), &site.origin, site.clock.now()).await;
            done.map_err(|error| refused::by_store(&error))?
        }
        None => MailChanged::LinkOver,
    };
    if outcome != MailChanged::LinkOver {
        guess.was_right(site).await?;
    }
    let (status, title, words) = match outcome {
        MailChanged::Done => (
            StatusCode::OK,
            "メールアドレスを変更しました",
            "新しいメールアドレスとこれまでのパスワードでログインしてください。すべての端末でのログインは終了しました。",
        ),
        MailChanged::LinkOver => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "このリンクは使えません",
            "有効期限（24時間）が過ぎたか、すでに使われたか、変更が取りやめられています。変更するときは、マイメニューの「登録情報の変更」からもう一度お手続きください。",
        ),
        MailChanged::MailTaken => (
            StatusCode::CONFLICT,
            "このメールアドレスは登録済みです",
            "ほかのアカウントで登録されています。ほかのメールアドレスで、もう一度お手続きください。",
        ),
    };
    let shell = Shell::new(site, title, PATH, None);
    Ok(render(status, &Outcome { shell, done: status == StatusCode::OK, title, words }))
}
