//! The counter: a drop folder with a terminal behind it, and a client in front of it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use terminal::{
    Status, Terminal,
    config::{CentralConfig, Config, DropConfig, ReaderLinkConfig},
};
use tokio_util::sync::CancellationToken;
use wire::message::{ReadResult, read_result};

use crate::centre::{Centre, Shared};

/// Longest wait for anything in these tests; reaching it is a failure with words, never a pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Counter {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) config: Config,
    pub(crate) centre: Arc<Centre>,
    running: Option<Running>,
}

struct Running {
    status: Arc<Status>,
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Counter {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}, Centre::default()).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Config), centre: Centre) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut config = config_in(dir.path());
        change(&mut config);
        let mut counter = Self { dir, config, centre: Arc::new(centre), running: None };
        counter.start().await;
        counter
    }

    pub(crate) async fn start(&mut self) {
        let central = Shared(Arc::clone(&self.centre));
        let terminal = Terminal::start(&self.config, central).await.expect("starts");
        let (status, shutdown) = (terminal.status(), CancellationToken::new());
        let address = terminal.reader_link_address().expect("bound");
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { terminal.serve(stop).await.expect("serves") });
        self.running = Some(Running { status, address, shutdown, task });
    }

    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().expect("is running");
        running.shutdown.cancel();
        running.task.await.expect("stops cleanly");
    }

    pub(crate) fn status(&self) -> &Status {
        &self.running.as_ref().expect("is running").status
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.running.as_ref().expect("is running").address
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.config.drop.root.join(name)
    }

    /// Puts a request down the way careful clients do: complete, by rename.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        put(&self.config.drop.root, name, content.as_ref());
    }

    /// Waits until a file is there and complete enough to be read, and reads it.
    pub(crate) async fn wait(&self, folder: &str, name: &str) -> Vec<u8> {
        let path = self.folder(folder).join(name);
        wait_until(&format!("{folder}/{name}"), || {
            std::fs::read(&path).ok().filter(|bytes| !bytes.is_empty())
        })
        .await
    }

    pub(crate) async fn result(&self, name: &str) -> ReadResult {
        read_result(&self.wait("res", name).await).expect("a whole result")
    }

    /// Waits until a name is gone.
    pub(crate) async fn wait_gone(&self, folder: &str, name: &str) {
        let path = self.folder(folder).join(name);
        wait_until(&format!("{folder}/{name} to go"), || (path.symlink_metadata().is_err()).then_some(()))
            .await;
    }

    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        names_in(&self.folder(folder))
    }
}

pub(crate) fn config_in(dir: &Path) -> Config {
    let root = dir.join("OQS");
    std::fs::create_dir_all(&root).expect("a root");
    let nowhere = dir.join("unused.pem");
    Config {
        institution_code: eligibility::institution::InstitutionCode::parse("1319990012").expect("a code"),
        state: dir.join("state"),
        drop: DropConfig::at(root),
        central: CentralConfig {
            url: "https://127.0.0.1:1".into(),
            ca_file: nowhere.clone(),
            certificate_file: nowhere.clone(),
            key_file: nowhere,
            receipt_keys_file: None,
            receipt_issuer: "urn:shikaku:test".into(),
            local_address: None,
        },
        reader_link: ReaderLinkConfig { listen: ([127, 0, 0, 1], 0).into(), token_file: None },
        certificate: terminal::config::CertificateConfig::default(),
        gateway: None,
    }
}

pub(crate) fn put(root: &Path, name: &str, content: &[u8]) {
    let temporary = root.join("req").join(format!(".{name}.tmp"));
    std::fs::write(&temporary, content).expect("writes");
    std::fs::rename(&temporary, root.join("req").join(name)).expect("renames");
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

pub(crate) async fn wait_until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(since.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A request in the given encoding name, asking about `number`.
/// The words of an `.err` file, which are in the encoding that every receipt computer reads.
pub(crate) fn words(err: &[u8]) -> String {
    let declared = [b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>".as_slice(), err].concat();
    let (_, text) = wire::charset::decode(&declared).expect("Windows-31J");
    text.split_once("?>").expect("the declaration").1.to_owned()
}

pub(crate) fn request(number: &str) -> String {
    request_of("1319990012", "19820514", number)
}

pub(crate) fn request_of(institution: &str, birthdate: &str, number: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg><MessageHeader><QualificationConfirmationDate>20261122</QualificationConfirmationDate>
<MedicalInstitutionCode>{institution}</MedicalInstitutionCode>
<ArbitraryFileIdentifier >K-{number}</ArbitraryFileIdentifier ></MessageHeader>
<MessageBody><QualificationConfirmSearchInfo><InsurerNumber>06139996</InsurerNumber>
<InsuredCardSymbol>２１０１</InsuredCardSymbol>
<InsuredIdentificationNumber>{number}</InsuredIdentificationNumber><InsuredBranchNumber></InsuredBranchNumber>
<Birthdate>{birthdate}</Birthdate>
<LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>
<ArbitraryIdentifier>P-{number}</ArbitraryIdentifier>
</QualificationConfirmSearchInfo></MessageBody></XmlMsg>"#
    )
}
