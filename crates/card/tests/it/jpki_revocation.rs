//! Revocation lists, from the simulated J-LIS and wrong ones; and a whole card issued by it.

use card::jpki::{
    CardTrust, Freshness, RevocationList, RevocationListRefused, RevocationReason, Status, TEST_AUTH_POLICY,
};
use eligibility::Instant;
use pki::Validity;
use pki::jlis::{CardAuthority, CardAuthorityKind, CardSubject, JlisOptions, SimulatedJlis};
use pki::keys::PublicKey;
use proptest::prelude::*;
use rcgen::{
    CertificateRevocationListParams, CrlIssuingDistributionPoint, KeyIdMethod, PublicKeyData, SerialNumber,
};

use crate::authority::{NOW, TestAuthority, rsa_key};

const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

struct Jlis {
    inner: SimulatedJlis,
    _folder: tempfile::TempDir,
}

impl Jlis {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = JlisOptions { generations: 2, ..JlisOptions::default() };
        let inner = SimulatedJlis::create(&folder.path().join("jlis"), &options, NOW).unwrap();
        Self { inner, _folder: folder }
    }

    fn generations(&self) -> &[CardAuthority] {
        self.inner.generations(CardAuthorityKind::Authentication)
    }

    fn trust(&self) -> CardTrust {
        let anchors: Vec<&[u8]> = self.generations().iter().map(CardAuthority::certificate_der).collect();
        CardTrust::new(&anchors, &[TEST_AUTH_POLICY]).unwrap()
    }
}

fn issue(authority: &CardAuthority, serial: u32) -> Vec<u8> {
    let key = PublicKey::from_spki_der(&rsa_key("auth").subject_public_key_info()).unwrap();
    let subject = CardSubject::of_serial("13104", serial).unwrap();
    let validity = Validity::new(NOW, Instant(NOW.0 + 4 * YEAR_MS)).unwrap();
    authority.issue_card(&subject, serial, &key, validity).unwrap().der
}

#[test]
fn cards_of_the_simulated_j_lis_are_accepted_and_its_lists_tell_which_are_revoked() {
    let jlis = Jlis::new();
    let trust = jlis.trust();
    let [old, new] = jlis.generations() else { panic!("two generations") };
    let check = |der: &[u8]| trust.check_certificate(der, NOW).unwrap();
    let (good, revoked, other) =
        (check(&issue(old, 4711)), check(&issue(old, 4712)), check(&issue(new, 4713)));
    assert_eq!(good.id, old.certificate_id(4711).unwrap(), "both sides name a card alike");
    assert_ne!(good.authority, other.authority);

    let at = Instant(NOW.0 + HOUR_MS);
    jlis.inner
        .revoke(CardAuthorityKind::Authentication, 4712, pki::crl::RevocationReason::Superseded, at)
        .unwrap();
    let list = RevocationList::from_der(&old.crl(at).unwrap(), &trust).unwrap();
    assert_eq!(list.status(&good), Status::Good);
    assert_eq!(list.status(&revoked), Status::Revoked { at, reason: RevocationReason::Superseded });
    assert_eq!(list.status(&other), Status::NotCovered, "a list says nothing about another generation");
    assert_eq!((list.len(), list.authority()), (1, &good.authority));
    assert!(list.number().is_some());
    let freshness = |moment: i64| list.freshness(Instant(moment));
    assert_eq!(freshness(list.this_update().0 - 1), Freshness::NotYet);
    assert_eq!(freshness(list.this_update().0), Freshness::Fresh);
    assert_eq!(freshness(list.next_update().0 - 1), Freshness::Fresh);
    assert_eq!(freshness(list.next_update().0), Freshness::Stale);
}

fn list_params() -> CertificateRevocationListParams {
    CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2026, 3, 31),
        next_update: rcgen::date_time_ymd(2026, 4, 7),
        crl_number: SerialNumber::from(1u64),
        issuing_distribution_point: None,
        revoked_certs: vec![],
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

fn signed(authority: &TestAuthority, change: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
    let mut params = list_params();
    change(&mut params);
    params.signed_by(&authority.issuer).unwrap().der().to_vec()
}

#[test]
fn wrong_lists_are_refused_by_name() {
    let authority = TestAuthority::new("auth-ca");
    let trust = CardTrust::new(&[&authority.der], &[TEST_AUTH_POLICY]).unwrap();
    let refused = |der: &[u8]| RevocationList::from_der(der, &trust).err();
    let good = signed(&authority, |_| {});
    assert_eq!(refused(&good), None);
    assert!(RevocationList::from_der(&good, &trust).unwrap().is_empty());

    let stranger = TestAuthority::with("sign-ca", |p| p.distinguished_name = rcgen::DistinguishedName::new());
    assert_eq!(refused(&signed(&stranger, |_| {})), Some(RevocationListRefused::UnknownIssuer));
    let same_name = TestAuthority::new("sign-ca");
    assert_eq!(refused(&signed(&same_name, |_| {})), Some(RevocationListRefused::Signature));
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&forged), Some(RevocationListRefused::Signature));
    let partial = signed(&authority, |p| {
        p.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
            distribution_point: rcgen::CrlDistributionPoint { uris: vec!["http://crl.test/".into()] },
            scope: None,
        });
    });
    assert_eq!(refused(&partial), Some(RevocationListRefused::UnknownCriticalExtension));
    let more = [&good[..], &[0]].concat();
    assert_eq!(refused(&more), Some(RevocationListRefused::Malformed));
    assert_eq!(refused(b""), Some(RevocationListRefused::Malformed));
}

#[test]
fn every_reason_is_read() {
    use rcgen::RevocationReason as Given;
    let reasons = [
        (None, RevocationReason::Unspecified),
        (Some(Given::KeyCompromise), RevocationReason::KeyCompromise),
        (Some(Given::AffiliationChanged), RevocationReason::AffiliationChanged),
        (Some(Given::Superseded), RevocationReason::Superseded),
        (Some(Given::CessationOfOperation), RevocationReason::CessationOfOperation),
        (Some(Given::CertificateHold), RevocationReason::CertificateHold),
        (Some(Given::PrivilegeWithdrawn), RevocationReason::Other(9)),
    ];
    let authority = TestAuthority::new("auth-ca");
    let trust = CardTrust::new(&[&authority.der], &[TEST_AUTH_POLICY]).unwrap();
    for (given, expected) in reasons {
        let list = signed(&authority, |p| {
            p.revoked_certs = vec![rcgen::RevokedCertParams {
                serial_number: SerialNumber::from_slice(&[0x02, 0xAB, 0xCD]),
                revocation_time: rcgen::date_time_ymd(2026, 3, 1),
                reason_code: given,
                invalidity_date: None,
            }];
        });
        let list = RevocationList::from_der(&list, &trust).unwrap();
        let card = trust.check_certificate(&authority.card("auth"), NOW).unwrap();
        assert!(
            matches!(list.status(&card), Status::Revoked { reason, .. } if reason == expected),
            "{expected:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_list_is_never_believed(place in any::<prop::sample::Index>(), change in 1u8..=255) {
        static PREPARED: std::sync::OnceLock<(CardTrust, Vec<u8>)> = std::sync::OnceLock::new();
        let (trust, list) = PREPARED.get_or_init(|| {
            let authority = TestAuthority::new("auth-ca");
            (CardTrust::new(&[&authority.der], &[TEST_AUTH_POLICY]).unwrap(), signed(&authority, |_| {}))
        });
        let mut mutated = list.clone();
        let place = place.index(mutated.len());
        mutated[place] ^= change;
        prop_assert!(RevocationList::from_der(&mutated, trust).is_err());
    }
}
