//! Card certificates: the right ones pass, each wrong one is refused by its name.

use card::jpki::{
    AnchorRefused, CardPublicKey, CardTrust, CertificateRefused, PRODUCTION_AUTH_POLICY, TEST_AUTH_POLICY,
};
use eligibility::Instant;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PKCS_RSA_SHA384,
    RsaKeySize, SerialNumber,
};

use crate::authority::{NOW, TEST_POLICY_ARCS, TestAuthority, policies, rsa_key};

const DAY_MS: i64 = 86_400_000;

fn trust(authorities: &[&TestAuthority]) -> CardTrust {
    let anchors: Vec<&[u8]> = authorities.iter().map(|a| a.der.as_slice()).collect();
    CardTrust::new(&anchors, &[TEST_AUTH_POLICY]).unwrap()
}

#[test]
fn a_right_certificate_gives_identity_dates_and_key() {
    let authority = TestAuthority::new("auth-ca");
    let checked = trust(&[&authority]).check_certificate(&authority.card("auth"), NOW).unwrap();
    assert_eq!(checked.id.serial, "2abcd");
    assert_eq!(checked.id.issuer.len(), 64);
    assert_eq!(checked.not_before, Instant(1_759_276_800_000));
    assert_eq!(checked.not_after, Instant(1_897_516_800_000));
    assert!(matches!(checked.public_key, CardPublicKey::Rsa2048(_)));
}

#[test]
fn dates_of_the_card_are_reported_not_judged() {
    let authority = TestAuthority::new("auth-ca");
    let expired = authority.card_with("auth", |p| p.not_after = rcgen::date_time_ymd(2025, 11, 1));
    assert!(trust(&[&authority]).check_certificate(&expired, NOW).unwrap().not_after < NOW);
    let future = authority.card_with("auth", |p| p.not_before = rcgen::date_time_ymd(2027, 1, 1));
    assert!(trust(&[&authority]).check_certificate(&future, NOW).unwrap().not_before > NOW);
}

fn critical(oid: &[u64], content: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
    extension.set_criticality(true);
    extension
}

#[test]
fn each_wrong_certificate_is_refused_by_name() {
    use CertificateRefused as R;
    type Change = fn(&mut CertificateParams);
    let unknown = |critical| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x05, 0x00]);
        extension.set_criticality(critical);
        extension
    };
    assert!(unknown(true).criticality());
    let cases: &[(&str, R, Change)] = &[
        ("no policy", R::Policy, |p| p.custom_extensions.clear()),
        ("policy not critical", R::Policy, |p| {
            p.custom_extensions = vec![policies(&TEST_POLICY_ARCS, false)]
        }),
        ("production policy", R::Policy, |p| {
            p.custom_extensions = vec![policies(&[1, 2, 392, 200_149, 8, 5, 1, 3, 30], true)];
        }),
        ("longer policy", R::Policy, |p| {
            p.custom_extensions = vec![policies(&[&TEST_POLICY_ARCS[..], &[1]].concat(), true)];
        }),
        ("signature policy", R::Policy, |p| {
            p.custom_extensions = vec![policies(&[1, 2, 392, 200_149, 8, 5, 1, 0, 20], true)];
        }),
        ("any policy", R::Policy, |p| p.custom_extensions = vec![policies(&[2, 5, 29, 32, 0], true)]),
        ("policies twice", R::DuplicateExtension, |p| {
            p.custom_extensions.push(policies(&TEST_POLICY_ARCS, true));
        }),
        ("a list of no policies", R::Policy, |p| {
            p.custom_extensions = vec![critical(&[2, 5, 29, 32], &[0x30, 0x00])];
        }),
        ("unreadable policies", R::Malformed, |p| {
            p.custom_extensions = vec![critical(&[2, 5, 29, 32], &[0x04, 0x01, 0x00])];
        }),
        ("no key usage", R::KeyUsage, |p| p.key_usages.clear()),
        ("key agreement", R::KeyUsage, |p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
        ("signature key's usage", R::KeyUsage, |p| p.key_usages.push(KeyUsagePurpose::ContentCommitment)),
        ("no extended usage", R::ExtendedKeyUsage, |p| p.extended_key_usages.clear()),
        ("server", R::ExtendedKeyUsage, |p| {
            p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]
        }),
        ("client and server", R::ExtendedKeyUsage, |p| {
            p.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }),
        ("any usage", R::ExtendedKeyUsage, |p| p.extended_key_usages.push(ExtendedKeyUsagePurpose::Any)),
        ("an authority", R::IsAuthority, |p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        ("unknown critical extension", R::UnknownCriticalExtension, |p| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x05, 0x00]);
            extension.set_criticality(true);
            p.custom_extensions.push(extension);
        }),
        ("name constraints", R::UnknownCriticalExtension, |p| {
            p.custom_extensions.push(critical(&[2, 5, 29, 30], &[0x30, 0x00]));
        }),
        ("serial zero", R::Serial, |p| p.serial_number = Some(SerialNumber::from_slice(&[0]))),
        ("serial too long", R::Serial, |p| p.serial_number = Some(SerialNumber::from_slice(&[0x7F; 21]))),
        ("ends before it begins", R::Validity, |p| p.not_after = rcgen::date_time_ymd(2025, 1, 1)),
        ("too long", R::TooLong, |p| {
            p.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x04; 9000]));
        }),
    ];
    let authority = TestAuthority::new("auth-ca");
    let trust = trust(&[&authority]);
    for (name, refusal, change) in cases {
        let der = authority.card_with("auth", change);
        assert_eq!(trust.check_certificate(&der, NOW).err(), Some(*refusal), "{name}");
    }
    let harmless = authority.card_with("auth", |p| p.custom_extensions.push(unknown(false)));
    assert!(trust.check_certificate(&harmless, NOW).is_ok(), "what is not critical may be unknown");
}

#[test]
fn keys_that_cards_do_not_have_are_refused() {
    let authority = TestAuthority::new("auth-ca");
    let trust = trust(&[&authority]);
    let long = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072).unwrap();
    let p256 = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    for key in [&long, &p256, &p384] {
        let refused = trust.check_certificate(&authority.issue(key, |_| {}), NOW).err();
        assert_eq!(refused, Some(CertificateRefused::KeyKind), "{:?}", key.algorithm());
    }
    let speculative =
        CardTrust::new(&[&authority.der], &[TEST_AUTH_POLICY]).unwrap().accept_speculative_p384();
    let checked = speculative.check_certificate(&authority.issue(&p384, |_| {}), NOW).unwrap();
    assert!(matches!(checked.public_key, CardPublicKey::SpeculativeP384(_)));
    let refused = speculative.check_certificate(&authority.issue(&p256, |_| {}), NOW).err();
    assert_eq!(refused, Some(CertificateRefused::KeyKind));
}

#[test]
fn another_issuer_another_signature_another_algorithm_are_refused() {
    let authority = TestAuthority::new("auth-ca");
    let trust = trust(&[&authority]);
    let refused = |der: &[u8]| trust.check_certificate(der, NOW).err();

    let stranger = TestAuthority::with("sign-ca", |p| p.distinguished_name = rcgen::DistinguishedName::new());
    assert_eq!(refused(&stranger.card("auth")), Some(CertificateRefused::UnknownIssuer));

    let same_name = TestAuthority::new("sign-ca");
    assert_eq!(refused(&same_name.card("auth")), Some(CertificateRefused::UnknownIssuerKey));
    let silent = same_name.card_with("auth", |p| p.use_authority_key_identifier_extension = false);
    assert_eq!(refused(&silent), Some(CertificateRefused::Signature));

    let mut forged = authority.card("auth");
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&forged), Some(CertificateRefused::Signature));

    let key = KeyPair::from_pem_and_sign_algo(&rsa_key("auth-ca").serialize_pem(), &PKCS_RSA_SHA384).unwrap();
    let issuer = rcgen::Issuer::new(CertificateParams::from_authority(&authority), key);
    let other_hash = crate::authority::card_params().signed_by(&rsa_key("auth"), &issuer).unwrap();
    assert_eq!(refused(other_hash.der()), Some(CertificateRefused::SignatureAlgorithm));

    let mut more = authority.card("auth");
    more.push(0);
    assert_eq!(refused(&more), Some(CertificateRefused::Malformed));
    assert_eq!(refused(b""), Some(CertificateRefused::Malformed));
    assert_eq!(refused(&authority.der), Some(CertificateRefused::IsAuthority), "the root itself is no card");
}

trait FromAuthority {
    fn from_authority(authority: &TestAuthority) -> CertificateParams;
}

impl FromAuthority for CertificateParams {
    /// Parameters with the authority's name, to sign under it in another way.
    fn from_authority(_: &TestAuthority) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CountryName, "JP");
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "JPKI-TEST");
        params.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, "JPKI for user authentication");
        params
    }
}

#[test]
fn generations_of_one_name_are_told_apart_by_key() {
    let (old, new) = (TestAuthority::new("auth-ca"), TestAuthority::new("sign-ca"));
    let trust = trust(&[&old, &new]);
    for authority in [&old, &new] {
        assert!(trust.check_certificate(&authority.card("auth"), NOW).is_ok());
        let silent = authority.card_with("auth", |p| p.use_authority_key_identifier_extension = false);
        assert!(trust.check_certificate(&silent, NOW).is_ok(), "without key identifier each is tried");
    }
    let ids: Vec<_> = trust.authorities().cloned().collect();
    assert_eq!(trust.check_certificate(&old.card("auth"), NOW).unwrap().authority, ids[0]);
    assert_eq!(trust.check_certificate(&new.card("auth"), NOW).unwrap().authority, ids[1]);
}

#[test]
fn an_authority_outside_its_own_dates_vouches_for_nothing() {
    let authority = TestAuthority::new("auth-ca");
    let trust = trust(&[&authority]);
    let card = authority.card("auth");
    let year = 366 * DAY_MS;
    for moment in [Instant(NOW.0 - 4 * year), Instant(NOW.0 + 7 * year)] {
        assert_eq!(trust.check_certificate(&card, moment).err(), Some(CertificateRefused::AnchorNotValidNow));
    }
}

#[test]
fn only_self_signed_authorities_become_anchors() {
    let authority = TestAuthority::new("auth-ca");
    let refused = |der: &[u8], policy: &str| CardTrust::new(&[der], &[policy]).err();
    assert_eq!(refused(&authority.card("auth"), TEST_AUTH_POLICY), Some(AnchorRefused::NotAuthority));
    assert_eq!(refused(b"no certificate", TEST_AUTH_POLICY), Some(AnchorRefused::Malformed));
    assert_eq!(refused(&authority.der, "policy"), Some(AnchorRefused::Policy));
    let weak = TestAuthority::with("auth-ca", |p| p.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    assert_eq!(refused(&weak.der, TEST_AUTH_POLICY), Some(AnchorRefused::NotAuthority));
    let mut forged = authority.der.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&forged, TEST_AUTH_POLICY), Some(AnchorRefused::NotSelfSigned));
    assert_eq!(CardTrust::new::<Vec<u8>>(&[], &[TEST_AUTH_POLICY]).err(), Some(AnchorRefused::Empty));
    assert_eq!(CardTrust::new(&[&authority.der], &[]).err(), Some(AnchorRefused::Empty));
    assert!(CardTrust::new(&[&authority.der], &[TEST_AUTH_POLICY, PRODUCTION_AUTH_POLICY]).is_ok());
}

/// The shell around the signed part is not signed itself: every value of each of its bytes is tried.
#[test]
fn a_certificate_has_one_form_only() {
    let (trust, card) = prepared();
    let signed_end = card.len() - 256 - 5 - 15;
    for place in (0..4).chain(signed_end..card.len() - 256) {
        for change in 1..=255 {
            let mut mutated = card.clone();
            mutated[place] ^= change;
            assert!(
                trust.check_certificate(&mutated, NOW).is_err(),
                "byte {place} as {:02X}",
                mutated[place]
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// One changed byte anywhere: never a panic, never accepted.
    #[test]
    fn a_mutated_certificate_is_never_accepted(place in any::<prop::sample::Index>(), change in 1u8..=255, cut in any::<bool>()) {
        let (trust, card) = prepared();
        let mut mutated = card.clone();
        let place = place.index(mutated.len());
        mutated[place] ^= change;
        if cut {
            mutated.truncate(place);
        }
        prop_assert!(trust.check_certificate(&mutated, NOW).is_err());
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let (trust, _) = prepared();
        prop_assert!(trust.check_certificate(&bytes, NOW).is_err());
    }
}

fn prepared() -> &'static (CardTrust, Vec<u8>) {
    static PREPARED: std::sync::OnceLock<(CardTrust, Vec<u8>)> = std::sync::OnceLock::new();
    PREPARED.get_or_init(|| {
        let authority = TestAuthority::new("auth-ca");
        (trust(&[&authority]), authority.card("auth"))
    })
}
