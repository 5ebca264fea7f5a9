//! The door: mutual TLS, one identity per connection, its standing looked at for each request.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use wire::institution_certificate::CODE_HEADER;

use super::entry;
use crate::ca::renewal;
use crate::line_auth::Lines;
use crate::listener::Gatekeeper;
use crate::listener::identity::{AskingTerminal, IdentityError};
use crate::listener::terminals::TerminalSlot;
use crate::terminal_api::admission::{Admission, Asks};
use crate::terminal_api::denied;
use crate::terminal_api::refusal::Refusal;
use crate::terminal_api::standing::Standings;
use crate::web::door::Peer;
use crate::web::{Site, refused};

/// Requests of one terminal answered at once.
const REQUESTS_OF_ONE: u32 = 16;
/// What a refused browser is recorded to have tried.
const ACTION: &str = "institution_web";

/// Lets browsers with a certificate in.
pub struct InstitutionDoor {
    /// The site behind it.
    pub site: Arc<Site>,
    /// Its routes, furnished.
    pub routes: Router,
    /// How certificates stand.
    pub standings: Arc<Standings>,
    /// With these, requests get through by authenticated lines only.
    pub lines: Option<Arc<Lines>>,
}

impl InstitutionDoor {
    async fn admit(&self, terminal: &Arc<TerminalSlot>, Peer(peer): Peer, asks: Asks) -> Result<(), Refusal> {
        let mut admission = Admission {
            terminal: Arc::clone(terminal),
            standings: Arc::clone(&self.standings),
            clock: self.site.clock.clone(),
            line: None,
            asks,
        };
        admission.check()?;
        if let Some(lines) = &self.lines {
            let pass = lines.pass(&terminal.identity.institution_code, peer).await;
            admission.line = Some(pass.map_err(|error| Refusal::read_failed(&error))?);
        }
        admission.let_in().await
    }

    async fn pass_on(
        &self,
        terminal: &AskingTerminal,
        peer: Peer,
        mut request: Request<Incoming>,
    ) -> Response<Body> {
        request.extensions_mut().insert(terminal.clone());
        request.extensions_mut().insert(peer);
        let service = TowerToHyperService::new(self.routes.clone());
        match service.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

impl Gatekeeper for InstitutionDoor {
    async fn connected(&self, identity: AskingTerminal) -> Arc<TerminalSlot> {
        self.standings.slot_of(identity).await
    }

    async fn answer(
        &self,
        terminal: &Arc<TerminalSlot>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> Response<Body> {
        // The look of a page is for everybody, that of the page that says what is wrong too; it lies in memory, so it
        // waits for nothing and takes no place: a page that was let in does not come without it.
        let is_style = request.uri().path().starts_with("/static/");
        let place = (!is_style).then(|| terminal.enter(REQUESTS_OF_ONE));
        if matches!(place, Some(None)) {
            return refused::busy();
        }
        // A certificate for billing alone is renewed here, too.
        let asks = match request.uri().path() {
            renewal::PATH => Asks::CertificateCare,
            _ => Asks::Eligibility,
        };
        match self.admit(terminal, peer, asks).await {
            Err(refusal) if !is_style => {
                let Site { store, clock, .. } = &*self.site;
                let refusal = denied::record(store, clock, &terminal.identity, ACTION, refusal).await;
                tracing::info!(
                    institution = %terminal.identity.institution_code,
                    code = refusal.code.internal_name(),
                    "a browser was refused at the institution web"
                );
                let mut response = entry::refused(&self.site, &terminal.identity, &refusal).await;
                if let Ok(code) = HeaderValue::from_str(refusal.code.code()) {
                    response.headers_mut().insert(HeaderName::from_static(CODE_HEADER), code);
                }
                response
            }
            _ => self.pass_on(&terminal.identity, peer, request).await,
        }
    }

    fn crowded(&self) -> Response<Body> {
        refused::busy()
    }

    fn nameless(&self, peer: SocketAddr, error: &IdentityError) {
        metrics::counter!("shikaku_nameless_certificates_total").increment(1);
        tracing::warn!(%peer, %error, "a verified client certificate names no terminal");
    }
}
