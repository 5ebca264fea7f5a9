//! The guard of a site: it answers under its own name only, takes changes from its own pages only, and tells browsers
//! what its pages may do.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use super::{refused, site::Site, style};
use crate::ops::seldom::Seldom;

/// Scripts, styles and pictures from the site itself, nothing inline, no frame around it.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// Nothing of the device but keys for signing in.
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), \
     publickey-credentials-create=(self)",
);
/// Two years.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

static FOREIGN_NAMES: Seldom = Seldom::new();
static FOREIGN_PAGES: Seldom = Seldom::new();

/// Counts a refusal; says so once in a while only, because anybody can bring one about.
fn note(lines: &Seldom, why: &'static str, site: &'static str) {
    metrics::counter!("shikaku_foreign_requests_refused_total", "why" => why).increment(1);
    if let Some(others) = lines.due(Instant::now()) {
        tracing::warn!(site, why, others, "a request under another name or from another page was refused");
    }
}

/// Refuses what does not come under the site's name or, if it changes something, from its own pages; sets the headers.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = if !named(&request, &site) && !is_look(&request) {
        note(&FOREIGN_NAMES, "name", site.name);
        refused::unknown_host(&site.origin)
    } else if changes(request.method()) && !from_own_page(request.headers(), &site) {
        note(&FOREIGN_PAGES, "page", site.name);
        refused::foreign_page()
    } else {
        next.run(request).await
    };
    dress(response.headers_mut(), site.is_https());
    response
}

/// The look of the pages is the same for everybody, and the page that says the right address needs it too.
fn is_look(request: &Request) -> bool {
    let path = request.uri().path();
    !changes(request.method()) && (path.starts_with(style::PLACE) || path == style::ICON)
}

/// One name in one place: HTTP/2 has it in the request line, HTTP/1.1 in `Host`. Two different ones are refused.
fn named(request: &Request, site: &Site) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    let from_line = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let from_header = host.map(HeaderValue::to_str);
    let same = |name: &str| site.answers_to(name);
    match (from_line, from_header) {
        (_, Some(Err(_))) | (None, None) => false,
        (Some(line), Some(Ok(header))) => more.is_none() && same(line) && line.eq_ignore_ascii_case(header),
        (Some(line), None) => same(line),
        (None, Some(Ok(header))) => more.is_none() && same(header),
    }
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Browsers name the page a form was on. One that names none, or `null`, changes nothing here.
fn from_own_page(headers: &HeaderMap, site: &Site) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let ours = |named: &HeaderValue| site.origins().any(|own| own.as_bytes() == named.as_bytes());
    let own = origins.next().is_some_and(ours);
    let only = origins.next().is_none();
    let same_site = headers.get(FETCH_SITE).is_none_or(|said| said.as_bytes() == b"same-origin");
    own && only && same_site
}

fn dress(headers: &mut HeaderMap, https: bool) {
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Not `no-referrer`: browsers then write `Origin: null` on the site's own forms, and the guard could not tell
    // them from foreign ones. Other sites get no referrer either way.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    // What is the same for everybody (style, scripts) says so itself.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
}
