//! 電子証明書取得サイト: where a letter becomes a certificate, by page or by terminal.

mod json;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use eligibility::account::LockoutDecision;
use eligibility::retrieval::{RetrievalNumber, RetrievalSecret};
use store::AttemptPlace;
use wire::institution_certificate::{MAX_BODY_BYTES, RETRIEVAL_PATH};

use super::desk::{Fetched, How};
use super::{Desk, NotIssued, Refusal};
use crate::web::Site;
use crate::web::door::Peer;

pub(super) use page::download;
pub use page::{PATH, SITE_NAME};

/// What the handlers need.
pub(super) struct Front {
    desk: Arc<Desk>,
    site: Arc<Site>,
}

/// The site's pages and, beside them, what terminals ask for.
pub fn routes(desk: Arc<Desk>, site: &Arc<Site>) -> Router {
    let front = Arc::new(Front { desk, site: Arc::clone(site) });
    let pages = Router::new()
        .route("/", get(page::home))
        .route(page::PATH, get(page::form).post(page::fetch))
        .with_state(Arc::clone(&front));
    let terminals = Router::new()
        .route(RETRIEVAL_PATH, post(json::fetch))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(front);
    // Terminals are no browsers: they come without an origin.
    terminals.merge(site.furnish(pages))
}

/// One network may be wrong so often in an hour; who is right has not been.
async fn within_limits(desk: &Desk, peer: Option<Peer>) -> Result<Vec<AttemptPlace>, NotIssued> {
    let Some(peer) = peer else { return Ok(Vec::new()) };
    let places = peer.places("retrieval");
    match desk.store().take_attempt(places.clone(), desk.clock().now()).await? {
        LockoutDecision::Allowed => Ok(places),
        LockoutDecision::Wait { retry_after_ms } => {
            let seconds = retry_after_ms.max(0) / 1000 + 1;
            let retry_after_s = u32::try_from(seconds).unwrap_or(u32::MAX);
            Err(Refusal::TooManyTries { retry_after_s }.into())
        }
        LockoutDecision::AskAdministrator => Err(Refusal::TooManyTries { retry_after_s: 3600 }.into()),
    }
}

/// A try within the limits of its network. It goes on when the line is cut: what was counted of who was right is given
/// back all the same, and who comes again finds the work done.
async fn fetch(
    desk: &Arc<Desk>,
    peer: Option<Peer>,
    (number, secret): (RetrievalNumber, RetrievalSecret),
    how: How,
) -> Result<Fetched, NotIssued> {
    let desk = Arc::clone(desk);
    let work = tokio::spawn(async move {
        let places = within_limits(&desk, peer).await?;
        let fetched = desk.fetch(&number, &secret, how).await?;
        if !places.is_empty() {
            desk.store().give_attempt_back(places, desk.clock().now()).await?;
        }
        Ok(fetched)
    });
    work.await.map_err(|_| NotIssued::Task)?
}
