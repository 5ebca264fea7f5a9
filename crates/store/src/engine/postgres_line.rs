//! How PostgreSQL is reached: over TLS with its certificate checked, or in the clear where nothing leaves the machine.
//! There is no third way: what a URL does not say is never guessed to the weaker side.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use percent_encoding::percent_decode_str;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres::config::{Config, Host, SslMode};

use crate::{Error, Result};

/// What a URL says about TLS.
const MODE: &str = "sslmode";
/// The file of the authorities that PostgreSQL's certificate may come from, PEM.
const ROOTS: &str = "sslrootcert";
/// The name that always means this machine.
const LOCALHOST: &str = "localhost";

/// How a database URL leads to its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseLine {
    /// A file of this machine.
    File,
    /// A PostgreSQL of this machine, without TLS: through a Unix socket or a loopback address.
    ThisMachine,
    /// A PostgreSQL over TLS, its certificate and name checked.
    Tls {
        /// The file of the authorities it may come from; without one, those that the system trusts.
        authorities: Option<PathBuf>,
    },
}

impl DatabaseLine {
    /// Reads a database URL; nothing is connected.
    ///
    /// # Errors
    /// [`Error::Open`] when the URL cannot be read, or leads to another machine without TLS.
    pub fn of(url: &str) -> Result<Self> {
        if url.starts_with("sqlite:") { Ok(Self::File) } else { Ok(Address::parse(url)?.line) }
    }
}

impl fmt::Display for DatabaseLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("a file of this machine"),
            Self::ThisMachine => f.write_str("PostgreSQL on this machine, without TLS"),
            Self::Tls { authorities: None } => {
                f.write_str("PostgreSQL over TLS, its certificate checked with the system's authorities")
            }
            Self::Tls { authorities: Some(file) } => {
                write!(f, "PostgreSQL over TLS, its certificate checked with {}", file.display())
            }
        }
    }
}

/// A URL, taken apart.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) line: DatabaseLine,
}

impl Address {
    /// Reads a `postgres://` URL. The driver knows neither file names nor checks: both are taken out before.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let (plain, said) = take_out(url)?;
        let mut config: Config =
            plain.parse().map_err(|error: tokio_postgres::Error| open(error.to_string()))?;
        let away = hosts_away(&config);
        let tls = match said.mode.as_deref() {
            Some("require" | "verify-ca" | "verify-full") => true,
            None => !away.is_empty(),
            Some("disable" | "allow" | "prefer") if away.is_empty() => false,
            Some(weak @ ("disable" | "allow" | "prefer")) => return Err(in_the_clear(&away, weak)),
            Some(other) => {
                return Err(open(format!("database_url: {MODE}={other} is unknown; write verify-full")));
            }
        };
        config.ssl_mode(if tls { SslMode::Require } else { SslMode::Disable });
        let line =
            if tls { DatabaseLine::Tls { authorities: said.roots } } else { DatabaseLine::ThisMachine };
        Ok(Self { config, line })
    }
}

/// What was taken out of a URL.
#[derive(Default)]
struct Said {
    mode: Option<String>,
    roots: Option<PathBuf>,
}

/// The URL without what is said about TLS, and that.
fn take_out(url: &str) -> Result<(String, Said)> {
    // A password may hold a question mark; what follows the host may not.
    let host = url.find('@').map_or(0, |at| at + 1);
    let Some(question) = url[host..].find('?').map(|at| host + at) else {
        return Ok((url.to_owned(), Said::default()));
    };
    let mut said = Said::default();
    let mut rest = Vec::new();
    for pair in url[question + 1..].split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| open(format!("database_url: {name} is not UTF-8")))?
            .into_owned();
        match name {
            MODE => said.mode = Some(value),
            ROOTS => said.roots = Some(PathBuf::from(value)),
            _ => rest.push(pair),
        }
    }
    Ok((format!("{}?{}", &url[..question], rest.join("&")), said))
}

/// The hosts of other machines, as far as the URL tells: addresses count before names, as for the driver.
fn hosts_away(config: &Config) -> Vec<String> {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().filter(|to| !to.is_loopback()).map(ToString::to_string).collect();
    }
    let away = |host: &Host| match host {
        Host::Tcp(name) if !is_this_machine(name) => Some(name.clone()),
        _ => None,
    };
    config.get_hosts().iter().filter_map(away).collect()
}

fn is_this_machine(name: &str) -> bool {
    name == LOCALHOST || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn in_the_clear(hosts: &[String], mode: &str) -> Error {
    open(format!(
        "database_url: {MODE}={mode} would send everybody's data to {} in the clear. Write {MODE}=verify-full (and \
         {ROOTS}=FILE when its authority is your own), or reach it through a Unix socket or an encrypting proxy on \
         this machine",
        hosts.join(", ")
    ))
}

fn open(message: String) -> Error {
    Error::Open(message)
}

/// TLS for a client of PostgreSQL that believes these authorities, or the system's.
pub(super) fn tls(authorities: Option<&Path>) -> Result<ClientConfig> {
    let roots = match authorities {
        Some(file) => roots_of(file)?,
        None => roots_of_system()?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| open(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn roots_of(file: &Path) -> Result<RootCertStore> {
    let failed = |why: String| open(format!("database_url: {ROOTS} {}: {why}", file.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() { Err(failed("no certificate in it".to_owned())) } else { Ok(roots) }
}

fn roots_of_system() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    Err(open(format!(
        "database_url: this system trusts no authority; install ca-certificates, or name one with {ROOTS}=FILE"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(url: &str) -> String {
        match DatabaseLine::of(url) {
            Ok(line) => line.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn nothing_leaves_the_machine_in_the_clear() {
        for local in [
            "postgres:///d?host=/run/postgresql&user=u",
            "postgres://u:p@127.0.0.1/d",
            "postgres://u:p%3F@[::1]:5432/d?sslmode=prefer",
            "postgresql://u@localhost,127.0.0.2/d?sslmode=disable",
            "postgres://u@db.example/d?hostaddr=127.0.0.1&sslmode=disable",
        ] {
            assert_eq!(DatabaseLine::of(local), Ok(DatabaseLine::ThisMachine), "{local}");
        }
        for away in ["db.example", "10.0.0.7", "localhost,db.example", "localhost.example", "[2001:db8::1]"] {
            let url = |mode: &str| format!("postgres://u:hidden@{away}/d?application_name=x{mode}");
            for mode in ["", "&sslmode=require", "&sslmode=verify-ca", "&sslmode=verify-full"] {
                let line = DatabaseLine::of(&url(mode));
                assert_eq!(line, Ok(DatabaseLine::Tls { authorities: None }), "{away} {mode}");
            }
            for mode in ["disable", "allow", "prefer"] {
                let refused = line(&url(&format!("&sslmode={mode}")));
                assert!(refused.contains("in the clear") && refused.contains("database_url"), "{refused}");
                assert!(refused.contains("sslmode=verify-full") && !refused.contains("hidden"), "{refused}");
            }
        }
        let moved = line("postgres://u@localhost/d?hostaddr=192.0.2.7&sslmode=disable");
        assert!(moved.contains("192.0.2.7 in the clear"), "the address counts, not the name: {moved}");
        assert!(line("postgres://u@db.example/d?sslmode=maybe").contains("sslmode=maybe is unknown"));
    }

    #[test]
    fn the_file_of_authorities_is_read_from_the_url() {
        let named = line("postgres://u:a?b@db.example/d?sslrootcert=/etc/own%20ca.pem");
        assert!(named.ends_with("checked with /etc/own ca.pem"), "{named}");
        let refused = tls(Some(Path::new("/nonexistent/ca.pem"))).map(drop).expect_err("no such file");
        assert!(refused.to_string().contains("sslrootcert /nonexistent/ca.pem"), "{refused}");
    }
}
