//! アカウント管理(登録).

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::institution_account::{AccountForm, starts_on};
use store::{NewStaff, STAFF_LIMIT, StaffAdded};

use super::issue::{Issued, fresh};
use super::{NEEDS, NEW_PATH, NEW_TITLE};
use crate::institution::menu;
use crate::institution::user::InstitutionUser;
use crate::web::once::Once;
use crate::web::password::Passwords;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

#[derive(Template)]
#[template(path = "institution/account_new.html")]
struct Page {
    shell: Shell,
    form: FormView,
    once: Once,
    roles: Vec<(&'static str, &'static str)>,
    said: Option<String>,
}

fn show(
    site: &Site,
    user: &InstitutionUser,
    status: StatusCode,
    (form, once): (FormView, Once),
    said: Option<String>,
) -> Response {
    let shell = menu::shell(site, NEW_TITLE, NEW_PATH, user).with_help("/help/account-new");
    let roles = AccountForm::roles(user.role).map(|role| (role.name(), role.label())).collect();
    render(status, &Page { shell, form, once, roles, said })
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must_one_of(&site, NEEDS).await {
        return refused;
    }
    let filled = FormData::from(vec![("starts_on".to_owned(), starts_on(site.clock.today()))]);
    let form = FormView::filled(AccountForm::FIELDS, filled);
    show(&site, &user, StatusCode::OK, (form, Once::new()), None)
}

/// 《登録》.
pub(super) async fn add(
    OnSite(site): OnSite,
    Extension(passwords): Extension<Passwords>,
    user: InstitutionUser,
    form: FormData,
) -> Response {
    match put(&site, &passwords, &user, form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn put(
    site: &Site,
    passwords: &Passwords,
    user: &InstitutionUser,
    form: FormData,
) -> Result<Response, Response> {
    user.must_one_of(site, NEEDS).await?;
    let once = Once::of_form(&form).ok_or_else(refused::incomplete)?;
    let typed = AccountForm {
        role: form.text("role"),
        user_id: form.text("user_id"),
        name: form.text("name"),
        name_kana: form.text("name_kana"),
        starts_on: form.text("starts_on"),
        ends_on: form.text("ends_on"),
        emergency_view: form.text("emergency_view"),
    };
    let faulty = |errors| FormView::faulty(AccountForm::FIELDS, form.clone(), errors);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let account = match typed.read(user.role, site.clock.today()) {
        Ok(account) => account,
        Err(errors) => return Ok(show(site, user, status, (faulty(errors), once), None)),
    };
    let (password, password_hash, password_until) = fresh(site, passwords).await?;
    let new = NewStaff {
        form: once.of_subject(user.subject()),
        institution_code: user.institution_code.clone(),
        account: account.clone(),
        password_hash,
        password_until,
        act: user.act(site),
    };
    let place = format!("/accounts/{}", account.user_id);
    match site.store.add_staff(new).await.map_err(|error| refused::by_store(&error))? {
        StaffAdded::Added => {
            let title = "アカウントを登録しました";
            let change = &account.change;
            let neatened = change.name != typed.name || change.name_kana != typed.name_kana;
            let issued = Issued { title, account: &change.name, user_id: account.user_id.as_str(), neatened };
            Ok(issued.show(site, user, &password, password_until))
        }
        // The password was shown to the first click.
        StaffAdded::Repeated => Ok(see(&place)),
        StaffAdded::IdTaken => Ok(show(site, user, status, (faulty(AccountForm::id_taken()), once), None)),
        StaffAdded::TooMany => {
            let said = format!("アカウントは{STAFF_LIMIT}件まで登録できます。運用窓口にご連絡ください。");
            let form = FormView::filled(AccountForm::FIELDS, form);
            Ok(show(site, user, StatusCode::CONFLICT, (form, once), Some(said)))
        }
    }
}
