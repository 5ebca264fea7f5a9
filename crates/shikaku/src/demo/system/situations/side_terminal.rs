//! More terminals than the one at the counter, each with a folder and a certificate of its own, so that nothing that
//! goes wrong at them harms the one that works.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use eligibility::institution::InstitutionCode;
use pki::{
    TerminalName, TerminalSubject, Validity,
    authority::{InstitutionAuthority, ROOT_CERTIFICATE_FILE},
    keys::{KeyAlgorithm, PrivateKey},
    profile::TerminalIdentity,
};
use store::{Institution, TerminalCertificate};
use terminal::config::Config;
use toml::Value;

use super::{
    System,
    line::{Caller, Line},
};
use crate::{
    demo::{
        joining,
        premises::{RECEIPT_KEYS, private_folder, section, table, text},
        running_terminal::RunningTerminal,
    },
    runtime::this_second,
};

/// Where side terminals and side centres live in a demo's folder.
pub(super) const FOLDER: &str = "situations";

/// Who a side terminal is.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// Its folder.
    pub(super) id: &'static str,
    /// Its name in the certificate.
    pub(super) name: &'static str,
    /// Its institution.
    pub(super) institution: &'static str,
    /// What `face` is written in.
    pub(super) face_encoding: &'static str,
}

/// A side terminal's place on disk.
pub(super) struct Place {
    pub(super) plan: Plan,
    folder: PathBuf,
    /// The demo's receipt keys.
    receipt_keys: PathBuf,
}

impl Place {
    pub(super) fn key(&self) -> PathBuf {
        self.folder.join("terminal.key.pem")
    }
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.join("terminal.cert.pem")
    }

    /// Keeps this key and certificate.
    pub(super) fn put(&self, key: &PrivateKey, chain_pem: &str) -> Result<()> {
        if self.key().exists() {
            std::fs::remove_file(self.key())?;
        }
        key.save(&self.key())?;
        std::fs::write(self.certificate(), chain_pem).context("cannot write a certificate")
    }

    fn identity(&self) -> Result<TerminalIdentity> {
        let text = std::fs::read_to_string(self.certificate())?;
        Ok(TerminalIdentity::read(&pki::pem::decode(pki::pem::CERTIFICATE, &text)?)?)
    }

    /// Issues a certificate unless one is there.
    fn certify(&self, authority: &InstitutionAuthority, period: Option<Validity>) -> Result<()> {
        if period.is_none() && self.certificate().is_file() {
            return Ok(());
        }
        let validity = period.map_or_else(|| Validity::of_terminal(this_second()), Ok)?;
        let subject = TerminalSubject {
            institution: InstitutionCode::parse(self.plan.institution)?,
            terminal: TerminalName::parse(self.plan.name)?,
        };
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let issued = authority.issue_terminal(&subject, key.public_key(), validity)?;
        self.put(&key, &issued.pem()?)
    }

    /// Starts the terminal of this place against this centre.
    pub(super) async fn start(&self, root: &Path, centre: SocketAddr) -> Result<RunningTerminal> {
        let settings = self.settings(root, centre)?;
        RunningTerminal::start(Config::parse(&settings, &self.folder)?).await
    }

    fn settings(&self, root: &Path, centre: SocketAddr) -> Result<String> {
        let path = |path: &Path| text(path.display());
        let settings = table([
            ("institution_code", text(self.plan.institution)),
            ("state", text("state")),
            ("drop", section([("root", text("OQS")), ("face_encoding", text(self.plan.face_encoding))])),
            (
                "central",
                section([
                    ("url", text(format!("https://{centre}"))),
                    ("ca_file", path(root)),
                    ("certificate_file", path(&self.certificate())),
                    ("key_file", path(&self.key())),
                    ("receipt_keys_file", path(&self.receipt_keys)),
                ]),
            ),
            ("reader_link", section([("listen", text(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))])),
        ]);
        Ok(toml::to_string_pretty(&Value::Table(settings))?)
    }
}

impl System {
    /// The certificate of the authority of this demo's network.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.authority().join(ROOT_CERTIFICATE_FILE)
    }

    /// A place for a side terminal, without certificate.
    pub(super) fn place(&self, plan: Plan) -> Result<Place> {
        let folder = self.folder.root().join(FOLDER).join(plan.id);
        private_folder(&folder)?;
        Ok(Place { plan, folder, receipt_keys: self.folder.key(RECEIPT_KEYS) })
    }

    /// A place whose certificate comes from the demo's own authority. Nobody admitted it yet.
    pub(super) fn certified(&self, plan: Plan, period: Option<Validity>) -> Result<Place> {
        let place = self.place(plan)?;
        let authority = InstitutionAuthority::open(&self.folder.authority())?;
        place.certify(&authority, period)?;
        Ok(place)
    }

    /// A place whose certificate comes from an authority of the same name that nobody trusts.
    pub(super) fn certified_by_stranger(&self, plan: Plan) -> Result<Place> {
        let place = self.place(plan)?;
        let authority = InstitutionAuthority::open_or_create(&place.folder.join("ca"), this_second())?;
        place.certify(&authority, None)?;
        Ok(place)
    }

    /// A certified place that the centre knows.
    pub(super) async fn admitted(&self, plan: Plan, period: Option<Validity>) -> Result<Place> {
        let place = self.certified(plan, period)?;
        let institution_code = InstitutionCode::parse(plan.institution)?;
        let store = self.server.store();
        if store.institution(&institution_code).await?.is_none() {
            let name = "見本診療所（状況づくり用）".to_owned();
            store.put_institution(Institution { code: institution_code.clone(), name }).await?;
        }
        // Institutions in one house share their line.
        joining::connect_line(&self.server, &institution_code, self.clock.now()).await?;
        let identity = place.identity()?;
        let certificate = TerminalCertificate {
            institution_code,
            fingerprint: identity.fingerprint,
            terminal_name: plan.name.to_owned(),
            not_after: identity.validity.not_after,
            revoked_at: None,
            changed_at: self.clock.now(),
        };
        store.register_terminal_certificate(certificate).await?;
        self.server.refresh_terminals().await?;
        Ok(place)
    }

    /// Takes the admission of a place back.
    pub(super) async fn revoke(&self, place: &Place) -> Result<()> {
        let institution = InstitutionCode::parse(place.plan.institution)?;
        let fingerprint = place.identity()?.fingerprint;
        let store = self.server.store();
        store.revoke_terminal_certificate(&institution, &fingerprint, self.clock.now()).await?;
        Ok(self.server.refresh_terminals().await?)
    }

    /// A bare line with the certificate of a side terminal.
    pub(super) fn line_of(&self, place: &Place) -> Result<Line> {
        let centre = self.ports.terminal_api().to_string();
        let (root, certificate, key) = (self.root(), place.certificate(), place.key());
        Line::open(&Caller { root: &root, certificate: &certificate, key: &key, centre: &centre })
    }

    /// Starts the counter whose receipt computer reads Shift_JIS.
    pub(in crate::demo::system) async fn open_shift_jis_counter(&self) -> Result<RunningTerminal> {
        let plan = Plan {
            id: "shift-jis",
            name: "受付2",
            institution: crate::demo::premises::INSTITUTION_CODE,
            face_encoding: "shift_jis",
        };
        let place = self.admitted(plan, None).await?;
        place.start(&self.root(), self.ports.terminal_api()).await
    }
}
