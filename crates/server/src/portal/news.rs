//! お知らせ.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::calendar::{format_japanese, tokyo_date};

use crate::web::signed_in::{OnSite, Visitor};
use crate::web::{Shell, Site, refused, render};

/// One line of a list.
pub(super) struct Headline {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) day: String,
    pub(super) important: bool,
}

/// The お知らせ that are shown now, the newest first.
pub(super) async fn headlines(site: &Site) -> Result<Vec<Headline>, store::Error> {
    let all = site.store.notices(site.clock.now()).await?;
    let line = |notice: store::Notice| Headline {
        id: notice.id,
        title: notice.title,
        day: format_japanese(tokyo_date(notice.published_at)),
        important: notice.important,
    };
    Ok(all.into_iter().map(line).collect())
}

#[derive(Template)]
#[template(path = "portal/news.html")]
struct News {
    shell: Shell,
    news: Vec<Headline>,
}

#[derive(Template)]
#[template(path = "portal/one_notice.html")]
struct One {
    shell: Shell,
    title: String,
    day: String,
    important: bool,
    paragraphs: Vec<String>,
}

pub(super) async fn page(OnSite(site): OnSite, Visitor(visitor): Visitor) -> Response {
    match headlines(&site).await {
        Ok(news) => {
            let shell = Shell::new(&site, "お知らせ", "/notices", visitor.as_ref());
            render(StatusCode::OK, &News { shell, news })
        }
        Err(error) => refused::by_store(&error),
    }
}

pub(super) async fn one(OnSite(site): OnSite, Visitor(visitor): Visitor, Path(id): Path<String>) -> Response {
    match site.store.notice(&id, site.clock.now()).await {
        Ok(Some(notice)) => {
            let shell = Shell::new(&site, notice.title.clone(), "/notices", visitor.as_ref());
            let paragraphs = notice.body.replace("\r\n", "\n");
            let page = One {
                shell,
                title: notice.title,
                day: format_japanese(tokyo_date(notice.published_at)),
                important: notice.important,
                paragraphs: paragraphs.split("\n\n").map(str::to_owned).collect(),
            };
            render(StatusCode::OK, &page)
        }
        Ok(None) => refused::not_there(),
        Err(error) => refused::by_store(&error),
    }
}
