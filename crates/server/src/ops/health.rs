//! Readiness: whether this server can answer checks now, and if not, why.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use store::Store;

use super::audit_log::AuditLog;
use crate::card_revocation::CardRevocation;
use crate::clock::Clock;
use crate::terminal_api::standing::Standings;

/// What readiness looks at.
#[derive(Debug)]
pub struct Health {
    pub(crate) store: StoreHandle,
    pub(crate) clock: Clock,
    pub(crate) revocation: Arc<CardRevocation>,
    pub(crate) standings: Arc<Standings>,
    pub(crate) audit: Arc<AuditLog>,
}

/// A store that can stand in a `Debug` struct.
#[derive(Clone)]
pub(crate) struct StoreHandle(pub(crate) Store);

impl std::fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// Readiness, part by part. `true` is good. The keys were loaded at start: without them there is no server.
#[derive(Debug, Serialize)]
pub struct Readiness {
    ready: bool,
    database: bool,
    card_revocation_list: bool,
    terminal_certificates: bool,
    audit_log: bool,
}

impl Health {
    /// Asks every part.
    pub async fn readiness(&self) -> Readiness {
        let counters = self.store.0.counters();
        let writes = !counters.storage_failed && !counters.write_fails;
        let database = writes && self.store.0.ping().await.is_ok();
        let card_revocation_list = self.revocation.is_fresh(self.clock.now());
        let terminal_certificates = !self.standings.is_stale();
        let audit_log = self.audit.is_sound() && !self.audit.is_stale();
        let ready = database && card_revocation_list && terminal_certificates && audit_log;
        Readiness { ready, database, card_revocation_list, terminal_certificates, audit_log }
    }
}

pub(crate) async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, Json<Readiness>) {
    let readiness = health.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}
