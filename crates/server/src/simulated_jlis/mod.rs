//! SIMULATION: the revocation services of the card authority (J-LIS), on a plain loopback listener.
//!
//! The real services are open to verifiers recognised by law only. Lists and OCSP answers carry their own
//! signatures, so plain HTTP is what the real world uses for them too. Every answer says in a header that it
//! is simulated.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as PathOf, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use eligibility::Instant;
use pki::jlis::{CardAuthorityKind, MAX_OCSP_REQUEST_BYTES, OcspResponder, SimulatedJlis};

use crate::clock::Clock;

/// Path of a generation's revocation list: the generation, counted from 1, and `.crl` follow.
pub const CRL_PATH: &str = "/simulated-jlis/authentication/crl/";
/// Path of the OCSP responder for authentication certificates.
pub const OCSP_PATH: &str = "/simulated-jlis/authentication/ocsp";
/// A list is signed again after this at the earliest: each has a number that is written down.
const CRL_KEPT_MS: i64 = 1000;
/// Says on every answer what it comes from.
const SIMULATION: (HeaderName, &str) = (HeaderName::from_static("shikaku-simulation"), "simulated J-LIS");

struct Services {
    jlis: Arc<SimulatedJlis>,
    responder: OcspResponder,
    clock: Clock,
    lists: Vec<Mutex<Option<(Instant, Bytes)>>>,
}

/// Opens the authority's folder. One process may hold it open once: whoever else in this process needs the
/// authority shares this one.
///
/// # Errors
/// Whatever opening the folder meets.
pub fn open(folder: &Path) -> pki::Result<Arc<SimulatedJlis>> {
    SimulatedJlis::open(folder).map(Arc::new)
}

/// The services' routes.
///
/// # Errors
/// When the OCSP responder cannot get its certificates.
pub fn routes(jlis: Arc<SimulatedJlis>, clock: Clock) -> pki::Result<Router> {
    let responder = jlis.responder(CardAuthorityKind::Authentication, clock.now())?;
    let generations = jlis.generations(CardAuthorityKind::Authentication).len();
    let lists = (0..generations).map(|_| Mutex::new(None)).collect();
    let services = Arc::new(Services { jlis, responder, clock, lists });
    Ok(Router::new()
        .route(&format!("{CRL_PATH}{{file}}"), get(crl))
        .route(OCSP_PATH, post(ocsp))
        .layer(DefaultBodyLimit::max(MAX_OCSP_REQUEST_BYTES))
        .with_state(services))
}

async fn crl(State(services): State<Arc<Services>>, PathOf(file): PathOf<String>) -> Response {
    let generation = file.strip_suffix(".crl").and_then(|text| text.parse::<usize>().ok());
    let list = generation.and_then(|generation| services.list(generation.checked_sub(1)?));
    match list {
        None => (StatusCode::NOT_FOUND, [SIMULATION]).into_response(),
        Some(Err(error)) => {
            tracing::error!(%error, "the simulated authority cannot sign its list");
            (StatusCode::INTERNAL_SERVER_ERROR, [SIMULATION]).into_response()
        }
        Some(Ok(der)) => answer("application/pkix-crl", der),
    }
}

async fn ocsp(State(services): State<Arc<Services>>, request: Bytes) -> Response {
    let der = services.responder.answer(&request, services.clock.now());
    answer("application/ocsp-response", der.into())
}

fn answer(media_type: &'static str, body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, media_type)], [SIMULATION], body).into_response()
}

impl Services {
    /// The list of one generation, counted from 0; `None` when there is no such generation.
    fn list(&self, generation: usize) -> Option<pki::Result<Bytes>> {
        let authority = self.jlis.generations(CardAuthorityKind::Authentication).get(generation)?;
        let mut kept = self.lists.get(generation)?.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let young = |signed: &Instant| (0..CRL_KEPT_MS).contains(&(now.0 - signed.0));
        if let Some((_, der)) = kept.as_ref().filter(|(signed, _)| young(signed)) {
            return Some(Ok(der.clone()));
        }
        let signed = authority.crl(now).map(Bytes::from);
        if let Ok(der) = &signed {
            *kept = Some((now, der.clone()));
        }
        Some(signed)
    }
}
