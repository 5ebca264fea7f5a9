//! The root of the institution network. Its key certifies issuing authorities and is needed for nothing else,
//! so it can lie in a safe.

use der::Decode as _;
use eligibility::Instant;
use x509_cert::Certificate;
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::builder::{self, Frame};
use crate::crl::{self, ListToSign, Revocation};
use crate::issuing_key::IssuingKey;
use crate::keys::{PrivateKey, PublicKey};
use crate::lint::Kind;
use crate::linted::{IssuerFacts, ToSign};
use crate::naming::{COMMON_NAME, COUNTRY, ORGANIZATION, UNIT, name};
use crate::profile::{ROOT_COMMON_NAME, ROOT_ORGANIZATION};
use crate::serial::{self, StoredSerial};
use crate::{Error, Result, Validity};

/// Authorities that may stand in a row below the root.
const PATH_LENGTH: u8 = 1;

/// The root with its key.
pub struct RootAuthority<'k> {
    key: &'k dyn IssuingKey,
    certificate_der: Vec<u8>,
    facts: IssuerFacts,
}

impl<'k> RootAuthority<'k> {
    /// Makes a root certificate for this key, which must be P-384.
    ///
    /// # Errors
    /// [`Error::Lint`] for another kind of key.
    pub fn create(key: &'k dyn IssuingKey, serial: &StoredSerial, now: Instant) -> Result<Self> {
        let subject = root_name()?;
        let validity = Validity::of_root(now)?;
        let frame = Frame {
            serial: serial.bytes(),
            issuer: &subject,
            issuer_algorithm: key.algorithm(),
            subject: &subject,
            key: key.public_key(),
            validity,
        };
        let facts = IssuerFacts {
            name: subject.clone(),
            key_id: crate::signing::key_identifier(&key.public_key().bits()?),
            validity,
            key: SubjectPublicKeyInfoOwned::from_der(key.public_key().spki_der())?,
            algorithm: key.algorithm(),
        };
        let to_sign = ToSign {
            kind: Kind::InstitutionRoot,
            tbs: builder::root(&frame, PATH_LENGTH)?,
            subject,
            key: facts.key.clone(),
            validity,
            addresses: None,
            issuer: facts.clone(),
        };
        let throw_away = PrivateKey::generate(key.algorithm())?;
        let certificate_der = to_sign.lint(&throw_away)?.sign(key)?;
        Ok(Self { key, certificate_der, facts })
    }

    /// A root that exists.
    ///
    /// # Errors
    /// [`Error::Malformed`] when certificate and key do not belong together.
    pub fn open(key: &'k dyn IssuingKey, certificate_der: Vec<u8>) -> Result<Self> {
        let facts = IssuerFacts::read(&Certificate::from_der(&certificate_der)?, key)?;
        Ok(Self { key, certificate_der, facts })
    }

    /// The root certificate as DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// Certifies the key of the issuing authority with this number; DER.
    ///
    /// # Errors
    /// [`Error::Lint`] when the key is neither P-256 nor P-384, or the period does not fit the root's.
    pub fn certify_issuing(
        &self,
        number: u32,
        key: &PublicKey,
        serial: &StoredSerial,
        validity: Validity,
    ) -> Result<Vec<u8>> {
        let subject = issuing_name(number)?;
        let frame = Frame {
            serial: serial.bytes(),
            issuer: &self.facts.name,
            issuer_algorithm: self.facts.algorithm,
            subject: &subject,
            key,
            validity,
        };
        let to_sign = ToSign {
            kind: Kind::InstitutionIssuing,
            tbs: builder::issuing(&frame, &self.facts.key_id)?,
            key: SubjectPublicKeyInfoOwned::from_der(key.spki_der())?,
            subject,
            validity,
            addresses: None,
            issuer: self.facts.clone(),
        };
        let throw_away = PrivateKey::generate(self.facts.algorithm)?;
        to_sign.lint(&throw_away)?.sign(self.key)
    }

    /// Signs the list of revoked issuing authorities (serial number in hex, when and why); DER.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a serial number that is none.
    pub fn crl(
        &self,
        revoked: &[(String, Revocation)],
        number: u64,
        now: Instant,
        next: Instant,
    ) -> Result<Vec<u8>> {
        let revoked = revoked.iter().map(|(text, how)| Ok((serial::bytes_of(text)?, *how)));
        let list = ListToSign {
            issuer: &self.facts.name,
            authority_key: builder::authority_key(&self.facts.key_id)?,
            revoked: revoked.collect::<Result<_>>()?,
            number,
            this_update: now,
            next_update: next,
            place: None,
        };
        crl::sign(list, self.key)
    }
}

fn root_name() -> Result<Name> {
    name(&[(COUNTRY, "JP"), (ORGANIZATION, ROOT_ORGANIZATION), (COMMON_NAME, ROOT_COMMON_NAME)])
}

/// The common name is the root's: certificate managers show it as the issuer of a terminal's certificate.
fn issuing_name(number: u32) -> Result<Name> {
    if number == 0 {
        return Err(Error::Name("the number of an issuing authority"));
    }
    let unit = format!("Issuing CA {number}");
    name(&[
        (COUNTRY, "JP"),
        (ORGANIZATION, ROOT_ORGANIZATION),
        (UNIT, unit.as_str()),
        (COMMON_NAME, ROOT_COMMON_NAME),
    ])
}
