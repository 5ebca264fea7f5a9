//! A counter with everything behind it: centre, terminal, folder.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use eligibility::{consent::CareForm, consent::ConsentChoice, consent::ConsentKind, insurer::InsurerNumber};
use kiosk::{TerminalLink, TerminalLinkConfig, session::Choices};
use pki::{TerminalName, TerminalSubject};
use store::TerminalCertificate;
use terminal::{
    Terminal,
    central::HttpsCentral,
    config::{CentralConfig, Config, DropConfig, ReaderLinkConfig},
};
use testkit::{
    client::SERVER_NAME,
    people,
    system::{Engine, INSTITUTION, TestSystem},
};
use tokio_util::sync::CancellationToken;

/// Runs each test against a centre on SQLite and one on PostgreSQL.
macro_rules! on_both_engines {
    ($($name:ident)+) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() { Box::pin(super::$name(testkit::system::Engine::Sqlite)).await; }
            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() { Box::pin(super::$name(testkit::system::Engine::Postgres)).await; }
        }
    )+ };
}
pub(crate) use on_both_engines;

pub(crate) struct Desk {
    pub(crate) system: TestSystem,
    pub(crate) face: PathBuf,
    pub(crate) link: TerminalLink,
    pub(crate) link_config: TerminalLinkConfig,
    /// Where the browser on the terminal's machine finds its pages.
    pub(crate) gateway: Option<SocketAddr>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

pub(crate) const PERSON: &str = "p-1";

impl Desk {
    /// With the centre on SQLite, where it is not the centre that counts.
    pub(crate) async fn open() -> Self {
        Self::open_on(Engine::Sqlite).await
    }

    pub(crate) async fn open_on(engine: Engine) -> Self {
        Self::open_over(TestSystem::start(engine).await, |_| {}).await
    }

    /// Over this centre, after `change` has had its way with the terminal's settings.
    pub(crate) async fn open_over(system: TestSystem, change: impl FnOnce(&mut Config)) -> Self {
        let insurer = InsurerNumber::parse("06139996").expect("a number");
        let member = people::coverage(&insurer, PERSON, "345", "髙橋　花子", jiff::civil::date(1980, 2, 17));
        system.load_insurer(&insurer, "試験健康保険組合", vec![member]).await;
        let dir = tempfile::tempdir().expect("a folder");
        let mut config = enrol(&system, dir.path()).await;
        change(&mut config);
        let face = config.drop.root.join("face");
        let central = HttpsCentral::new(&config).expect("a client");
        let terminal = Terminal::start(&config, central).await.expect("starts");
        let address = terminal.reader_link_address().expect("bound");
        let gateway = terminal.gateway_address().expect("bound");
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { terminal.serve(stop).await.expect("serves") });
        let link_config =
            TerminalLinkConfig { address, token_file: config.token_file(), reader_serial: None };
        let link = TerminalLink::new(&link_config).expect("a link");
        Self { system, face, link, link_config, gateway, shutdown, task, _dir: dir }
    }

    pub(crate) async fn close_terminal(&mut self) {
        self.shutdown.cancel();
        (&mut self.task).await.expect("stops cleanly");
    }

    pub(crate) fn faces(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.face).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

async fn enrol(system: &TestSystem, dir: &std::path::Path) -> Config {
    let institution = eligibility::institution::InstitutionCode::parse(INSTITUTION).expect("a code");
    let terminal = TerminalName::parse("T01").expect("a name");
    let subject = TerminalSubject { institution: institution.clone(), terminal };
    let (key, issued) =
        system.authority.issue_terminal_with_key(&subject, system.clock.now()).expect("a certificate");
    let (certificate_file, key_file) = (dir.join("terminal.pem"), dir.join("terminal.key"));
    std::fs::write(&certificate_file, issued.pem().expect("PEM")).expect("writes");
    key.save(&key_file).expect("saves");
    let now = system.clock.now();
    let entry = store::Institution { code: institution.clone(), name: "試験診療所".into() };
    system.store().put_institution(entry).await.expect("an institution");
    let certificate = TerminalCertificate {
        institution_code: institution.clone(),
        fingerprint: issued.fingerprint,
        terminal_name: "T01".into(),
        not_after: eligibility::calendar::add_months_at(now, 39),
        revoked_at: None,
        changed_at: now,
    };
    system.store().register_terminal_certificate(certificate).await.expect("a terminal");
    system.server.refresh_terminals().await.expect("the server reads the terminals");
    std::fs::create_dir_all(dir.join("OQS")).expect("creates");
    std::fs::create_dir_all(dir.join("state")).expect("creates");
    Config {
        institution_code: institution,
        state: dir.join("state"),
        drop: DropConfig::at(dir.join("OQS")),
        central: CentralConfig {
            url: format!("https://{SERVER_NAME}:{}", system.server.terminal_api().port()),
            local_address: None,
            ca_file: system.folder().join("ca.pem"),
            certificate_file,
            key_file,
            receipt_keys_file: None,
            receipt_issuer: "urn:shikaku:test".into(),
        },
        reader_link: ReaderLinkConfig { listen: ([127, 0, 0, 1], 0).into(), token_file: None },
        certificate: terminal::config::CertificateConfig::default(),
        gateway: None,
    }
}

pub(crate) fn choices() -> Choices {
    Choices {
        consents: vec![ConsentChoice { kind: ConsentKind::Checkup, granted: true }],
        care_form: CareForm::Outpatient,
        prescription_issue_select: None,
    }
}

/// Waits for something another program does.
pub(crate) async fn soon<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    for _ in 0..30_000 {
        if let Some(value) = ready() {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited five minutes in vain for {what}");
}
