//! アカウント管理: who works for the operator. New accounts are made at the command line.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::account::{LockoutDecision, OperatorAction};
use store::{Audience, OperatorAccount, OperatorHelp};

use super::acting;
use crate::portal::applications::summary;
use crate::web::guess::Guess;
use crate::web::signed_in::OnSite;
use crate::web::{OperatorUser, Shell, Site, refused, render, see};

struct AccountView {
    id: String,
    name: String,
    mail: String,
    role: &'static str,
    created: String,
    created_by: String,
    closed: Option<String>,
    locked: bool,
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
    let locked = match locked(&site, &accounts).await {
        Ok(locked) => locked,
        Err(error) => return refused::by_store(&error),
    };
    let shown = accounts.into_iter().zip(locked).map(|(account, locked)| AccountView {
        locked,
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

/// Whether guesses have locked each of these accounts.
async fn locked(site: &Site, accounts: &[OperatorAccount]) -> Result<Vec<bool>, store::Error> {
    let now = site.clock.now();
    let mut locked = Vec::with_capacity(accounts.len());
    for account in accounts {
        let mut one = false;
        for place in Guess::places_of(&site.store, Audience::Operator, &account.id, &account.id).await? {
            let state = site.store.attempts(&place).await?;
            one |= state.decide(place.bucket, now) != LockoutDecision::Allowed;
        }
        locked.push(one);
    }
    Ok(locked)
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

/// ロックを解除する: the counts of wrong guesses at the account begin anew.
pub(super) async fn unlock(OnSite(site): OnSite, user: OperatorUser, Path(id): Path<String>) -> Response {
    let by = match acting(&site, &user, OperatorAction::ManageAccounts).await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    match unlocked(&site, id, by.account).await {
        Ok(true) => see("/accounts"),
        Ok(false) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}

async fn unlocked(site: &Site, id: String, by: String) -> Result<bool, store::Error> {
    let freed = Guess::places_of(&site.store, Audience::Operator, &id, &id).await?;
    let now = site.clock.now();
    site.store.help_operator(OperatorHelp { id, freed, fresh: None, by, now }).await
}
