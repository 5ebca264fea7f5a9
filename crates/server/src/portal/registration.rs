//! 登録情報の変更: who answers questions about the account, at once; its mail address, once the new one is confirmed. Both
//! after a fresh proof (《ご本人の確認》): a session alone, however it came into somebody's hands, changes neither.

pub(super) mod mail;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::account::{NewMailForm, RegistrantContactForm};
use eligibility::field::FieldErrors;
use serde::Deserialize;
use store::{Act, ContactChange, MailText, NewMail, PortalAccount};

use crate::portal::applications::summary;
use crate::web::once::Once;
use crate::web::sign_in::{SignInDesk, proof};
use crate::web::{FormData, FormView, PortalUser, Shell, refused, render, see};

/// Where it is.
pub(super) const PATH: &str = "/registration";
pub(super) const TITLE: &str = "登録情報の変更";

#[derive(Template)]
#[template(path = "portal/registration.html")]
struct Page {
    shell: Shell,
    account: PortalAccount,
    /// The address that waits to be confirmed, and until when.
    wanted: Option<(String, String)>,
    /// Whether it may be changed now; otherwise where the proof is given.
    proven: bool,
    prove: String,
    contact: FormView,
    mail: FormView,
    once: Once,
    done: Option<&'static str>,
}

/// What an address may say besides.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    done: Option<String>,
}

/// What is wrong with which of the two forms.
#[derive(Default)]
struct Faulty {
    contact: Option<(FormData, FieldErrors)>,
    mail: Option<(FormData, FieldErrors)>,
}

/// The account as it is now.
async fn account_of(desk: &SignInDesk, user: &PortalUser) -> Result<PortalAccount, Response> {
    let found = desk.site.store.portal_account(&user.institution_code, user.subject()).await;
    found.map_err(|error| refused::by_store(&error))?.ok_or_else(refused::not_there)
}

fn act(desk: &SignInDesk, user: &PortalUser) -> Act {
    Act {
        chain: user.institution_code.to_string(),
        actor: user.signed_in.actor(),
        now: desk.site.clock.now(),
    }
}

/// What stands there now, in the form that changes it.
fn filled(account: &PortalAccount) -> FormData {
    let department = account.department.clone().unwrap_or_default();
    FormData::from(vec![
        ("name".to_owned(), account.name.clone()),
        ("department".to_owned(), department),
        ("phone".to_owned(), account.phone.clone()),
    ])
}

async fn write(
    desk: &SignInDesk,
    user: &PortalUser,
    faulty: Faulty,
    done: Option<&'static str>,
) -> Result<Response, Response> {
    let account = account_of(desk, user).await?;
    let now = desk.site.clock.now();
    let status = match (&faulty.contact, &faulty.mail) {
        (None, None) => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let contact = match faulty.contact {
        Some((typed, errors)) => FormView::faulty(RegistrantContactForm::FIELDS, typed, errors),
        None => FormView::filled(RegistrantContactForm::FIELDS, filled(&account)),
    };
    let mail = match faulty.mail {
        Some((typed, errors)) => FormView::faulty(NewMailForm::FIELDS, typed, errors),
        None => FormView::new(NewMailForm::FIELDS),
    };
    let wanted = account.wanted_mail.as_ref().filter(|(_, until)| *until > now);
    let page = Page {
        shell: Shell::new(&desk.site, TITLE, "/my-menu", Some(&user.signed_in)),
        wanted: wanted.map(|(mail, until)| (mail.to_string(), summary::moment(*until))),
        proven: proof::is_proven_just_now(&user.signed_in.session, now),
        prove: proof::place(PATH),
        contact,
        mail,
        once: Once::new(),
        done,
        account,
    };
    Ok(render(status, &page))
}

/// The page.
pub(super) async fn page(
    State(desk): State<Arc<SignInDesk>>,
    user: PortalUser,
    Query(asked): Query<Asked>,
) -> Response {
    let done = asked.done.as_deref().and_then(|done| match done {
        "contact" => Some("担当者の情報を変更しました。"),
        "dropped" => Some("メールアドレスの変更を取りやめました。届いている確認メールのリンクは使えません。"),
        _ => None,
    });
    match write(&desk, &user, Faulty::default(), done).await {
        Ok(response) | Err(response) => response,
    }
}

/// 変更する, of the contact.
pub(super) async fn contact(
    State(desk): State<Arc<SignInDesk>>,
    user: PortalUser,
    typed: FormData,
) -> Response {
    if let Err(response) = proof::demand(&desk, &user.signed_in.session, PATH) {
        return response;
    }
    match changed(&desk, &user, typed).await {
        Ok(response) | Err(response) => response,
    }
}

async fn changed(desk: &SignInDesk, user: &PortalUser, typed: FormData) -> Result<Response, Response> {
    let form = RegistrantContactForm {
        name: typed.text("name"),
        department: typed.text("department"),
        phone: typed.text("phone"),
    };
    let contact = match form.read() {
        Ok(contact) => contact,
        Err(errors) => {
            let faulty = Faulty { contact: Some((typed, errors)), ..Faulty::default() };
            return write(desk, user, faulty, None).await;
        }
    };
    let account = account_of(desk, user).await?;
    let change = ContactChange {
        institution: user.institution_code.clone(),
        subject: user.subject().to_owned(),
        contact,
        mail: told(&account),
        act: act(desk, user),
    };
    match desk.site.store.change_contact(change).await {
        Ok(true) => Ok(see(&format!("{PATH}?done=contact"))),
        Ok(false) => Err(refused::not_there()),
        Err(error) => Err(refused::by_store(&error)),
    }
}

fn told(account: &PortalAccount) -> NewMail {
    NewMail {
        mail_id: uuid::Uuid::now_v7().to_string(),
        recipient: account.mail.as_str().to_owned(),
        subject_line: format!("【{}】登録情報が変更されました", super::NAME),
        text: MailText::Open(
            "担当者の情報（担当者氏名・担当部署・電話番号）が変更されました。\n\
             現在の内容は、マイメニューの「登録情報の変更」で確認できます。\n\n\
             お心当たりのないときは、すぐにパスワードを再設定し、運用窓口にご連絡ください。\n\
             このメールは送信専用です。\n"
                .to_owned(),
        ),
    }
}
