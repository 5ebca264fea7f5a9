//! The list.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::institution_account::AccountState;

use super::lock::{self, Lock};
use super::{NEEDS, NEW_PATH, NEW_TITLE, PATH, TITLE};
use crate::institution::days::{day, moment};
use crate::institution::menu;
use crate::institution::user::InstitutionUser;
use crate::web::signed_in::OnSite;
use crate::web::{Shell, refused, render};

struct Row {
    user_id: String,
    name: String,
    name_kana: String,
    role: &'static str,
    from: String,
    until: String,
    state: &'static str,
    look: &'static str,
    lock: Option<Lock>,
    last: Option<String>,
    emergency: bool,
    /// Whether this user may open it.
    managed: bool,
    own: bool,
}

#[derive(Template)]
#[template(path = "institution/accounts.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    new: (&'static str, &'static str),
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must_one_of(&site, NEEDS).await {
        return refused;
    }
    let accounts = match site.store.staff_accounts(&user.institution_code).await {
        Ok(accounts) => accounts,
        Err(error) => return refused::by_store(&error),
    };
    let locks = match lock::of(&site, &accounts).await {
        Ok(locks) => locks,
        Err(error) => return refused::by_store(&error),
    };
    let today = site.clock.today();
    let rows = accounts.into_iter().zip(locks).map(|(account, lock)| {
        let state = account.state(today);
        Row {
            own: account.user_id == user.user_id(),
            managed: account.role.managed_by().is_some_and(|action| user.role.may(action)),
            role: account.role.label(),
            from: account.period.starts_on.map(day).unwrap_or_default(),
            until: account.period.ends_on.map(day).unwrap_or_default(),
            lock: lock.filter(|_| state == AccountState::Open),
            state: state.label(),
            look: if state == AccountState::Open { "go" } else { "none" },
            last: account.last_sign_in_at.map(moment),
            emergency: account.emergency_view,
            user_id: account.user_id,
            name: account.name,
            name_kana: account.name_kana,
        }
    });
    let rows = rows.collect();
    let shell = menu::shell(&site, TITLE, PATH, &user).with_help("/help/accounts");
    render(StatusCode::OK, &Page { shell, rows, new: (NEW_PATH, NEW_TITLE) })
}
