//! The look of every page and the one script, compiled in.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Colours, type and the plain parts, after the Digital Agency's design tokens. Every page of the house begins with it.
pub const FOUNDATION_CSS: &str = include_str!("../../static/foundation.css");
/// What the sites for staff have besides.
const SITE_CSS: &str = include_str!("../../static/site.css");
/// The one page that is printed.
const PRINT_CSS: &str = include_str!("../../static/print.css");
/// Warns before a session ends for want of use.
const IDLE_JS: &str = include_str!("../../static/idle.js");
/// Covers a page with medical information that nobody touches.
const COVER_JS: &str = include_str!("../../static/cover.js");
const FACILITY_JS: &str = include_str!("../../static/facility.js");
const LIVE_JS: &str = include_str!("../../static/live.js");
const PASSKEY_JS: &str = include_str!("../../static/passkey.js");

/// Where they lie.
pub(super) const PLACE: &str = "/static/";
/// The picture in a browser's tab, where browsers look for it unasked.
pub const ICON: &str = "/favicon.ico";
/// The same for every site of the house.
pub const ICON_SVG: &str = include_str!("../../static/icon.svg");

/// Browsers may keep style and scripts for an hour.
const KEEP: &str = "public, max-age=3600";

pub(super) fn routes() -> Router {
    Router::new()
        .route("/static/foundation.css", get(|| async { file("text/css; charset=utf-8", FOUNDATION_CSS) }))
        .route("/static/site.css", get(|| async { file("text/css; charset=utf-8", SITE_CSS) }))
        .route("/static/print.css", get(|| async { file("text/css; charset=utf-8", PRINT_CSS) }))
        .route("/static/idle.js", get(|| async { file("text/javascript; charset=utf-8", IDLE_JS) }))
        .route("/static/cover.js", get(|| async { file("text/javascript; charset=utf-8", COVER_JS) }))
        .route("/static/facility.js", get(|| async { file("text/javascript; charset=utf-8", FACILITY_JS) }))
        .route("/static/live.js", get(|| async { file("text/javascript; charset=utf-8", LIVE_JS) }))
        // The same as ICON; written out for the test that reads the routers.
        .route("/favicon.ico", get(|| async { file("image/svg+xml", ICON_SVG) }))
        .route("/static/passkey.js", get(|| async { file("text/javascript; charset=utf-8", PASSKEY_JS) }))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEEP)], text).into_response()
}
