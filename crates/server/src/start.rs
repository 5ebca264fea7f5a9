//! A running server: what is started, in which order, and how it stops.

mod authority;
mod institution;
mod lines;
mod material;
mod sites;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use card::jpki::CardTrust;
use store::{Options, Store};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::ca::Parts;
use crate::card_revocation::CardRevocation;
use crate::clock::Clock;
use crate::config::{Config, RECEIPT_LIFETIME_MAX_S, RECEIPT_LIFETIME_MIN_S};
use crate::line_auth::Lines;
use crate::listener::{self, open_files, tls};
use crate::ops::audit_log::{AuditLog, AuditLogError};
use crate::ops::witness::Witness;
use crate::ops::{self, background::Background, health::Health, health::StoreHandle, metrics::Exposition};
use crate::simulated_jlis;
use crate::terminal_api::insurer_names::InsurerNames;
use crate::terminal_api::standing::Standings;
use crate::terminal_api::{Api, BodyLimits, Gate, GateLimits, GuessingAlarm};
use crate::web::door;
pub use authority::{RunningAuthority, desk_by_hand};
use lines::RunningLines;
use material::{
    audit_key, card_revocation, card_trust, file_error, nonce_mint, receipt_signer, tls_material,
};
pub use sites::RunningSite;

/// Why the server did not start. Every text says which setting or file is meant.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file of the configuration cannot be used.
    #[error("{setting}: {path}: {message}")]
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A setting cannot be used.
    #[error("{setting}: {message}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// An address cannot be listened on.
    #[error("{setting}: cannot listen on {address}: {source}")]
    Listen {
        /// The setting.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("database_url: {0}")]
    Store(#[from] store::Error),
    /// TLS cannot be set up.
    #[error("terminal_api: {0}")]
    Tls(#[from] tls::TlsError),
}

/// A server that runs until [`Server::shutdown`].
pub struct Server {
    terminal_api: SocketAddr,
    ops: SocketAddr,
    simulated_jlis: Option<RunningJlis>,
    lines: RunningLines,
    institution_web: Option<SocketAddr>,
    authority: Option<RunningAuthority>,
    sites: sites::RunningSites,
    store: Store,
    standings: Arc<Standings>,
    revocation: Arc<CardRevocation>,
    audit: Arc<AuditLog>,
    clock: Clock,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A simulated J-LIS that answers.
pub struct RunningJlis {
    /// Where it answers.
    pub address: SocketAddr,
    /// The authority itself: its folder may be open only once, so whoever issues or revokes shares this one.
    pub authority: Arc<pki::jlis::SimulatedJlis>,
}

impl Server {
    /// Starts everything the configuration names. The database is brought to this version first.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let started = Self::start_until(config, clock, stop.clone()).await;
        if started.is_err() {
            stop.cancel();
        }
        started
    }

    async fn start_until(config: &Config, clock: Clock, stop: CancellationToken) -> Result<Self, StartError> {
        open_files::make_room(config).map_err(|message| StartError::Setting {
            setting: "limits.connections",
            message: format!("{message}; {}", open_files::REMEDY),
        })?;
        let tasks = TaskTracker::new();
        let jlis = start_simulated_jlis(config, &clock, &tasks, &stop).await?;
        let store = Store::open(config.database_url.reveal(), Options::default()).await?;
        store.migrate().await?;
        let standings = Standings::new(store.clone());
        standings.refresh().await?;
        let card_trust = Arc::new(card_trust(config)?);
        let revocation = card_revocation(config, &card_trust, jlis.as_ref(), &store)?;
        first_list(&revocation, &clock).await;
        let parts = authority::open(config, &store, &clock)?;
        let mut api = api(config, &store, &clock, card_trust, Arc::clone(&revocation))?;
        api.authority = parts.as_ref().map(|parts| Arc::clone(&parts.desk));
        let audit = audit_log(config, &store, &clock)?;
        // The gate tells who comes with an expired certificate what is wrong; a failed handshake could not.
        let tls = tls::mutual_tls_with_expired(tls_material(config)?, &clock)?;
        let terminals = bind("terminal_api.listen", config.terminal_api.listen).await?;
        let operators = bind("ops.listen", config.ops.listen).await?;
        let (terminal_api, ops) =
            (local(&terminals, config.terminal_api.listen), local(&operators, config.ops.listen));

        let api = Arc::new(api);
        crate::bulk::start(&api, &tasks, &stop);
        let running = (&clock, &tasks, &stop);
        let surfaces = surfaces(config, &store, &standings, (parts, &api), running).await?;
        let Surfaces { lines, authority, sites, institution_web, required } = surfaces;
        let limits = GateLimits { terminal: config.limits.terminal_concurrency, all: config.limits.requests };
        let gate = Arc::new(Gate::new(api, Arc::clone(&standings), required, limits));
        tasks.spawn(listener::serve(terminals, tls, gate, config.limits.listener(), stop.clone()));
        let health = Arc::new(Health {
            store: StoreHandle(store.clone()),
            clock: clock.clone(),
            revocation: Arc::clone(&revocation),
            standings: Arc::clone(&standings),
            audit: Arc::clone(&audit),
        });
        let shown = ops::routes(ops, health, Exposition::new(store.clone()));
        serve_plain(operators, shown, config, &tasks, &stop);
        Background {
            store: store.clone(),
            clock: clock.clone(),
            standings: Arc::clone(&standings),
            standing_refresh: seconds(config.terminal_api.standing_refresh_s),
            revocation: Arc::clone(&revocation),
            revocation_refresh: seconds(config.cards.crl_refresh_s),
            audit: Arc::clone(&audit),
            tree_head_interval: seconds(config.audit.tree_head_interval_s),
            lines: (Arc::clone(&lines.lines), lines.refresh),
        }
        .start(&tasks, &stop);
        tracing::info!(%terminal_api, %ops, "server started");
        Ok(Self {
            terminal_api,
            ops,
            simulated_jlis: jlis,
            lines,
            institution_web,
            authority,
            sites,
            store,
            standings,
            revocation,
            audit,
            clock,
            stop,
            tasks,
        })
    }

    /// Where terminals connect.
    #[must_use]
    pub fn terminal_api(&self) -> SocketAddr {
        self.terminal_api
    }

    /// Where operators look.
    #[must_use]
    pub fn ops(&self) -> SocketAddr {
        self.ops
    }

    /// The simulated J-LIS, when there is one.
    #[must_use]
    pub fn simulated_jlis(&self) -> Option<&RunningJlis> {
        self.simulated_jlis.as_ref()
    }

    /// The certificate authority, when there is one.
    #[must_use]
    pub fn authority(&self) -> Option<&RunningAuthority> {
        self.authority.as_ref()
    }

    /// Where the institution web answers, when there is one.
    #[must_use]
    pub fn institution_web(&self) -> Option<SocketAddr> {
        self.institution_web
    }

    /// Where the page of line authentication answers, when there is one.
    #[must_use]
    pub fn line_authentication(&self) -> Option<SocketAddr> {
        self.lines.page
    }

    /// Looks now at what changed of lines instead of at the next interval.
    ///
    /// # Errors
    /// Whatever the store meets.
    pub async fn refresh_lines(&self) -> Result<(), store::Error> {
        self.lines.lines.refresh().await
    }

    /// 医療機関等向け総合ポータルサイト, when there is one.
    #[must_use]
    pub fn portal(&self) -> Option<&RunningSite> {
        self.sites.portal.as_ref()
    }

    /// The operator's side, when there is one.
    #[must_use]
    pub fn operator(&self) -> Option<&RunningSite> {
        self.sites.operator.as_ref()
    }

    /// The server's database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reads the terminals' standing now instead of at the next interval.
    ///
    /// # Errors
    /// Whatever reading the store meets.
    pub async fn refresh_terminals(&self) -> Result<(), store::Error> {
        self.standings.refresh_whole().await
    }

    /// Fetches the card revocation list now instead of at the next interval.
    ///
    /// # Errors
    /// As [`CardRevocation::refresh`].
    pub async fn refresh_card_revocation(&self) -> Result<(), crate::card_revocation::RefreshError> {
        self.revocation.refresh(self.clock.now()).await
    }

    /// Signs the audit log and shows its heads now instead of at the next interval.
    ///
    /// # Errors
    /// As [`AuditLog::advance`].
    pub async fn sign_audit_log(&self) -> Result<(), AuditLogError> {
        self.audit.advance().await
    }

    /// Takes no more connections, lets open requests finish within the drain time, and stops.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        tracing::info!("server stopped");
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("terminal_api", &self.terminal_api)
            .field("ops", &self.ops)
            .finish_non_exhaustive()
    }
}

async fn first_list(revocation: &CardRevocation, clock: &Clock) {
    if let Err(error) = revocation.refresh(clock.now()).await {
        tracing::warn!(%error, "no card revocation list yet: card checks wait for it");
    }
}

fn audit_log(config: &Config, store: &Store, clock: &Clock) -> Result<Arc<AuditLog>, StartError> {
    let witness = Witness::new(config.audit.witness_file.clone());
    let interval = seconds(config.audit.tree_head_interval_s);
    let key = audit_key(config)?;
    Ok(Arc::new(AuditLog::new(store.clone(), clock.clone(), key, witness, interval)))
}

fn api(
    config: &Config,
    store: &Store,
    clock: &Clock,
    card_trust: Arc<CardTrust>,
    revocation: Arc<CardRevocation>,
) -> Result<Api, StartError> {
    Ok(Api {
        store: store.clone(),
        clock: clock.clone(),
        nonces: nonce_mint(config)?,
        receipts: receipt_signer(config)?,
        issuer: config.receipts.issuer.clone(),
        receipt_lifetime_s: config.receipts.lifetime_s.clamp(RECEIPT_LIFETIME_MIN_S, RECEIPT_LIFETIME_MAX_S),
        card_trust,
        revocation,
        insurer_names: InsurerNames::new(store.clone()),
        guessing: GuessingAlarm::new(),
        authority: None,
        facility: Arc::new(material::facility_desk(config)?),
        bulk: crate::bulk::Bulk::new(),
        body: BodyLimits { bytes: config.limits.body_bytes, time: config.limits.body() },
    })
}

/// The surfaces that a configuration may leave out.
struct Surfaces {
    lines: RunningLines,
    authority: Option<RunningAuthority>,
    sites: sites::RunningSites,
    institution_web: Option<SocketAddr>,
    /// The lines, when nobody gets through without one.
    required: Option<Arc<Lines>>,
}

async fn surfaces(
    config: &Config,
    store: &Store,
    standings: &Arc<Standings>,
    (parts, api): (Option<Parts>, &Arc<Api>),
    (clock, tasks, stop): (&Clock, &TaskTracker, &CancellationToken),
) -> Result<Surfaces, StartError> {
    let lines = lines::start(config, store, clock, tasks, stop).await?;
    let authority = authority::start(config, parts, clock, tasks, stop).await?;
    let sites = sites::start(config, store, clock, tasks, stop).await?;
    let required = lines.required.then(|| Arc::clone(&lines.lines));
    let (standings, api) = (Arc::clone(standings), Arc::clone(api));
    let behind = institution::Behind { standings, lines: required.clone(), api };
    let institution_web = institution::start(config, clock, behind, (tasks, stop)).await?;
    Ok(Surfaces { lines, authority, sites, institution_web, required })
}

async fn start_simulated_jlis(
    config: &Config,
    clock: &Clock,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Option<RunningJlis>, StartError> {
    let Some(settings) = &config.simulated_jlis else { return Ok(None) };
    let unusable = |error| file_error("simulated_jlis.directory", &settings.directory, error);
    let authority = simulated_jlis::open(&settings.directory).map_err(unusable)?;
    let routes = simulated_jlis::routes(Arc::clone(&authority), clock.clone()).map_err(unusable)?;
    let listener = bind("simulated_jlis.listen", settings.listen).await?;
    let address = local(&listener, settings.listen);
    serve_plain(listener, routes, config, tasks, stop);
    Ok(Some(RunningJlis { address, authority }))
}

/// A listener that only this machine reaches, with the watch and the limits of every other one.
fn serve_plain(
    listener: TcpListener,
    routes: Router,
    config: &Config,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    tasks.spawn(door::serve(listener, None, routes, config.limits.loopback(), stop.clone()));
}

async fn bind(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { setting, address, source })
}

fn local(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count.max(1)))
}
