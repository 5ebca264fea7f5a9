//! The first page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::news::{Headline, headlines};
use crate::web::signed_in::{OnSite, Visitor};
use crate::web::{Shell, refused, render};

/// お知らせ shown on the first page.
const HEADLINES: usize = 3;

#[derive(Template)]
#[template(path = "portal/entry.html")]
struct Entry {
    shell: Shell,
    signed_in: bool,
    news: Vec<Headline>,
}

pub(super) async fn page(OnSite(site): OnSite, Visitor(visitor): Visitor) -> Response {
    let mut news = match headlines(&site).await {
        Ok(news) => news,
        Err(error) => return refused::by_store(&error),
    };
    news.truncate(HEADLINES);
    let shell = Shell::new(&site, "トップページ", "/", visitor.as_ref());
    render(StatusCode::OK, &Entry { shell, signed_in: visitor.is_some(), news })
}
