//! Profiles of the card world's certificates.

use der::asn1::{Any, Ia5StringRef, ObjectIdentifier, Utf8StringRef};
use der::oid::db::rfc5280::{ID_AD_OCSP, ID_KP_CLIENT_AUTH, ID_KP_OCSP_SIGNING, ID_QT_CPS};
use der::{Decode as _, Encode as _};
use eligibility::card_certificate::CardCertificateId;
use x509_cert::Certificate;
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::{CertificatePolicies, PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, OtherName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage,
    KeyUsage, KeyUsages, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::Validity as X509Validity;

use super::{AUTHENTICATION_POLICY, CardAuthorityKind, SIGNATURE_POLICY};
use crate::extensions::{extension, no_check, subject_key};
use crate::keys::{KeyAlgorithm, PublicKey};
use crate::naming::{COMMON_NAME, COUNTRY, LOCALITY, ORGANIZATION, UNIT, name};
use crate::{Error, Result, Validity, moment, profile, signing};

/// Where the certification practice statement of the real authority is.
const CPS_URI: &str = "http://www.jpki.go.jp/cps.html";
/// Characters of a card certificate's common name.
const CARD_NAME_CHARS: usize = 23;
/// Longest attribute in a signature certificate, in characters.
const ATTRIBUTE_MAX_CHARS: usize = 400;
/// Arc of the attributes in a signature certificate.
const ATTRIBUTE_ARC: &str = "1.2.392.200149.8.5.5";

/// The common name of an authentication certificate: 23 characters that say nothing about the person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardSubject(String);

impl CardSubject {
    /// Takes 23 upper-case letters and digits.
    ///
    /// # Errors
    /// [`Error::Name`] otherwise.
    pub fn parse(text: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if text.len() != CARD_NAME_CHARS || !text.bytes().all(allowed) {
            return Err(Error::Name("the card certificate's subject"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Makes one for the certificate with this serial number, issued in this municipality (5 digits):
    /// 14 characters that differ for every serial number, the municipality, `003A`.
    ///
    /// # Errors
    /// [`Error::Name`] when the municipality is not five digits.
    pub fn of_serial(municipality: &str, serial: u32) -> Result<Self> {
        if municipality.len() != 5 || !municipality.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::Name("the municipality"));
        }
        // An odd multiplier permutes the 32-bit numbers: no repeats, and neighbours look unlike.
        let mixed = serial.wrapping_mul(0x9e37_79b1);
        Self::parse(&format!("{mixed:08X}AGCIEG{municipality}003A"))
    }

    /// The 23 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The four attributes in a signature certificate. Personal data: not to be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureAttributes {
    /// 氏名.
    pub name: String,
    /// 性別: `1` male, `2` female, `3` other or unknown.
    pub sex: String,
    /// 生年月日: era digit and YYYYMMDD, such as `319800217`.
    pub birth: String,
    /// 住所.
    pub address: String,
}

impl std::fmt::Debug for SignatureAttributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignatureAttributes(…)")
    }
}

/// Whom a signature certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureSubject {
    /// Prefecture, in Latin letters, such as `Tokyo-to`.
    pub prefecture: String,
    /// Municipality, in Latin letters, such as `Shinjuku-ku`.
    pub municipality: String,
    /// The person.
    pub attributes: SignatureAttributes,
}

/// How the eligibility system names a card certificate.
///
/// # Errors
/// [`Error::Asn1`] when it is no certificate.
pub fn certificate_id(certificate_der: &[u8]) -> Result<CardCertificateId> {
    let certificate = Certificate::from_der(certificate_der)?;
    id_of(&certificate.tbs_certificate.issuer, certificate.tbs_certificate.serial_number.as_bytes())
}

pub(super) fn id_of(issuer: &Name, serial: &[u8]) -> Result<CardCertificateId> {
    Ok(CardCertificateId {
        issuer: profile::fingerprint(&issuer.to_der()?),
        serial: profile::serial_hex(serial),
    })
}

/// What every certificate of an authority takes from it.
pub(super) struct Origin<'a> {
    pub(super) issuer: &'a Name,
    pub(super) authority_key: AuthorityKeyIdentifier,
    pub(super) ocsp_url: &'a str,
}

pub(super) fn authority_name(kind: CardAuthorityKind) -> Result<Name> {
    name(&authority_parts(kind))
}

fn authority_parts(kind: CardAuthorityKind) -> [(ObjectIdentifier, &'static str); 4] {
    let unit = match kind {
        CardAuthorityKind::Authentication => "JPKI for user authentication",
        CardAuthorityKind::Signature => "JPKI for digital signature",
    };
    [
        (COUNTRY, "JP"),
        (ORGANIZATION, "JPKI-TEST"),
        (UNIT, unit),
        (UNIT, "Japan Agency for Local Authority Information Systems"),
    ]
}

pub(super) fn root(
    kind: CardAuthorityKind,
    serial: u32,
    key: &PublicKey,
    validity: Validity,
) -> Result<TbsCertificate> {
    let subject = authority_name(kind)?;
    let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
    let extensions = vec![
        extension(&usage, true)?,
        extension(&BasicConstraints { ca: true, path_len_constraint: Some(0) }, true)?,
        extension(&subject_key(key)?, false)?,
    ];
    certificate(serial, &subject, &subject, key, validity, extensions)
}

pub(super) fn authentication(
    origin: &Origin<'_>,
    subject: &CardSubject,
    serial: u32,
    key: &PublicKey,
    validity: Validity,
) -> Result<TbsCertificate> {
    let access = AccessDescription {
        access_method: ID_AD_OCSP,
        access_location: GeneralName::UniformResourceIdentifier(Ia5StringRef::new(origin.ocsp_url)?.into()),
    };
    let extensions = vec![
        extension(&KeyUsage(KeyUsages::DigitalSignature.into()), true)?,
        extension(&ExtendedKeyUsage(vec![ID_KP_CLIENT_AUTH]), false)?,
        extension(&policies(AUTHENTICATION_POLICY)?, true)?,
        extension(&crl_points(CardAuthorityKind::Authentication)?, false)?,
        extension(&AuthorityInfoAccessSyntax(vec![access]), false)?,
        extension(&origin.authority_key, false)?,
        extension(&subject_key(key)?, false)?,
    ];
    let subject = name(&[(COUNTRY, "JP"), (COMMON_NAME, subject.as_str())])?;
    certificate(serial, origin.issuer, &subject, key, validity, extensions)
}

pub(super) fn signature(
    origin: &Origin<'_>,
    subject: &SignatureSubject,
    serial: u32,
    key: &PublicKey,
    validity: Validity,
) -> Result<TbsCertificate> {
    let extensions = vec![
        extension(&KeyUsage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation), true)?,
        extension(&policies(SIGNATURE_POLICY)?, true)?,
        extension(&alternative_names(&subject.attributes)?, false)?,
        extension(&crl_points(CardAuthorityKind::Signature)?, false)?,
        extension(&origin.authority_key, false)?,
        extension(&subject_key(key)?, false)?,
    ];
    // Time of issue and serial number, digits only: unique without saying who it is.
    let stamp = moment::to_generalized(validity.not_before)?.to_date_time();
    let common_name = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}{serial:010}",
        stamp.year(),
        stamp.month(),
        stamp.day(),
        stamp.hour(),
        stamp.minutes(),
        stamp.seconds()
    );
    let parts = [
        (COUNTRY, "JP"),
        (LOCALITY, subject.prefecture.as_str()),
        (LOCALITY, subject.municipality.as_str()),
        (COMMON_NAME, common_name.as_str()),
    ];
    certificate(serial, origin.issuer, &name(&parts)?, key, validity, extensions)
}

pub(super) fn responder(
    origin: &Origin<'_>,
    serial: u32,
    key: &PublicKey,
    validity: Validity,
) -> Result<TbsCertificate> {
    let extensions = vec![
        extension(&KeyUsage(KeyUsages::DigitalSignature.into()), true)?,
        extension(&ExtendedKeyUsage(vec![ID_KP_OCSP_SIGNING]), false)?,
        extension(&origin.authority_key, false)?,
        extension(&subject_key(key)?, false)?,
        no_check()?,
    ];
    let subject =
        name(&[(COUNTRY, "JP"), (ORGANIZATION, "JPKI-TEST"), (COMMON_NAME, "Simulated OCSP responder")])?;
    certificate(serial, origin.issuer, &subject, key, validity, extensions)
}

fn certificate(
    serial: u32,
    issuer: &Name,
    subject: &Name,
    key: &PublicKey,
    validity: Validity,
    extensions: Vec<Extension>,
) -> Result<TbsCertificate> {
    Ok(TbsCertificate {
        version: x509_cert::Version::V3,
        serial_number: SerialNumber::new(&serial.to_be_bytes())?,
        signature: card_algorithm(),
        issuer: issuer.clone(),
        validity: X509Validity {
            not_before: moment::to_x509(validity.not_before)?,
            not_after: moment::to_x509(validity.not_after)?,
        },
        subject: subject.clone(),
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(key.spki_der())?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions),
    })
}

pub(super) fn card_algorithm() -> AlgorithmIdentifierOwned {
    signing::algorithm_identifier(KeyAlgorithm::Rsa2048)
}

fn policies(policy: ObjectIdentifier) -> Result<CertificatePolicies> {
    let statement = Any::from(Ia5StringRef::new(CPS_URI)?);
    let qualifier = PolicyQualifierInfo { policy_qualifier_id: ID_QT_CPS, qualifier: Some(statement) };
    let information =
        PolicyInformation { policy_identifier: policy, policy_qualifiers: Some(vec![qualifier]) };
    Ok(CertificatePolicies(vec![information]))
}

/// A directory name without any address, as on real cards: the list is not for everybody to fetch.
fn crl_points(kind: CardAuthorityKind) -> Result<CrlDistributionPoints> {
    let [country, organization, unit, _] = authority_parts(kind);
    let parts = [
        country,
        organization,
        unit,
        (UNIT, "CRL Distribution Points"),
        (UNIT, "Tokyo-to"),
        (COMMON_NAME, "Simulated CRLDP"),
    ];
    let directory = GeneralName::DirectoryName(name(&parts)?);
    Ok(CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![directory])),
        reasons: None,
        crl_issuer: None,
    }]))
}

fn alternative_names(attributes: &SignatureAttributes) -> Result<SubjectAltName> {
    // One digit for each character: 0 = as it is, 1 = replaced by another because the card lacks it.
    let untouched = |text: &str| "0".repeat(text.chars().count());
    let values = [
        (1, attributes.name.clone()),
        (2, untouched(&attributes.name)),
        (3, attributes.sex.clone()),
        (4, attributes.birth.clone()),
        (5, attributes.address.clone()),
        (6, untouched(&attributes.address)),
    ];
    let mut names = Vec::with_capacity(values.len());
    for (arc, text) in values {
        if text.is_empty() || text.chars().count() > ATTRIBUTE_MAX_CHARS || text.chars().any(char::is_control)
        {
            return Err(Error::Name("an attribute of the signature certificate"));
        }
        let type_id = ObjectIdentifier::new(&format!("{ATTRIBUTE_ARC}.{arc}")).map_err(der::Error::from)?;
        names.push(GeneralName::OtherName(OtherName {
            type_id,
            value: Any::from(Utf8StringRef::new(&text)?),
        }));
    }
    Ok(SubjectAltName(names))
}

/// The issuer as an authority key identifier names it, for [`AuthorityKeyIdentifier`].
pub(super) fn authority_key(root: &Certificate) -> Result<AuthorityKeyIdentifier> {
    let own = root.tbs_certificate.get::<SubjectKeyIdentifier>()?.ok_or(Error::Malformed("the root"))?.1;
    Ok(AuthorityKeyIdentifier {
        key_identifier: Some(own.0),
        authority_cert_issuer: Some(vec![GeneralName::DirectoryName(root.tbs_certificate.issuer.clone())]),
        authority_cert_serial_number: Some(root.tbs_certificate.serial_number.clone()),
    })
}
