//! Line authentication, started: how lines stand is followed on every server, the page answers where it is configured.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{StartError, bind, local, material, seconds};
use crate::clock::Clock;
use crate::config::{Config, LineAuthentication};
use crate::line_auth::{self, Lines};
use crate::web::door;

/// Lines that are followed.
pub(super) struct RunningLines {
    /// Where the page answers, if it does here.
    pub(super) page: Option<SocketAddr>,
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
) -> Result<RunningLines, StartError> {
    let demand = config.lines();
    let lines = Lines::follow(store.clone(), clock.clone()).await?;
    let page = match &config.line_authentication {
        Some(settings) => {
            let kept = (store, clock, &lines);
            Some(open_page(settings, config, kept, (tasks, stop)).await?)
        }
        None => None,
    };
    say(page, demand.required);
    Ok(RunningLines { page, lines, required: demand.required, refresh: seconds(demand.refresh_s) })
}

/// An open gate is somebody's decision, and the log keeps it before their eyes.
fn say(page: Option<SocketAddr>, required: bool) {
    match page {
        Some(address) => tracing::info!(%address, required, "line authentication answers"),
        None => tracing::info!(
            "no page of line authentication here; requests get through by authenticated lines only"
        ),
    }
    if !required {
        tracing::warn!(
            setting = "line_authentication.required",
            "LINES ARE NOT DEMANDED: terminals and browsers with a certificate are let in from any address, because \
             line_authentication.required is false"
        );
    }
}

async fn open_page(
    settings: &LineAuthentication,
    config: &Config,
    (store, clock, lines): (&Store, &Clock, &Arc<Lines>),
    (tasks, stop): (&TaskTracker, &CancellationToken),
) -> Result<SocketAddr, StartError> {
    let tls = material::line_authentication_tls(settings, clock)?;
    let listener = bind("line_authentication.listen", settings.listen).await?;
    let address = local(&listener, settings.listen);
    // Port 0 is a test's: it learns the port only now, and so does the name of the site.
    let origin = match settings.listen.port() {
        0 => format!("{}:{}", settings.origin, address.port()),
        _ => settings.origin.clone(),
    };
    // Whoever reaches the listener itself, not a door before it, has its port in the address.
    let by_port = format!("{}:{}", settings.origin, address.port());
    let routes = line_auth::site((origin, vec![by_port]), store.clone(), clock.clone(), Arc::clone(lines));
    tasks.spawn(door::serve(listener, tls, routes, config.limits.site(), stop.clone()));
    Ok(address)
}
