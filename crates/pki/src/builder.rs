//! Writes what each kind of institution certificate says, as the structure that will be signed.

use der::Decode as _;
use der::asn1::{Ia5StringRef, ObjectIdentifier, OctetString};
use der::oid::db::rfc5280::{
    ID_AD_CA_ISSUERS, ID_AD_OCSP, ID_KP_CLIENT_AUTH, ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH,
};
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage,
    KeyUsage, KeyUsages, SubjectAltName,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Validity as X509Validity;

use crate::distribution::LeafAddresses;
use crate::extensions::{extension, no_check, subject_key};
use crate::keys::{KeyAlgorithm, PublicKey};
use crate::profile::ServerName;
use crate::{Error, Result, Validity, moment, signing};

/// What a leaf is for; its names come with it.
pub(crate) enum Purpose<'a> {
    Client,
    Server(&'a [ServerName]),
    OcspSigner,
}

/// What every certificate carries, whatever it is for.
pub(crate) struct Frame<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: &'a Name,
    pub(crate) issuer_algorithm: KeyAlgorithm,
    pub(crate) subject: &'a Name,
    pub(crate) key: &'a PublicKey,
    pub(crate) validity: Validity,
}

impl Frame<'_> {
    fn with(&self, extensions: Vec<Extension>) -> Result<TbsCertificate> {
        Ok(TbsCertificate {
            version: x509_cert::Version::V3,
            serial_number: SerialNumber::new(self.serial)?,
            signature: signing::algorithm_identifier(self.issuer_algorithm),
            issuer: self.issuer.clone(),
            validity: X509Validity {
                not_before: moment::to_x509(self.validity.not_before)?,
                not_after: moment::to_x509(self.validity.not_after)?,
            },
            subject: self.subject.clone(),
            subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(self.key.spki_der())?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        })
    }
}

/// A root; `path_length` authorities may stand in a row below it.
pub(crate) fn root(frame: &Frame<'_>, path_length: u8) -> Result<TbsCertificate> {
    frame.with(authority_extensions(frame.key, path_length)?)
}

/// An authority below a root that issues leaves only.
pub(crate) fn issuing(frame: &Frame<'_>, issuer_key_id: &[u8]) -> Result<TbsCertificate> {
    let mut extensions = authority_extensions(frame.key, 0)?;
    extensions.push(extension(&authority_key(issuer_key_id)?, false)?);
    frame.with(extensions)
}

/// A server, a terminal or an OCSP signer.
pub(crate) fn leaf(
    frame: &Frame<'_>,
    purpose: &Purpose<'_>,
    issuer_key_id: &[u8],
    addresses: Option<&LeafAddresses>,
) -> Result<TbsCertificate> {
    let oid = match purpose {
        Purpose::Client => ID_KP_CLIENT_AUTH,
        Purpose::Server(_) => ID_KP_SERVER_AUTH,
        Purpose::OcspSigner => ID_KP_OCSP_SIGNING,
    };
    let mut extensions = vec![
        extension(&BasicConstraints { ca: false, path_len_constraint: None }, true)?,
        extension(&KeyUsage(KeyUsages::DigitalSignature.into()), true)?,
        extension(&ExtendedKeyUsage(vec![oid]), false)?,
        extension(&subject_key(frame.key)?, false)?,
        extension(&authority_key(issuer_key_id)?, false)?,
    ];
    match purpose {
        Purpose::Client => {}
        Purpose::Server(names) => extensions.push(extension(&alternative_names(names)?, false)?),
        Purpose::OcspSigner => extensions.push(no_check()?),
    }
    if let Some(addresses) = addresses {
        extensions.push(extension(&list_address(&addresses.crl)?, false)?);
        let access = vec![access(ID_AD_OCSP, &addresses.ocsp)?, access(ID_AD_CA_ISSUERS, &addresses.issuer)?];
        extensions.push(extension(&AuthorityInfoAccessSyntax(access), false)?);
    }
    frame.with(extensions)
}

fn authority_extensions(key: &PublicKey, path_length: u8) -> Result<Vec<Extension>> {
    Ok(vec![
        extension(&BasicConstraints { ca: true, path_len_constraint: Some(path_length) }, true)?,
        extension(&KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign), true)?,
        extension(&subject_key(key)?, false)?,
    ])
}

pub(crate) fn authority_key(key_id: &[u8]) -> Result<AuthorityKeyIdentifier> {
    Ok(AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_id)?),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    })
}

fn alternative_names(names: &[ServerName]) -> Result<SubjectAltName> {
    let written = names.iter().map(|name| match name {
        ServerName::Dns(dns) => Ok(GeneralName::DnsName(Ia5StringRef::new(dns)?.into())),
        ServerName::Ip(address) => {
            let octets = match address {
                std::net::IpAddr::V4(four) => four.octets().to_vec(),
                std::net::IpAddr::V6(six) => six.octets().to_vec(),
            };
            Ok(GeneralName::IpAddress(OctetString::new(octets)?))
        }
    });
    Ok(SubjectAltName(written.collect::<Result<_>>()?))
}

fn address(text: &str) -> Result<GeneralName> {
    let text = Ia5StringRef::new(text).map_err(|_| Error::Name("an address"))?;
    Ok(GeneralName::UniformResourceIdentifier(text.into()))
}

fn list_address(text: &str) -> Result<CrlDistributionPoints> {
    Ok(CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![address(text)?])),
        reasons: None,
        crl_issuer: None,
    }]))
}

fn access(method: ObjectIdentifier, text: &str) -> Result<AccessDescription> {
    Ok(AccessDescription { access_method: method, access_location: address(text)? })
}
