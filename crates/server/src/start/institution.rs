//! The institution web, started.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{StartError, bind, local, material};
use crate::clock::Clock;
use crate::config::Config;
use crate::institution::{self, InstitutionDoor};
use crate::line_auth::Lines;
use crate::listener::{self, tls};
use crate::terminal_api::Api;
use crate::terminal_api::standing::Standings;
use crate::web::password::Passwords;

/// What the site works with.
pub(super) struct Behind {
    pub(super) standings: Arc<Standings>,
    pub(super) lines: Option<Arc<Lines>>,
    /// What terminals ask for: checks on the web are the same checks.
    pub(super) api: Arc<Api>,
}

pub(super) async fn start(
    config: &Config,
    clock: &Clock,
    behind: Behind,
    (tasks, stop): (&TaskTracker, &CancellationToken),
) -> Result<Option<SocketAddr>, StartError> {
    let Some(settings) = &config.institution_web else { return Ok(None) };
    let tls = tls::mutual_tls_with_expired(material::institution_web_tls(config, settings)?, clock)?;
    let passwords = Passwords::new()
        .map_err(|error| StartError::Setting { setting: "institution_web", message: error.to_string() })?;
    let listener = bind("institution_web.listen", settings.listen).await?;
    let address = local(&listener, settings.listen);
    // Port 0 is a test's: it learns the port only now, and so does the name of the site.
    let origin = match settings.listen.port() {
        0 => format!("{}:{}", settings.origin, address.port()),
        _ => settings.origin.clone(),
    };
    let (site, routes) = institution::site(origin, settings.environment, behind.api, passwords);
    let door = InstitutionDoor { site, routes, standings: behind.standings, lines: behind.lines };
    tasks.spawn(listener::serve(
        listener,
        tls,
        Arc::new(door),
        config.limits.institution_web(),
        stop.clone(),
    ));
    tracing::info!(%address, "the institution web answers");
    Ok(Some(address))
}
