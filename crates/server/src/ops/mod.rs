//! For operators: health, readiness, metrics, logs. On a loopback listener of its own, because none of it
//! is for terminals and it has no authentication.

pub mod audit_log;
pub mod background;
mod guard;
pub mod health;
pub mod logs;
pub mod metrics;
pub(crate) mod seldom;
pub mod witness;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::get;

use health::Health;

/// The operators' routes, under the names of the listener at `address` only.
pub fn routes(address: SocketAddr, health: Arc<Health>, metrics: metrics::Exposition) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(health::ready).with_state(health))
        .route("/metrics", get(metrics::show).with_state(metrics))
        .layer(middleware::from_fn_with_state(guard::Own::of(address), guard::only_ourselves))
}
