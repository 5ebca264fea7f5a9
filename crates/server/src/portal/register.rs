//! 新規ユーザー登録. The answer is the same whether or not the address or the institution has an account: only the
//! mail says so, to whoever can read it.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::{LockoutDecision, MAIL_LINK_MS, MailAddress, Registration, RegistrationForm};
use eligibility::field::FieldErrors;
use store::{Audience, NewMail, NewMailLink, PendingRegistration, REGISTRATION_LINK};

use crate::mail;
use crate::web::door::Peer;
use crate::web::guess::Guess;
use crate::web::once::Once;
use crate::web::password::PasswordError;
use crate::web::sign_in::SignInDesk;
use crate::web::{FormData, FormView, SecretToken, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "portal/register.html")]
struct Page {
    shell: Shell,
    form: FormView,
    once: Once,
}

/// Said after a mail was sent, whatever it says.
#[derive(Template)]
#[template(path = "portal/mail_sent.html")]
pub(super) struct MailSent<'a> {
    pub(super) shell: Shell,
    pub(super) title: &'a str,
    pub(super) mail: &'a str,
    pub(super) until: &'a str,
}

#[derive(Template)]
#[template(path = "portal/too_often.html")]
struct TooOften {
    shell: Shell,
    title: &'static str,
}

/// The page for too many mails in a short time.
pub(super) fn too_often(desk: &SignInDesk, title: &'static str, path: &str) -> Response {
    let shell = Shell::new(&desk.site, title, path, None);
    render(StatusCode::TOO_MANY_REQUESTS, &TooOften { shell, title })
}

pub(super) async fn page(State(desk): State<Arc<SignInDesk>>) -> Response {
    let shell = Shell::new(&desk.site, "新規ユーザー登録", "/register", None);
    render(StatusCode::OK, &Page { shell, form: FormView::new(RegistrationForm::FIELDS), once: Once::new() })
}

fn read(form: &FormData) -> RegistrationForm {
    RegistrationForm {
        institution_code: form.text("institution_code"),
        institution_name: form.text("institution_name"),
        name: form.text("name"),
        phone: form.text("phone"),
        mail: form.text("mail"),
        password: form.text("password"),
        password_again: form.text("password_again"),
        terms: form.text("terms"),
    }
}

pub(super) async fn typed(
    State(desk): State<Arc<SignInDesk>>,
    Extension(peer): Extension<Peer>,
    form: FormData,
) -> Response {
    let Some(once) = Once::of_form(&form) else { return refused::incomplete() };
    let registration = match Registration::try_from(&read(&form)) {
        Ok(registration) => registration,
        Err(errors) => return again(&desk, form, errors),
    };
    match desk.site.store.institution_entry(&registration.institution_code).await {
        // Which institutions are out of use is no secret, unlike which ones have an account.
        Ok(Some((one, _))) if one.closed_at.is_some() => again(&desk, form, RegistrationForm::out_of_use()),
        Ok(_) => match send(&desk, peer, &once, registration).await {
            Ok(response) | Err(response) => response,
        },
        Err(error) => refused::by_store(&error),
    }
}

/// The form with what is wrong.
fn again(desk: &SignInDesk, form: FormData, errors: FieldErrors) -> Response {
    let shell = Shell::new(&desk.site, "新規ユーザー登録", "/register", None);
    let form = FormView::faulty(RegistrationForm::FIELDS, form, errors);
    render(StatusCode::UNPROCESSABLE_ENTITY, &Page { shell, form, once: Once::new() })
}

/// A password could not be hashed.
pub(super) fn by_password(error: PasswordError) -> Response {
    tracing::error!(%error, "a password could not be hashed");
    if error == PasswordError::Busy { refused::busy() } else { refused::broken() }
}

async fn send(desk: &SignInDesk, peer: Peer, once: &Once, new: Registration) -> Result<Response, Response> {
    let site = &desk.site;
    let by_store = |error: store::Error| refused::by_store(&error);
    let key = new.mail.key();
    let counted = Guess::of_network("portal-mail", peer).count(site).await?;
    if counted != LockoutDecision::Allowed {
        return Ok(too_often(desk, "新規ユーザー登録", "/register"));
    }
    // The work is the same in every case, so that its time tells nothing.
    let password_hash = desk.passwords.hash(&new.password).await.map_err(by_password)?;
    let mail_taken = site.store.sign_in_record(Audience::Portal, &key).await.map_err(by_store)?.is_some();
    let taken = site.store.registered_institution(&new.institution_code).await.map_err(by_store)?;
    let secret = SecretToken::random().map_err(|_| refused::busy())?;
    let now = site.clock.now();
    let (mail, goes_out) = (new.mail.as_str().to_owned(), goes_out(site, &new.mail).await?);
    let link = format!("{}/confirm?token={}", site.origin, secret.reveal());
    let text = match (mail_taken, taken.is_some()) {
        (true, _) => already_registered(&site.origin),
        (false, true) => institution_has_account(),
        (false, false) => please_confirm(&link),
    };
    let payload = PendingRegistration {
        institution_code: new.institution_code,
        institution_name: new.institution_name,
        name: new.name,
        phone: new.phone,
        mail: new.mail,
        password_hash,
    };
    let link = NewMailLink {
        token: secret.hash(),
        purpose: REGISTRATION_LINK.to_owned(),
        payload: serde_json::to_string(&payload).map_err(|_| refused::broken())?,
        ends_at: Instant(now.0.saturating_add(MAIL_LINK_MS)),
    };
    let letter = new_mail(desk, &mail, "新規ユーザー登録の確認", text)?;
    let link = (!mail_taken && taken.is_none()).then_some(link);
    if goes_out {
        let form = once.of_subject("portal-registration");
        site.store.mail_link(form, link, letter, now).await.map_err(by_store)?;
    }
    let shell = Shell::new(site, "新規ユーザー登録", "/register", None);
    let sent = MailSent {
        shell, title: "確認メールを送信しました", mail: &mail, until: "24時間以内"
    };
    Ok(render(StatusCode::OK, &sent))
}

/// Whether one more mail goes to this address. When too many went out already, the page says the same as ever: the links
/// of the earlier ones are good for a day.
pub(super) async fn goes_out(site: &Site, mail: &MailAddress) -> Result<bool, Response> {
    let counted = Guess::of_address("portal-mail", &mail.key()).count(site).await?;
    Ok(counted == LockoutDecision::Allowed)
}

/// A mail of the portal. It may hold a link, so it is sealed until it is sent.
#[expect(clippy::result_large_err, reason = "the response is what the handler returns")]
pub(super) fn new_mail(
    desk: &SignInDesk,
    to: &str,
    subject: &str,
    text: String,
) -> Result<NewMail, Response> {
    let mail_id = uuid::Uuid::now_v7().to_string();
    let text = mail::sealed(&desk.seal, &mail_id, &text).map_err(|_| refused::busy())?;
    let subject_line = format!("【{}】{subject}", super::NAME);
    Ok(NewMail { mail_id, recipient: to.to_owned(), subject_line, text })
}

fn please_confirm(link: &str) -> String {
    format!(
        "新規ユーザー登録を受け付けました。\n\
         次のアドレスを開き、《登録を完了する》を押してください（24時間以内、1回だけ有効です）。\n\n{link}\n\n\
         お心当たりのないときは、このメールを削除してください。登録は完了しません。\n\
         このメールは送信専用です。\n"
    )
}

fn already_registered(origin: &str) -> String {
    format!(
        "このメールアドレスは、すでに登録されています。\n\
         ログインはこちらです。\n\n{origin}/login\n\n\
         パスワードをお忘れのときは、ログイン画面の「パスワードをお忘れの方」から再設定してください。\n\
         お心当たりのないときは、このメールを削除してください。\n\
         このメールは送信専用です。\n"
    )
}

fn institution_has_account() -> String {
    "入力された医療機関コードは、すでにほかのアカウントで登録されています。\n\
     施設内の登録者の方にご確認ください。登録者が分からないときは、運用窓口にご連絡ください。\n\
     お心当たりのないときは、このメールを削除してください。\n\
     このメールは送信専用です。\n"
        .to_owned()
}
