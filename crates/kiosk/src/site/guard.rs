//! Who may see the screen: the browser that was opened with the start key, under the reader's own name, from its own
//! pages. Any web page can send requests to loopback, and a name can be made to lead here.

use std::{io, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use zeroize::Zeroizing;

use super::{Site, harden};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// Random bytes of a key.
const KEY_BYTES: usize = 32;
/// Said to who comes without the key.
const NO_KEY: &str = "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>カードリーダー</title>\
     <h1>この画面は開けません</h1><p>カードリーダーの画面は、カードリーダーのアプリを起動したときに表示されるアドレスから開いてください。</p></html>";

/// The reader's names and secrets; new at each start.
pub(super) struct Keys {
    port: u16,
    start: Zeroizing<String>,
    cookie: Zeroizing<String>,
}

impl Keys {
    pub(super) fn new(port: u16) -> io::Result<Self> {
        Ok(Self { port, start: random()?, cookie: random()? })
    }

    pub(super) fn start_url(&self) -> String {
        format!("http://localhost:{}/?key={}", self.port, *self.start)
    }

    fn hosts(&self) -> [String; 2] {
        [format!("localhost:{}", self.port), format!("127.0.0.1:{}", self.port)]
    }

    /// One name in one place, and one of ours.
    fn is_asked(&self, request: &Request) -> bool {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (host, more) = (named.next(), named.next());
        let line = request.uri().authority().map(axum::http::uri::Authority::as_str);
        let hosts = self.hosts();
        let ours = |name: &str| hosts.iter().any(|own| own.eq_ignore_ascii_case(name));
        more.is_none() && line.is_none_or(ours) && host.is_some_and(|host| host.to_str().is_ok_and(ours))
    }

    /// A change comes from a page of ours, and says so.
    fn is_origin(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (origin, more) = (origins.next(), origins.next());
        let own = |origin: &HeaderValue| {
            self.hosts().iter().any(|host| origin.as_bytes() == format!("http://{host}").as_bytes())
        };
        more.is_none()
            && origin.is_some_and(own)
            && headers.get(FETCH_SITE).is_none_or(|said| said == "same-origin")
    }

    fn cookie_name(&self) -> String {
        format!("shikaku-kiosk-{}", self.port)
    }

    fn shows_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).any(|pair| {
            pair.trim()
                .split_once('=')
                .is_some_and(|(key, value)| key == name && is_same(value, &self.cookie))
        })
    }

    /// The way in, for who has the start key.
    fn enter(&self, request: &Request) -> Option<Response> {
        let key = request.uri().query()?.strip_prefix("key=")?;
        if request.method() != Method::GET || request.uri().path() != "/" || !is_same(key, &self.start) {
            return None;
        }
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie_name(), *self.cookie);
        let cookie = HeaderValue::from_str(&cookie).ok()?;
        Some(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
    }
}

fn is_same(shown: &str, own: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(shown.as_bytes(), own.as_bytes()).is_ok()
}

fn random() -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| io::Error::other("no random numbers"))?;
    Ok(Zeroizing::new(hex::encode(*bytes)))
}

/// Lets in what may ask, and hardens every answer.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&site.keys, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    harden(&mut response);
    response
}

fn refusal(keys: &Keys, request: &Request) -> Option<Response> {
    if !keys.is_asked(request) {
        return Some(StatusCode::MISDIRECTED_REQUEST.into_response());
    }
    let headers = request.headers();
    let allowed = match *request.method() {
        Method::GET | Method::HEAD => is_read_here(headers),
        _ => keys.is_origin(headers),
    };
    if !allowed {
        return Some(StatusCode::FORBIDDEN.into_response());
    }
    if let Some(entered) = keys.enter(request) {
        return Some(entered);
    }
    (!keys.shows_cookie(headers)).then(|| (StatusCode::UNAUTHORIZED, Html(NO_KEY)).into_response())
}

/// Read by a page of ours, or opened by a person.
fn is_read_here(headers: &HeaderMap) -> bool {
    match headers.get(FETCH_SITE).map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => true,
        Some(_) => {
            headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate")
                && headers.get(FETCH_DEST).is_some_and(|dest| dest == "document")
        }
    }
}
