//! From "to be signed" through the lint to "signed", as types: there is no way round the middle.

use der::asn1::BitString;
use der::{Decode as _, Encode as _};
use x509_cert::Certificate;
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::distribution::LeafAddresses;
use crate::issuing_key::IssuingKey;
use crate::keys::{KeyAlgorithm, PrivateKey};
use crate::lint::{self, Expected, Finding, Kind};
use crate::{Error, Result, Validity, moment, signing};

/// What certificates say about their issuer, read once.
#[derive(Clone)]
pub(crate) struct IssuerFacts {
    pub(crate) name: Name,
    pub(crate) key_id: Vec<u8>,
    pub(crate) validity: Validity,
    pub(crate) key: SubjectPublicKeyInfoOwned,
    pub(crate) algorithm: KeyAlgorithm,
}

impl IssuerFacts {
    /// Of an authority's certificate, whose key must be this one.
    pub(crate) fn read(certificate: &Certificate, key: &dyn IssuingKey) -> Result<Self> {
        let tbs = &certificate.tbs_certificate;
        if tbs.subject_public_key_info.to_der()? != key.public_key().spki_der() {
            return Err(Error::Malformed("an authority (certificate and key do not belong together)"));
        }
        let own = tbs.get::<SubjectKeyIdentifier>()?.ok_or(Error::Malformed("an authority's certificate"))?;
        Ok(Self {
            name: tbs.subject.clone(),
            key_id: own.1.0.as_bytes().to_vec(),
            validity: Validity::new(
                moment::from_x509(tbs.validity.not_before),
                moment::from_x509(tbs.validity.not_after),
            )?,
            key: tbs.subject_public_key_info.clone(),
            algorithm: key.algorithm(),
        })
    }
}

/// A certificate that is complete but for being looked at and signed.
pub struct ToSign {
    pub(crate) kind: Kind,
    pub(crate) tbs: TbsCertificate,
    pub(crate) subject: Name,
    pub(crate) key: SubjectPublicKeyInfoOwned,
    pub(crate) validity: Validity,
    pub(crate) addresses: Option<LeafAddresses>,
    pub(crate) issuer: IssuerFacts,
}

/// A certificate in which the lint found nothing. Only the lint makes these, and only their bytes are signed.
pub struct Linted {
    tbs_der: Vec<u8>,
    serial: Vec<u8>,
    validity: Validity,
    issuer: IssuerFacts,
}

impl ToSign {
    /// Signs with a key nobody keeps, reads the bytes back as a stranger would, and looks for faults.
    pub(crate) fn lint(self, throw_away: &PrivateKey) -> Result<Linted> {
        let tbs_der = self.tbs.to_der()?;
        let rehearsed = assemble(&tbs_der, throw_away)?;
        let read = Certificate::from_der(&rehearsed)?;
        let expected = Expected {
            subject: &self.subject,
            issuer: &self.issuer.name,
            issuer_key_id: &self.issuer.key_id,
            issuer_validity: self.issuer.validity,
            validity: self.validity,
            key: &self.key,
            algorithm: signing::algorithm_identifier(self.issuer.algorithm),
            addresses: Some(self.addresses.as_ref()),
        };
        let mut findings = lint::before_signing(self.kind, &read.tbs_certificate, &expected);
        if read.to_der()? != rehearsed {
            findings.push(Finding::NotCanonical);
        }
        if read.signature_algorithm != read.tbs_certificate.signature {
            findings.push(Finding::SignatureAlgorithm);
        }
        if !findings.is_empty() {
            return Err(Error::Lint(findings));
        }
        let serial = read.tbs_certificate.serial_number.as_bytes().to_vec();
        Ok(Linted { tbs_der, serial, validity: self.validity, issuer: self.issuer })
    }
}

impl Linted {
    /// The serial number's bytes.
    pub(crate) fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The period of validity.
    pub(crate) fn validity(&self) -> Validity {
        self.validity
    }

    /// Signs exactly the bytes that were looked at, and verifies the signature: a token or a memory that
    /// fails now and then must not put a certificate into the world.
    pub(crate) fn sign(self, key: &dyn IssuingKey) -> Result<Vec<u8>> {
        let der = assemble(&self.tbs_der, key)?;
        let made = Certificate::from_der(&der)?;
        signing::verify(&self.issuer.key, made.signature_algorithm.oid, &self.tbs_der, &made.signature)?;
        Ok(der)
    }
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }` around ready bytes.
fn assemble(tbs_der: &[u8], key: &dyn IssuingKey) -> Result<Vec<u8>> {
    let signature = BitString::from_bytes(&key.sign(tbs_der)?)?;
    let algorithm = signing::algorithm_identifier(key.algorithm());
    let mut content = tbs_der.to_vec();
    algorithm.encode_to_vec(&mut content)?;
    signature.encode_to_vec(&mut content)?;
    Ok(der::asn1::AnyRef::new(der::Tag::Sequence, &content)?.to_der()?)
}
