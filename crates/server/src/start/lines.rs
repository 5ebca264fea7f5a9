//! Line authentication, started.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{StartError, bind, local, material, seconds};
use crate::clock::Clock;
use crate::config::Config;
use crate::line_auth::{self, Lines};
use crate::web::door;

/// A page of line authentication that answers.
pub(super) struct RunningLines {
    pub(super) address: SocketAddr,
    pub(super) lines: Arc<Lines>,
    pub(super) required: bool,
    pub(super) refresh: Duration,
}

pub(super) async fn start(
    config: &Config,
    store: &Store,
    clock: &Clock,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Option<RunningLines>, StartError> {
    let Some(settings) = &config.line_authentication else { return Ok(None) };
    let setting = "line_authentication.listen";
    let tls = material::line_authentication_tls(settings, clock)?;
    let lines = Lines::follow(store.clone(), clock.clone()).await?;
    let listener = bind(setting, settings.listen).await?;
    let address = local(&listener, settings.listen);
    // Port 0 is a test's: it learns the port only now, and so does the name of the site.
    let origin = match settings.listen.port() {
        0 => format!("{}:{}", settings.origin, address.port()),
        _ => settings.origin.clone(),
    };
    // Whoever reaches the listener itself, not a door before it, has its port in the address.
    let by_port = format!("{}:{}", settings.origin, address.port());
    let routes = line_auth::site((origin, vec![by_port]), store.clone(), clock.clone(), Arc::clone(&lines));
    tasks.spawn(door::serve(listener, tls, routes, config.limits.site(), stop.clone()));
    tracing::info!(%address, required = settings.required, "line authentication answers");
    let refresh = seconds(settings.refresh_s);
    Ok(Some(RunningLines { address, lines, required: settings.required, refresh }))
}
