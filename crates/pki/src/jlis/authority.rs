//! One generation of one authority of the card world.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use der::{Decode as _, Encode as _};
use eligibility::Instant;
use eligibility::card_certificate::CardCertificateId;
use x509_cert::Certificate;
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::certificate::{self, CardSubject, Origin, SignatureSubject};
use super::register::{ROOT_SERIAL_BASE, Register};
use super::{CardAuthorityKind, CertificateStatus};
use crate::authority::IssuedCertificate;
use crate::crl::{self, ListToSign, Revocation, RevocationReason};
use crate::keys::{self, KeyAlgorithm, PrivateKey, PublicKey};
use crate::lint::{self, Expected, Kind};
use crate::{Error, Result, Validity, file_error, moment, pem, signing};

/// File with the address that certificates name as their OCSP responder.
const OCSP_URL_FILE: &str = "ocsp-url.txt";
/// Days an OCSP responder's certificate lives: it cannot be revoked, so it is replaced at every start.
const RESPONDER_VALIDITY_DAYS: i64 = 90;

/// What a new simulated J-LIS is made with.
#[derive(Clone, Debug)]
pub struct JlisOptions {
    /// Address that authentication certificates name as their OCSP responder.
    pub ocsp_url: String,
    /// Generations of each authority, at least 1.
    pub generations: u8,
}

impl Default for JlisOptions {
    fn default() -> Self {
        Self { ocsp_url: "http://ocsp.jlis.test/".to_owned(), generations: 1 }
    }
}

/// One generation of an authority: a root that issues card certificates directly.
pub struct CardAuthority {
    kind: CardAuthorityKind,
    generation: u8,
    key: PrivateKey,
    certificate_der: Vec<u8>,
    certificate: Certificate,
    validity: Validity,
    ocsp_url: String,
    register: Arc<Register>,
}

struct Files {
    key: PathBuf,
    certificate: PathBuf,
    ocsp_url: PathBuf,
}

fn files(folder: &Path, generation: u8) -> Files {
    Files {
        key: folder.join(format!("generation-{generation}.key.pem")),
        certificate: folder.join(format!("generation-{generation}.cert.pem")),
        ocsp_url: folder.join(format!("generation-{generation}.{OCSP_URL_FILE}")),
    }
}

impl CardAuthority {
    pub(super) fn exists(folder: &Path, generation: u8) -> bool {
        files(folder, generation).certificate.exists()
    }

    pub(super) fn create(
        kind: CardAuthorityKind,
        generation: u8,
        folder: &Path,
        options: &JlisOptions,
        now: Instant,
    ) -> Result<()> {
        let files = files(folder, generation);
        let key = PrivateKey::generate(KeyAlgorithm::Rsa2048)?;
        let validity = super::authority_validity(now)?;
        let serial = ROOT_SERIAL_BASE + u32::from(generation);
        let tbs = certificate::root(kind, serial, key.public_key(), validity)?;
        let subject = certificate::authority_name(kind)?;
        let expected = Expected {
            subject: &subject,
            issuer: &subject,
            issuer_key_id: &[],
            issuer_validity: validity,
            validity,
            key: &tbs.subject_public_key_info,
            algorithm: certificate::card_algorithm(),
            addresses: None,
        };
        let der = sign(Kind::CardRoot, tbs.clone(), &expected, &key)?;
        key.save(&files.key)?;
        keys::write_private(&files.ocsp_url, options.ocsp_url.as_bytes())?;
        // Last, because its existence says that the generation is whole.
        keys::write_private(&files.certificate, pem::encode(pem::CERTIFICATE, &der)?.as_bytes())
    }

    pub(super) fn open(
        kind: CardAuthorityKind,
        generation: u8,
        folder: &Path,
        register: Arc<Register>,
    ) -> Result<Self> {
        let files = files(folder, generation);
        let read = |path: &Path| std::fs::read_to_string(path).map_err(file_error(path));
        let certificate_der = pem::decode(pem::CERTIFICATE, &read(&files.certificate)?)?;
        let certificate = Certificate::from_der(&certificate_der)?;
        let key = PrivateKey::load(&files.key)?;
        if certificate.tbs_certificate.subject_public_key_info.to_der()? != key.public_key().spki_der() {
            return Err(Error::Malformed("a root (certificate and key do not belong together)"));
        }
        let period = &certificate.tbs_certificate.validity;
        let validity =
            Validity::new(moment::from_x509(period.not_before), moment::from_x509(period.not_after))?;
        let ocsp_url = read(&files.ocsp_url)?;
        Ok(Self { kind, generation, key, certificate_der, certificate, validity, ocsp_url, register })
    }

    /// Which authority this is a generation of.
    #[must_use]
    pub fn kind(&self) -> CardAuthorityKind {
        self.kind
    }

    /// Which generation, counted from 1.
    #[must_use]
    pub fn generation(&self) -> u8 {
        self.generation
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

    /// The period this authority may issue for.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Reserves serial numbers, both ends included, so that many cards can be issued without a disk
    /// write for each. A reserved number counts as issued: OCSP then answers "good" for it.
    ///
    /// # Errors
    /// [`Error::Serial`] when a number is another generation's or outside 1..=[`super::CARD_SERIAL_MAX`].
    pub fn reserve_serials(&self, first: u32, last: u32) -> Result<()> {
        self.register.reserve(self.generation, first, last)
    }

    /// A serial number nobody has used, reserved.
    ///
    /// # Errors
    /// [`Error::Serial`] when none are left; [`Error::File`].
    pub fn next_serial(&self) -> Result<u32> {
        self.register.next(self.generation)
    }

    /// Issues 利用者証明用電子証明書. Many cards may share a public key in load tests; the serial number is
    /// recorded before anything is signed.
    ///
    /// # Errors
    /// [`Error::Lint`] when key, period or authority do not fit; [`Error::Serial`].
    pub fn issue_card(
        &self,
        subject: &CardSubject,
        serial: u32,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<IssuedCertificate> {
        let tbs = certificate::authentication(&self.origin()?, subject, serial, key, validity)?;
        self.issue(Kind::CardAuthentication, tbs, serial, key, validity)
    }

    /// Issues 署名用電子証明書, which carries the person's name, birth, sex and address.
    ///
    /// # Errors
    /// As [`CardAuthority::issue_card`], and [`Error::Name`] for an unusable attribute.
    pub fn issue_signature_certificate(
        &self,
        subject: &SignatureSubject,
        serial: u32,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<IssuedCertificate> {
        let tbs = certificate::signature(&self.origin()?, subject, serial, key, validity)?;
        self.issue(Kind::CardSignature, tbs, serial, key, validity)
    }

    fn issue(
        &self,
        kind: Kind,
        tbs: TbsCertificate,
        serial: u32,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<IssuedCertificate> {
        let right = match self.kind {
            CardAuthorityKind::Authentication => Kind::CardAuthentication,
            CardAuthorityKind::Signature => Kind::CardSignature,
        };
        if kind != right {
            return Err(Error::Name("this kind of certificate at this authority"));
        }
        self.register.reserve(self.generation, serial, serial)?;
        let der = self.sign_checked(kind, tbs, key, validity)?;
        Ok(IssuedCertificate::of(der, &serial.to_be_bytes(), validity))
    }

    fn sign_checked(
        &self,
        kind: Kind,
        tbs: TbsCertificate,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<Vec<u8>> {
        let subject = tbs.subject.clone();
        let wanted_key = x509_cert::spki::SubjectPublicKeyInfoOwned::from_der(key.spki_der())?;
        let own_id = self.certificate.tbs_certificate.get::<SubjectKeyIdentifier>()?;
        let own_id = own_id.ok_or(Error::Malformed("the root"))?.1;
        let expected = Expected {
            subject: &subject,
            issuer: &self.certificate.tbs_certificate.subject,
            issuer_key_id: own_id.0.as_bytes(),
            issuer_validity: self.validity,
            validity,
            key: &wanted_key,
            algorithm: certificate::card_algorithm(),
            addresses: None,
        };
        sign(kind, tbs, &expected, &self.key)
    }

    /// A fresh P-256 key and its certificate, to sign OCSP answers for this generation.
    pub(super) fn delegate_responder(&self, now: Instant) -> Result<(PrivateKey, Certificate)> {
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let from = Instant(now.0.saturating_sub(crate::profile::BACKDATE_S * 1000));
        let validity = Validity::starting(from, jiff::Span::new().days(RESPONDER_VALIDITY_DAYS))?;
        let serial = self.register.next_responder()?;
        let tbs = certificate::responder(&self.origin()?, serial, key.public_key(), validity)?;
        let der = self.sign_checked(Kind::OcspResponder, tbs, key.public_key(), validity)?;
        Ok((key, Certificate::from_der(&der)?))
    }

    /// Revokes one of this authority's certificates, whichever generation issued it.
    pub(super) fn revoke_any(&self, serial: u32, reason: RevocationReason, at: Instant) -> Result<()> {
        self.register.revoke(serial, Revocation { at, reason })
    }

    /// What this generation knows of a serial number at a moment.
    #[must_use]
    pub fn status(&self, serial: u32, at: Instant) -> CertificateStatus {
        self.register.status(self.generation, serial, at)
    }

    /// Signs a list of everything of this generation revoked until now, good for
    /// [`crl::NEXT_UPDATE_DAYS`]; DER. The real lists are split by municipality; this one is whole.
    ///
    /// # Errors
    /// [`Error::File`] when its number cannot be recorded.
    pub fn crl(&self, now: Instant) -> Result<Vec<u8>> {
        self.crl_until(now, Instant(now.0.saturating_add(crl::NEXT_UPDATE_DAYS * 86_400_000)))
    }

    /// As [`CardAuthority::crl`], good until a chosen moment.
    ///
    /// # Errors
    /// [`Error::File`] when its number cannot be recorded.
    pub fn crl_until(&self, now: Instant, next_update: Instant) -> Result<Vec<u8>> {
        let (number, revoked) = self.register.list(self.generation, now)?;
        let revoked = revoked.into_iter().map(|(serial, how)| (serial.to_be_bytes().to_vec(), how)).collect();
        let issuer = &self.certificate.tbs_certificate.subject;
        let authority_key = certificate::authority_key(&self.certificate)?;
        crl::sign(
            ListToSign { issuer, authority_key, revoked, number, this_update: now, next_update, place: None },
            &self.key,
        )
    }

    /// How the eligibility system names a certificate of this authority.
    ///
    /// # Errors
    /// [`Error::Asn1`] when the authority's name cannot be encoded.
    pub fn certificate_id(&self, serial: u32) -> Result<CardCertificateId> {
        certificate::id_of(&self.certificate.tbs_certificate.subject, &serial.to_be_bytes())
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn register(&self) -> &Arc<Register> {
        &self.register
    }

    fn origin(&self) -> Result<Origin<'_>> {
        Ok(Origin {
            issuer: &self.certificate.tbs_certificate.subject,
            authority_key: certificate::authority_key(&self.certificate)?,
            ocsp_url: &self.ocsp_url,
        })
    }
}

/// Checks first, signs then.
fn sign(kind: Kind, tbs: TbsCertificate, expected: &Expected<'_>, key: &PrivateKey) -> Result<Vec<u8>> {
    // The check sees what a reader of the bytes will see, not what the builder holds in memory.
    let rehearsed = TbsCertificate::from_der(&tbs.to_der()?)?;
    let findings = lint::before_signing(kind, &rehearsed, expected);
    if !findings.is_empty() {
        return Err(Error::Lint(findings));
    }
    let signature = signing::sign_structure(key, &rehearsed)?;
    let certificate = Certificate {
        tbs_certificate: rehearsed,
        signature_algorithm: certificate::card_algorithm(),
        signature,
    };
    Ok(certificate.to_der()?)
}
