//! Checks on a certificate before it is signed for real.
//!
//! The rules are written a second time here, from the profile and not from the code that builds
//! certificates: a mistake there is caught by this one, and the other way round.

mod rules;

use der::asn1::{Null, ObjectIdentifier};
use der::oid::db::rfc5280::{ID_AD_CA_ISSUERS, ID_AD_OCSP};
use der::oid::db::rfc6960::ID_PKIX_OCSP_NOCHECK;
use der::{Decode as _, Encode as _};
use x509_cert::certificate::{Certificate, TbsCertificate};
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, GeneralNames};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies,
    ExtendedKeyUsage, KeyUsage, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use rules::{
    ACCESS, ALTERNATIVE, AUTHORITY_KEY, CONSTRAINTS, CRL_POINTS, EXTENDED, KEY_USAGE, NO_CHECK, POLICIES,
    SUBJECT_KEY,
};

use crate::distribution::LeafAddresses;
use crate::{Result, Validity, moment, signing};

/// What a certificate is for; each kind has its own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Root of the institution network.
    InstitutionRoot,
    /// Server of the institution network.
    Server,
    /// Authority below the institution root, which issues everything else of that network.
    InstitutionIssuing,
    /// Signer of OCSP answers for the institution network.
    InstitutionResponder,
    /// Terminal of an institution.
    Terminal,
    /// Root of the simulated card world.
    CardRoot,
    /// 利用者証明用電子証明書 on a card.
    CardAuthentication,
    /// 署名用電子証明書 on a card.
    CardSignature,
    /// Signer of OCSP answers for the card world.
    OcspResponder,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Not X.509 version 3, or carrying the abandoned unique identifiers.
    Version,
    /// Serial number zero, negative, too short to be unguessable, or too long.
    Serial,
    /// Signed with another algorithm than this kind is.
    SignatureAlgorithm,
    /// Ends before it begins.
    ValidityOrder,
    /// Longer than this kind may live.
    ValidityTooLong,
    /// Begins before or ends after its issuer.
    OutsideIssuer,
    /// The issuer's name is not byte for byte the authority's.
    Issuer,
    /// The subject is not the one asked for.
    Subject,
    /// The period is not the one asked for.
    Validity,
    /// The key is not the one asked for.
    Key,
    /// A kind of key this kind of certificate must not have.
    KeyKind(String),
    /// An extension is missing.
    Missing(&'static str),
    /// An extension that this kind must not carry.
    Unexpected(String),
    /// An extension occurs twice.
    Repeated(String),
    /// An extension is critical and must not be, or the reverse.
    Criticality(&'static str),
    /// An extension cannot be read, or says something else than this kind must.
    Content(&'static str),
    /// Written again, the certificate has other bytes: it was not DER.
    NotCanonical,
    /// What was signed is not what was checked.
    NotWhatWasChecked,
}

/// The facts a certificate must carry besides the rules of its kind.
pub(crate) struct Expected<'a> {
    pub(crate) subject: &'a Name,
    pub(crate) issuer: &'a Name,
    pub(crate) issuer_key_id: &'a [u8],
    pub(crate) issuer_validity: Validity,
    pub(crate) validity: Validity,
    pub(crate) key: &'a SubjectPublicKeyInfoOwned,
    /// Of the issuer's key.
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    /// Addresses of revocation data; an inner none means that there must be none. The card world has its own
    /// and is not asked (outer none).
    pub(crate) addresses: Option<Option<&'a LeafAddresses>>,
}

/// Checks a whole certificate against the rules of its kind (not who it is for).
///
/// # Errors
/// [`crate::Error::Asn1`] when it is no certificate at all.
pub fn check(kind: Kind, certificate_der: &[u8]) -> Result<Vec<Finding>> {
    let certificate = Certificate::from_der(certificate_der)?;
    let mut findings = structure(kind, &certificate.tbs_certificate);
    if certificate.to_der()? != certificate_der {
        findings.push(Finding::NotCanonical);
    }
    if certificate.signature_algorithm != certificate.tbs_certificate.signature {
        findings.push(Finding::SignatureAlgorithm);
    }
    Ok(findings)
}

/// Checks what is about to be signed, rules and facts.
pub(crate) fn before_signing(kind: Kind, tbs: &TbsCertificate, expected: &Expected<'_>) -> Vec<Finding> {
    let mut findings = structure(kind, tbs);
    let mut require = |holds: bool, finding: Finding| {
        if !holds {
            findings.push(finding);
        }
    };
    require(tbs.subject == *expected.subject, Finding::Subject);
    require(tbs.issuer == *expected.issuer, Finding::Issuer);
    require(tbs.subject_public_key_info == *expected.key, Finding::Key);
    require(tbs.signature == expected.algorithm, Finding::SignatureAlgorithm);
    if let Some(addresses) = expected.addresses {
        let (lists, access) = stated_addresses(tbs);
        let wanted_lists: Vec<String> = addresses.iter().map(|one| one.crl.clone()).collect();
        require(lists == wanted_lists, Finding::Content(CRL_POINTS.name));
        let wanted_access: Vec<(ObjectIdentifier, String)> = addresses
            .iter()
            .flat_map(|one| [(ID_AD_OCSP, one.ocsp.clone()), (ID_AD_CA_ISSUERS, one.issuer.clone())])
            .collect();
        require(access == wanted_access, Finding::Content(ACCESS.name));
    }
    let period = period_of(tbs);
    require(same_seconds(period, expected.validity), Finding::Validity);
    let issuer = expected.issuer_validity;
    require(
        period.not_before >= issuer.not_before && period.not_after <= issuer.not_after,
        Finding::OutsideIssuer,
    );
    if !kind.is_root() {
        let named =
            tbs.get::<AuthorityKeyIdentifier>().ok().flatten().and_then(|(_, aki)| aki.key_identifier);
        let same = named.is_some_and(|id| id.as_bytes() == expected.issuer_key_id);
        require(same, Finding::Content(AUTHORITY_KEY.name));
    }
    findings
}

/// The plain addresses in a certificate's distribution points and access descriptions; anything that is not a
/// plain address shows as an empty text.
fn stated_addresses(tbs: &TbsCertificate) -> (Vec<String>, Vec<(ObjectIdentifier, String)>) {
    let plain = |name: &GeneralName| match name {
        GeneralName::UniformResourceIdentifier(address) => address.to_string(),
        _ => String::new(),
    };
    let points = tbs.get::<CrlDistributionPoints>().ok().flatten().map(|(_, points)| points.0);
    let points = points.unwrap_or_default();
    let lists = points.iter().map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) if names.len() == 1 => plain(&names[0]),
        _ => String::new(),
    });
    let access = tbs.get::<AuthorityInfoAccessSyntax>().ok().flatten().map(|(_, access)| access.0);
    let access = access.unwrap_or_default();
    let access = access.iter().map(|one| (one.access_method, plain(&one.access_location)));
    (lists.collect(), access.collect())
}

fn period_of(tbs: &TbsCertificate) -> Validity {
    Validity {
        not_before: moment::from_x509(tbs.validity.not_before),
        not_after: moment::from_x509(tbs.validity.not_after),
    }
}

fn same_seconds(one: Validity, other: Validity) -> bool {
    let seconds = |v: Validity| (v.not_before.0.div_euclid(1000), v.not_after.0.div_euclid(1000));
    seconds(one) == seconds(other)
}

fn structure(kind: Kind, tbs: &TbsCertificate) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_frame(kind, tbs, &mut findings);
    check_extension_set(kind, tbs, &mut findings);
    check_usage(kind, tbs, &mut findings);
    check_identifiers(kind, tbs, &mut findings);
    check_names(kind, tbs, &mut findings);
    findings
}

fn check_frame(kind: Kind, tbs: &TbsCertificate, findings: &mut Vec<Finding>) {
    let plain = tbs.issuer_unique_id.is_none() && tbs.subject_unique_id.is_none();
    if tbs.version != x509_cert::Version::V3 || !plain {
        findings.push(Finding::Version);
    }
    let serial = tbs.serial_number.as_bytes();
    let positive = serial.iter().any(|b| *b != 0) && serial.first().is_some_and(|b| b & 0x80 == 0);
    let length = if kind.in_card_world() { 1..=4 } else { 17..=20 };
    if !positive || !length.contains(&serial.len()) {
        findings.push(Finding::Serial);
    }
    if !kind.signature_algorithms().contains(&tbs.signature.oid) {
        findings.push(Finding::SignatureAlgorithm);
    }
    let period = period_of(tbs);
    let life_ms = period.not_after.0 - period.not_before.0;
    if life_ms <= 0 {
        findings.push(Finding::ValidityOrder);
    }
    if life_ms > kind.longest_life_days() * 86_400_000 {
        findings.push(Finding::ValidityTooLong);
    }
    let key_kind = signing::key_kind(&tbs.subject_public_key_info);
    if !kind.key_kinds().contains(&key_kind.as_str()) {
        findings.push(Finding::KeyKind(key_kind));
    }
    if tbs.subject.is_empty() {
        findings.push(Finding::Subject);
    }
    if kind.is_root() != (tbs.subject == tbs.issuer) {
        findings.push(Finding::Issuer);
    }
}

fn check_extension_set(kind: Kind, tbs: &TbsCertificate, findings: &mut Vec<Finding>) {
    let present = tbs.extensions.as_deref().unwrap_or_default();
    let rules = kind.rules();
    for (index, extension) in present.iter().enumerate() {
        if present[..index].iter().any(|earlier| earlier.extn_id == extension.extn_id) {
            findings.push(Finding::Repeated(extension.extn_id.to_string()));
        }
        match rules.iter().find(|rule| rule.oid == extension.extn_id) {
            None => findings.push(Finding::Unexpected(extension.extn_id.to_string())),
            Some(rule) if rule.critical != extension.critical => {
                findings.push(Finding::Criticality(rule.name))
            }
            Some(_) => {}
        }
    }
    for rule in rules.iter().filter(|rule| rule.required) {
        if !present.iter().any(|extension| extension.extn_id == rule.oid) {
            findings.push(Finding::Missing(rule.name));
        }
    }
}

fn check_usage(kind: Kind, tbs: &TbsCertificate, findings: &mut Vec<Finding>) {
    let usage = tbs.get::<KeyUsage>().ok().flatten().map(|(_, usage)| usage.0);
    if usage != Some(kind.key_usage()) {
        findings.push(Finding::Content(KEY_USAGE.name));
    }
    let purposes = match tbs.get::<ExtendedKeyUsage>() {
        Ok(found) => found.map(|(_, purposes)| purposes.0).unwrap_or_default(),
        Err(_) => vec![],
    };
    if purposes != kind.purpose().into_iter().collect::<Vec<_>>() {
        findings.push(Finding::Content(EXTENDED.name));
    }
    let constraints =
        tbs.get::<BasicConstraints>().ok().flatten().map(|(_, c)| (c.ca, c.path_len_constraint));
    let right = match kind {
        // One authority below this root, and none below that. The card root signs end entities only.
        Kind::InstitutionRoot => constraints == Some((true, Some(1))),
        Kind::InstitutionIssuing | Kind::CardRoot => constraints == Some((true, Some(0))),
        Kind::Server | Kind::Terminal | Kind::InstitutionResponder => constraints == Some((false, None)),
        Kind::CardAuthentication | Kind::CardSignature | Kind::OcspResponder => constraints.is_none(),
    };
    if !right {
        findings.push(Finding::Content(CONSTRAINTS.name));
    }
    if matches!(kind, Kind::OcspResponder | Kind::InstitutionResponder) {
        let no_check = tbs.extensions.iter().flatten().find(|e| e.extn_id == ID_PKIX_OCSP_NOCHECK);
        if no_check.is_some_and(|e| Null::from_der(e.extn_value.as_bytes()).is_err()) {
            findings.push(Finding::Content(NO_CHECK.name));
        }
    }
}

fn check_identifiers(kind: Kind, tbs: &TbsCertificate, findings: &mut Vec<Finding>) {
    let own = tbs.get::<SubjectKeyIdentifier>().ok().flatten();
    if own.is_none_or(|(_, id)| id.0.as_bytes().len() != 20) {
        findings.push(Finding::Content(SUBJECT_KEY.name));
    }
    if kind.is_root() {
        return;
    }
    let named = tbs.get::<AuthorityKeyIdentifier>().ok().flatten().map(|(_, aki)| aki);
    // The card world also names the issuer's certificate: all generations share one name.
    let whole = |aki: &AuthorityKeyIdentifier| {
        let by_certificate =
            aki.authority_cert_issuer.is_some() && aki.authority_cert_serial_number.is_some();
        aki.key_identifier.is_some() && (by_certificate || !kind.in_card_world())
    };
    if !named.as_ref().is_some_and(whole) {
        findings.push(Finding::Content(AUTHORITY_KEY.name));
    }
}

fn check_names(kind: Kind, tbs: &TbsCertificate, findings: &mut Vec<Finding>) {
    let alternatives: GeneralNames =
        tbs.get::<SubjectAltName>().ok().flatten().map(|(_, names)| names.0).unwrap_or_default();
    let is_host = |name: &GeneralName| matches!(name, GeneralName::DnsName(_) | GeneralName::IpAddress(_));
    let is_other = |name: &GeneralName| matches!(name, GeneralName::OtherName(_));
    let right = match kind {
        Kind::Server => !alternatives.is_empty() && alternatives.iter().all(is_host),
        Kind::CardSignature => !alternatives.is_empty() && alternatives.iter().all(is_other),
        _ => alternatives.is_empty(),
    };
    if !right {
        findings.push(Finding::Content(ALTERNATIVE.name));
    }
    let policies = match tbs.get::<CertificatePolicies>() {
        Ok(found) => found.map(|(_, policies)| policies.0).unwrap_or_default(),
        Err(_) => vec![],
    };
    let named: Vec<_> = policies.iter().map(|policy| policy.policy_identifier).collect();
    if named != kind.policy().into_iter().collect::<Vec<_>>() {
        findings.push(Finding::Content(POLICIES.name));
    }
    let terminal_named = crate::profile::read_certified_subject(&tbs.subject).is_ok();
    if kind == Kind::Terminal && !terminal_named {
        findings.push(Finding::Subject);
    }
}
