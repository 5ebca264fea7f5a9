//! Terminals' certificates: issued, written, registered with a server, shut out of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use eligibility::{
    Instant,
    institution_certificate::{CertificateUses, RevocationReason},
};
use pki::{
    TerminalSubject, Validity,
    authority::{InstitutionAuthority, IssuedCertificate},
    keys::{KeyAlgorithm, PrivateKey, write_private},
    pem,
    profile::TerminalIdentity,
};
use serde_json::json;
use server::config::Config;
use store::{Institution, Store, TerminalCertificate};

use super::by_desk;
use crate::{
    folder::{open_store, server_config},
    report::Report,
    runtime::block_on,
};

/// A terminal certificate that is wanted.
pub(super) struct Order<'a> {
    pub(super) subject: TerminalSubject,
    /// What it may be used for, where the server's authority issues it.
    pub(super) uses: CertificateUses,
    /// Folder for what is made.
    pub(super) out: &'a Path,
    /// The terminal's own request; without it a key is made here.
    pub(super) request: Option<&'a Path>,
    /// Also wanted as PKCS#12, under the password in this file.
    pub(super) pkcs12_password_file: Option<&'a Path>,
    /// Name of the institution for that server.
    pub(super) institution_name: Option<&'a str>,
}

/// What was issued and where it lies.
pub(super) struct Written {
    pub(super) serial: String,
    pub(super) fingerprint: String,
    pub(super) files: Vec<PathBuf>,
    /// Its place in the public log of the server that was named; `None` where none was, or that has no log.
    pub(super) logged: Option<i64>,
}

impl Written {
    pub(super) fn of(issued: &IssuedCertificate, files: Vec<PathBuf>) -> Self {
        Self { serial: issued.serial.clone(), fingerprint: issued.fingerprint.clone(), files, logged: None }
    }

    pub(super) fn report(&self) -> Report {
        let Self { serial, fingerprint, files, logged } = self;
        let listed: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let log = match logged {
            Some(place) => format!("public log: entry {place}"),
            None => "public log: none; --config FILE names a server whose [authority] keeps one".to_owned(),
        };
        let text = format!("serial {serial}\nSHA-256 {fingerprint}\n{}\n{log}", listed.join("\n"));
        let document =
            json!({"serial": serial, "fingerprint": fingerprint, "files": listed, "logged": logged});
        Report::new(text, document)
    }
}

impl Order<'_> {
    /// Issues, writes and, where a server without an authority of its own is named, registers there.
    pub(super) fn carry_out(
        &self,
        authority: &InstitutionAuthority,
        settings: Option<&Config>,
        now: Instant,
    ) -> Result<Written> {
        self.make_place()?;
        let (issued, files) = match self.request {
            Some(request) => {
                let issued = authority.issue_terminal_from_request(&self.subject, &read(request)?, now)?;
                let file = write_certificate(self.out, TERMINAL, &issued.pem()?)?;
                (issued, vec![file])
            }
            None => self.with_key(authority, now)?,
        };
        if let Some(settings) = settings {
            self.register(settings, &issued, now)?;
        }
        Ok(Written::of(&issued, files))
    }

    /// Issues by the server's own authority, and writes.
    pub(super) fn by_desk(&self, settings: &Config) -> Result<Written> {
        self.make_place()?;
        block_on(async {
            let store = open_store(settings).await?;
            let desk = by_desk::desk(settings, &store)?.context("the server has no [authority]")?;
            self.name_institution(&store).await?;
            by_desk::issue(&desk, self).await
        })
    }

    /// The folder for what is made, without a secret that would be in the way.
    fn make_place(&self) -> Result<()> {
        let key = self.request.is_none().then(|| key_name(TERMINAL));
        let pkcs12 = self.pkcs12_password_file.map(|_| PKCS12.to_owned());
        make_place(self.out, &key.into_iter().chain(pkcs12).collect::<Vec<_>>())
    }

    /// The password that a PKCS#12 file is wanted under. Asked for before anything is issued: a certificate that is
    /// recorded already would follow another without its file.
    pub(super) fn pkcs12_password(&self) -> Result<Option<String>> {
        let Some(file) = self.pkcs12_password_file else { return Ok(None) };
        let password = read(file)?.lines().next().unwrap_or_default().to_owned();
        pki::pkcs12::check_password(&password).with_context(|| format!("{}", file.display()))?;
        Ok(Some(password))
    }

    async fn name_institution(&self, store: &Store) -> Result<()> {
        let Some(name) = self.institution_name else { return Ok(()) };
        let institution = Institution { code: self.subject.institution.clone(), name: name.to_owned() };
        Ok(store.put_institution(institution).await?)
    }

    fn with_key(
        &self,
        authority: &InstitutionAuthority,
        now: Instant,
    ) -> Result<(IssuedCertificate, Vec<PathBuf>)> {
        let password = self.pkcs12_password()?;
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let mut files = vec![write_key(self.out, TERMINAL, &key)?];
        let issued =
            authority.issue_terminal(&self.subject, key.public_key(), Validity::of_terminal(now)?)?;
        files.push(write_certificate(self.out, TERMINAL, &issued.pem()?)?);
        if let Some(password) = password {
            let file = self.out.join(PKCS12);
            let name = self.subject.terminal.as_str();
            write_private(&file, &authority.pkcs12(name, &key, &issued, &password)?)?;
            files.push(file);
        }
        Ok((issued, files))
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
        block_on(async {
            let store = open_store(settings).await?;
            self.name_institution(&store).await?;
            store.register_terminal_certificate(certificate).await?;
            Ok(())
        })
    }
}

/// What a terminal's files are called.
pub(super) const TERMINAL: &str = "terminal";
/// Its certificate and key in one file.
pub(super) const PKCS12: &str = "terminal.p12";

/// Makes a folder for what is issued. Secrets are never replaced, and whether one of these is there is asked before
/// anything is issued: what a public log has stays there, with or without somebody who has its key.
pub(super) fn make_place(folder: &Path, secrets: &[String]) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let mut files = secrets.iter().map(|name| folder.join(name));
    match files.find(|file| file.symlink_metadata().is_ok()) {
        Some(file) => Err(in_the_way(&file)),
        None => Ok(()),
    }
}

fn in_the_way(file: &Path) -> anyhow::Error {
    anyhow!(
        "{} is there already; a key is never replaced, so name another folder with --out. Nothing was issued",
        file.display()
    )
}

/// The name of a key's file.
pub(super) fn key_name(of: &str) -> String {
    format!("{of}.key.pem")
}

/// The certificate in this file, which must have this serial number.
pub(super) fn named(certificate: &Path, serial: &str) -> Result<TerminalIdentity> {
    let der = pem::decode(pem::CERTIFICATE, &read(certificate)?)?;
    let identity = TerminalIdentity::read(&der)?;
    if identity.serial != serial {
        bail!("{} has serial number {}, not {serial}", certificate.display(), identity.serial);
    }
    Ok(identity)
}

/// Revokes by the server's own authority; false when it has no record of the certificate.
pub(super) fn revoked_by_desk(
    settings: &Config,
    identity: &TerminalIdentity,
    reason: RevocationReason,
) -> Result<bool> {
    block_on(async {
        let store = open_store(settings).await?;
        let Some(desk) = by_desk::desk(settings, &store)? else { return Ok(false) };
        by_desk::revoke(&desk, identity, reason).await
    })
}

/// Revokes a terminal certificate in the database of a server.
pub(super) fn shut_out(identity: &TerminalIdentity, config: &Path, now: Instant) -> Result<()> {
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

/// Writes a key; an existing one is never overwritten.
pub(super) fn write_key(folder: &Path, name: &str, key: &PrivateKey) -> Result<PathBuf> {
    let file = folder.join(key_name(name));
    key.save(&file).map_err(|error| match error {
        pki::Error::AlreadyExists(file) => in_the_way(&file),
        other => other.into(),
    })?;
    Ok(file)
}

pub(super) fn write_certificate(folder: &Path, name: &str, chain_pem: &str) -> Result<PathBuf> {
    let file = folder.join(format!("{name}.cert.pem"));
    std::fs::write(&file, chain_pem).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

pub(super) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
