//! A small authority for tests: keys that are made once and kept, certificates that can be made wrong.

use std::path::PathBuf;

use eligibility::Instant;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SerialNumber,
};

/// 2026-04-01T00:00:00Z
pub(crate) const NOW: Instant = Instant(1_775_001_600_000);
/// Object identifier of certificatePolicies.
pub(crate) const POLICIES_OID: &[u64] = &[2, 5, 29, 32];

/// An RSA key, made once for all test processes: making one takes a while without optimisation.
pub(crate) fn rsa_key(name: &str) -> KeyPair {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("card-test-keys");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.pem"));
    if !path.exists() {
        let made = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let draft = tempfile::NamedTempFile::new_in(&folder).unwrap();
        std::fs::write(draft.path(), made.serialize_pem()).unwrap();
        // Whoever comes first wins; everybody reads what is there then.
        let _ = draft.persist_noclobber(&path);
    }
    KeyPair::from_pem_and_sign_algo(&std::fs::read_to_string(path).unwrap(), &PKCS_RSA_SHA256).unwrap()
}

/// One generation of the test authority. All generations have one name.
pub(crate) struct TestAuthority {
    pub(crate) der: Vec<u8>,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

impl TestAuthority {
    pub(crate) fn new(key_name: &str) -> Self {
        Self::with(key_name, |_| {})
    }

    pub(crate) fn with(key_name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(&[
            (DnType::CountryName, "JP"),
            (DnType::OrganizationName, "JPKI-TEST"),
            (DnType::OrganizationalUnitName, "JPKI for user authentication"),
        ]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = rcgen::date_time_ymd(2023, 1, 1);
        params.not_after = rcgen::date_time_ymd(2033, 1, 1);
        params.serial_number = Some(SerialNumber::from_slice(&[0x01, 0x33, 0xC3, 0x49]));
        change(&mut params);
        let key = rsa_key(key_name);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { der, issuer: Issuer::new(params, key) }
    }

    /// A card certificate as it should be, for the key of this name.
    pub(crate) fn card(&self, key_name: &str) -> Vec<u8> {
        self.card_with(key_name, |_| {})
    }

    /// A card certificate with something changed.
    pub(crate) fn card_with(&self, key_name: &str, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        self.issue(&rsa_key(key_name), change)
    }

    pub(crate) fn issue(&self, key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = card_params();
        change(&mut params);
        params.signed_by(key, &self.issuer).unwrap().der().to_vec()
    }
}

pub(crate) fn card_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name =
        name(&[(DnType::CountryName, "JP"), (DnType::CommonName, "000000001GCIEG13221003A")]);
    params.serial_number = Some(SerialNumber::from_slice(&[0x02, 0xAB, 0xCD]));
    params.not_before = rcgen::date_time_ymd(2025, 10, 1);
    params.not_after = rcgen::date_time_ymd(2030, 2, 17);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params.custom_extensions = vec![policies(&TEST_POLICY_ARCS, true)];
    params
}

/// 1.2.392.200149.8.5.1.0.30, the policy of test authentication certificates.
pub(crate) const TEST_POLICY_ARCS: [u64; 9] = [1, 2, 392, 200_149, 8, 5, 1, 0, 30];

/// The extension certificatePolicies with this one policy.
pub(crate) fn policies(arcs: &[u64], critical: bool) -> CustomExtension {
    let oid = oid_content(arcs);
    let information = [&[0x30, oid.len() as u8 + 2, 0x06, oid.len() as u8], &oid[..]].concat();
    let content = [&[0x30, information.len() as u8], &information[..]].concat();
    let mut extension = CustomExtension::from_oid_content(POLICIES_OID, content);
    extension.set_criticality(critical);
    extension
}

fn oid_content(arcs: &[u64]) -> Vec<u8> {
    let mut out = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group == 0 { 0 } else { 0x80 };
            out.push((arc >> (7 * group) & 0x7F) as u8 | more);
        }
    }
    out
}

fn name(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, text) in parts {
        name.push(kind.clone(), *text);
    }
    name
}
