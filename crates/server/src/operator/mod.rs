//! The operator's side: what institutions applied for, who decided about it, letters to post, お知らせ.
//!
//! Its own listener and its own accounts. Every page asks the account's role; every decision asks the rules within
//! its transaction, so that two pairs of eyes are two people whatever the pages show.

mod accounts;
mod application;
mod history;
mod home;
mod institutions;
mod letter;
mod letter_find;
mod letters;
mod lines;
mod notices;
mod obstacle;
mod queue;
mod registrants;
mod unprintable;

use std::sync::Arc;

use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use eligibility::{
    account::OperatorAction,
    application::{Actor, Finding, FindingSeverity, Side},
};

use store::audit::{AuditEvent, CENTRAL_CHAIN};

use crate::web::seal::Seal;
use crate::web::{MenuEntry, OperatorUser, Shell, Site, refused};

/// What the site is called.
pub const NAME: &str = "オンライン資格確認 運営者サイト";

/// The menu.
pub const MENU: &[MenuEntry] = &[
    MenuEntry::operator("/queues", "審査", OperatorAction::ReadApplications),
    MenuEntry::operator("/registrants", "登録者", OperatorAction::ReadApplications),
    MenuEntry::operator(institutions::PATH, institutions::TITLE, OperatorAction::ReadRegister),
    MenuEntry::operator("/lines", "回線", OperatorAction::ReadRegister),
    MenuEntry::operator("/history", "承認履歴", OperatorAction::ReadHistory),
    MenuEntry::operator("/letters", "簡易書留発送", OperatorAction::CareForLetters),
    MenuEntry::operator("/notices", "お知らせの公開", OperatorAction::PublishNotices),
    MenuEntry::operator("/accounts", "アカウント管理", OperatorAction::ManageAccounts),
    MenuEntry::signed_in("/security", "アカウントの安全設定"),
];

/// The routes; signing in comes besides. Letters are opened with `seal` when they are printed.
pub fn routes(seal: Arc<Seal>) -> Router {
    Router::new()
        .route("/", get(home::page))
        .route("/queues", get(queue::overview))
        .route("/queues/{kind}", get(queue::page))
        .route("/applications/{institution}/{id}", get(application::page))
        .route("/applications/{institution}/{id}/decide", post(application::decide))
        .route("/history", get(history::page))
        .route("/letters", get(letters::page))
        .route("/letters/find", get(letter_find::page))
        .route("/letters/{institution}/{letter}", get(letter::page))
        .route("/letters/{institution}/{letter}/void", post(letter::void))
        .route("/letters/{institution}/{letter}/void/decide", post(letter::decide))
        .route("/letters/{institution}/{letter}/again", post(letter::again))
        .route("/letters/{institution}/{letter}/pdf", get(letters::pdf))
        .route("/letters/{institution}/{letter}/post", post(letters::sent))
        .route("/notices", get(notices::page).post(notices::publish))
        .route("/notices/{id}/withdraw", post(notices::withdraw))
        .route("/accounts", get(accounts::page))
        .route("/accounts/{id}/close", post(accounts::close))
        .route("/accounts/{id}/unlock", post(accounts::unlock))
        .route("/registrants", get(registrants::page))
        .route("/registrants/{institution}", get(registrants::one))
        .route("/registrants/{institution}/prove", post(registrants::prove))
        .route("/registrants/{institution}/stop", post(registrants::stop))
        .merge(institutions::routes())
        .merge(lines::routes())
        .layer(Extension(seal))
}

/// The frame of a page, with what this person may open in its menu.
fn shell(site: &Site, title: impl Into<String>, path: &str, user: &OperatorUser) -> Shell {
    Shell::new(site, title, path, Some(&user.signed_in))
}

/// Who acts, as the rules know them: the account as it is now, not as it was at sign-in.
async fn acting(site: &Site, user: &OperatorUser, action: OperatorAction) -> Result<Actor, Response> {
    allowed(site, user, action).await?;
    let account = site.store.operator(user.subject()).await.map_err(|error| refused::by_store(&error))?;
    match account {
        Some(account) if account.closed_at.is_none() && account.role.may(action) => {
            Ok(Actor { side: Side::Operator(account.role), account: account.id, mail: Some(account.mail) })
        }
        _ => {
            note_refusal(site, user, action).await?;
            Err(refused::not_there())
        }
    }
}

/// Goes on if the role may do it; otherwise the log tells who tried.
async fn allowed(site: &Site, user: &OperatorUser, action: OperatorAction) -> Result<(), Response> {
    match user.must_be_allowed(action) {
        Ok(()) => Ok(()),
        Err(refused) => {
            note_refusal(site, user, action).await?;
            Err(refused)
        }
    }
}

/// Who tries what the role may not do is in the log.
async fn note_refusal(site: &Site, user: &OperatorUser, action: OperatorAction) -> Result<(), Response> {
    let event = AuditEvent {
        actor: user.signed_in.actor(),
        action: "operator.act".to_owned(),
        object: format!("action:{action:?}"),
        outcome: "denied:role".to_owned(),
        detail: String::new(),
    };
    let source = format!("operator:{}", user.subject());
    let noted = site.store.record_sign_in_refused(CENTRAL_CHAIN, &source, event, site.clock.now()).await;
    noted.map_err(|error| refused::by_store(&error))
}

/// A finding as pages show it: class, sign, word, sentence.
struct FindingView {
    look: &'static str,
    mark: &'static str,
    label: &'static str,
    sentence: &'static str,
}

fn findings(found: &[Finding]) -> Vec<FindingView> {
    let view = |finding: &Finding| {
        let (look, mark) = match finding.severity {
            FindingSeverity::Blocking => ("stop", "×"),
            FindingSeverity::Warning => ("care", "!"),
            FindingSeverity::Information => ("none", "i"),
        };
        FindingView { look, mark, label: finding.severity.label(), sentence: finding.code.sentence() }
    };
    found.iter().map(view).collect()
}
