//! The whole central side for a test: database, certificates, server, clock.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use eligibility::card_certificate::CardCertificateId;
use eligibility::coverage::Coverage;
use eligibility::institution::InstitutionCode;
use eligibility::insurer::{Insurer, InsurerNumber};
use eligibility::person::PersonKey;
use eligibility::{Date, Instant, calendar};
use pki::authority::{InstitutionAuthority, IssuedCertificate};
use pki::jlis::{CardAuthorityKind, JlisOptions, SimulatedJlis};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::{TerminalName, TerminalSubject, Validity};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use server::config::{
    Audit, Cards, Config, Limits, LineAuthentication, Nonces, Ops, RECEIPT_LIFETIME_DEFAULT_S, Receipts,
    Secret, SimulatedJlis as JlisSettings, TerminalApi,
};
use server::{Clock, ClockHands, Server};
use store::import::{Card, FileMeta};
use store::{Institution, Store, TerminalCertificate};
use tempfile::TempDir;

use crate::cards::{CardMaker, TestCard};
use crate::client::{Connection, Http, NoReply};
use crate::postgres;

/// The institution most tests ask from.
pub const INSTITUTION: &str = "1319990012";

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A fresh database in a PostgreSQL of this test run.
    Postgres,
}

/// A running central side.
pub struct TestSystem {
    /// The server.
    pub server: Server,
    /// Moves time.
    pub hands: ClockHands,
    /// Tells time.
    pub clock: Clock,
    /// Issues cards.
    pub cards: CardMaker,
    /// The root that the server trusts for terminals.
    pub authority: InstitutionAuthority,
    folder: TempDir,
    database_url: String,
}

/// A terminal with its certificate.
#[derive(Clone)]
pub struct TestTerminal {
    /// 医療機関コード.
    pub institution: InstitutionCode,
    /// SHA-256 of its certificate, hex.
    pub fingerprint: String,
    /// How it connects.
    pub tls: Arc<ClientConfig>,
    address: SocketAddr,
}

impl TestSystem {
    /// Starts everything on free ports with the limits' defaults.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    /// Starts everything after `change` has had its way with the configuration.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_from(engine, whole_second_now(), change).await
    }

    /// The same with a clock that begins at `first_moment`. The authorities begin then; the server's own certificate
    /// begins now, for programs that judge it by this machine's clock.
    pub async fn start_from(engine: Engine, first_moment: Instant, change: impl FnOnce(&mut Config)) -> Self {
        let (clock, hands) = Clock::driven(first_moment);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", folder.path().join("shikaku.db").display()),
            Engine::Postgres => postgres_url().await,
        };
        let authority =
            InstitutionAuthority::create(&folder.path().join("ca"), clock.now()).expect("an authority");
        write_keys(folder.path(), &authority, &clock);
        let mut config = config(folder.path(), url.clone());
        change(&mut config);
        let server = Server::start(&config, clock.clone()).await.expect("the server starts");
        let jlis = Arc::clone(&server.simulated_jlis().expect("a simulated J-LIS").authority);
        let card_key = PrivateKey::generate(KeyAlgorithm::Rsa2048).expect("a card key");
        let cards = CardMaker::new(jlis, card_key);
        Self { server, hands, clock, cards, authority, folder, database_url: url }
    }

    /// The server's database.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.server.store()
    }

    /// Today in Tokyo.
    #[must_use]
    pub fn today(&self) -> Date {
        self.clock.today()
    }

    /// The database's URL.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The temporary folder with keys and, for SQLite, the database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A registered terminal of an institution.
    pub async fn terminal(&self, institution: &str, name: &str) -> TestTerminal {
        let terminal = self.unregistered_terminal(institution, name);
        self.register(&terminal, name).await;
        terminal
    }

    /// Registers a terminal and lets the server know.
    pub async fn register(&self, terminal: &TestTerminal, name: &str) {
        let now = self.clock.now();
        let institution =
            Institution { code: terminal.institution.clone(), name: "試験診療所".to_owned() };
        self.store().put_institution(institution).await.expect("an institution");
        let certificate = TerminalCertificate {
            institution_code: terminal.institution.clone(),
            fingerprint: terminal.fingerprint.clone(),
            terminal_name: name.to_owned(),
            not_after: calendar::add_months_at(now, 39),
            revoked_at: None,
            changed_at: now,
        };
        self.store().register_terminal_certificate(certificate).await.expect("a registered terminal");
        self.server.refresh_terminals().await.expect("the server reads the terminals");
    }

    /// A terminal with a certificate of our root that nobody registered.
    #[must_use]
    pub fn unregistered_terminal(&self, institution: &str, name: &str) -> TestTerminal {
        let validity = Validity::of_terminal(self.clock.now()).expect("a period");
        self.terminal_of(&self.authority, institution, name, validity)
    }

    /// A terminal with a certificate of any root and period.
    #[must_use]
    pub fn terminal_of(
        &self,
        authority: &InstitutionAuthority,
        institution: &str,
        name: &str,
        validity: Validity,
    ) -> TestTerminal {
        let institution = InstitutionCode::parse(institution).expect("an institution code");
        let subject = TerminalSubject {
            institution: institution.clone(),
            terminal: TerminalName::parse(name).expect("a terminal name"),
        };
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let issued =
            authority.issue_terminal(&subject, key.public_key(), validity).expect("a terminal certificate");
        let tls = self.client_tls(Some((&issued, &key)));
        TestTerminal {
            institution,
            fingerprint: issued.fingerprint,
            tls,
            address: self.server.terminal_api(),
        }
    }

    /// How a client connects: trusting our root, with this certificate or none.
    #[must_use]
    pub fn client_tls(&self, identity: Option<(&IssuedCertificate, &PrivateKey)>) -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.authority.certificate_der().to_vec())).expect("a root");
        let builder = ClientConfig::builder_with_details(provider, Arc::new(self.clock.clone()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some((issued, key)) => {
                let chain = issued.chain().into_iter().map(CertificateDer::from).collect();
                let key = PrivateKeyDer::try_from(key.pkcs8_der().to_vec()).expect("a PKCS#8 key");
                builder.with_client_auth_cert(chain, key).expect("a client certificate")
            }
        };
        Arc::new(config)
    }

    /// Loads the whole membership of one insurer.
    pub async fn load_insurer(&self, number: &InsurerNumber, name: &str, members: Vec<Coverage>) {
        let insurer = Insurer { number: number.clone(), name: name.to_owned() };
        self.store().put_insurers(vec![insurer]).await.expect("an insurer");
        let text = format!("{number:?}{name}{members:?}{}", self.clock.now().0);
        let meta = FileMeta {
            insurer_number: number.clone(),
            content_hash: hash(text.as_bytes()),
            rows: members.len() as u64,
        };
        let rows = members.into_iter().map(Ok);
        let clock = self.clock.clone();
        let import = self.store().import_insurer_file(
            meta,
            rows,
            move || clock.now(),
            |_| {},
            |fault| panic!("{fault:?}"),
        );
        import.await.expect("an import");
    }

    /// Links a card to a person.
    pub async fn register_card(&self, card: &TestCard, person_key: &str) {
        self.put_card(card, person_key, true, None).await;
    }

    /// Links a card to a person, with what the register says of it.
    pub async fn put_card(
        &self,
        card: &TestCard,
        person_key: &str,
        registered: bool,
        superseded_by: Option<CardCertificateId>,
    ) {
        let row = Card {
            certificate: card.id.clone(),
            person_key: PersonKey(person_key.to_owned()),
            superseded_by,
            registered,
        };
        let content = hash(format!("{row:?}{}", self.clock.now().0).as_bytes());
        let rows = std::iter::once(Ok(row));
        let clock = self.clock.clone();
        self.store().import_cards(content, rows, move || clock.now(), |_| {}).await.expect("a card");
    }

    /// A registered card of a person, valid for four more years.
    pub async fn card_of(&self, person_key: &str) -> TestCard {
        let now = self.clock.now();
        let card = self.cards.issue(calendar::add_months_at(now, -12), calendar::add_months_at(now, 48));
        self.register_card(&card, person_key).await;
        card
    }

    /// Moves time and lets the server fetch the revocation list of that time.
    pub async fn advance(&self, by: Duration) {
        self.hands.advance(by);
        self.server.refresh_card_revocation().await.expect("a revocation list");
    }

    /// Stops the server and waits for it.
    pub async fn stop(self) {
        self.server.shutdown().await;
    }
}

impl TestTerminal {
    /// Opens a connection.
    ///
    /// # Errors
    /// [`NoReply`] when the server refuses.
    pub async fn connect(&self, http: Http) -> Result<Connection, NoReply> {
        Connection::open(self.address, &self.tls, http).await
    }

    /// Where it connects.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A fresh database, copied from one that was brought to this version once.
async fn postgres_url() -> String {
    let migrated = |url: String| async move {
        let store = Store::open(&url, store::Options::default()).await.map_err(|error| error.to_string())?;
        store.migrate().await.map_err(|error| error.to_string())?;
        Ok(())
    };
    postgres::cluster().database("testkit_system", migrated).await.expect("a PostgreSQL database")
}

fn config(folder: &Path, database_url: String) -> Config {
    let free_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let at = |name: &str| folder.join(name);
    Config {
        database_url: Secret::new(database_url),
        terminal_api: TerminalApi {
            listen: free_port,
            certificate: at("server.pem"),
            key: at("server.key"),
            client_authorities: at("ca.pem"),
            standing_refresh_s: 1,
        },
        cards: Cards {
            trust_anchors: vec![at("card-roots.pem")],
            policies: vec![pki::jlis::AUTHENTICATION_POLICY_OID.to_owned()],
            crl: Vec::new(),
            crl_refresh_s: 3600,
        },
        receipts: Receipts {
            key: at("receipt.key"),
            issuer: "urn:shikaku:test".to_owned(),
            previous_keys: Vec::new(),
            lifetime_s: RECEIPT_LIFETIME_DEFAULT_S,
        },
        nonces: Nonces::default(),
        audit: Audit { key: at("audit.key"), tree_head_interval_s: 60, witness_file: None },
        ops: Ops { listen: free_port },
        // Most tests are about something else, and say so: a server that says nothing demands a line.
        line_authentication: Some(open_lines()),
        institution_web: None,
        authority: None,
        portal: None,
        operator: None,
        secrets_key: Some(at("secrets.key")),
        home_visit_origin: "https://zaitaku.mihon.example".to_owned(),
        mail: None,
        simulated_jlis: Some(JlisSettings { listen: free_port, directory: at("jlis") }),
        limits: Limits::default(),
    }
}

fn write_keys(folder: &Path, authority: &InstitutionAuthority, clock: &Clock) {
    let write = |name: &str, text: &str| {
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, text).expect("a key file");
    };
    let names = [crate::client::SERVER_NAME, crate::client::LINE_AUTHENTICATION_NAME];
    let names = names.map(|name| pki::profile::ServerName::Dns(name.to_owned()));
    let issued = authority.issue_server_with_key(&names, whole_second_now());
    let (key, issued) = issued.expect("a server certificate");
    key.save(&folder.join("server.key")).expect("a key file");
    write("server.pem", &issued.pem().expect("PEM"));
    write("ca.pem", &authority.certificate_pem().expect("PEM"));
    let receipt = PrivateKey::generate(KeyAlgorithm::P256).expect("a receipt key");
    receipt.save(&folder.join("receipt.key")).expect("a key file");
    let audit = store::audit::SigningKey::generate().expect("an audit key");
    write("audit.key", &audit.to_pem().expect("PEM"));
    write("secrets.key", &"5a".repeat(32));
    let options = JlisOptions { ocsp_url: "http://127.0.0.1/ocsp".to_owned(), generations: 1 };
    let jlis = SimulatedJlis::create(&folder.join("jlis"), &options, clock.now()).expect("a simulated J-LIS");
    write("card-roots.pem", &jlis.roots_pem(CardAuthorityKind::Authentication).expect("PEM"));
}

/// A page of line authentication on a free port of loopback, and the gate that asks for it.
#[must_use]
pub fn line_authentication() -> LineAuthentication {
    LineAuthentication {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        origin: "http://localhost".to_owned(),
        certificate: None,
        key: None,
        required: true,
        refresh_s: 1,
    }
}

/// The same page, and a gate that lets everybody in from everywhere.
#[must_use]
pub fn open_lines() -> LineAuthentication {
    LineAuthentication { required: false, refresh_s: 5, ..line_authentication() }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

fn whole_second_now() -> Instant {
    Instant(Clock::system().now().0 / 1000 * 1000)
}
