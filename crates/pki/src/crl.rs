//! Certificate revocation lists: made for both authorities, and read back by those who rely on them.

use std::collections::HashSet;

use der::asn1::{Ia5StringRef, ObjectIdentifier, OctetString, Uint};
use der::oid::AssociatedOid as _;
use der::{Decode as _, Encode as _};
use eligibility::Instant;
use x509_cert::Certificate;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::pkix::crl::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber, CrlReason, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

use crate::issuing_key::IssuingKey;
use crate::profile::serial_hex;
use crate::{Error, Result, moment, signing};

/// Days until the next list, unless told otherwise: an authority that falls silent is noticed in a week.
pub const NEXT_UPDATE_DAYS: i64 = 7;
/// Largest list read, in bytes; one million entries take about 40 MB.
pub const MAX_CRL_BYTES: usize = 64 * 1024 * 1024;

/// Why a certificate was revoked: the reasons the card world and the institution network use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    /// Not said; the list then carries no reason, as RFC 5280 asks.
    Unspecified,
    /// The private key may be known to somebody else.
    KeyCompromise,
    /// The person moved or changed names; the institution changed codes.
    AffiliationChanged,
    /// Replaced by a newer certificate.
    Superseded,
    /// No longer needed: the card was handed back, the institution closed.
    CessationOfOperation,
    /// Suspended. Never lifted in the card world.
    CertificateHold,
    /// The right that the certificate says was taken away.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// The name RFC 5280 gives the reason; also what journals store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// The reason with this RFC 5280 name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// As the ASN.1 types want it; none for "unspecified".
    pub(crate) fn to_asn1(self) -> Option<CrlReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(CrlReason::KeyCompromise),
            Self::AffiliationChanged => Some(CrlReason::AffiliationChanged),
            Self::Superseded => Some(CrlReason::Superseded),
            Self::CessationOfOperation => Some(CrlReason::CessationOfOperation),
            Self::CertificateHold => Some(CrlReason::CertificateHold),
            Self::PrivilegeWithdrawn => Some(CrlReason::PrivilegeWithdrawn),
        }
    }
}

/// When and why a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// From when on.
    pub at: Instant,
    /// Why.
    pub reason: RevocationReason,
}

pub(crate) struct ListToSign<'a> {
    pub(crate) issuer: &'a Name,
    pub(crate) authority_key: AuthorityKeyIdentifier,
    /// Serial numbers as big-endian bytes without leading zeros.
    pub(crate) revoked: Vec<(Vec<u8>, Revocation)>,
    pub(crate) number: u64,
    pub(crate) this_update: Instant,
    pub(crate) next_update: Instant,
    /// Address of the one shard this list is; none for a whole list.
    pub(crate) place: Option<String>,
}

/// RFC 5280's issuing distribution point. The ASN.1 crate names another extension for its type.
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// Says which addresses' certificates this list is complete for, and that it speaks of no authorities.
fn issuing_point(place: &str) -> Result<Extension> {
    let name = GeneralName::UniformResourceIdentifier(Ia5StringRef::new(place)?.into());
    let point = IssuingDistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![name])),
        only_contains_user_certs: true,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    };
    let extn_value = OctetString::new(point.to_der()?)?;
    Ok(Extension { extn_id: ISSUING_DISTRIBUTION_POINT, critical: true, extn_value })
}

/// Signs a whole (not a delta) list of everything revoked, in all or in one shard.
pub(crate) fn sign(list: ListToSign<'_>, key: &dyn IssuingKey) -> Result<Vec<u8>> {
    let entries = list.revoked.iter().map(|(serial, how)| entry(serial, *how)).collect::<Result<Vec<_>>>()?;
    let number = CrlNumber(Uint::new(&list.number.to_be_bytes())?);
    let mut crl_extensions = vec![extension(&list.authority_key)?, extension(&number)?];
    if let Some(place) = &list.place {
        crl_extensions.push(issuing_point(place)?);
    }
    let tbs_cert_list = TbsCertList {
        version: x509_cert::Version::V2,
        signature: signing::algorithm_identifier(key.algorithm()),
        issuer: list.issuer.clone(),
        this_update: moment::to_x509(list.this_update)?,
        next_update: Some(moment::to_x509(list.next_update)?),
        // RFC 5280: the field is absent, not empty, when nothing is revoked.
        revoked_certificates: if entries.is_empty() { None } else { Some(entries) },
        crl_extensions: Some(crl_extensions),
    };
    let signature = signing::sign_structure(key, &tbs_cert_list)?;
    let signature_algorithm = signing::algorithm_identifier(key.algorithm());
    Ok(CertificateList { tbs_cert_list, signature_algorithm, signature }.to_der()?)
}

fn entry(serial: &[u8], how: Revocation) -> Result<RevokedCert> {
    let reason: Option<Extensions> =
        how.reason.to_asn1().map(|r| extension(&r).map(|e| vec![e])).transpose()?;
    Ok(RevokedCert {
        serial_number: SerialNumber::new(serial)?,
        revocation_date: moment::to_x509(how.at)?,
        crl_entry_extensions: reason,
    })
}

fn extension<T: der::oid::AssociatedOid + der::Encode>(value: &T) -> Result<Extension> {
    crate::extensions::extension(value, false)
}

/// A revocation list whose signature and dates were verified.
#[derive(Clone, Debug)]
pub struct VerifiedCrl {
    /// Lower-case hex SHA-256 of the issuer's DER name.
    pub issuer: String,
    /// The list's number; a newer list has a higher one.
    pub number: u64,
    /// When it was made.
    pub this_update: Instant,
    /// When it must no longer be relied on.
    pub next_update: Instant,
    revoked: HashSet<String>,
}

impl VerifiedCrl {
    /// Reads a list and verifies that this authority signed it and that it is current.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is too large, not by this authority, carries a critical extension
    /// (a partial list), or is outside its dates; [`Error::Crypto`] when the signature is wrong.
    pub fn verify(crl_der: &[u8], authority_certificate_der: &[u8], now: Instant) -> Result<Self> {
        Self::verify_place(crl_der, authority_certificate_der, now, None)
    }

    /// Reads one shard of a list: as [`VerifiedCrl::verify`], and it must say of itself that it is the list
    /// of this address, so that no other shard can stand in for it.
    ///
    /// # Errors
    /// As [`VerifiedCrl::verify`]; a whole list is refused.
    pub fn verify_shard(
        crl_der: &[u8],
        authority_certificate_der: &[u8],
        now: Instant,
        address: &str,
    ) -> Result<Self> {
        Self::verify_place(crl_der, authority_certificate_der, now, Some(address))
    }

    fn verify_place(
        crl_der: &[u8],
        authority_certificate_der: &[u8],
        now: Instant,
        place: Option<&str>,
    ) -> Result<Self> {
        if crl_der.len() > MAX_CRL_BYTES {
            return Err(Error::Malformed("a revocation list (too large)"));
        }
        let list = CertificateList::from_der(crl_der)?;
        let authority = Certificate::from_der(authority_certificate_der)?;
        let tbs = &list.tbs_cert_list;
        check_origin(&list, &authority, place)?;
        let this_update = moment::from_x509(tbs.this_update);
        let next_update = tbs.next_update.map(moment::from_x509).ok_or(Error::Malformed("nextUpdate"))?;
        if now < this_update || now > next_update {
            return Err(Error::Malformed("a current revocation list (outside its dates)"));
        }
        let revoked =
            tbs.revoked_certificates.iter().flatten().map(|r| serial_hex(r.serial_number.as_bytes()));
        Ok(Self {
            issuer: crate::profile::fingerprint(&tbs.issuer.to_der()?),
            number: crl_number(tbs.crl_extensions.as_deref().unwrap_or_default())?,
            this_update,
            next_update,
            revoked: revoked.collect(),
        })
    }

    /// Whether a certificate with this serial (lower-case hex without leading zeros) is on the list.
    #[must_use]
    pub fn is_revoked(&self, serial: &str) -> bool {
        self.revoked.contains(serial)
    }

    /// Number of revoked certificates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }
}

fn check_origin(list: &CertificateList, authority: &Certificate, place: Option<&str>) -> Result<()> {
    let tbs = &list.tbs_cert_list;
    if tbs.issuer != authority.tbs_certificate.subject || tbs.signature != list.signature_algorithm {
        return Err(Error::Malformed("a revocation list of this authority"));
    }
    let extensions = tbs.crl_extensions.as_deref().unwrap_or_default();
    let expected: Vec<Extension> = place.map(issuing_point).transpose()?.into_iter().collect();
    let critical: Vec<Extension> = extensions.iter().filter(|e| e.critical).cloned().collect();
    if critical != expected {
        return Err(Error::Malformed("the revocation list asked for (critical extension)"));
    }
    // All generations of an authority share one name, so the key decides which one this is.
    let named = extensions.iter().find(|e| e.extn_id == AuthorityKeyIdentifier::OID);
    let named = named.map(|e| AuthorityKeyIdentifier::from_der(e.extn_value.as_bytes())).transpose()?;
    let own = authority.tbs_certificate.get::<SubjectKeyIdentifier>()?.map(|(_, own)| own.0);
    if named.and_then(|aki| aki.key_identifier) != own {
        return Err(Error::Malformed("a revocation list of this authority's key"));
    }
    let key = &authority.tbs_certificate.subject_public_key_info;
    signing::verify(key, list.signature_algorithm.oid, &tbs.to_der()?, &list.signature)
}

fn crl_number(extensions: &[Extension]) -> Result<u64> {
    let wrong = Error::Malformed("cRLNumber");
    let Some(found) = extensions.iter().find(|e| e.extn_id == CrlNumber::OID) else {
        return Err(wrong);
    };
    let number = CrlNumber::from_der(found.extn_value.as_bytes())?;
    let bytes = number.0.as_bytes();
    if bytes.len() > 8 {
        return Err(wrong);
    }
    Ok(bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}
