//! The reader's screen: pages for the one browser on this machine that was opened with the start key.
//!
//! What must hold here: loopback only, own name and own origin only, nothing without the cookie, nothing kept by the
//! browser, no patient and no digit in any log.

mod act;
mod door;
mod guard;

use std::{io, net::SocketAddr, path::Path as FilePath, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use crate::{
    counter::{Counter, Handle, Parts},
    faces::NotLooked,
    pages::{self, Voices},
    photo_shown,
    view::Page,
};
use act::Form;
use guard::Keys;

/// Largest frame of the camera, bytes.
const FRAME_BYTES_MAX: usize = 512 * 1024;
/// Largest form, bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;
/// Streams of events at once: one browser has one, and a new page opens its own before the old one ends.
const STREAMS_MAX: usize = 8;
/// A word on the stream so often, so that a browser notices a reader that is gone.
const ALIVE: Duration = Duration::from_secs(15);

/// What answering needs.
pub(crate) struct Site {
    handle: Handle,
    keys: Keys,
    voices: Voices,
    streams: Arc<Semaphore>,
}

/// The reader's program, bound and ready.
pub struct Kiosk {
    listener: TcpListener,
    router: Router,
    counter: Counter,
    address: SocketAddr,
    start_url: String,
}

impl Kiosk {
    /// Puts it together.
    ///
    /// # Errors
    /// The address is not loopback or is taken; no thread or no random numbers are to be had.
    pub async fn start(listen: SocketAddr, parts: Parts, voices: Voices) -> io::Result<Self> {
        if !listen.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the reader's screen is for this machine only: write a loopback address as listen",
            ));
        }
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot listen on {listen} ({error}): write another address as listen"),
            )
        })?;
        let address = listener.local_addr()?;
        let keys = Keys::new(address.port())?;
        let start_url = keys.start_url();
        let (counter, handle) = Counter::new(parts)?;
        let site = Arc::new(Site { handle, keys, voices, streams: Arc::new(Semaphore::new(STREAMS_MAX)) });
        Ok(Self { listener, router: router(site), counter, address, start_url })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the reader's browser opens: the address with the start key.
    #[must_use]
    pub fn start_url(&self) -> &str {
        &self.start_url
    }

    /// Works until `stop`.
    pub async fn serve(self, stop: CancellationToken) {
        let serving = door::serve(self.listener, self.router, stop.clone());
        tokio::join!(serving, self.counter.run(stop));
    }
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/screen", get(screen))
        .route("/events", get(events))
        .route("/picture", get(picture))
        .route("/assets/{name}", get(asset))
        .route("/voice/{language}/{key}", get(voice))
        .route("/act/{name}", post(act).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/frame", post(frame).layer(DefaultBodyLimit::max(FRAME_BYTES_MAX)))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard::guard))
        .with_state(site)
}

async fn page(State(site): State<Arc<Site>>) -> Response {
    written(pages::page(&site.handle.view()))
}

async fn screen(State(site): State<Arc<Site>>) -> Response {
    written(pages::screen(&site.handle.view()))
}

fn written(html: askama::Result<String>) -> Response {
    match html {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The stream of revisions: the one now, then each that follows.
async fn events(State(site): State<Arc<Site>>) -> Response {
    let Ok(place) = Arc::clone(&site.streams).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let changes = site.handle.changes();
    let words =
        futures_util::stream::unfold((changes, place, true), |(mut changes, place, first)| async move {
            if !first {
                match tokio::time::timeout(ALIVE, changes.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return None,
                    Err(_) => {
                        let alive = Ok::<_, std::convert::Infallible>(Bytes::from_static(b": alive\n\n"));
                        return Some((alive, (changes, place, false)));
                    }
                }
            }
            let revision = changes.borrow_and_update().revision;
            let word = Bytes::from(format!("data: {revision}\n\n"));
            Some((Ok(word), (changes, place, false)))
        });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(words)).into_response()
}

async fn picture(State(site): State<Arc<Site>>) -> Response {
    let wanted = matches!(site.handle.view().page, Page::StaffCompare { .. });
    match site.handle.photo.get().filter(|_| wanted) {
        Some(photo) => {
            let bitmap = photo_shown::bitmap(&photo);
            ([(header::CONTENT_TYPE, "image/bmp")], Bytes::copy_from_slice(&bitmap)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn asset(Path(name): Path<String>) -> Response {
    match pages::asset(&name) {
        Some(asset) => ([(header::CONTENT_TYPE, asset.kind)], asset.body).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn voice(State(site): State<Arc<Site>>, Path((language, key)): Path<(String, String)>) -> Response {
    let file = key.strip_suffix(".wav").and_then(|key| site.voices.file(&language, key));
    let Some(file) = file else { return StatusCode::NOT_FOUND.into_response() };
    match read(&file).await {
        Ok(sound) => ([(header::CONTENT_TYPE, "audio/wav")], sound).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn read(file: &FilePath) -> io::Result<Vec<u8>> {
    tokio::fs::read(file).await
}

async fn act(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some((revision, act)) = Form::read(&body).and_then(|form| form.act(&name)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    site.handle.press(revision, act).await;
    let by_script = headers.get(header::ACCEPT).is_some_and(|accepted| accepted == "application/json");
    if by_script { StatusCode::NO_CONTENT.into_response() } else { Redirect::to("/").into_response() }
}

async fn frame(State(site): State<Arc<Site>>, body: Bytes) -> Response {
    if !matches!(site.handle.view().page, Page::Face { .. }) {
        return StatusCode::CONFLICT.into_response();
    }
    let faces = site.handle.faces();
    let looked = tokio::task::spawn_blocking(move || faces.look(&body)).await;
    match looked {
        Ok(Ok((ticket, said))) => {
            site.handle.face_said(ticket, said).await;
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(Err(NotLooked::NotWanted)) => StatusCode::CONFLICT.into_response(),
        Ok(Err(NotLooked::Busy)) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Headers of every answer: nothing is kept, nothing comes from elsewhere, nothing looks in.
fn harden(response: &mut Response) {
    let headers = response.headers_mut();
    let always: [(HeaderName, &str); 7] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, pages::CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
