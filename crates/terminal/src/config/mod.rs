//! The terminal's settings: one TOML file, unknown keys refused, every default written here.

mod check;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use eligibility::institution::InstitutionCode;
use serde::{Deserialize, Serialize};

pub use check::Problem;

/// Everything the terminal must be told. Relative paths are relative to the file they stand in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// 医療機関コード of the institution this terminal stands in. Must be the one in the client certificate.
    pub institution_code: InstitutionCode,
    /// Folder for the terminal's own durable state (journal, receipts, token). Never on the share.
    pub state: PathBuf,
    /// The file drop shared with the receipt computer.
    pub drop: DropConfig,
    /// The central system.
    pub central: CentralConfig,
    /// The door for the card reader at the counter.
    #[serde(default)]
    pub reader_link: ReaderLinkConfig,
    /// How the terminal looks after its certificate.
    #[serde(default)]
    pub certificate: CertificateConfig,
    /// The door for the browser on this machine. Default: none.
    #[serde(default)]
    pub gateway: Option<GatewayConfig>,
}

/// `[drop]`: the folders shared with the receipt computer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropConfig {
    /// The shared root; `req`, `res`, `face`, `staging` and `quarantine` are made below it.
    pub root: PathBuf,
    /// Encoding of results in `res`. Default `same_as_request`.
    #[serde(default)]
    pub result_encoding: ResultEncoding,
    /// Encoding of results in `face`. Default `utf-8`.
    #[serde(default)]
    pub face_encoding: FaceEncoding,
    /// Which edition's elements of consent a result in `face` carries. Default `2025`.
    #[serde(default)]
    pub consent_elements: ConsentElements,
    /// How a result appears. Default `rename`.
    #[serde(default)]
    pub write_mode: WriteMode,
    /// Milliseconds between two looks at `req` when the file system reports no events; 20–1000, default 500.
    #[serde(default = "default_poll_interval_ms")]
    pub poll_interval_ms: u64,
    /// Milliseconds a file must lie unchanged before it is opened; 1–10000, default 20.
    #[serde(default = "default_settle_ms")]
    pub settle_ms: u64,
    /// Milliseconds a file that cannot be read yet (half a message) must lie unchanged before it is called broken;
    /// 500–60000, default 3000.
    #[serde(default = "default_incomplete_patience_ms")]
    pub incomplete_patience_ms: u64,
    /// `false` where the file system reports no events (SMB mounts): polling only. Default `true`.
    #[serde(default = "default_true")]
    pub events: bool,
    /// Which results leave as password-protected zip.
    #[serde(default)]
    pub encryption: EncryptionConfig,
}

/// `[drop.encryption]`: results as AES-256 zip, per interface.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionConfig {
    /// File whose first line is the password shared with the receipt computer. Without it no zip is read or written.
    pub password_file: Option<PathBuf>,
    /// Interface (`OQSsiquc01` …, or `face`) to `e` (encrypt) or `n`. Default for all: `n`.
    #[serde(default)]
    pub interfaces: BTreeMap<String, EncryptionSwitch>,
}

/// `e` or `n`, as in the table of the original link application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum EncryptionSwitch {
    /// Encrypt.
    #[serde(rename = "e")]
    Encrypt,
    /// Leave plain.
    #[serde(rename = "n")]
    Plain,
}

/// `[central]`: where the central system is and how this terminal proves who it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentralConfig {
    /// Base address, `https://host[:port]`.
    pub url: String,
    /// PEM of the only certificate authority trusted for the central system.
    pub ca_file: PathBuf,
    /// PEM chain of a certificate brought here by hand, used until the terminal has fetched one itself. Default: none.
    #[serde(default)]
    pub certificate_file: PathBuf,
    /// PEM of its private key. Default: none.
    #[serde(default)]
    pub key_file: PathBuf,
    /// Address of this machine that connections to the closed network begin at, where it has several. Default: none,
    /// the system chooses.
    #[serde(default)]
    pub local_address: Option<IpAddr>,
    /// The keys that sign the centre's receipts (a JWK set), brought here on a way of their own. Only these count then,
    /// and none is fetched; the file is read again when a receipt names a key that is not among them. Default: none,
    /// the keys are asked of the centre, which proves no more than the connection does.
    #[serde(default)]
    pub receipt_keys_file: Option<PathBuf>,
    /// `iss` of the centre's receipts. Default `urn:shikaku:centre`.
    #[serde(default = "default_receipt_issuer")]
    pub receipt_issuer: String,
}

/// `[certificate]`: how the terminal looks after its certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateConfig {
    /// Base address of the site a certificate is fetched from with the letter: https, or http on this machine.
    /// Default: none, certificates are installed from a file.
    #[serde(default)]
    pub retrieval_url: Option<String>,
    /// Whether the certificate is renewed without being asked, from 90 days before its end. Default `true`.
    #[serde(default = "default_true")]
    pub automatic_renewal: bool,
}

impl Default for CertificateConfig {
    fn default() -> Self {
        Self { retrieval_url: None, automatic_renewal: true }
    }
}

/// `[gateway]`: loopback HTTP for the browser on this machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Address to listen on; loopback only, port 0 takes a free one. Default `127.0.0.1:8450`.
    #[serde(default = "default_gateway_listen")]
    pub listen: SocketAddr,
    /// Base address of the institution web, `https://host[:port]`. Default: none, only the terminal's own pages.
    #[serde(default)]
    pub institution_web: Option<String>,
    /// Where this machine's browser finds the page of line authentication, as the pages name it. Default
    /// `https://www.lineauth.mnw`.
    #[serde(default = "default_line_authentication")]
    pub line_authentication: String,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            listen: default_gateway_listen(),
            institution_web: None,
            line_authentication: default_line_authentication(),
        }
    }
}

/// The page of line authentication, as the procedures name it.
pub const LINE_AUTHENTICATION: &str = "https://www.lineauth.mnw";

/// `[reader_link]`: loopback HTTP for the card reader.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderLinkConfig {
    /// Address to listen on; loopback only, port 0 takes a free one. Default `127.0.0.1:8445`.
    #[serde(default = "default_reader_listen")]
    pub listen: SocketAddr,
    /// File with the token the reader must show; made (0600) when missing. Default `<state>/reader-link.token`.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
}

impl Default for ReaderLinkConfig {
    fn default() -> Self {
        Self { listen: default_reader_listen(), token_file: None }
    }
}

/// Encoding of a result in `res`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum ResultEncoding {
    /// The encoding the request declared.
    #[default]
    #[serde(rename = "same_as_request")]
    SameAsRequest,
    /// Always UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Always Windows-31J.
    #[serde(rename = "shift_jis")]
    ShiftJis,
}

/// Encoding of a result in `face`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum FaceEncoding {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-31J.
    #[serde(rename = "shift_jis")]
    ShiftJis,
}

/// The edition of the interface whose elements of consent a result in `face` carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum ConsentElements {
    /// Four kinds, for receipt computers made before 2025.
    #[serde(rename = "2023")]
    Edition2023,
    /// Six more that stand by themselves.
    #[default]
    #[serde(rename = "2025")]
    Edition2025,
}

/// How a result appears in its folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteMode {
    /// Complete at once, by renaming: clients see one `Created` event.
    #[default]
    Rename,
    /// Empty first, then written: for clients that wait for a `Changed` event.
    InPlace,
}

/// Why a configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not the TOML expected.
    #[error("the settings are not valid: {0}")]
    Invalid(#[from] toml::de::Error),
}

impl Config {
    /// Reads a file; relative paths in it become relative to its folder.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read or holds something unknown.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let base = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, base)
    }

    /// Reads the text of such a file as if it lay in `base`.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] for unknown keys, missing ones and wrong types.
    pub fn parse(text: &str, base: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text)?;
        for path in config.paths_mut().filter(|path| !path.as_os_str().is_empty()) {
            *path = base.join(&*path);
        }
        Ok(config)
    }

    /// Where the reader link's token lies.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.reader_link.token_file.clone().unwrap_or_else(|| self.state.join("reader-link.token"))
    }

    /// Where this machine's browser finds the page of line authentication.
    #[must_use]
    pub fn line_page(&self) -> &str {
        self.gateway.as_ref().map_or(LINE_AUTHENTICATION, |door| &door.line_authentication)
    }

    fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let central = &mut self.central;
        [
            &mut self.state,
            &mut self.drop.root,
            &mut central.ca_file,
            &mut central.certificate_file,
            &mut central.key_file,
        ]
        .into_iter()
        .chain(central.receipt_keys_file.as_mut())
        .chain(self.drop.encryption.password_file.as_mut())
        .chain(self.reader_link.token_file.as_mut())
    }
}

impl DropConfig {
    /// A drop below `root` with every default.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self {
            root,
            result_encoding: ResultEncoding::default(),
            face_encoding: FaceEncoding::default(),
            consent_elements: ConsentElements::default(),
            write_mode: WriteMode::default(),
            poll_interval_ms: default_poll_interval_ms(),
            settle_ms: default_settle_ms(),
            incomplete_patience_ms: default_incomplete_patience_ms(),
            events: true,
            encryption: EncryptionConfig::default(),
        }
    }

    /// Time between two scans.
    #[must_use]
    pub fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    /// Time a file must lie unchanged.
    #[must_use]
    pub fn settle(&self) -> Duration {
        Duration::from_millis(self.settle_ms)
    }

    /// Time half a message may lie unchanged before it is called broken.
    #[must_use]
    pub fn incomplete_patience(&self) -> Duration {
        Duration::from_millis(self.incomplete_patience_ms)
    }
}

fn default_poll_interval_ms() -> u64 {
    500
}
fn default_settle_ms() -> u64 {
    20
}
fn default_incomplete_patience_ms() -> u64 {
    3_000
}
fn default_true() -> bool {
    true
}
fn default_receipt_issuer() -> String {
    wire::receipt::RECEIPT_ISSUER.to_owned()
}
fn default_gateway_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8450))
}
fn default_line_authentication() -> String {
    LINE_AUTHENTICATION.to_owned()
}
fn default_reader_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8445))
}
