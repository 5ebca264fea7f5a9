//! お知らせ: what the operator tells everybody, what of it this account has not read, and how long certificates last.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use eligibility::calendar::tokyo_date;
use eligibility::institution_account::InstitutionAction;
use eligibility::institution_certificate::CertificatePeriod;
use store::NoticeReader;

use super::user::InstitutionUser;
use super::{days, entry, menu};
use crate::ca::notices::{CertificateWarning, warnings};
use crate::web::signed_in::OnSite;
use crate::web::{Shell, Site, refused, render, see};

/// Where it is.
pub(super) const PATH: &str = "/notices";
/// What it is called.
pub(super) const TITLE: &str = "お知らせ";
const ACTION: InstitutionAction = InstitutionAction::ReadNotices;

pub(super) fn pages() -> Router {
    Router::new()
        .route("/notices", get(list))
        .route("/notices/{id}", get(one))
        .route("/notices/read", post(read_all))
}

fn reader(user: &InstitutionUser) -> NoticeReader {
    NoticeReader { institution_code: user.institution_code.clone(), user_id: user.user_id().to_owned() }
}

/// How many お知らせ the account has not read; none where its role reads none.
pub(super) async fn unread(site: &Site, user: &InstitutionUser) -> store::Result<usize> {
    if !user.role.may(ACTION) {
        return Ok(0);
    }
    Ok(site.store.unread_notices(reader(user), site.clock.now()).await?.len())
}

struct Headline {
    id: String,
    title: String,
    day: String,
    important: bool,
    unread: bool,
}

#[derive(Template)]
#[template(path = "institution/notices.html")]
struct List {
    shell: Shell,
    headlines: Vec<Headline>,
    unread: usize,
    terminal_name: String,
    last_day: String,
    days_left: i32,
    warnings: Vec<CertificateWarning>,
}

async fn list(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    match listed(&site, &user).await {
        Ok(response) | Err(response) => response,
    }
}

async fn listed(site: &Arc<Site>, user: &InstitutionUser) -> Result<Response, Response> {
    user.must(site, ACTION).await?;
    let by_store = |error: store::Error| refused::by_store(&error);
    let now = site.clock.now();
    let today = tokyo_date(now);
    let unread = site.store.unread_notices(reader(user), now).await.map_err(by_store)?;
    let all = site.store.notices(now).await.map_err(by_store)?;
    let headlines = all.into_iter().map(|notice| Headline {
        unread: unread.contains(&notice.id),
        id: notice.id,
        title: notice.title,
        day: days::day(tokyo_date(notice.published_at)),
        important: notice.important,
    });
    let known = entry::known(site, &user.terminal).await.map_err(by_store)?;
    let period: CertificatePeriod = known.period;
    let page = List {
        shell: menu::shell(site, TITLE, PATH, user).with_help("/help/notices"),
        headlines: headlines.collect(),
        unread: unread.len(),
        terminal_name: user.terminal.terminal_name.clone(),
        last_day: days::day(period.last_day()),
        days_left: period.days_left(today),
        warnings: warnings(&site.store, &user.institution_code, today).await.map_err(by_store)?,
    };
    Ok(render(StatusCode::OK, &page))
}

#[derive(Template)]
#[template(path = "institution/notice.html")]
struct One {
    shell: Shell,
    day: String,
    important: bool,
    paragraphs: Vec<String>,
}

async fn one(OnSite(site): OnSite, user: InstitutionUser, Path(id): Path<String>) -> Response {
    match opened(&site, &user, &id).await {
        Ok(response) | Err(response) => response,
    }
}

/// Shows an お知らせ and notes that the account has read it.
async fn opened(site: &Site, user: &InstitutionUser, id: &str) -> Result<Response, Response> {
    user.must(site, ACTION).await?;
    let by_store = |error: store::Error| refused::by_store(&error);
    let now = site.clock.now();
    let notice = site.store.notice(id, now).await.map_err(by_store)?.ok_or_else(refused::not_there)?;
    let ids = vec![notice.id.clone()];
    site.store.mark_notices_read(reader(user), ids, now).await.map_err(by_store)?;
    let mut user = user.clone();
    user.unread = unread(site, &user).await.map_err(by_store)?;
    let page = One {
        shell: menu::shell(site, notice.title.clone(), PATH, &user).with_help("/help/notices"),
        day: days::day(tokyo_date(notice.published_at)),
        important: notice.important,
        paragraphs: notice.body.replace("\r\n", "\n").split("\n\n").map(str::to_owned).collect(),
    };
    Ok(render(StatusCode::OK, &page))
}

async fn read_all(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let now = site.clock.now();
    let unread = match site.store.unread_notices(reader(&user), now).await {
        Ok(unread) => unread.into_iter().collect(),
        Err(error) => return refused::by_store(&error),
    };
    match site.store.mark_notices_read(reader(&user), unread, now).await {
        Ok(()) => see(PATH),
        Err(error) => refused::by_store(&error),
    }
}
