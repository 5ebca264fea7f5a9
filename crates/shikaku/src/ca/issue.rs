//! `shikaku ca issue`: certificates for servers and terminals.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use eligibility::{Instant, institution::InstitutionCode};
use pki::{
    TerminalName, TerminalSubject,
    authority::{InstitutionAuthority, IssuedCertificate},
    keys::PrivateKey,
    pem,
    profile::{ServerName, TerminalIdentity},
};
use serde_json::json;
use server::{clock::Clock, config::Config};
use store::{Institution, TerminalCertificate};

use super::write_private;
use crate::{folder::open_store, report::Report, runtime::block_on};

/// Issue a certificate for a server, or for an institution's terminal.
#[derive(Args)]
#[command(after_help = "\
Examples:
  shikaku ca issue --dir ca --server central.example,192.0.2.1 --out certs
  shikaku ca issue --dir ca --institution 1319990012 --terminal 受付1 --out certs --config server.toml
  shikaku ca issue --dir ca --institution 1319990012 --terminal 受付1 --request terminal.csr.pem --out certs")]
pub(crate) struct Issue {
    /// The authority's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Folder for the certificate and, where it is made here, its key.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Names of a server: DNS names and addresses, the first is the common name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "institution")]
    server: Vec<String>,
    /// 医療機関コード of a terminal.
    #[arg(long, value_name = "CODE", requires = "terminal", required_unless_present = "server")]
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
    /// Register the terminal with this server, so that it may ask.
    #[arg(long, value_name = "FILE", requires = "institution")]
    config: Option<PathBuf>,
    /// Name of the institution, kept with --config.
    #[arg(long, value_name = "NAME", requires = "config")]
    institution_name: Option<String>,
}

/// What was issued and where it lies.
struct Written {
    issued: IssuedCertificate,
    files: Vec<PathBuf>,
}

/// Issues one.
pub(crate) fn run(arguments: &Issue) -> Result<Report> {
    let authority = InstitutionAuthority::open(&arguments.dir)?;
    let now = Clock::system().now();
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("{}", arguments.out.display()))?;
    let written = match (&arguments.institution, &arguments.terminal) {
        (Some(institution), Some(terminal)) => {
            let subject = TerminalSubject {
                institution: InstitutionCode::parse(institution)?,
                terminal: TerminalName::parse(terminal)?,
            };
            let written = terminal_certificate(arguments, &authority, &subject, now)?;
            register(arguments, &subject, &written.issued, now)?;
            written
        }
        _ => server_certificate(arguments, &authority, now)?,
    };
    let Written { issued, files } = written;
    let listed: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let text = format!("serial {}\nSHA-256 {}\n{}", issued.serial, issued.fingerprint, listed.join("\n"));
    let document = json!({"serial": issued.serial, "fingerprint": issued.fingerprint, "files": listed});
    Ok(Report::new(text, document))
}

fn server_certificate(arguments: &Issue, authority: &InstitutionAuthority, now: Instant) -> Result<Written> {
    let names: Vec<ServerName> =
        arguments.server.iter().map(|name| ServerName::parse(name)).collect::<pki::Result<_>>()?;
    let (key, issued) = authority.issue_server_with_key(&names, now)?;
    let files = write(&arguments.out, "server", Some(&key), &issued)?;
    Ok(Written { issued, files })
}

fn terminal_certificate(
    arguments: &Issue,
    authority: &InstitutionAuthority,
    subject: &TerminalSubject,
    now: Instant,
) -> Result<Written> {
    if let Some(request) = &arguments.request {
        let request = read(request)?;
        let issued = authority.issue_terminal_from_request(subject, &request, now)?;
        let files = write(&arguments.out, "terminal", None, &issued)?;
        return Ok(Written { issued, files });
    }
    let (key, issued) = authority.issue_terminal_with_key(subject, now)?;
    let mut files = write(&arguments.out, "terminal", Some(&key), &issued)?;
    if let Some(password) = &arguments.pkcs12_password_file {
        let password = read(password)?;
        let password = password.lines().next().unwrap_or_default();
        let file = arguments.out.join("terminal.p12");
        write_private(&file, &authority.pkcs12(subject.terminal.as_str(), &key, &issued, password)?)?;
        files.push(file);
    }
    Ok(Written { issued, files })
}

fn register(
    arguments: &Issue,
    subject: &TerminalSubject,
    issued: &IssuedCertificate,
    now: Instant,
) -> Result<()> {
    let Some(config) = &arguments.config else {
        return Ok(());
    };
    let settings = Config::load(config)?;
    let certificate = TerminalCertificate {
        institution_code: subject.institution.clone(),
        fingerprint: issued.fingerprint.clone(),
        terminal_name: subject.terminal.as_str().to_owned(),
        not_after: issued.validity.not_after,
        revoked_at: None,
        changed_at: now,
    };
    let named = arguments
        .institution_name
        .as_ref()
        .map(|name| Institution { code: subject.institution.clone(), name: name.clone() });
    block_on(async {
        let store = open_store(&settings).await?;
        if let Some(institution) = named {
            store.put_institution(institution).await?;
        }
        store.register_terminal_certificate(certificate).await?;
        Ok(())
    })
}

/// Revokes a terminal certificate in the database of a server.
pub(crate) fn shut_out(certificate: &Path, config: &Path, serial: &str, now: Instant) -> Result<()> {
    let der = pem::decode(pem::CERTIFICATE, &read(certificate)?)?;
    let identity = TerminalIdentity::read(&der)?;
    if identity.serial != serial {
        bail!("{} has serial number {}, not {serial}", certificate.display(), identity.serial);
    }
    let settings = Config::load(config)?;
    let known = block_on(async {
        let store = open_store(&settings).await?;
        Ok(store
            .revoke_terminal_certificate(&identity.subject.institution, &identity.fingerprint, now)
            .await?)
    })?;
    if !known {
        bail!("the server of {} does not know this certificate", config.display());
    }
    Ok(())
}

fn write(
    folder: &Path,
    name: &str,
    key: Option<&PrivateKey>,
    issued: &IssuedCertificate,
) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if let Some(key) = key {
        let file = folder.join(format!("{name}.key.pem"));
        key.save(&file)?;
        files.push(file);
    }
    let file = folder.join(format!("{name}.cert.pem"));
    std::fs::write(&file, issued.pem()?).with_context(|| format!("cannot write {}", file.display()))?;
    files.push(file);
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
