//! アカウント管理: who works for the operator. New accounts are made at the command line.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::account::OperatorAction;

use super::acting;
use crate::portal::applications::{see, summary};
use crate::web::signed_in::OnSite;
use crate::web::{OperatorUser, Shell, refused, render};

struct AccountView {
    id: String,
    name: String,
    mail: String,
    role: &'static str,
    created: String,
    created_by: String,
    closed: Option<String>,
    own: bool,
}

#[derive(Template)]
#[template(path = "operator/accounts.html")]
struct Page {
    shell: Shell,
    accounts: Vec<AccountView>,
}

/// The page.
pub(super) async fn page(OnSite(site): OnSite, user: OperatorUser) -> Response {
    if let Err(refused) = acting(&site, &user, OperatorAction::ManageAccounts).await {
        return refused;
    }
    let accounts = match site.store.operators().await {
        Ok(accounts) => accounts,
        Err(error) => return refused::by_store(&error),
    };
    let shown = accounts.into_iter().map(|account| AccountView {
        own: account.id == user.subject(),
        id: account.id,
        name: account.name,
        mail: account.mail.to_string(),
        role: account.role.label(),
        created: summary::moment(account.created_at),
        created_by: account.created_by,
        closed: account.closed_at.map(summary::moment),
    });
    let shell = super::shell(&site, "アカウント管理", "/accounts", &user);
    render(StatusCode::OK, &Page { shell, accounts: shown.collect() })
}

/// 利用を停止する: the account's sessions end in the same commit.
pub(super) async fn close(OnSite(site): OnSite, user: OperatorUser, Path(id): Path<String>) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageAccounts).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    // Nobody locks themselves out: another administrator does it.
    if id == by.account {
        return refused::not_there();
    }
    match site.store.close_operator(&id, &by.account, site.clock.now()).await {
        Ok(true) => see("/accounts"),
        Ok(false) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}
