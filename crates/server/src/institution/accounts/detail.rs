//! One account: its particulars, 停止, 再開, a new initial password.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::institution_account::{AccountState, ChangeForm};
use store::{Staff, StaffAccount, StaffChanged};

use super::lock::{self, Lock};
use super::{PATH, managed};
use crate::institution::confirm::Confirm;
use crate::institution::days::moment;
use crate::institution::menu;
use crate::institution::user::InstitutionUser;
use crate::web::once::Once;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// What the page is called.
const TITLE: &str = "アカウント管理(変更)";
const LAST: &str =
    "利用できる医療機関等管理者がほかにいないため、停止できません。先に別の管理者を登録してください。";

#[derive(Template)]
#[template(path = "institution/account.html")]
struct Page<'a> {
    shell: Shell,
    account: &'a StaffAccount,
    role: &'static str,
    state: &'static str,
    stopped: bool,
    lock: Option<Lock>,
    last: Option<String>,
    created: String,
    initial_until: Option<String>,
    form: FormView,
    once: Once,
    done: &'static str,
    fault: Option<&'static str>,
}

const STOPS: &str = "このアカウントではログインできなくなり、ログイン中の画面はすぐに終了します。あとから利用を再開できます。";

/// What was done, in the address of the page after it.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

fn said(done: &str) -> &'static str {
    match done {
        "change" => "変更しました。",
        "change-neatened" => {
            "変更しました。ユーザ名またはユーザ名(カナ)は、入力されたままではなく、前後の空白を除くなどして登録しました。下の内容を確かめてください。"
        }
        "stop" => "利用を停止しました。ログイン中だった場合は、ログアウトされました。",
        "resume" => "利用を再開しました。",
        _ => "",
    }
}

async fn show(
    site: &Site,
    user: &InstitutionUser,
    account: &StaffAccount,
    (status, form): (StatusCode, FormView),
    (done, fault): (&'static str, Option<&'static str>),
) -> Response {
    let locks = match lock::of(site, std::slice::from_ref(account)).await {
        Ok(locks) => locks,
        Err(error) => return refused::by_store(&error),
    };
    let state = account.state(site.clock.today());
    let page = Page {
        shell: menu::shell(site, TITLE, PATH, user).with_help("/help/accounts"),
        role: account.role.label(),
        state: state.label(),
        stopped: state == AccountState::Stopped,
        lock: locks.into_iter().flatten().next().filter(|_| state == AccountState::Open),
        last: account.last_sign_in_at.map(moment),
        created: moment(account.created_at),
        initial_until: account.password_until.filter(|_| account.must_change).map(moment),
        account,
        form,
        once: Once::new(),
        done,
        fault,
    };
    render(status, &page)
}

fn filled(account: &StaffAccount) -> FormView {
    let day = |day: Option<eligibility::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let ticked = if account.emergency_view { "on" } else { "" };
    let typed = [
        ("name", account.name.clone()),
        ("name_kana", account.name_kana.clone()),
        ("starts_on", day(account.period.starts_on)),
        ("ends_on", day(account.period.ends_on)),
        ("emergency_view", ticked.to_owned()),
    ];
    let typed = typed.map(|(field, value)| (field.to_owned(), value)).to_vec();
    FormView::filled(ChangeForm::FIELDS, FormData::from(typed))
}

/// The page.
pub(super) async fn page(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(user_id): Path<String>,
    Query(Done { done }): Query<Done>,
) -> Response {
    match managed(&site, &user, &user_id).await {
        Ok((_, account)) => {
            let form = filled(&account);
            show(&site, &user, &account, (StatusCode::OK, form), (said(&done), None)).await
        }
        Err(response) => response,
    }
}

/// 《変更》.
pub(super) async fn change(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(user_id): Path<String>,
    form: FormData,
) -> Response {
    let (_, account) = match managed(&site, &user, &user_id).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let typed = ChangeForm {
        name: form.text("name"),
        name_kana: form.text("name_kana"),
        starts_on: form.text("starts_on"),
        ends_on: form.text("ends_on"),
        emergency_view: form.text("emergency_view"),
    };
    match typed.read(account.role, site.clock.today()) {
        Ok(change) => {
            let as_typed = change.name == typed.name && change.name_kana == typed.name_kana;
            let done = if as_typed { "change" } else { "change-neatened" };
            make(&site, &user, &user_id, (Staff::Change(change), done)).await
        }
        Err(errors) => {
            let form = FormView::faulty(ChangeForm::FIELDS, form, errors);
            show(&site, &user, &account, (StatusCode::UNPROCESSABLE_ENTITY, form), ("", None)).await
        }
    }
}

/// The question before 《利用停止》.
pub(super) async fn ask_stop(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(user_id): Path<String>,
) -> Response {
    match managed(&site, &user, &user_id).await {
        Ok((id, account)) => Confirm {
            shell: menu::shell(&site, TITLE, PATH, &user).with_help("/help/accounts"),
            question: format!(
                "「{}」（ユーザーID {id}、{}）の利用を停止します。",
                account.name,
                account.role.label()
            ),
            effect: Some(STOPS),
            action: format!("{PATH}/{id}/stop"),
            once: None,
            verb: "利用停止",
            danger: true,
            back: format!("{PATH}/{id}"),
        }
        .show(),
        Err(response) => response,
    }
}

/// 《利用停止》.
pub(super) async fn stop(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(user_id): Path<String>,
) -> Response {
    make(&site, &user, &user_id, (Staff::Stop, "stop")).await
}

/// 《利用再開》.
pub(super) async fn resume(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Path(user_id): Path<String>,
) -> Response {
    make(&site, &user, &user_id, (Staff::Resume, "resume")).await
}

/// `done`: what the page says afterwards.
async fn make(
    site: &Site,
    user: &InstitutionUser,
    user_id: &str,
    (staff, done): (Staff, &'static str),
) -> Response {
    let (id, account) = match managed(site, user, user_id).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    match site.store.change_staff(&user.institution_code, &id, staff, user.act(site)).await {
        Ok(StaffChanged::Done) => see(&format!("/accounts/{id}?done={done}")),
        // Stopped or resumed meanwhile by somebody else: as it is.
        Ok(StaffChanged::NotThere) => see(&format!("/accounts/{id}")),
        Ok(StaffChanged::LastAdministrator) => {
            let form = filled(&account);
            show(site, user, &account, (StatusCode::CONFLICT, form), ("", Some(LAST))).await
        }
        Err(error) => refused::by_store(&error),
    }
}
