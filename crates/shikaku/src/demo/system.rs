//! The running demo: server, terminal and reader in one process, talking over real sockets and real files.

mod card_check;
mod ending_certificate;
mod evidence;
mod lamps;
mod number_check;
mod passcode;
mod situations;

use std::sync::{Arc, atomic::AtomicU32};

use anyhow::{Context, Result};
use population::Persona;
use server::{Config, Server, clock::Clock};
use store::{Institution, TerminalCertificate};
use tokio::{net::TcpListener, sync::OnceCell};

pub(crate) use card_check::Proven;
pub(crate) use number_check::number_request;

use crate::{
    demo::{
        brought_certificate, earlier_consents, first_settings,
        guide::Guide,
        institution_accounts,
        joining::{
            self, Town, clinic, line_door,
            progress::{self, Step},
            staff::{self, Shown},
        },
        landing,
        landing::{
            catalogue::Catalogue,
            view::{Group, Table},
        },
        outcome::Refusal,
        people::{self, Cast},
        ports::Ports,
        premises::{INSTITUTION_NAME, Place, Premises, REFERENCE_NUMBER, TERMINAL_NAME, institution},
        reader::Reader,
        running_terminal::RunningTerminal,
        wallet::Wallet,
    },
    folder::DataFolder,
    runtime::this_second,
};

/// The PIN of every simulated card.
pub(crate) const PIN: &str = "1234";

/// What is asked for when a demo starts.
pub(crate) struct Wanted {
    pub(crate) folder: DataFolder,
    pub(crate) ports: Ports,
    pub(crate) cast: Cast,
    /// Where the centre keeps its data, unless in the folder.
    pub(crate) database_url: Option<String>,
    /// Recordings of the reader's voice.
    pub(crate) voices: Option<std::path::PathBuf>,
}

/// The demo while it runs.
pub(crate) struct System {
    folder: DataFolder,
    ports: Ports,
    server: Server,
    terminal: RunningTerminal,
    reader: Reader,
    people: Vec<Persona>,
    wallet: Arc<Wallet>,
    guide: Guide,
    http: reqwest::Client,
    clock: Clock,
    requests: AtomicU32,
    /// Started when it is first needed.
    shift_jis: OnceCell<RunningTerminal>,
    /// Mail, post, carrier.
    pub(crate) town: Town,
    /// Whether the page of line authentication is at its own address without a port.
    has_https_port: bool,
    /// The institution that joins.
    pub(crate) clinic: RunningTerminal,
    /// One check at a time, so that a receipt belongs to the answer it is shown with.
    turn: tokio::sync::Mutex<()>,
}

impl System {
    /// Starts everything; returns when it is ready to be used.
    pub(crate) async fn start(wanted: Wanted) -> Result<Self> {
        let Wanted { folder, ports, cast, database_url, voices } = wanted;
        ports_are_free(ports).await?;
        let clock = Clock::system();
        let people = population::personas(clock.today());
        let place = Place { folder: &folder, ports, database_url: database_url.as_deref() };
        let premises = Premises::prepare(place, &people, this_second())?;
        let town = Town::open(&folder, ports).await?;
        let server = Server::start(&Config::load(&folder.server_settings())?, clock.clone()).await?;
        register(&server, &premises, &clock).await?;
        brought_certificate::record(&server, &folder, clock.now()).await?;
        let jlis = Arc::clone(&server.simulated_jlis().context("the demo has a simulated J-LIS")?.authority);
        people::settle(&server, &jlis, &folder, &cast, &clock).await?;
        number_first_patient(&server, &people).await?;
        earlier_consents::give(&server, &people, &clock).await?;
        joining::settle(&server, &folder, clock.now()).await?;
        institution_accounts::settle(&server, &clock).await?;
        first_settings::settle(&server, &clock).await?;
        town.begin(&server, &clock);
        let has_https_port = line_door::open(&town, &folder, ports).await?;

        let config = terminal::config::Config::load(&folder.terminal_settings())?;
        let terminal = RunningTerminal::start(config).await?;
        let reader = Reader::start(ports, &terminal, crate::kiosk::voices(voices.as_deref())).await?;
        let clinic = clinic::open(&folder, ports).await?;
        let guide = Guide::new(&folder, ports, &people, database_url.is_some())?;
        let system = Self {
            wallet: Arc::new(Wallet::new(jlis, folder.clone())),
            http: reqwest::Client::builder().no_proxy().timeout(lamps::LAMP_TIMEOUT).build()?,
            requests: AtomicU32::new(0),
            shift_jis: OnceCell::new(),
            town,
            has_https_port,
            clinic,
            turn: tokio::sync::Mutex::default(),
            folder,
            ports,
            server,
            terminal,
            reader,
            people,
            guide,
            clock,
        };
        Ok(system)
    }

    /// Serves the landing page; ends with the process.
    pub(crate) async fn open_pages(self: &Arc<Self>) -> Result<()> {
        let address = self.ports.landing();
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let pages = landing::serve(listener, Arc::clone(self));
        tokio::spawn(async move {
            if let Err(error) = pages.await {
                tracing::error!(%error, "the landing page ended");
            }
        });
        Ok(())
    }

    /// Stops terminal and server, letting open requests finish.
    pub(crate) async fn shutdown(self: Arc<Self>) -> Result<()> {
        // The pages may still hold the system for a moment; the process ends right after in that case.
        if let Some(system) = Arc::into_inner(self) {
            system.reader.stop().await;
            system.terminal.stop().await?;
            if let Some(counter) = system.shift_jis.into_inner() {
                counter.stop().await?;
            }
            system.clinic.stop().await?;
            system.town.close().await;
            system.server.shutdown().await;
        }
        Ok(())
    }

    /// The counter whose receipt computer reads Shift_JIS.
    async fn shift_jis_counter(&self) -> Result<&RunningTerminal> {
        self.shift_jis.get_or_try_init(|| self.open_shift_jis_counter()).await
    }

    fn person(&self, id: &str) -> Result<&Persona, Refusal> {
        self.people.iter().find(|person| person.id == id).ok_or_else(|| Refusal {
            cause: "この人物はいません".to_owned(),
            remedy: "はじめのページの一覧から選んでください。".to_owned(),
            detail: String::new(),
            recorded: None,
        })
    }

    /// The card reader with its tray.
    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Puts a person's card on the reader; `None` when there is no such person.
    pub(crate) async fn put_card(&self, persona: &str) -> Option<Result<()>> {
        let person = self.people.iter().find(|person| person.id == persona && person.card.is_some())?;
        Some(self.reader.put(&self.wallet, person).await)
    }

    /// How far the first day is.
    pub(crate) async fn first_day(&self) -> Result<Vec<Step>> {
        progress::steps(self.store(), &self.town, &self.clinic, self.ports, self.clock.now()).await
    }
    /// The terminal's door for the browser on its machine.
    pub(crate) fn gateway(&self) -> String {
        format!("http://localhost:{}/", self.ports.gateway().port())
    }
    /// The same, of the new institution's terminal.
    pub(crate) fn new_gateway(&self) -> String {
        format!("http://localhost:{}/", self.ports.new_gateway().port())
    }
    /// The page of line authentication under its own name.
    pub(crate) fn line_by_name(&self) -> joining::LineByName {
        joining::LineByName::of(&self.folder, self.ports, self.has_https_port)
    }
    /// What the telephones of the operator's people show.
    pub(crate) fn telephones(&self) -> Result<Vec<Shown>> {
        staff::shown(&self.folder, self.clock.now())
    }
    /// The address of the operator's side.
    pub(crate) fn operator_site(&self) -> String {
        format!("http://localhost:{}/", self.ports.operator().port())
    }
    /// The institution that joins, for programs.
    pub(crate) fn new_clinic(&self) -> serde_json::Value {
        serde_json::json!({
            "institution_code": joining::NEW_CODE,
            "name": joining::NEW_NAME,
            "customer_id": joining::NEW_CUSTOMER_ID,
            "gateway": format!("http://{}", self.ports.new_gateway()),
            "line_authentication": format!("https://{}", self.ports.new_line()),
            "line_door": format!("http://{}", self.ports.line_door()),
            "drop": self.clinic.share(),
        })
    }
    /// The centre's database.
    pub(crate) fn store(&self) -> &store::Store {
        self.server.store()
    }
    /// Everybody to try.
    pub(crate) fn people(&self) -> &[Persona] {
        &self.people
    }
    /// The same, as the landing page shows them.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.guide.groups
    }
    /// Addresses, folders, keys.
    pub(crate) fn tables(&self) -> &[Table] {
        &self.guide.tables
    }
    /// What the list of errors and states tells.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.guide.catalogue
    }
    /// How a vendor tries it.
    pub(crate) fn recipe(&self) -> &str {
        &self.guide.recipe
    }
    /// How an auditor proves it.
    pub(crate) fn audit_recipe(&self) -> &str {
        &self.guide.audit_recipe
    }
}

async fn ports_are_free(ports: Ports) -> Result<()> {
    for address in ports.all() {
        TcpListener::bind(address).await.with_context(|| {
            format!("{address} is in use; end the other program or choose other ports with --port-base")
        })?;
    }
    Ok(())
}

async fn register(server: &Server, premises: &Premises, clock: &Clock) -> Result<()> {
    let code = institution()?;
    server
        .store()
        .put_institution(Institution { code: code.clone(), name: INSTITUTION_NAME.to_owned() })
        .await?;
    let certificate = TerminalCertificate {
        institution_code: code,
        fingerprint: premises.terminal.fingerprint.clone(),
        terminal_name: TERMINAL_NAME.to_owned(),
        not_after: premises.terminal.validity.not_after,
        revoked_at: None,
        changed_at: clock.now(),
    };
    server.store().register_terminal_certificate(certificate).await?;
    server.refresh_terminals().await?;
    Ok(())
}

/// The first person has a number of the institution's own, so that the published sample request gets the published
/// sample answer.
async fn number_first_patient(server: &Server, people: &[Persona]) -> Result<()> {
    let (store, code) = (server.store(), institution()?);
    let Some(first) = people.first() else { return Ok(()) };
    if store.reference_number(&code, &first.person_key).await?.is_some() {
        return Ok(());
    }
    Ok(store.set_reference_number(&code, &first.person_key, Some(REFERENCE_NUMBER.to_owned())).await?)
}
