//! What is measured: an installation with a million people, made once by the demo and kept.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::digest::{Context, SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::load::Target;
use crate::process::Running;

/// People in the database.
pub(crate) const PERSONS: u32 = 1_000_000;
/// Where chance begins.
const SEED: u32 = 1;
/// First port of the installation.
const PORT_BASE: u16 = 18_440;
/// Where the institution web listens.
pub(crate) const INSTITUTION_WEB_PORT: u16 = PORT_BASE + 4;
/// The floor's port.
const FLOOR_PORT: u16 = 18_460;
/// Longest wait for a server to listen.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// The installation's folder, and the program that is measured with it.
pub(crate) struct Site {
    folder: PathBuf,
    program: PathBuf,
}

impl Site {
    /// An installation that is there.
    pub(crate) fn at(folder: PathBuf, program: PathBuf) -> Self {
        Self { folder, program }
    }

    /// Finds the installation below `target/bench`, or makes it: a minute or two for a million people.
    pub(crate) fn prepare(program: PathBuf) -> Result<Self> {
        ensure!(program.is_file(), "{} is not there; run `cargo xtask bench`", program.display());
        let site = Self::at(target_folder()?.join("bench").join("site"), program);
        let made = site.folder.join("made");
        let mark = format!("{PERSONS} persons, seed {SEED}, schema {}\n", schema());
        if std::fs::read_to_string(&made).unwrap_or_default() == mark {
            return Ok(site);
        }
        let _ = std::fs::remove_dir_all(&site.folder);
        std::fs::create_dir_all(&site.folder)?;
        eprintln!("making an installation with {PERSONS} people in {} …", site.folder.display());
        let status = site
            .command()
            .args(["demo", "--once", "--json", "--data"])
            .arg(&site.folder)
            .args(["--persons", &PERSONS.to_string(), "--seed", &SEED.to_string()])
            .args(["--port-base", &PORT_BASE.to_string()])
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "shikaku demo --once failed: {status}");
        std::fs::write(made, mark)?;
        Ok(site)
    }

    /// The measured program.
    pub(crate) fn command(&self) -> Command {
        Command::new(&self.program)
    }

    /// A path below the installation.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The floor's database.
    pub(crate) fn floor_database(&self) -> PathBuf {
        self.path("floor.db")
    }

    /// Starts the real server.
    pub(crate) fn serve(&self) -> Result<(Running, Target)> {
        let mut command = self.command();
        command.arg("serve").arg("--config").arg(self.path("server.toml"));
        let server = Running::start(self.as_in_production(&mut command, "server.log")?)?;
        self.ready(PORT_BASE + 3).map(|target| (server, target))
    }

    /// Starts the real terminal; the server must be there.
    pub(crate) fn run_terminal(&self) -> Result<Running> {
        let mut command = self.command();
        command.args(["terminal", "run", "--config"]).arg(self.path("terminal.toml"));
        Running::start(self.as_in_production(&mut command, "terminal.log")?)
    }

    /// Every request with a line of JSON in a log file: whatever level this shell asks for counts not.
    fn as_in_production<'c>(&self, command: &'c mut Command, log: &str) -> Result<&'c mut Command> {
        let log = std::fs::File::create(self.path(log))?;
        Ok(command.env_remove("SHIKAKU_LOG").env("SHIKAKU_LOG_JSON", "1").stderr(log))
    }

    /// Starts the floor.
    pub(crate) fn serve_floor(&self) -> Result<(Running, Target)> {
        let program = std::env::current_exe()?;
        let floor = Running::start(
            Command::new(program).args(["--floor", &FLOOR_PORT.to_string()]).arg(&self.folder),
        )?;
        self.ready(FLOOR_PORT).map(|target| (floor, target))
    }

    fn ready(&self, port: u16) -> Result<Target> {
        let address = self.listens(port)?;
        Ok(Target { address, tls: Arc::new(self.client_tls()?) })
    }

    /// Waits until something listens there.
    pub(crate) fn listens(&self, port: u16) -> Result<SocketAddr> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let start = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if start.elapsed() > READY_WITHIN {
                bail!("nothing listens on {address}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(address)
    }

    /// The terminal's side of mutual TLS.
    pub(crate) fn client_tls(&self) -> Result<ClientConfig> {
        let (chain, key) = self.identity("terminal")?;
        self.tls_of(chain, key)
    }

    /// The same with any certificate.
    pub(crate) fn tls_of(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<ClientConfig> {
        let builder =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13])?;
        let mut config = builder.with_root_certificates(self.roots()?).with_client_auth_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// The server's side of mutual TLS, for the floor.
    pub(crate) fn server_tls(&self) -> Result<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Arc::new(self.roots()?);
        let clients = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)).build()?;
        let (chain, key) = self.identity("server")?;
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(clients);
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("ca/root.cert.pem"))?)?;
        Ok(roots)
    }

    fn identity(&self, who: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = CertificateDer::pem_file_iter(self.path(&format!("keys/{who}.cert.pem")))?;
        let key = PrivateKeyDer::from_pem_file(self.path(&format!("keys/{who}.key.pem")))?;
        Ok((chain.collect::<Result<_, _>>()?, key))
    }

    /// Fingerprint of the terminal's certificate, as the server and the card know it.
    pub(crate) fn terminal_fingerprint(&self) -> Result<String> {
        let certificate = CertificateDer::from_pem_file(self.path("keys/terminal.cert.pem"))?;
        Ok(pki::profile::fingerprint(&certificate))
    }
}

/// Names the schema, so that an installation made with another one is made anew.
fn schema() -> String {
    let mut texts = Context::new(&SHA256);
    store::migrations::ALL.iter().for_each(|(_, text)| texts.update(text.as_bytes()));
    texts.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The release binary, unless another program is named.
pub(crate) fn release() -> Result<PathBuf> {
    Ok(target_folder()?.join("release").join("shikaku"))
}

/// `target`, from `target/release/deps/checks-…`.
fn target_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(3).map(Path::to_owned).context("the benchmark is not below target/")
}
