//! The institution network's certificate authority in one folder: the root, an issuing authority below it, and
//! a journal of everything issued and revoked.
//!
//! The root's key certifies issuing authorities and nothing else. Its file can be taken away and kept in a safe;
//! everything here but [`InstitutionAuthority::create`] works without it.

mod ledger;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eligibility::Instant;

use ledger::Issued;

use crate::crl::{self, Revocation, RevocationReason};
use crate::csr::KeyStanding;
pub use crate::issued::IssuedCertificate;
use crate::issuing::{IssuingAuthority, ListMoment, Profile};
use crate::journal::Journal;
use crate::keys::{self, KeyAlgorithm, PrivateKey, PublicKey};
use crate::profile::{ServerName, TerminalIdentity, TerminalSubject};
use crate::root::RootAuthority;
use crate::serial::{Serial, StoredSerial};
use crate::{Error, Result, Validity, csr, file_error, pem};

/// File of the root's private key in the authority's folder; may be taken away.
pub const ROOT_KEY_FILE: &str = "root.key.pem";
/// File of the root's certificate in the authority's folder.
pub const ROOT_CERTIFICATE_FILE: &str = "root.cert.pem";
/// File of the issuing authority's private key.
pub const ISSUING_KEY_FILE: &str = "issuing.key.pem";
/// File of the issuing authority's certificate.
pub const ISSUING_CERTIFICATE_FILE: &str = "issuing.cert.pem";
/// File of everything issued and revoked.
pub(crate) const JOURNAL_FILE: &str = "issued.log";
/// Number of the issuing authority a new folder begins with.
const FIRST_ISSUING: u32 = 1;

/// The certificate authority of the institution network, with its folder.
pub struct InstitutionAuthority {
    issuing: IssuingAuthority,
    state: Mutex<(Journal, Issued)>,
}

impl InstitutionAuthority {
    /// Makes a new root and an issuing authority in this folder (created with mode 0700; keys with 0600).
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the folder holds a root already; [`Error::File`].
    pub fn create(folder: &Path, now: Instant) -> Result<Self> {
        keys::create_private_folder(folder)?;
        // Whoever took the root's key away must not get a second root in the same place.
        let certificate_file = folder.join(ROOT_CERTIFICATE_FILE);
        if certificate_file.exists() {
            return Err(Error::AlreadyExists(certificate_file));
        }
        let root_key = PrivateKey::generate(KeyAlgorithm::P384)?;
        let root = RootAuthority::create(&root_key, &Serial::random()?.stored(), now)?;
        let issuing_key = PrivateKey::generate(KeyAlgorithm::P384)?;
        let issuing = root.certify_issuing(
            FIRST_ISSUING,
            issuing_key.public_key(),
            &Serial::random()?.stored(),
            Validity::of_issuing(now)?,
        )?;
        root_key.save(&folder.join(ROOT_KEY_FILE))?;
        issuing_key.save(&folder.join(ISSUING_KEY_FILE))?;
        let write = |path: &Path, der: &[u8]| {
            keys::write_private(path, pem::encode(pem::CERTIFICATE, der)?.as_bytes())
        };
        write(&folder.join(ISSUING_CERTIFICATE_FILE), &issuing)?;
        Journal::create(&folder.join(JOURNAL_FILE))?;
        // Last, because open_or_create looks for this file: what it finds is whole.
        write(&certificate_file, root.certificate_der())?;
        Self::open(folder)
    }

    /// Opens the authority in this folder. The root's key is not read.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::WithoutIssuing`] for a folder made before there were issuing authorities, or
    /// [`Error::Malformed`] when certificates and key do not belong together.
    pub fn open(folder: &Path) -> Result<Self> {
        let read = |name: &str| -> Result<Vec<u8>> {
            let path = folder.join(name);
            pem::decode(pem::CERTIFICATE, &std::fs::read_to_string(&path).map_err(file_error(&path))?)
        };
        let root = read(ROOT_CERTIFICATE_FILE)?;
        if !folder.join(ISSUING_CERTIFICATE_FILE).exists() {
            return Err(Error::WithoutIssuing(folder.to_owned()));
        }
        let key = PrivateKey::load(&folder.join(ISSUING_KEY_FILE))?;
        let issuing = IssuingAuthority::open(Box::new(key), read(ISSUING_CERTIFICATE_FILE)?, root, None)?;
        let (journal, lines) = Journal::open(&folder.join(JOURNAL_FILE))?;
        let mut issued = Issued::default();
        for line in &lines {
            issued.replay(line)?;
        }
        Ok(Self { issuing, state: Mutex::new((journal, issued)) })
    }

    /// Opens the authority in this folder, or makes it when there is none.
    ///
    /// # Errors
    /// As [`InstitutionAuthority::open`] and [`InstitutionAuthority::create`].
    pub fn open_or_create(folder: &Path, now: Instant) -> Result<Self> {
        if folder.join(ROOT_CERTIFICATE_FILE).exists() {
            Self::open(folder)
        } else {
            Self::create(folder, now)
        }
    }

    /// The root certificate as DER: what everybody trusts.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        self.issuing.root_der()
    }

    /// The root certificate as PEM.
    ///
    /// # Errors
    /// [`Error::Malformed`] when encoding fails.
    pub fn certificate_pem(&self) -> Result<String> {
        pem::encode(pem::CERTIFICATE, self.issuing.root_der())
    }

    /// The issuing authority, which signs everything here.
    #[must_use]
    pub fn issuing(&self) -> &IssuingAuthority {
        &self.issuing
    }

    /// Issues a server certificate for these DNS names and IP addresses; the first is the common name.
    ///
    /// # Errors
    /// [`Error::Name`] without names or with too many; [`Error::Lint`] when the key is no P-256 key.
    pub fn issue_server(
        &self,
        names: &[ServerName],
        key: &PublicKey,
        now: Instant,
    ) -> Result<IssuedCertificate> {
        self.issue(Profile::Server { names }, key, Validity::of_server(now)?)
    }

    /// Makes a P-256 key and issues a server certificate for it.
    ///
    /// # Errors
    /// As [`InstitutionAuthority::issue_server`].
    pub fn issue_server_with_key(
        &self,
        names: &[ServerName],
        now: Instant,
    ) -> Result<(PrivateKey, IssuedCertificate)> {
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let issued = self.issue_server(names, key.public_key(), now)?;
        Ok((key, issued))
    }

    /// Issues a terminal certificate for a key whose possession was proven (see
    /// [`InstitutionAuthority::issue_terminal_from_request`], which proves it).
    ///
    /// # Errors
    /// [`Error::Lint`] when the key is no P-256 key.
    pub fn issue_terminal(
        &self,
        subject: &TerminalSubject,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<IssuedCertificate> {
        self.issue(Profile::Terminal { subject, institution_name: None }, key, validity)
    }

    /// Issues a terminal certificate for a request (PEM): the key stays at the terminal.
    ///
    /// # Errors
    /// [`Error::Request`] with the reason of a refusal.
    pub fn issue_terminal_from_request(
        &self,
        subject: &TerminalSubject,
        request_pem: &str,
        now: Instant,
    ) -> Result<IssuedCertificate> {
        let request = csr::check_pem(request_pem, subject)?;
        let known = self.lock().1.keys.contains(&request.key_fingerprint());
        let key = request.accept(if known { KeyStanding::UsedBefore } else { KeyStanding::New })?;
        self.issue_terminal(subject, &key, Validity::of_terminal(now)?)
    }

    /// Makes a P-256 key and issues a terminal certificate for it, for terminals that cannot make a
    /// request.
    ///
    /// # Errors
    /// As [`InstitutionAuthority::issue_terminal`].
    pub fn issue_terminal_with_key(
        &self,
        subject: &TerminalSubject,
        now: Instant,
    ) -> Result<(PrivateKey, IssuedCertificate)> {
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let issued = self.issue_terminal(subject, key.public_key(), Validity::of_terminal(now)?)?;
        Ok((key, issued))
    }

    /// Reads a terminal certificate that another is to follow: one this authority signed and has not revoked.
    /// It may have ended.
    ///
    /// # Errors
    /// [`Error::NotIssued`] for another authority's; [`Error::Revoked`]; as [`TerminalIdentity::read`].
    pub fn renewable(&self, certificate_der: &[u8]) -> Result<TerminalIdentity> {
        let identity = self.issuing.read_own_terminal(certificate_der)?;
        match self.lock().1.certificates.get(&identity.serial) {
            None => Err(Error::NotIssued(identity.serial)),
            Some(Some(_)) => Err(Error::Revoked(identity.serial)),
            Some(None) => Ok(identity),
        }
    }

    /// Key, certificate and chain up to the root in one PKCS#12 file.
    ///
    /// # Errors
    /// As [`crate::pkcs12::export`].
    pub fn pkcs12(
        &self,
        alias: &str,
        key: &PrivateKey,
        issued: &IssuedCertificate,
        password: &str,
    ) -> Result<Vec<u8>> {
        self.issuing.pkcs12(alias, key, issued, password)
    }

    /// Revokes a certificate. The first revocation stays: repeating it changes nothing. Gives the one that holds.
    ///
    /// # Errors
    /// [`Error::NotIssued`] for a serial number that was never used.
    pub fn revoke(&self, serial: &str, reason: RevocationReason, at: Instant) -> Result<Revocation> {
        let mut state = self.lock();
        let (journal, issued) = &mut *state;
        let entry = issued.certificates.get_mut(serial).ok_or_else(|| Error::NotIssued(serial.to_owned()))?;
        if let Some(earlier) = entry {
            return Ok(*earlier);
        }
        journal.append(&["revoked", serial, &at.0.to_string(), reason.as_str()])?;
        let revocation = Revocation { at, reason };
        *entry = Some(revocation);
        Ok(revocation)
    }

    /// Signs a list of everything revoked until now, good for [`crl::NEXT_UPDATE_DAYS`]; DER.
    ///
    /// # Errors
    /// [`Error::File`] when its number cannot be recorded.
    pub fn crl(&self, now: Instant) -> Result<Vec<u8>> {
        let (number, revoked) = {
            let mut state = self.lock();
            let (journal, issued) = &mut *state;
            let number = issued.crl_number + 1;
            journal.append(&["crl", &number.to_string()])?;
            issued.crl_number = number;
            (number, issued.revoked(now))
        };
        let next_update = Instant(now.0.saturating_add(crl::NEXT_UPDATE_DAYS * 86_400_000));
        self.issuing.crl(&revoked, ListMoment { number, this_update: now, next_update })
    }

    fn issue(&self, profile: Profile<'_>, key: &PublicKey, validity: Validity) -> Result<IssuedCertificate> {
        let serial = self.record(profile, key)?;
        self.issuing.issue(profile, serial, key, validity)
    }

    /// Takes a new serial number and puts it on disk. Nothing with this number has been signed yet.
    fn record(&self, profile: Profile<'_>, key: &PublicKey) -> Result<StoredSerial> {
        let serial = Serial::random()?;
        let (kind, subject) = described(profile);
        let mut state = self.lock();
        let (journal, issued) = &mut *state;
        if issued.certificates.contains_key(&serial.hex()) {
            return Err(Error::Crypto("random numbers repeat themselves"));
        }
        let fingerprint = key.fingerprint();
        journal.append(&["issuing", &serial.hex(), kind, &subject, &fingerprint])?;
        issued.certificates.insert(serial.hex(), None);
        issued.keys.insert(fingerprint);
        Ok(serial.stored())
    }

    fn lock(&self) -> MutexGuard<'_, (Journal, Issued)> {
        // A panic while holding it leaves journal and memory consistent: memory changes after the disk.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line of the journal is for people who look for somebody's certificate.
fn described(profile: Profile<'_>) -> (&'static str, String) {
    let (kind, text) = match profile {
        Profile::Terminal { subject, .. } => {
            ("Terminal", format!("{}/{}", subject.institution, subject.terminal.as_str()))
        }
        Profile::Server { names } => ("Server", names.first().map(ToString::to_string).unwrap_or_default()),
        Profile::OcspSigner => ("OcspSigner", String::new()),
    };
    (kind, text.replace(['\t', '\n', '\r'], " "))
}
