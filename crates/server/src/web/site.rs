//! One site: its name, its address, its menu, and what all its handlers need.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::Response;
use eligibility::account::{OperatorAction, OperatorRole};
use store::{Audience, Store};

use super::{guard, refused, signed_in::SignedIn, style};
use crate::clock::Clock;

/// Bytes of a form at most.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
/// Time a request may take, its body included.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);

/// One line of a site's menu.
#[derive(Clone, Copy, Debug)]
pub struct MenuEntry {
    /// Where it leads, e.g. `/my-menu`.
    pub href: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Whether it is shown to signed-in people only.
    pub signed_in_only: bool,
    /// What a person of the operator must be allowed to do to be shown it.
    pub needs: Option<OperatorAction>,
}

impl MenuEntry {
    /// A line that every visitor is shown.
    #[must_use]
    pub const fn open(href: &'static str, label: &'static str) -> Self {
        Self { href, label, signed_in_only: false, needs: None }
    }

    /// A line for whoever is signed in.
    #[must_use]
    pub const fn signed_in(href: &'static str, label: &'static str) -> Self {
        Self { href, label, signed_in_only: true, needs: None }
    }

    /// A line for people of the operator whose role may do this.
    #[must_use]
    pub const fn operator(href: &'static str, label: &'static str, needs: OperatorAction) -> Self {
        Self { href, label, signed_in_only: true, needs: Some(needs) }
    }

    /// Whether it is shown to this visitor.
    pub(super) fn is_for(&self, who: Option<&SignedIn>) -> bool {
        let Some(who) = who else { return !self.signed_in_only };
        let role = || OperatorRole::from_name(&who.session.role);
        self.needs.is_none_or(|action| role().is_some_and(|role| role.may(action)))
    }
}

/// One site.
pub struct Site {
    /// What it is called: in the head of every page and in its title.
    pub name: &'static str,
    /// Whose sessions it has; `None` when nobody signs in.
    pub audience: Option<Audience>,
    /// Scheme, host and port as browsers write it, e.g. `https://portal.example.jp`.
    pub origin: String,
    /// Other origins it answers under, e.g. its name with the port it listens on.
    pub other_origins: Vec<String>,
    /// The page to sign in.
    pub sign_in: &'static str,
    /// The first page after signing in.
    pub home: &'static str,
    /// The menu.
    pub menu: &'static [MenuEntry],
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
}

impl Site {
    /// Whether browsers reach it over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Host and port as the `Host` header has it.
    #[must_use]
    pub fn authority(&self) -> &str {
        authority_of(&self.origin)
    }

    /// Every origin it answers under.
    pub(super) fn origins(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.origin).chain(&self.other_origins).map(String::as_str)
    }

    /// Whether the site answers under this host and port.
    pub(super) fn answers_to(&self, authority: &str) -> bool {
        self.origins().any(|origin| authority_of(origin).eq_ignore_ascii_case(authority))
    }

    /// The host alone: the id that passkeys are bound to.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        }
    }

    /// Makes a router a site: guard, headers, limits, the page for what is not there, style and scripts.
    pub fn furnish(self: &Arc<Self>, routes: Router) -> Router {
        routes
            .merge(style::routes())
            .fallback(refused::not_here)
            .method_not_allowed_fallback(refused::not_here)
            .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
            .layer(middleware::from_fn(whole))
            .layer(middleware::from_fn(in_time))
            .layer(middleware::from_fn_with_state(Arc::clone(self), introduce))
            .layer(middleware::from_fn_with_state(Arc::clone(self), guard::guard))
    }
}

fn authority_of(origin: &str) -> &str {
    origin.split_once("://").map_or("", |(_, authority)| authority)
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("name", &self.name).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Gives the site to the extractors.
async fn introduce(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Arc::clone(&site));
    refused::framed(&site, next.run(request).await)
}

/// Waits for the whole form before anybody is asked who sends it: a session that ends while a body trickles in does
/// nothing any more. What is longer than a form, the handler reads itself.
async fn whole(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > FORM_BYTES_MAX) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, FORM_BYTES_MAX).await {
        Ok(body) => next.run(Request::from_parts(parts, body.into())).await,
        Err(_) => refused::incomplete(),
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refused::busy(),
    }
}
