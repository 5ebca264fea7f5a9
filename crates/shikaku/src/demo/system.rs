//! The running demo: server, terminal and reader in one process, talking over real sockets and real files.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use card::{
    pin::{Pin, PinKind},
    session::{LastTry, pinless::SimulatedPinlessAuthorizer},
};
use eligibility::{
    calendar::format_n14,
    codes::CharacterCode,
    consent::{CareForm, ConsentChoice, ConsentKind},
    errors::ErrorCode,
    verification::NumberQuery,
};
use kiosk::{
    CardTrouble, TerminalLink, TerminalLinkConfig, Trouble,
    session::{Choices, Proof, check},
};
use population::personas::{AskWith, Persona, PinState};
use serde::Deserialize;
use server::{Config, Server, clock::Clock};
use store::{Institution, TerminalCertificate};
use terminal::{Status, Terminal, central::HttpsCentral};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wire::{
    message::{EligibilityRequest, Layout, write_request},
    reader_link::ReaderOutcome,
    receipt::ReceiptClaims,
};

use crate::{
    demo::{
        guide::Guide,
        landing,
        landing::view::{File, Group, Lamp, Table},
        outcome::{Outcome, Refusal},
        people::{self, Cast},
        ports::Ports,
        premises::{INSTITUTION_NAME, Premises, TERMINAL_NAME, institution},
        wallet::Wallet,
    },
    folder::DataFolder,
    runtime::this_second,
};

/// The PIN of every simulated card.
pub(crate) const PIN: &str = "1234";
/// A PIN that no simulated card has.
const WRONG_PIN: &str = "0000";
/// The terminal's name in its simulated card-verifiable certificate, which holds ASCII only.
const TERMINAL_NAME_ON_CARD: &str = "UKETSUKE-1";
/// How long an answer file is waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// How often the folder is looked at meanwhile, as receipt computers do.
const ANSWER_POLL: Duration = Duration::from_millis(20);
/// How long the landing page waits for the server's own word.
const LAMP_TIMEOUT: Duration = Duration::from_secs(2);

/// What the person does at the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proven {
    /// Types the PIN.
    Pin,
    /// Types another one.
    WrongPin,
    /// Looks into the camera.
    Face,
    /// Is looked at by staff.
    Visual,
}

/// What is asked for when a demo starts.
pub(crate) struct Wanted {
    pub(crate) folder: DataFolder,
    pub(crate) ports: Ports,
    pub(crate) cast: Cast,
}

/// The demo while it runs.
pub(crate) struct System {
    folder: DataFolder,
    ports: Ports,
    server: Server,
    terminal_status: Arc<Status>,
    reader: Arc<TerminalLink>,
    people: Vec<Persona>,
    wallet: Arc<Wallet>,
    guide: Guide,
    http: reqwest::Client,
    clock: Clock,
    requests: AtomicU32,
    /// One check at a time, so that a receipt belongs to the answer it is shown with.
    turn: tokio::sync::Mutex<()>,
    stop: CancellationToken,
}

/// The terminal's task, to be awaited at the end.
pub(crate) type TerminalTask = JoinHandle<Result<(), terminal::RunError>>;

impl System {
    /// Starts everything; returns when it is ready to be used.
    pub(crate) async fn start(wanted: Wanted) -> Result<(Self, TerminalTask)> {
        let Wanted { folder, ports, cast } = wanted;
        ports_are_free(ports).await?;
        let clock = Clock::system();
        let people = population::personas(clock.today());
        let premises = Premises::prepare(&folder, ports, &people, this_second())?;
        let server = Server::start(&Config::load(&folder.server_settings())?, clock.clone()).await?;
        register(&server, &premises, &clock).await?;
        let jlis = Arc::clone(&server.simulated_jlis().context("the demo has a simulated J-LIS")?.authority);
        people::settle(&server, &jlis, &folder, &cast, &clock).await?;

        let config = terminal::config::Config::load(&folder.terminal_settings())?;
        let terminal = Terminal::start(&config, HttpsCentral::new(&config)?).await?;
        let terminal_status = terminal.status();
        let link =
            TerminalLinkConfig { address: terminal.reader_link_address()?, token_file: config.token_file() };
        let stop = CancellationToken::new();
        let task = tokio::spawn(terminal.serve(stop.clone()));
        let guide = Guide::new(&folder, ports, &people)?;
        let system = Self {
            wallet: Arc::new(Wallet::new(jlis, folder.clone())),
            reader: Arc::new(TerminalLink::new(&link)?),
            http: reqwest::Client::builder().no_proxy().timeout(LAMP_TIMEOUT).build()?,
            requests: AtomicU32::new(0),
            turn: tokio::sync::Mutex::default(),
            folder,
            ports,
            server,
            terminal_status,
            people,
            guide,
            clock,
            stop,
        };
        Ok((system, task))
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
    pub(crate) async fn shutdown(self: Arc<Self>, terminal: TerminalTask) -> Result<()> {
        self.stop.cancel();
        terminal.await??;
        // The pages may still hold the system for a moment; the process ends right after in that case.
        if let Some(system) = Arc::into_inner(self) {
            system.server.shutdown().await;
        }
        Ok(())
    }

    /// Puts a person's card on the reader and lets them prove themselves in this way.
    pub(crate) async fn check_card(&self, persona: &str, proof: Proven) -> Result<Outcome, Refusal> {
        let person = self.person(persona)?;
        let _turn = self.turn.lock().await;
        let outcome = self
            .card_session(person.clone(), proof)
            .await
            .map_err(|error| Refusal::broken(&error))?
            .map_err(|trouble| refused(person, &trouble))?;
        let Some(name) = &outcome.file_name else {
            return Err(Refusal {
                cause: outcome.message.unwrap_or_else(|| "結果がありません".to_owned()),
                remedy: "窓口の職員に声をかけてもらってください。".to_owned(),
                detail: outcome.code.unwrap_or_default(),
            });
        };
        let path = self.folder.drop().join("face").join(name);
        let steps = card_steps(proof, &self.ports.terminal_api().to_string());
        self.outcome(person, path, steps, Vec::new()).map_err(|error| Refusal::broken(&error))
    }

    /// On a thread of its own: a card may need its key made first, and a session is not to be moved about.
    async fn card_session(&self, person: Persona, method: Proven) -> Result<Result<ReaderOutcome, Trouble>> {
        let (wallet, reader) = (Arc::clone(&self.wallet), Arc::clone(&self.reader));
        let runtime = tokio::runtime::Handle::current();
        let session = move || {
            let transport = wallet.put(&person)?;
            let authorizer = SimulatedPinlessAuthorizer::new(TERMINAL_NAME_ON_CARD);
            Ok(runtime.block_on(check(transport, proof(method, &authorizer)?, choices(), &reader)))
        };
        tokio::task::spawn_blocking(session).await?
    }

    /// Drops a question by number into `req`, as a receipt computer does, and waits for its answer.
    pub(crate) async fn check_number(&self, persona: &str, ask: Option<usize>) -> Result<Outcome, Refusal> {
        let person = self.person(persona)?;
        let _turn = self.turn.lock().await;
        self.ask_by_number(person, ask).await.map_err(|error| Refusal::broken(&error))
    }

    async fn ask_by_number(&self, person: &Persona, ask: Option<usize>) -> Result<Outcome> {
        let query = match ask {
            Some(index) => person.asks.get(index).and_then(|ask| match &ask.with {
                AskWith::Number(query) => Some(query),
                AskWith::Card => None,
            }),
            None => person.number_query(),
        };
        let query = query.cloned().context("this person has no such number to ask by")?;
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now();
        // A name is never used twice, not even by the next demo on this folder in the same second.
        let free_part = format!("{}{:03}{number:04}", format_n14(now), now.0.rem_euclid(1000));
        let request = number_request(query, &free_part)?;
        let name = format!("OQSsiquc01req_{free_part}.xml");
        let (request_path, text) = self.drop_request(&name, &request)?;
        let path = self.folder.drop().join("res").join(name.replace("req_", "res_"));
        wait_for(&path).await?;
        let steps = number_steps(&self.ports.terminal_api().to_string());
        let path_of_request = request_path.display().to_string();
        let asked =
            File { title: "レセコンが置いた XML", path: path_of_request, content: text, wrap: false };
        self.outcome(person, path, steps, vec![asked])
    }

    /// Written beside and renamed, so that the terminal never sees half a file.
    fn drop_request(&self, name: &str, request: &EligibilityRequest) -> Result<(PathBuf, String)> {
        let bytes = write_request(request, CharacterCode::Utf8, Layout::Indented).bytes;
        let path = self.folder.drop().join("req").join(name);
        let beside = self.folder.root().join(format!("{name}.writing"));
        std::fs::write(&beside, &bytes).with_context(|| format!("cannot write {}", beside.display()))?;
        std::fs::rename(&beside, &path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok((path, String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn outcome(
        &self,
        person: &Persona,
        path: PathBuf,
        steps: Vec<String>,
        files: Vec<File>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::read(person.id, &person.person.name, path, steps)?;
        outcome.files = files;
        if let Some((file, claims)) = self.newest_receipt() {
            outcome.files.push(file);
            outcome.audit_number = Some(claims.jti);
        }
        Ok(outcome)
    }

    /// The receipt the terminal kept last: the demo asks one thing at a time.
    fn newest_receipt(&self) -> Option<(File, ReceiptClaims)> {
        let path = self.folder.terminal_state().join("receipts");
        let content = std::fs::read_to_string(&path).ok()?.lines().next_back()?.to_owned();
        let claims = URL_SAFE_NO_PAD.decode(content.split('.').nth(1)?).ok()?;
        let claims = serde_json::from_slice(&claims).ok()?;
        let path = path.display().to_string();
        Some((File { title: "資格確認レシート（JWS）", path, content, wrap: true }, claims))
    }

    fn person(&self, id: &str) -> Result<&Persona, Refusal> {
        self.people.iter().find(|person| person.id == id).ok_or_else(|| Refusal {
            cause: "この人物はいません".to_owned(),
            remedy: "はじめのページの一覧から選んでください。".to_owned(),
            detail: String::new(),
        })
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
    /// How a vendor tries it.
    pub(crate) fn recipe(&self) -> &str {
        &self.guide.recipe
    }
    /// How an auditor proves it.
    pub(crate) fn audit_recipe(&self) -> &str {
        &self.guide.audit_recipe
    }

    /// How every part is now.
    pub(crate) async fn lamps(&self) -> Vec<Lamp> {
        let ready = self.http.get(format!("http://{}/readyz", self.ports.ops())).send().await;
        let ready = ready.is_ok_and(|answer| answer.status().is_success());
        let database = self.server.store().ping().await.is_ok();
        let terminal = self.terminal_status.report();
        let jlis = tokio::net::TcpStream::connect(self.ports.jlis()).await.is_ok();
        let state = |well: bool| if well { "動いています" } else { "止まっています" }.to_owned();
        vec![
            Lamp { name: "中央のサーバー", well: ready, state: state(ready) },
            Lamp { name: "データベース", well: database, state: state(database) },
            Lamp { name: "資格確認端末", well: terminal.healthy, state: state(terminal.healthy) },
            Lamp { name: "模擬 J-LIS", well: jlis, state: state(jlis) },
        ]
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

/// The question as a receipt computer writes it.
pub(crate) fn number_request(query: NumberQuery, identifier: &str) -> Result<EligibilityRequest> {
    Ok(EligibilityRequest {
        institution_code: institution()?,
        file_identifier: Some(identifier.to_owned()),
        query,
        person_identifier: None,
    })
}

/// What the demo's patients agree to at the reader: everything.
fn choices() -> Choices {
    let kinds = [
        ConsentKind::Ceiling,
        ConsentKind::SpecificDisease,
        ConsentKind::Checkup,
        ConsentKind::Medication,
        ConsentKind::Treatment,
        ConsentKind::Operation,
    ];
    let consents = kinds.into_iter().map(|kind| ConsentChoice { kind, granted: true }).collect();
    Choices { consents, care_form: CareForm::Outpatient, prescription_issue_select: None }
}

fn proof(method: Proven, authorizer: &SimulatedPinlessAuthorizer) -> Result<Proof<'_>> {
    Ok(match method {
        Proven::Face => Proof::Face(authorizer),
        Proven::Visual => Proof::Visual(authorizer),
        Proven::Pin | Proven::WrongPin => {
            let typed = if method == Proven::Pin { PIN } else { WRONG_PIN };
            let pin = Pin::new(PinKind::Authentication, typed).map_err(|error| anyhow!(error))?;
            Proof::Pin { pin, last_try: LastTry::Refuse }
        }
    })
}

/// A card without PIN answers as a locked one does. Staff tell it by what is printed on it, and so do we.
fn refused(persona: &Persona, trouble: &Trouble) -> Refusal {
    let no_pin = persona.card.as_ref().is_some_and(|card| card.pin == PinState::NotSet);
    if no_pin && matches!(trouble, Trouble::Card(CardTrouble::PinLocked)) {
        let entry = ErrorCode::PinNotSet.entry();
        let (cause, remedy) = (entry.ja.what.to_owned(), entry.ja.desk.to_owned());
        return Refusal { cause, remedy, detail: entry.code.to_owned() };
    }
    Refusal { cause: trouble.for_patient(), remedy: trouble.for_staff(), detail: trouble.code().to_owned() }
}

async fn wait_for(path: &Path) -> Result<()> {
    let appeared = async {
        while !path.is_file() {
            tokio::time::sleep(ANSWER_POLL).await;
        }
    };
    tokio::time::timeout(ANSWER_TIMEOUT, appeared)
        .await
        .with_context(|| format!("no answer at {} within {ANSWER_TIMEOUT:?}", path.display()))
}

fn card_steps(proof: Proven, central: &str) -> Vec<String> {
    let proof = match proof {
        Proven::Face => "顔認証のあと、暗証番号なしで署名（模擬の特定機関認証）",
        Proven::Visual => "職員の目視確認のあと、暗証番号なしで署名（模擬の特定機関認証）",
        Proven::Pin | Proven::WrongPin => "暗証番号をカードだけが確かめ、カードが署名",
    };
    vec![
        "読み取り機がカードから利用者証明用電子証明書を読み取り".to_owned(),
        format!("{proof}（中央が出した一度きりの番号に対して）"),
        format!("端末が相互 TLS で中央（{central}）へ送信"),
        "中央が電子証明書・失効・署名を検証し、資格を判定して監査ログに記録".to_owned(),
        "端末が face フォルダに結果の XML を書き込み".to_owned(),
    ]
}

fn number_steps(central: &str) -> Vec<String> {
    vec![
        "レセコンが req フォルダに要求の XML を置く".to_owned(),
        format!("端末が読み取り、相互 TLS で中央（{central}）へ送信"),
        "中央が番号と生年月日から資格を判定し、監査ログに記録".to_owned(),
        "端末が res フォルダに同じ名前の結果を書き込み".to_owned(),
    ]
}
