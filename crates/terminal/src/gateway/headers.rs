//! Which headers go through, and how they change on the way.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use wire::institution_certificate::GATEWAY_ORIGIN_HEADER;

use super::cookies::Cookies;

/// Never passed on in either direction: they are about one connection.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// The same, without a constant of their own.
const HOP_BY_HOP_TOO: [&str; 3] = ["keep-alive", "proxy-connection", "http2-settings"];
/// What a browser's request must not tell the centre, or is told anew here.
const NOT_UP: [&str; 10] = [
    "host",
    "cookie",
    "origin",
    "referer",
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    GATEWAY_ORIGIN_HEADER,
];
/// What an answer must not do to the other programs that share this machine's name.
const NOT_DOWN: [&str; 6] =
    ["set-cookie", "location", "strict-transport-security", "alt-svc", "clear-site-data", "content-location"];

/// The headers of a request as the centre gets them.
pub(super) fn up(from: &HeaderMap, origin: &str, cookies: &Cookies) -> HeaderMap {
    let mut to = passed(from, &NOT_UP);
    if from.contains_key(header::ORIGIN)
        && let Ok(origin) = HeaderValue::from_str(origin)
    {
        // The guard has seen that it was ours.
        to.insert(header::ORIGIN, origin);
    }
    // The guard has seen that it is one of ours.
    if let Some(host) = from.get(header::HOST).and_then(|host| host.to_str().ok())
        && let Ok(seen) = HeaderValue::from_str(&format!("http://{}", host.to_ascii_lowercase()))
    {
        to.insert(HeaderName::from_static(GATEWAY_ORIGIN_HEADER), seen);
    }
    if let Some(kept) = cookies.up(from) {
        to.insert(header::COOKIE, kept);
    }
    to
}

/// The headers of an answer as the browser gets them.
pub(super) fn down(from: &HeaderMap, origin: &str, cookies: &Cookies) -> HeaderMap {
    let mut to = passed(from, &NOT_DOWN);
    for cookie in from.get_all(header::SET_COOKIE) {
        if let Some(cookie) = cookies.down(cookie) {
            to.append(header::SET_COOKIE, cookie);
        }
    }
    if let Some(place) = from.get(header::LOCATION).and_then(|place| here(place, origin)) {
        to.insert(header::LOCATION, place);
    }
    to
}

/// Where a redirect of the centre leads from here; `None` for places nobody is led to.
fn here(place: &HeaderValue, origin: &str) -> Option<HeaderValue> {
    let text = place.to_str().ok()?;
    if let Some(path) = text.strip_prefix(origin) {
        return match path.bytes().next() {
            None => HeaderValue::from_str("/").ok(),
            Some(b'/') if !path.starts_with("//") => HeaderValue::from_str(path).ok(),
            Some(b'?' | b'#') => HeaderValue::from_str(&format!("/{path}")).ok(),
            // Another host whose name begins the same.
            Some(_) => None,
        };
    }
    let relative = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    (relative || text.starts_with("https://")).then(|| place.clone())
}

fn passed(from: &HeaderMap, without: &[&str]) -> HeaderMap {
    let listed: Vec<String> = from
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let stays = |name: &HeaderName| {
        HOP_BY_HOP.contains(name)
            || HOP_BY_HOP_TOO.contains(&name.as_str())
            || without.contains(&name.as_str())
            || listed.iter().any(|one| one == name.as_str())
    };
    let mut to = HeaderMap::with_capacity(from.len());
    for (name, value) in from {
        if !stays(name) {
            to.append(name.clone(), value.clone());
        }
    }
    to
}
