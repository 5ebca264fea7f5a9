//! The frame of every page: head, menu, foot, look.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use crate::{config::LINE_AUTHENTICATION, gateway::Gateway};

/// The first page: how the terminal is.
pub(crate) const HOME: &str = "/terminal/";
/// The certificate.
pub(crate) const CERTIFICATE: &str = "/terminal/certificate";
/// What to do when the network fails.
pub(crate) const NETWORK: &str = "/terminal/network";
/// How to check which certificate a browser has.
const CHECK: &str = "/terminal/certificate/check";

/// One look for all sites of the house.
const FOUNDATION_CSS: &str = include_str!("../../../server/static/foundation.css");
const SITE_CSS: &str = include_str!("../../../server/static/site.css");
const ICON_SVG: &str = include_str!("../../../server/static/icon.svg");
/// No script, nothing from elsewhere, no frame around it.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                              base-uri 'none'; frame-ancestors 'none'";
/// Browsers may keep the style for an hour.
const KEEP: &str = "public, max-age=3600";

/// What the frame shows.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) institution: String,
    pub(super) menu: Vec<MenuLine>,
    /// The page of line authentication.
    pub(super) line_page: String,
}

/// One line of the menu.
#[derive(Clone, Debug)]
pub(super) struct MenuLine {
    pub(super) href: &'static str,
    pub(super) label: &'static str,
    pub(super) current: bool,
}

impl Frame {
    /// The frame of the page at `path`.
    pub(super) fn new(gateway: &Gateway, title: &str, path: &str) -> Self {
        let lines = [
            ("/", "オンライン資格確認等システム"),
            (HOME, "端末の状態"),
            (CERTIFICATE, "電子証明書"),
            (CHECK, "電子証明書の確認方法"),
            (NETWORK, "ネットワークのトラブル"),
        ];
        let menu = lines.map(|(href, label)| MenuLine { href, label, current: href == path });
        let institution = gateway.care.config().institution_code.to_string();
        let line_page = gateway.care.config().line_page().to_owned();
        Self { title: title.to_owned(), institution, menu: menu.into(), line_page }
    }
}

/// Words that name the page of line authentication, with the address it has here.
pub(super) fn as_here(gateway: &Gateway, words: &str) -> String {
    words.replace(LINE_AUTHENTICATION, gateway.care.config().line_page())
}

/// Writes a page.
pub(super) fn render(status: StatusCode, page: &impl Template) -> Response {
    let mut response = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    dress(&mut response);
    response
}

fn dress(response: &mut Response) {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: forms would then come with `Origin: null`.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
}

async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, KEEP)], ICON_SVG)
}

pub(super) fn style_routes() -> Router<Arc<Gateway>> {
    let css = |text: &'static str| {
        ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEEP)], text)
    };
    Router::new()
        .route("/terminal/static/foundation.css", get(move || async move { css(FOUNDATION_CSS) }))
        .route("/favicon.ico", get(icon))
        .route("/terminal/static/site.css", get(move || async move { css(SITE_CSS) }))
}
