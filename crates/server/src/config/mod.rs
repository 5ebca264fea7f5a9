//! The server's settings: one TOML file, every setting with its default here, nothing unknown accepted.

mod authority;
mod check;
mod check_authority;
mod check_sites;
mod institution_web;
mod limits;
mod line_authentication;
mod secret;
mod sites;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use authority::{Authority, Letters as AuthorityLetters, Token as AuthorityToken};
pub use check::Problem;
pub use institution_web::{Environment, InstitutionWeb};
pub use limits::{Limits, TERMINAL_CONCURRENCY_MAX, TERMINAL_CONCURRENCY_MIN, TERMINAL_CONNECTIONS_MAX};
pub use line_authentication::{LINE_AUTHENTICATION_ORIGIN, LineAuthentication, LineDemand};
pub use secret::Secret;
pub use sites::{Mail, WebSite};

/// For how long an eligibility receipt may be relied on without asking, seconds, unless it is set otherwise.
pub const RECEIPT_LIFETIME_DEFAULT_S: u32 = 60 * 60;
/// Shortest, seconds: clocks of clinics differ from ours.
pub const RECEIPT_LIFETIME_MIN_S: u32 = 10 * 60;
/// Longest, seconds.
pub const RECEIPT_LIFETIME_MAX_S: u32 = 24 * 60 * 60;
/// Longest time between two signed tree heads of the audit log, seconds.
pub const TREE_HEAD_INTERVAL_MAX_S: u32 = 60;

/// Everything the server can be told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`. No default.
    pub database_url: Secret,
    /// Where terminals connect.
    pub terminal_api: TerminalApi,
    /// Which cards are believed.
    pub cards: Cards,
    /// How receipts are signed.
    pub receipts: Receipts,
    /// How nonces are made. Default: as [`Nonces::default`].
    #[serde(default)]
    pub nonces: Nonces,
    /// How the audit log is signed.
    pub audit: Audit,
    /// Health and metrics. Default: as [`Ops::default`].
    #[serde(default)]
    pub ops: Ops,
    /// The web of institutions. Default: none.
    #[serde(default)]
    pub institution_web: Option<InstitutionWeb>,
    /// The page of line authentication, and whether its gate is open. Default: no page here, and the gate demands a line
    /// ([`Config::lines`]).
    #[serde(default)]
    pub line_authentication: Option<LineAuthentication>,
    /// The certificate authority of the institution network. Default: none here.
    #[serde(default)]
    pub authority: Option<Authority>,
    /// 医療機関等向け総合ポータルサイト. Default: none here.
    #[serde(default)]
    pub portal: Option<WebSite>,
    /// The operator's side. Default: none here.
    #[serde(default)]
    pub operator: Option<WebSite>,
    /// File with 32 random bytes in hex, the same on every node: it seals second factors, mailed links and letters. Needed
    /// where people sign in and for the authority.
    #[serde(default)]
    pub secrets_key: Option<PathBuf>,
    /// How patients write the address of マイナ在宅受付Web, without a slash at its end. Default
    /// `https://home-visit.invalid`: no browser gets there.
    #[serde(default = "default_home_visit_origin")]
    pub home_visit_origin: String,
    /// Outgoing mail. Default: none; mail waits in the outbox.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// The simulated J-LIS; absent (the default) in any real installation.
    #[serde(default)]
    pub simulated_jlis: Option<SimulatedJlis>,
    /// What peers may take. Default: as [`Limits::default`].
    #[serde(default)]
    pub limits: Limits,
}

/// The listener for terminals.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalApi {
    /// Address. Default `127.0.0.1:8443`.
    #[serde(default = "default_terminal_listen")]
    pub listen: SocketAddr,
    /// The server's certificate chain, PEM, leaf first. No default.
    pub certificate: PathBuf,
    /// Its private key, PEM (PKCS#8). No default.
    pub key: PathBuf,
    /// The roots that issue terminal certificates, PEM. No default.
    pub client_authorities: PathBuf,
    /// Seconds between two readings of the terminals' standing. A revocation acts within this time. Default 5.
    #[serde(default = "default_standing_refresh")]
    pub standing_refresh_s: u32,
}

/// The cards that are believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cards {
    /// Files with the roots of the user-authentication hierarchy, PEM. No default.
    pub trust_anchors: Vec<PathBuf>,
    /// Certificate policies, dotted. A card certificate must have one of them. No default.
    pub policies: Vec<String>,
    /// Where the revocation lists come from, `http://…` or file paths: one for each generation of the
    /// authority, because each lists its own certificates only. Default: those of the simulated J-LIS.
    #[serde(default)]
    pub crl: Vec<String>,
    /// Seconds between two fetches of the list. Default 300.
    #[serde(default = "default_crl_refresh")]
    pub crl_refresh_s: u32,
}

/// The signature on receipts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// The P-256 private key that signs, PEM (PKCS#8). No default.
    pub key: PathBuf,
    /// Who signs: `iss` of every receipt. Default `urn:shikaku:centre`.
    #[serde(default = "default_issuer")]
    pub issuer: String,
    /// Earlier keys, still published so that their receipts can be verified. Default none.
    #[serde(default)]
    pub previous_keys: Vec<PathBuf>,
    /// Seconds a receipt is good for, 600 to 86400. Default 3600.
    #[serde(default = "default_receipt_lifetime")]
    pub lifetime_s: u32,
}

/// Nonces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nonces {
    /// File with 32 random bytes in hex, the same on every node. Default: a random key at each start, which
    /// suits one node.
    pub key: Option<PathBuf>,
    /// Seconds a nonce can be used, at most 120. Default 120.
    pub lifetime_s: u32,
}

/// The audit log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// The Ed25519 private key that signs tree heads, PEM (PKCS#8). No default.
    pub key: PathBuf,
    /// Seconds between tree heads, at most 60. Default 30.
    #[serde(default = "default_tree_head_interval")]
    pub tree_head_interval_s: u32,
    /// File that every signed tree head is appended to, one line each; best on a medium that the database's owner
    /// cannot change. Each server needs its own. Default none: heads are in the log only.
    #[serde(default)]
    pub witness_file: Option<PathBuf>,
}

/// The operators' listener. Loopback only: it has no authentication.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ops {
    /// Address. Default `127.0.0.1:8449`.
    pub listen: SocketAddr,
}

/// The simulated J-LIS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedJlis {
    /// Address, loopback only. Default `127.0.0.1:8448`.
    #[serde(default = "default_jlis_listen")]
    pub listen: SocketAddr,
    /// The folder of the simulated authority. No default.
    pub directory: PathBuf,
}

/// Why a configuration file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be opened.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not a configuration.
    #[error("{path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
}

impl Config {
    /// Reads a file. Relative paths in it are taken from the file's folder.
    ///
    /// # Errors
    /// [`ConfigError`] when the file cannot be read or holds something unknown.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config = Self::parse(&text)
            .map_err(|error| ConfigError::Parse { path: path.to_owned(), message: error.to_string() })?;
        config.resolve(path.parent().unwrap_or(Path::new(".")));
        Ok(config)
    }

    /// Reads a text, leaving paths as they are.
    ///
    /// # Errors
    /// What is wrong with the text, with its line.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Takes relative paths from `base`.
    fn resolve(&mut self, base: &Path) {
        let mut paths = vec![
            &mut self.terminal_api.certificate,
            &mut self.terminal_api.key,
            &mut self.terminal_api.client_authorities,
            &mut self.receipts.key,
            &mut self.audit.key,
        ];
        paths.extend(&mut self.cards.trust_anchors);
        paths.extend(&mut self.receipts.previous_keys);
        paths.extend(&mut self.nonces.key);
        paths.extend(&mut self.audit.witness_file);
        paths.extend(
            self.line_authentication
                .iter_mut()
                .flat_map(|line| line.certificate.iter_mut().chain(line.key.iter_mut())),
        );
        paths.extend(self.institution_web.iter_mut().flat_map(InstitutionWeb::paths_mut));
        paths.extend(self.simulated_jlis.as_mut().map(|jlis| &mut jlis.directory));
        paths.extend(self.authority.as_mut().into_iter().flat_map(Authority::paths));
        let sites = [&mut self.portal, &mut self.operator];
        paths.extend(sites.into_iter().flatten().flat_map(WebSite::paths));
        paths.extend(&mut self.secrets_key);
        for path in paths {
            *path = base.join(&path);
        }
        for source in self.cards.crl.iter_mut().filter(|source| !source.contains("://")) {
            *source = base.join(&*source).to_string_lossy().into_owned();
        }
        if let Some(file) = self.database_url.reveal().strip_prefix("sqlite:") {
            let file = base.join(file);
            self.database_url = Secret::new(format!("sqlite:{}", file.display()));
        }
    }

    /// What holds of lines here.
    #[must_use]
    pub fn lines(&self) -> LineDemand {
        LineDemand::of(self.line_authentication.as_ref())
    }

    /// What is wrong with these settings, each with its remedy; empty when the server can start with them.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::check(self)
    }
}

impl Default for Nonces {
    fn default() -> Self {
        Self { key: None, lifetime_s: crate::terminal_api::nonce::NONCE_LIFETIME_MAX_S }
    }
}

impl Default for Ops {
    fn default() -> Self {
        Self { listen: loopback(8449) }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
fn default_home_visit_origin() -> String {
    "https://home-visit.invalid".to_owned()
}

fn default_terminal_listen() -> SocketAddr {
    loopback(8443)
}
fn default_jlis_listen() -> SocketAddr {
    loopback(8448)
}
fn default_standing_refresh() -> u32 {
    5
}
fn default_crl_refresh() -> u32 {
    300
}
fn default_issuer() -> String {
    wire::receipt::RECEIPT_ISSUER.to_owned()
}
fn default_receipt_lifetime() -> u32 {
    RECEIPT_LIFETIME_DEFAULT_S
}
fn default_tree_head_interval() -> u32 {
    30
}
