//! The door for the browser on this machine: `http://127.0.0.1:PORT/` is the institution web, reached with the
//! terminal's certificate, so that nobody imports a certificate by hand; `/terminal/…` are the terminal's own pages.
//!
//! What must hold here: only this machine, only under its own names, changes only from its own pages; nothing of a
//! patient on the terminal's own pages; the key is never handed to a browser.

mod cookies;
mod guard;
mod headers;
mod proxy;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, middleware};
use reqwest::Url;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, SemaphorePermit},
};
use tokio_util::sync::CancellationToken;

use crate::{
    certificate::Care,
    config::GatewayConfig,
    loopback::{self, Patience},
    pages,
    reader_link::Reader,
    status::Status,
};
use guard::Names;
use proxy::Upstream;

/// Requests being answered at once.
const REQUESTS_MAX: usize = 64;
/// Of these, requests that change something: their bodies may take their time, and pages are shown meanwhile.
const CHANGES_MAX: usize = 16;
/// Longest wait for a place.
const PLACE_PATIENCE: Duration = Duration::from_secs(5);

/// What answering needs.
pub(crate) struct Gateway {
    pub(crate) care: Arc<Care>,
    pub(crate) status: Arc<Status>,
    pub(crate) reader: Arc<Reader>,
    names: Names,
    upstream: Option<Upstream>,
    places: Semaphore,
    changes: Semaphore,
}

/// What a request holds while it is answered.
struct Place<'g> {
    _of_all: SemaphorePermit<'g>,
    _of_changes: Option<SemaphorePermit<'g>>,
}

impl Gateway {
    /// A place for a request, soon or not at all. Changes wait for each other before they take one of all places.
    async fn place(&self, changes: bool) -> Option<Place<'_>> {
        let taken = tokio::time::timeout(PLACE_PATIENCE, async {
            let _of_changes = if changes { Some(self.changes.acquire().await.ok()?) } else { None };
            Some(Place { _of_all: self.places.acquire().await.ok()?, _of_changes })
        });
        taken.await.ok().flatten()
    }
}

/// The bound listener, before it serves.
pub(crate) struct GatewayDoor {
    listener: TcpListener,
    router: Router,
}

impl GatewayDoor {
    /// Binds the loopback address.
    pub(crate) async fn bind(
        config: &GatewayConfig,
        care: Arc<Care>,
        status: Arc<Status>,
        reader: Arc<Reader>,
    ) -> io::Result<Self> {
        let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("gateway: {why}"));
        if !config.listen.ip().is_loopback() {
            return Err(refused("it listens on loopback only"));
        }
        let listener = loopback::listen("gateway.listen", config.listen).await?;
        let port = listener.local_addr()?.port();
        let upstream = config.institution_web.as_deref().map(|url| {
            Url::parse(url)
                .ok()
                .and_then(|url| Upstream::new(&url, port, care.config().central.local_address))
        });
        if upstream.as_ref().is_some_and(Option::is_none) {
            return Err(refused("institution_web is not an https:// address"));
        }
        let gateway = Arc::new(Gateway {
            care,
            status,
            reader,
            names: Names::of_port(port),
            upstream: upstream.flatten(),
            places: Semaphore::new(REQUESTS_MAX),
            changes: Semaphore::new(CHANGES_MAX),
        });
        let router = pages::routes()
            .fallback(proxy::pass_on)
            .layer(middleware::from_fn_with_state(Arc::clone(&gateway), guard::guard))
            .with_state(gateway);
        Ok(Self { listener, router })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`.
    pub(crate) async fn serve(self, shutdown: CancellationToken) {
        loopback::serve(self.listener, self.router, Patience::default(), shutdown).await;
    }
}
