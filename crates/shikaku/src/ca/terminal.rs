//! Terminals' certificates: issued, written, registered with a server, shut out of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use eligibility::Instant;
use pki::{
    TerminalSubject,
    authority::{InstitutionAuthority, IssuedCertificate},
    keys::{PrivateKey, write_private},
    pem,
    profile::TerminalIdentity,
};
use serde_json::json;
use server::config::Config;
use store::{Institution, TerminalCertificate};

use crate::{
    folder::{open_store, server_config},
    report::Report,
    runtime::block_on,
};

/// A terminal certificate that is wanted.
pub(super) struct Order<'a> {
    pub(super) subject: TerminalSubject,
    /// Folder for what is made.
    pub(super) out: &'a Path,
    /// The terminal's own request; without it a key is made here.
    pub(super) request: Option<&'a Path>,
    /// Also wanted as PKCS#12, under the password in this file.
    pub(super) pkcs12_password_file: Option<&'a Path>,
    /// Settings of the server that is to know the certificate.
    pub(super) config: Option<&'a Path>,
    /// Name of the institution for that server.
    pub(super) institution_name: Option<&'a str>,
}

/// What was issued and where it lies.
pub(super) struct Written {
    pub(super) issued: IssuedCertificate,
    pub(super) files: Vec<PathBuf>,
}

impl Written {
    pub(super) fn report(&self) -> Report {
        let Self { issued, files } = self;
        let listed: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let text = format!("serial {}\nSHA-256 {}\n{}", issued.serial, issued.fingerprint, listed.join("\n"));
        let document = json!({"serial": issued.serial, "fingerprint": issued.fingerprint, "files": listed});
        Report::new(text, document)
    }
}

impl Order<'_> {
    /// Issues, writes and, where a server is named, registers.
    pub(super) fn carry_out(&self, authority: &InstitutionAuthority, now: Instant) -> Result<Written> {
        // Read before anything is issued: settings that cannot be read must not leave a stray certificate.
        let settings = self.config.map(server_config).transpose()?;
        make_folder(self.out)?;
        let written = match self.request {
            Some(request) => {
                let issued = authority.issue_terminal_from_request(&self.subject, &read(request)?, now)?;
                let files = write(self.out, "terminal", None, &issued)?;
                Written { issued, files }
            }
            None => self.with_key(authority, now)?,
        };
        if let Some(settings) = settings {
            self.register(&settings, &written.issued, now)?;
        }
        Ok(written)
    }

    fn with_key(&self, authority: &InstitutionAuthority, now: Instant) -> Result<Written> {
        let (key, issued) = authority.issue_terminal_with_key(&self.subject, now)?;
        let mut files = write(self.out, "terminal", Some(&key), &issued)?;
        if let Some(password) = self.pkcs12_password_file {
            let password = read(password)?;
            let password = password.lines().next().unwrap_or_default();
            let file = self.out.join("terminal.p12");
            let name = self.subject.terminal.as_str();
            write_private(&file, &authority.pkcs12(name, &key, &issued, password)?)?;
            files.push(file);
        }
        Ok(Written { issued, files })
    }

    fn register(&self, settings: &Config, issued: &IssuedCertificate, now: Instant) -> Result<()> {
        let certificate = TerminalCertificate {
            institution_code: self.subject.institution.clone(),
            fingerprint: issued.fingerprint.clone(),
            terminal_name: self.subject.terminal.as_str().to_owned(),
            not_after: issued.validity.not_after,
            revoked_at: None,
            changed_at: now,
        };
        let named = self
            .institution_name
            .map(|name| Institution { code: self.subject.institution.clone(), name: name.to_owned() });
        block_on(async {
            let store = open_store(settings).await?;
            if let Some(institution) = named {
                store.put_institution(institution).await?;
            }
            store.register_terminal_certificate(certificate).await?;
            Ok(())
        })
    }
}

pub(super) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))
}

/// Revokes a terminal certificate in the database of a server.
pub(super) fn shut_out(certificate: &Path, config: &Path, serial: &str, now: Instant) -> Result<()> {
    let der = pem::decode(pem::CERTIFICATE, &read(certificate)?)?;
    let identity = TerminalIdentity::read(&der)?;
    if identity.serial != serial {
        bail!("{} has serial number {}, not {serial}", certificate.display(), identity.serial);
    }
    let settings = server_config(config)?;
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

/// Writes the certificate and the key made for it; an existing key is never overwritten.
pub(super) fn write(
    folder: &Path,
    name: &str,
    key: Option<&PrivateKey>,
    issued: &IssuedCertificate,
) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if let Some(key) = key {
        let file = folder.join(format!("{name}.key.pem"));
        key.save(&file).map_err(|error| match error {
            pki::Error::AlreadyExists(file) => anyhow!(
                "{} is there already; a key is never replaced, so name another folder with --out",
                file.display()
            ),
            other => other.into(),
        })?;
        files.push(file);
    }
    let file = folder.join(format!("{name}.cert.pem"));
    std::fs::write(&file, issued.pem()?).with_context(|| format!("cannot write {}", file.display()))?;
    files.push(file);
    Ok(files)
}

pub(super) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
