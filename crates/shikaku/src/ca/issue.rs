//! `shikaku ca issue`: certificates for servers and terminals.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{ArgGroup, Args};
use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{CertificateUses, TERMINAL_NAME_MAX_CHARS},
};
use pki::{
    TerminalName, TerminalSubject,
    authority::InstitutionAuthority,
    keys::{KeyAlgorithm, PrivateKey},
    profile::ServerName,
};
use server::{clock::Clock, config::Config};

use super::terminal::{Order, Written, key_name, make_place, write_certificate, write_key};
use crate::{
    folder::{authority_folder, open_current_store, server_config},
    report::{Report, WrongUsage},
    runtime::block_on,
};

/// What a server's files are called.
const SERVER: &str = "server";

/// Issue a certificate for a server, or for an institution's terminal.
///
/// With --config of a server that has an [authority], the certificate is in that server's public log. Without it, it is
/// in none: that is for the first certificate of a server, which has no database yet, and for trials. A terminal's
/// certificate that no server knows is let in nowhere.
#[derive(Args)]
#[command(group(ArgGroup::new("whom").required(true).args(["server", "institution"])))]
#[command(after_help = "\
Examples:
  shikaku ca issue --dir ca --server central.example,192.0.2.1 --out certs --config server.toml
  shikaku ca issue --dir ca --institution 1319990012 --terminal 受付1 --out certs --config server.toml
  shikaku ca issue --dir ca --institution 1319990012 --terminal 受付1 --request terminal.csr.pem --out certs")]
pub(crate) struct Issue {
    /// The authority's folder; without it ./ca, else the demo's.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Folder for the certificate and, where it is made here, its key.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Names of a server: DNS names and addresses, the first is the common name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    server: Vec<String>,
    /// 医療機関コード of a terminal.
    #[arg(long, value_name = "CODE", requires = "terminal")]
    institution: Option<String>,
    /// Name of the terminal within its institution.
    #[arg(long, value_name = "NAME", requires = "institution")]
    terminal: Option<String>,
    /// The terminal's own request (PKCS#10, PEM): its key then stays where it is.
    #[arg(long, value_name = "PEM", requires = "institution")]
    request: Option<PathBuf>,
    /// Also write a PKCS#12 file; the file named here holds its password in the first line.
    #[arg(long, value_name = "FILE", requires = "institution", conflicts_with = "request")]
    pkcs12_password_file: Option<PathBuf>,
    /// Register the terminal with this server, so that it may ask. A server with an [authority] issues by that: its key,
    /// its records, its public log; --dir then does not matter. A server's certificate is put into its public log.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Name of the institution, kept with --config.
    #[arg(long, value_name = "NAME", requires = "config")]
    institution_name: Option<String>,
}

/// Issues one.
pub(crate) fn run(arguments: &Issue) -> Result<Report> {
    let now = Clock::system().now();
    let authority = || anyhow::Ok(InstitutionAuthority::open(&authority_folder(arguments.dir.as_deref())?)?);
    let (Some(institution), Some(terminal)) = (&arguments.institution, &arguments.terminal) else {
        let settings = arguments.config.as_deref().map(server_config).transpose()?;
        return Ok(server_certificate(arguments, &authority()?, settings.as_ref(), now)?.report());
    };
    let order = Order {
        subject: TerminalSubject {
            institution: InstitutionCode::parse(institution).context("--institution")?,
            terminal: TerminalName::parse(terminal).map_err(|_| unusable(terminal))?,
        },
        uses: CertificateUses::EligibilityAndBilling,
        out: &arguments.out,
        request: arguments.request.as_deref(),
        pkcs12_password_file: arguments.pkcs12_password_file.as_deref(),
        institution_name: arguments.institution_name.as_deref(),
    };
    // Read before anything is issued: settings that cannot be read must not leave a stray certificate.
    let settings = arguments.config.as_deref().map(server_config).transpose()?;
    match settings.as_ref().filter(|settings| settings.authority.is_some()) {
        Some(settings) => Ok(order.by_desk(settings)?.report()),
        None => Ok(order.carry_out(&authority()?, settings.as_ref(), now)?.report()),
    }
}

fn unusable(terminal: &str) -> WrongUsage {
    WrongUsage(format!(
        "--terminal {terminal:?}: the name of a terminal has 1 to {TERMINAL_NAME_MAX_CHARS} characters of any script \
         in one line, no control characters"
    ))
}

fn server_certificate(
    arguments: &Issue,
    authority: &InstitutionAuthority,
    settings: Option<&Config>,
    now: Instant,
) -> Result<Written> {
    let names: Vec<ServerName> =
        arguments.server.iter().map(|name| ServerName::parse(name)).collect::<pki::Result<_>>()?;
    if settings.is_some_and(|settings| settings.authority.is_none()) {
        bail!("the server of --config has no [authority], so it keeps no public log; leave --config out");
    }
    make_place(&arguments.out, &[key_name(SERVER)])?;
    block_on(async {
        // Opened before anything is issued: a log that cannot be written must not leave a stray certificate.
        let store = match settings {
            Some(settings) => Some(open_current_store(settings).await?),
            None => None,
        };
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        // The key first: what the log has stays there, so nobody may be without the key of it.
        let key_file = write_key(&arguments.out, SERVER, &key)?;
        let issued = authority.issue_server(&names, key.public_key(), now)?;
        let logged = match &store {
            Some(store) => Some(store.log_own_certificate(&issued.serial, issued.der.clone(), now).await?),
            None => None,
        };
        let files = vec![key_file, write_certificate(&arguments.out, SERVER, &issued.pem()?)?];
        Ok(Written { logged, ..Written::of(&issued, files) })
    })
}
