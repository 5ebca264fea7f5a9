//! The institution network's certificate authority: one root, servers, terminals.

mod ledger;
mod template;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use der::asn1::OctetString;
use der::{Decode as _, Encode as _};
use eligibility::Instant;
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyIdMethod, SanType, SerialNumber,
    SubjectPublicKeyInfo,
};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use ledger::Issued;
use template::{leaf_params, new_serial, root_certificate};

use crate::crl::{self, Revocation, RevocationReason};
use crate::journal::Journal;
use crate::keys::{self, KeyAlgorithm, PrivateKey, PublicKey};
use crate::lint::{self, Expected, Finding, Kind};
use crate::naming::{COMMON_NAME, COUNTRY, ORGANIZATION, name};
use crate::profile::{
    self, ROOT_ORGANIZATION, SERVER_NAMES_MAX, ServerName, TerminalIdentity, TerminalSubject,
};
use crate::signing::{self, ThrowAwaySigner, key_identifier};
use crate::{Error, Result, Validity, csr, file_error, moment, pem, pkcs12};

/// File of the root's private key in the authority's folder.
pub const ROOT_KEY_FILE: &str = "root.key.pem";
/// File of the root's certificate in the authority's folder.
pub const ROOT_CERTIFICATE_FILE: &str = "root.cert.pem";
/// File of everything issued and revoked.
pub const JOURNAL_FILE: &str = "issued.log";

/// A certificate this authority has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The certificate.
    pub der: Vec<u8>,
    /// Lower-case hex of the serial number, without leading zeros.
    pub serial: String,
    /// Lower-case hex SHA-256 of the DER.
    pub fingerprint: String,
    /// The period of validity.
    pub validity: Validity,
}

impl IssuedCertificate {
    pub(crate) fn of(der: Vec<u8>, serial: &[u8], validity: Validity) -> Self {
        let fingerprint = profile::fingerprint(&der);
        Self { der, serial: profile::serial_hex(serial), fingerprint, validity }
    }

    /// The certificate as PEM.
    ///
    /// # Errors
    /// [`Error::Malformed`] when encoding fails.
    pub fn pem(&self) -> Result<String> {
        pem::encode(pem::CERTIFICATE, &self.der)
    }
}

/// The certificate authority of the institution network, with its folder.
pub struct InstitutionAuthority {
    key: PrivateKey,
    throw_away: PrivateKey,
    certificate_der: Vec<u8>,
    certificate: Certificate,
    validity: Validity,
    state: Mutex<(Journal, Issued)>,
}

impl InstitutionAuthority {
    /// Makes a new root in this folder (created with mode 0700; key with 0600).
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the folder holds a root already; [`Error::File`].
    pub fn create(folder: &Path, now: Instant) -> Result<Self> {
        keys::create_private_folder(folder)?;
        let key = PrivateKey::generate(KeyAlgorithm::P384)?;
        let validity = Validity::of_root(now)?;
        let der = root_certificate(&key, validity)?;
        key.save(&folder.join(ROOT_KEY_FILE))?;
        Journal::create(&folder.join(JOURNAL_FILE))?;
        // Last, because open_or_create looks for this file: what it finds is whole.
        keys::write_private(
            &folder.join(ROOT_CERTIFICATE_FILE),
            pem::encode(pem::CERTIFICATE, &der)?.as_bytes(),
        )?;
        Self::open(folder)
    }

    /// Opens the authority in this folder.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Malformed`] when certificate and key do not belong together.
    pub fn open(folder: &Path) -> Result<Self> {
        let path: PathBuf = folder.join(ROOT_CERTIFICATE_FILE);
        let text = std::fs::read_to_string(&path).map_err(file_error(&path))?;
        let certificate_der = pem::decode(pem::CERTIFICATE, &text)?;
        let certificate = Certificate::from_der(&certificate_der)?;
        let key = PrivateKey::load(&folder.join(ROOT_KEY_FILE))?;
        if certificate.tbs_certificate.subject_public_key_info.to_der()? != key.public_key().spki_der() {
            return Err(Error::Malformed("the root (certificate and key do not belong together)"));
        }
        let (journal, lines) = Journal::open(&folder.join(JOURNAL_FILE))?;
        let mut issued = Issued::default();
        for line in &lines {
            issued.replay(line)?;
        }
        let period = &certificate.tbs_certificate.validity;
        let validity =
            Validity::new(moment::from_x509(period.not_before), moment::from_x509(period.not_after))?;
        let throw_away = PrivateKey::generate(KeyAlgorithm::P384)?;
        let state = Mutex::new((journal, issued));
        Ok(Self { key, throw_away, certificate_der, certificate, validity, state })
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

    /// The root certificate as DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The root certificate as PEM.
    ///
    /// # Errors
    /// [`Error::Malformed`] when encoding fails.
    pub fn certificate_pem(&self) -> Result<String> {
        pem::encode(pem::CERTIFICATE, &self.certificate_der)
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
        let first =
            names.first().filter(|_| names.len() <= SERVER_NAMES_MAX).ok_or(Error::Name("server names"))?;
        let common_name = first.to_string();
        let parts = [(COUNTRY, "JP"), (ORGANIZATION, ROOT_ORGANIZATION), (COMMON_NAME, common_name.as_str())];
        let mut params = leaf_params(&parts, ExtendedKeyUsagePurpose::ServerAuth);
        for name in names {
            params.subject_alt_names.push(match name {
                ServerName::Dns(dns) => {
                    SanType::DnsName(dns.clone().try_into().map_err(|_| Error::Name("DNS name"))?)
                }
                ServerName::Ip(address) => SanType::IpAddress(*address),
            });
        }
        self.issue(Kind::Server, params, &name(&parts)?, key, Validity::of_server(now)?)
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
        let parts = [
            (COUNTRY, "JP"),
            (ORGANIZATION, subject.institution.as_str()),
            (COMMON_NAME, subject.terminal.as_str()),
        ];
        let params = leaf_params(&parts, ExtendedKeyUsagePurpose::ClientAuth);
        self.issue(Kind::Terminal, params, &name(&parts)?, key, validity)
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
        let key = csr::accept_pem(request_pem, subject)?;
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

    /// Reads a terminal certificate that another is to follow: one this root signed and has not revoked.
    /// It may have ended.
    ///
    /// # Errors
    /// [`Error::NotIssued`] for another authority's; [`Error::Revoked`]; as [`TerminalIdentity::read`].
    pub fn renewable(&self, certificate_der: &[u8]) -> Result<TerminalIdentity> {
        let identity = TerminalIdentity::read(certificate_der)?;
        let certificate = Certificate::from_der(certificate_der)?;
        let signed = certificate.tbs_certificate.to_der()?;
        let root_key = &self.certificate.tbs_certificate.subject_public_key_info;
        let not_issued = || Error::NotIssued(identity.serial.clone());
        signing::verify(root_key, certificate.signature_algorithm.oid, &signed, &certificate.signature)
            .map_err(|_| not_issued())?;
        match self.lock().1.certificates.get(&identity.serial) {
            None => Err(not_issued()),
            Some(Some(_)) => Err(Error::Revoked(identity.serial)),
            Some(None) => Ok(identity),
        }
    }

    /// Key, certificate and root in one PKCS#12 file.
    ///
    /// # Errors
    /// As [`pkcs12::export`].
    pub fn pkcs12(
        &self,
        alias: &str,
        key: &PrivateKey,
        issued: &IssuedCertificate,
        password: &str,
    ) -> Result<Vec<u8>> {
        pkcs12::export(alias, key, &issued.der, std::slice::from_ref(&self.certificate_der), password)
    }

    /// Revokes a certificate. The first revocation stays: repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::NotIssued`] for a serial number that was never used.
    pub fn revoke(&self, serial: &str, reason: RevocationReason, at: Instant) -> Result<()> {
        let mut state = self.lock();
        let (journal, issued) = &mut *state;
        let entry = issued.certificates.get_mut(serial).ok_or_else(|| Error::NotIssued(serial.to_owned()))?;
        if entry.is_some() {
            return Ok(());
        }
        journal.append(&["revoked", serial, &at.0.to_string(), reason.as_str()])?;
        *entry = Some(Revocation { at, reason });
        Ok(())
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
            (number, issued.revoked(now)?)
        };
        let list = crl::ListToSign {
            issuer: &self.certificate.tbs_certificate.subject,
            authority_key: AuthorityKeyIdentifier {
                key_identifier: Some(OctetString::new(self.key_id()?)?),
                authority_cert_issuer: None,
                authority_cert_serial_number: None,
            },
            revoked,
            number,
            this_update: now,
            next_update: Instant(now.0.saturating_add(crl::NEXT_UPDATE_DAYS * 86_400_000)),
        };
        crl::sign(list, &self.key)
    }

    fn issue(
        &self,
        kind: Kind,
        mut params: CertificateParams,
        subject: &x509_cert::name::Name,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<IssuedCertificate> {
        let serial = new_serial()?;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = moment::to_offset(validity.not_before)?;
        params.not_after = moment::to_offset(validity.not_after)?;
        let bits = SubjectPublicKeyInfoOwned::from_der(key.spki_der())?;
        let raw = bits.subject_public_key.as_bytes().unwrap_or_default();
        params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(raw));
        let public = SubjectPublicKeyInfo::from_der(key.spki_der()).map_err(|e| Error::Key(e.to_string()))?;

        let throw_away = ThrowAwaySigner { claimed: &self.key, throw_away: &self.throw_away };
        let rehearsed = self.sign(&params, &public, &throw_away)?;
        let expected = Expected {
            subject,
            issuer: &self.certificate.tbs_certificate.subject,
            issuer_key_id: &self.key_id()?,
            issuer_validity: self.validity,
            validity,
            key: &bits,
        };
        let findings = lint::before_signing(kind, &rehearsed.tbs_certificate, &expected);
        if !findings.is_empty() {
            return Err(Error::Lint(findings));
        }

        let text = profile::serial_hex(&serial);
        self.record(&text, kind, subject)?;
        let signed = self.sign(&params, &public, &self.key)?;
        if signed.tbs_certificate != rehearsed.tbs_certificate {
            return Err(Error::Lint(vec![Finding::NotWhatWasChecked]));
        }
        Ok(IssuedCertificate::of(signed.to_der()?, &serial, validity))
    }

    fn sign(
        &self,
        params: &CertificateParams,
        public: &SubjectPublicKeyInfo,
        signer: &impl rcgen::SigningKey,
    ) -> Result<Certificate> {
        let root = self.certificate_der.clone().into();
        let failed = |_| Error::Crypto("certificate");
        let issuer = Issuer::from_ca_cert_der(&root, signer).map_err(failed)?;
        let certificate = params.signed_by(public, &issuer).map_err(failed)?;
        Ok(Certificate::from_der(certificate.der())?)
    }

    fn record(&self, serial: &str, kind: Kind, subject: &x509_cert::name::Name) -> Result<()> {
        let mut state = self.lock();
        let (journal, issued) = &mut *state;
        if issued.certificates.contains_key(serial) {
            return Err(Error::Crypto("random numbers repeat themselves"));
        }
        let subject = subject.to_string().replace(['\t', '\n', '\r'], " ");
        journal.append(&["issuing", serial, &format!("{kind:?}"), &subject])?;
        issued.certificates.insert(serial.to_owned(), None);
        Ok(())
    }

    fn key_id(&self) -> Result<Vec<u8>> {
        let found = self.certificate.tbs_certificate.get::<SubjectKeyIdentifier>()?;
        Ok(found.ok_or(Error::Malformed("the root"))?.1.0.as_bytes().to_vec())
    }

    fn lock(&self) -> MutexGuard<'_, (Journal, Issued)> {
        // A panic while holding it leaves journal and memory consistent: memory changes after the disk.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
