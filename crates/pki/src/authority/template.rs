//! What rcgen is told to write.

use der::asn1::ObjectIdentifier;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa,
    KeyIdMethod, KeyUsagePurpose, SerialNumber,
};

use crate::keys::{KeyAlgorithm, PrivateKey};
use crate::lint::{self, Kind};
use crate::naming::{COMMON_NAME, COUNTRY, ORGANIZATION};
use crate::profile::{ROOT_COMMON_NAME, ROOT_ORGANIZATION};
use crate::signing::{ThrowAwaySigner, key_identifier};
use crate::{Error, Result, Validity, moment};

/// Bytes of a serial number; 158 of its bits are random.
const SERIAL_BYTES: usize = 20;

pub(super) fn new_serial() -> Result<Vec<u8>> {
    let mut serial = vec![0; SERIAL_BYTES];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| Error::Crypto("random numbers"))?;
    // Positive, and always twenty bytes long.
    serial[0] = (serial[0] & 0x7f) | 0x40;
    Ok(serial)
}

fn distinguished_name(parts: &[(ObjectIdentifier, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (oid, text) in parts {
        match *oid {
            COUNTRY => name.push(DnType::CountryName, country()),
            ORGANIZATION => name.push(DnType::OrganizationName, DnValue::Utf8String((*text).to_owned())),
            _ => name.push(DnType::CommonName, DnValue::Utf8String((*text).to_owned())),
        }
    }
    name
}

pub(super) fn leaf_params(
    parts: &[(ObjectIdentifier, &str)],
    purpose: ExtendedKeyUsagePurpose,
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(parts);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    params
}

pub(super) fn root_certificate(key: &PrivateKey, validity: Validity) -> Result<Vec<u8>> {
    let parts = [(COUNTRY, "JP"), (ORGANIZATION, ROOT_ORGANIZATION), (COMMON_NAME, ROOT_COMMON_NAME)];
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(&parts);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from_slice(&new_serial()?));
    params.not_before = moment::to_offset(validity.not_before)?;
    params.not_after = moment::to_offset(validity.not_after)?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(key.raw_public_key()));
    let throw_away = PrivateKey::generate(KeyAlgorithm::P384)?;
    let rehearsal = ThrowAwaySigner { claimed: key, throw_away: &throw_away };
    let failed = |_| Error::Crypto("root certificate");
    let rehearsed = params.self_signed(&rehearsal).map_err(failed)?;
    let findings = lint::check(Kind::InstitutionRoot, rehearsed.der())?;
    if !findings.is_empty() {
        return Err(Error::Lint(findings));
    }
    Ok(params.self_signed(key).map_err(failed)?.der().to_vec())
}

fn country() -> DnValue {
    // Two letters are always a PrintableString.
    "JP".try_into().map_or_else(|_| DnValue::Utf8String("JP".to_owned()), DnValue::PrintableString)
}
