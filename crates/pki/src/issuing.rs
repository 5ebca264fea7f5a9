//! The issuing authority: certificates for terminals, servers and OCSP signers, and lists of the revoked.
//!
//! It keeps nothing. The caller stores a serial number before anything is prepared with it, and knows what is
//! revoked; here is only what must be the same for every caller. The way is always
//! [`IssuingAuthority::prepare`] → [`IssuingAuthority::lint`] → [`IssuingAuthority::sign`].

use der::{Decode as _, Encode as _};
use eligibility::Instant;
use x509_cert::Certificate;
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::builder::{self, Frame, Purpose};
use crate::crl::{self, ListToSign, Revocation};
use crate::distribution::{Distribution, LeafAddresses, issuer_label};
use crate::issued::IssuedCertificate;
use crate::issuing_key::IssuingKey;
use crate::keys::{PrivateKey, PublicKey};
use crate::lint::{self, Kind};
use crate::linted::{IssuerFacts, Linted, ToSign};
use crate::naming::{COMMON_NAME, COUNTRY, ORGANIZATION, UNIT, name};
use crate::profile::{
    InstitutionName, ROOT_ORGANIZATION, SERVER_NAMES_MAX, ServerName, TerminalIdentity, TerminalSubject,
};
use crate::serial::{self, StoredSerial};
use crate::{Error, Result, Validity, pem, pkcs12, signing};

/// What a certificate is for, and for whom.
#[derive(Clone, Copy, Debug)]
pub enum Profile<'a> {
    /// A terminal of an institution; the institution's name may stand beside its code.
    Terminal {
        /// Institution and terminal.
        subject: &'a TerminalSubject,
        /// The institution's name, for people who read certificates.
        institution_name: Option<&'a InstitutionName>,
    },
    /// A server of the institution network; the first name is the common name.
    Server {
        /// DNS names and addresses, 1 to [`SERVER_NAMES_MAX`].
        names: &'a [ServerName],
    },
    /// A signer of OCSP answers for this authority.
    OcspSigner,
}

/// What of a list of the revoked changes from one to the next.
#[derive(Clone, Copy, Debug)]
pub struct ListMoment {
    /// Number of the list; always higher than the one before of the same kind.
    pub number: u64,
    /// When it is made.
    pub this_update: Instant,
    /// When it must no longer be relied on.
    pub next_update: Instant,
}

/// An issuing authority with its key.
pub struct IssuingAuthority {
    key: Box<dyn IssuingKey>,
    throw_away: PrivateKey,
    certificate_der: Vec<u8>,
    root_der: Vec<u8>,
    facts: IssuerFacts,
    distribution: Option<Distribution>,
}

impl IssuingAuthority {
    /// An issuing authority from its key, its certificate and the root that made it. Without a distribution
    /// its certificates name no addresses of revocation data.
    ///
    /// # Errors
    /// [`Error::Malformed`] when key, certificate and root do not belong together; [`Error::Lint`] when the
    /// certificate is not an issuing authority's.
    pub fn open(
        key: Box<dyn IssuingKey>,
        certificate_der: Vec<u8>,
        root_der: Vec<u8>,
        distribution: Option<Distribution>,
    ) -> Result<Self> {
        let certificate = Certificate::from_der(&certificate_der)?;
        let findings = lint::check(Kind::InstitutionIssuing, &certificate_der)?;
        if !findings.is_empty() {
            return Err(Error::Lint(findings));
        }
        let root = Certificate::from_der(&root_der)?.tbs_certificate;
        let by_root = signing::verify(
            &root.subject_public_key_info,
            certificate.signature_algorithm.oid,
            &certificate.tbs_certificate.to_der()?,
            &certificate.signature,
        );
        if by_root.is_err() || certificate.tbs_certificate.issuer != root.subject {
            return Err(Error::Malformed("an issuing authority (the root did not sign it)"));
        }
        let facts = IssuerFacts::read(&certificate, key.as_ref())?;
        let throw_away = PrivateKey::generate(key.algorithm())?;
        Ok(Self { key, throw_away, certificate_der, root_der, facts, distribution })
    }

    /// This authority's certificate as DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The root's certificate as DER.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        &self.root_der
    }

    /// How addresses of lists and files name this authority (16 hex digits of its key identifier).
    #[must_use]
    pub fn label(&self) -> String {
        issuer_label(&self.facts.key_id)
    }

    /// Where its revocation data is fetched.
    #[must_use]
    pub fn distribution(&self) -> Option<&Distribution> {
        self.distribution.as_ref()
    }

    pub(crate) fn facts(&self) -> &IssuerFacts {
        &self.facts
    }

    /// Writes the certificate to be signed. The serial number is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`Error::Name`] for a server without names or with too many; [`Error::Asn1`] when a name cannot be
    /// written.
    pub fn prepare(
        &self,
        profile: Profile<'_>,
        serial: StoredSerial,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<ToSign> {
        let (kind, purpose) = match profile {
            Profile::Terminal { .. } => (Kind::Terminal, Purpose::Client),
            Profile::Server { names } => (Kind::Server, Purpose::Server(names)),
            Profile::OcspSigner => (Kind::InstitutionResponder, Purpose::OcspSigner),
        };
        let subject = subject_of(profile)?;
        let addresses = match kind {
            Kind::InstitutionResponder => None,
            _ => self.addresses(&serial)?,
        };
        let frame = Frame {
            serial: serial.bytes(),
            issuer: &self.facts.name,
            issuer_algorithm: self.facts.algorithm,
            subject: &subject,
            key,
            validity,
        };
        Ok(ToSign {
            kind,
            tbs: builder::leaf(&frame, &purpose, &self.facts.key_id, addresses.as_ref())?,
            subject,
            key: SubjectPublicKeyInfoOwned::from_der(key.spki_der())?,
            validity,
            addresses,
            issuer: self.facts.clone(),
        })
    }

    fn addresses(&self, serial: &StoredSerial) -> Result<Option<LeafAddresses>> {
        self.distribution.as_ref().map(|at| at.leaf(&self.label(), &serial.hex())).transpose()
    }

    /// Signs with a throw-away key, reads the bytes back and checks them against the profile, written there a
    /// second time.
    ///
    /// # Errors
    /// [`Error::Lint`] with everything found.
    pub fn lint(&self, prepared: ToSign) -> Result<Linted> {
        prepared.lint(&self.throw_away)
    }

    /// Signs what the lint found nothing in, and verifies the signature.
    ///
    /// # Errors
    /// [`Error::Crypto`] or [`Error::Token`] when the key did not sign, or not rightly; also when another
    /// authority prepared it.
    pub fn sign(&self, linted: Linted) -> Result<IssuedCertificate> {
        let (serial, validity) = (linted.serial().to_vec(), linted.validity());
        let der = linted.sign(self.key.as_ref())?;
        Ok(IssuedCertificate::of(der, &serial, validity).below(&self.certificate_der))
    }

    /// All three steps.
    ///
    /// # Errors
    /// As each of them.
    pub fn issue(
        &self,
        profile: Profile<'_>,
        serial: StoredSerial,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<IssuedCertificate> {
        let linted = self.lint(self.prepare(profile, serial, key, validity)?)?;
        self.sign(linted)
    }

    /// Reads a terminal certificate that this authority signed. Says nothing of revocation and of the clock:
    /// both are the caller's to know.
    ///
    /// # Errors
    /// [`Error::NotIssued`] for another authority's; as [`TerminalIdentity::read`].
    pub fn read_own_terminal(&self, certificate_der: &[u8]) -> Result<TerminalIdentity> {
        let identity = TerminalIdentity::read(certificate_der)?;
        let certificate = Certificate::from_der(certificate_der)?;
        let signed = certificate.tbs_certificate.to_der()?;
        signing::verify(
            &self.facts.key,
            certificate.signature_algorithm.oid,
            &signed,
            &certificate.signature,
        )
        .map_err(|_| Error::NotIssued(identity.serial.clone()))?;
        Ok(identity)
    }

    /// Key, certificate, this authority and the root in one PKCS#12 file.
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
        let chain = [self.certificate_der.clone(), self.root_der.clone()];
        pkcs12::export(alias, key, &issued.der, &chain, password)
    }

    /// Signs the whole list of everything revoked (serial number in hex); DER.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a serial number that is none.
    pub fn crl(&self, revoked: &[(String, Revocation)], moment: ListMoment) -> Result<Vec<u8>> {
        self.list(revoked.iter(), moment, None)
    }

    /// Signs one shard: of everything given, what belongs there. A shard says of itself which address it is,
    /// and is complete for the certificates that name that address.
    ///
    /// # Errors
    /// [`Error::Name`] without a distribution or beyond its shards; as [`IssuingAuthority::crl`].
    pub fn crl_shard(
        &self,
        shard: u16,
        revoked: &[(String, Revocation)],
        moment: ListMoment,
    ) -> Result<Vec<u8>> {
        let distribution = self.distribution.as_ref().filter(|at| shard < at.shards());
        let distribution = distribution.ok_or(Error::Name("the shard"))?;
        let place = distribution.crl_url(&self.label(), shard);
        let here = |serial: &str| distribution.shard_of(serial).is_ok_and(|its| its == shard);
        self.list(revoked.iter().filter(|(serial, _)| here(serial)), moment, Some(place))
    }

    fn list<'r>(
        &self,
        revoked: impl Iterator<Item = &'r (String, Revocation)>,
        moment: ListMoment,
        place: Option<String>,
    ) -> Result<Vec<u8>> {
        let revoked = revoked.map(|(text, how)| Ok((serial::bytes_of(text)?, *how)));
        let list = ListToSign {
            issuer: &self.facts.name,
            authority_key: builder::authority_key(&self.facts.key_id)?,
            revoked: revoked.collect::<Result<_>>()?,
            number: moment.number,
            this_update: moment.this_update,
            next_update: moment.next_update,
            place,
        };
        crl::sign(list, self.key.as_ref())
    }

    /// Certificate and root as PEM: what somebody needs to check a leaf alone.
    ///
    /// # Errors
    /// [`Error::Malformed`] when encoding fails.
    pub fn chain_pem(&self) -> Result<String> {
        Ok(pem::encode(pem::CERTIFICATE, &self.certificate_der)?
            + &pem::encode(pem::CERTIFICATE, &self.root_der)?)
    }
}

fn subject_of(profile: Profile<'_>) -> Result<Name> {
    match profile {
        Profile::Terminal { subject, institution_name } => {
            let mut parts = vec![(COUNTRY, "JP"), (ORGANIZATION, subject.institution.as_str())];
            parts.extend(institution_name.map(|text| (UNIT, text.as_str())));
            parts.push((COMMON_NAME, subject.terminal.as_str()));
            name(&parts)
        }
        Profile::Server { names } => {
            let first = names.first().filter(|_| names.len() <= SERVER_NAMES_MAX);
            let first = first.ok_or(Error::Name("server names"))?.to_string();
            name(&[(COUNTRY, "JP"), (ORGANIZATION, ROOT_ORGANIZATION), (COMMON_NAME, first.as_str())])
        }
        Profile::OcspSigner => {
            name(&[(COUNTRY, "JP"), (ORGANIZATION, ROOT_ORGANIZATION), (COMMON_NAME, "OCSP signer")])
        }
    }
}
