//! What every request passes before it reaches its use case: is the terminal registered, not revoked, its
//! certificate not expired, and is there room. Checked for each request, because connections live long.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use eligibility::errors::ErrorCode;
use hyper::Version;
use hyper::body::Incoming;

use super::admission::{Admission, Asks};
use super::refusal::Refusal;
use super::router::{self, Operation, ROUTES};
use super::standing::Standings;
use super::{
    Api, certificate, denied, facility, many_rows, nonces, readers, receipt_keys, reference_numbers, status,
    verify_card, verify_number,
};
use crate::line_auth::Lines;
use crate::listener::Gatekeeper;
use crate::listener::identity::{AskingTerminal, IdentityError};
use crate::listener::terminals::{Standing, TerminalSlot};
use crate::ops::logs;
use crate::ops::metrics::RouteMetrics;
use crate::web::door::Peer;

/// Time for a use case beyond its body: a database that hangs must not keep places taken.
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// Name in logs and metrics of requests that reach no route.
const NO_ROUTE: &str = "none";

/// How many requests at once.
#[derive(Clone, Copy, Debug)]
pub struct GateLimits {
    /// Of one terminal.
    pub terminal: u32,
    /// Of all terminals.
    pub all: u32,
}

/// The gate, with the use cases behind it.
pub struct Gate {
    api: Arc<Api>,
    standings: Arc<Standings>,
    lines: Option<Arc<Lines>>,
    limits: GateLimits,
    in_flight: AtomicU32,
    routes: Vec<RouteMetrics>,
    no_route: RouteMetrics,
}

/// A place among all requests; given back when dropped.
struct Room<'g>(&'g AtomicU32);

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Gate {
    /// A gate before these use cases. With `lines`, requests get through by authenticated lines only.
    #[must_use]
    pub fn new(
        api: Arc<Api>,
        standings: Arc<Standings>,
        lines: Option<Arc<Lines>>,
        limits: GateLimits,
    ) -> Self {
        let routes = ROUTES.iter().map(|route| RouteMetrics::new(route.name)).collect();
        let no_route = RouteMetrics::new(NO_ROUTE);
        Self { api, standings, lines, limits, in_flight: AtomicU32::new(0), routes, no_route }
    }

    async fn decide(
        &self,
        terminal: &Arc<TerminalSlot>,
        Peer(peer): Peer,
        route: Result<usize, Refusal>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Refusal> {
        let mut admission = self.admission(terminal);
        // Who is refused for his certificate may ask why.
        admission.asks = route.as_ref().map_or(Asks::Eligibility, |place| Asks::of(ROUTES[*place].operation));
        admission.check()?;
        if let Some(lines) = &self.lines {
            let pass = lines.pass(&terminal.identity.institution_code, peer).await;
            admission.line = Some(pass.map_err(|error| Refusal::read_failed(&error))?);
        }
        admission.let_in().await?;
        let operation = ROUTES[route?].operation;
        let _place = terminal.enter(self.limits.terminal).ok_or_else(Refusal::too_many)?;
        let _room = self.room()?;
        let answered = tokio::time::timeout(
            self.api.body.time + ANSWER_TIME,
            self.perform(operation, &admission, request),
        );
        answered.await.unwrap_or_else(|_| Err(ErrorCode::Overloaded.into()))
    }

    async fn perform(
        &self,
        operation: Operation,
        admission: &Admission,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Refusal> {
        let terminal = &admission.terminal.identity;
        match operation {
            Operation::VerifyCard => verify_card::answer(&self.api, admission, request).await,
            Operation::VerifyNumber => verify_number::answer(&self.api, admission, request).await,
            Operation::IssueNonces => nonces::answer(&self.api, admission, request).await,
            Operation::Status => Ok(status::answer(&self.api, terminal)),
            Operation::ReceiptKeys => Ok(receipt_keys::answer(&self.api)),
            Operation::RenewCertificate => certificate::renew(&self.api, admission, request).await,
            Operation::CertificateStanding => certificate::standing(&self.api, terminal).await,
            Operation::IssuePasscode => facility::issue_passcode(&self.api, admission, request).await,
            Operation::FacilitySettings => facility::settings(&self.api, admission, request).await,
            Operation::ChangeFacilitySettings => {
                facility::change_settings(&self.api, admission, request).await
            }
            Operation::RegisterReferenceNumber => {
                reference_numbers::answer(&self.api, admission, request).await
            }
            Operation::UploadBulk => many_rows::upload(&self.api, admission, request).await,
            Operation::BulkResult => many_rows::result(&self.api, admission, request).await,
            Operation::ReaderState => readers::told(&self.api, admission, request).await,
            Operation::HomeVisitUrl => facility::home_visit_url(&self.api, admission, request).await,
        }
    }

    fn admission(&self, terminal: &Arc<TerminalSlot>) -> Admission {
        Admission {
            terminal: Arc::clone(terminal),
            standings: Arc::clone(&self.standings),
            clock: self.api.clock.clone(),
            line: None,
            asks: Asks::Eligibility,
        }
    }

    fn room(&self) -> Result<Room<'_>, Refusal> {
        let taken = self.in_flight.fetch_add(1, Ordering::AcqRel);
        let room = Room(&self.in_flight);
        if taken >= self.limits.all { Err(ErrorCode::Overloaded.into()) } else { Ok(room) }
    }
}

impl Gatekeeper for Gate {
    async fn connected(&self, identity: AskingTerminal) -> Arc<TerminalSlot> {
        self.standings.slot_of(identity).await
    }

    async fn answer(
        &self,
        terminal: &Arc<TerminalSlot>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let started = Instant::now();
        let version = request.version();
        let route = router::find(request.method(), request.uri().path());
        let (name, metrics) = match route {
            Ok(position) => (ROUTES[position].name, &self.routes[position]),
            Err(_) => (NO_ROUTE, &self.no_route),
        };
        let (code, response) = match self.decide(terminal, peer, route, request).await {
            Ok(response) => ("", response),
            Err(refusal) => {
                let Api { store, clock, .. } = &*self.api;
                let refusal = denied::record(store, clock, &terminal.identity, name, refusal).await;
                let mut response = refusal.response();
                // Whoever may not ask need not stay.
                if version < Version::HTTP_2 && terminal.standing() != Standing::Registered {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                (refusal.code.internal_name(), response)
            }
        };
        let (took, status) = (started.elapsed(), response.status().as_u16());
        metrics.observe(status, took);
        let request_id = uuid::Uuid::now_v7();
        logs::request(&request_id.to_string(), &terminal.identity.institution_code, name, status, code, took);
        response
    }

    fn crowded(&self) -> Response<Body> {
        Refusal::too_many().response()
    }

    fn nameless(&self, peer: SocketAddr, error: &IdentityError) {
        metrics::counter!("shikaku_nameless_certificates_total").increment(1);
        tracing::warn!(%peer, %error, "a verified client certificate names no terminal");
    }
}
