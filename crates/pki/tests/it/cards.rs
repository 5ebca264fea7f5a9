//! The simulated J-LIS's certificates and revocation lists.

use eligibility::Instant;
use pki::authority::IssuedCertificate;
use pki::crl::{RevocationReason, VerifiedCrl};
use pki::jlis::{
    AUTHENTICATION_POLICY_OID, CARD_SERIAL_MAX, CardAuthority, CardAuthorityKind, CardSubject,
    CertificateStatus, JlisOptions, KeyPool, SIGNATURE_POLICY_OID, SignatureAttributes, SignatureSubject,
    SimulatedJlis, certificate_id,
};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::lint::Finding;
use pki::{Error, Validity, pem};

use crate::bench::{Bench, Verdict, card_keys, days_from_now, now, validity};

const AUTHENTICATION: CardAuthorityKind = CardAuthorityKind::Authentication;
const SIGNATURE: CardAuthorityKind = CardAuthorityKind::Signature;

fn card(authority: &CardAuthority, serial: u32, validity: Validity) -> Result<IssuedCertificate, Error> {
    let subject = CardSubject::of_serial("13104", serial).unwrap();
    authority.issue_card(&subject, serial, card_keys().key_of(serial).public_key(), validity)
}

fn verify(bench: &Bench, roots: &str, more: &[&str], file: &str) -> Verdict {
    let base = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", roots];
    bench.openssl(&[&base, more, &[file]].concat())
}

fn person() -> SignatureSubject {
    SignatureSubject {
        prefecture: "Tokyo-to".to_owned(),
        municipality: "Shinjuku-ku".to_owned(),
        attributes: SignatureAttributes {
            name: "髙﨑 𠮷辻\u{E0100}".to_owned(),
            sex: "2".to_owned(),
            birth: "319800217".to_owned(),
            address: "東京都新宿区見本町一丁目１番１号".to_owned(),
        },
    }
}

#[test]
fn a_card_certificate_verifies_under_its_policy_and_no_other() {
    let bench = Bench::new();
    let jlis = bench.jlis(1);
    bench.file("roots.pem", jlis.roots_pem(AUTHENTICATION).unwrap());
    let issued = card(jlis.newest(AUTHENTICATION).unwrap(), 0x0135_12ab, validity(-10, 1000)).unwrap();
    bench.file("card.pem", issued.pem().unwrap());
    let policy = ["-policy", AUTHENTICATION_POLICY_OID, "-explicit_policy"];
    verify(&bench, "roots.pem", &policy, "card.pem").accepts();
    let production = ["-policy", "1.2.392.200149.8.5.1.3.30", "-explicit_policy"];
    verify(&bench, "roots.pem", &production, "card.pem").refuses("no explicit policy");
    bench.file("signature-roots.pem", jlis.roots_pem(SIGNATURE).unwrap());
    verify(&bench, "signature-roots.pem", &policy, "card.pem")
        .refuses("unable to get local issuer certificate");
}

/// Clocks have milliseconds, certificates have not.
#[test]
fn an_authority_and_its_cards_may_begin_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant(now().0 - now().0.rem_euclid(1000) + 789);
    let jlis = SimulatedJlis::create(&folder.path().join("jlis"), &JlisOptions::default(), begun).unwrap();
    let authority = jlis.newest(AUTHENTICATION).unwrap();
    let period = Validity::new(begun, Instant(begun.0 + 86_400_123)).unwrap();
    let issued = card(authority, 0x0135_12ab, period).unwrap();
    assert_eq!(issued.validity, period);
    assert_eq!((period.not_before.0 % 1000, period.not_after.0 % 1000), (0, 0));
}

#[test]
fn a_card_certificate_has_the_profile_of_real_ones() {
    let bench = Bench::new();
    let jlis = bench.jlis(1);
    let issued = card(jlis.newest(AUTHENTICATION).unwrap(), 0x0135_12ab, validity(-10, 1000)).unwrap();
    bench.file("card.pem", issued.pem().unwrap());
    let shown =
        bench.openssl(&["x509", "-in", "card.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"]);
    for expected in [
        "C=JP,O=JPKI-TEST,OU=JPKI for user authentication,OU=Japan Agency for Local Authority Information Systems",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "TLS Web Client Authentication",
        "X509v3 Certificate Policies: critical\n                Policy: 1.2.392.200149.8.5.1.0.30\n                  CPS: ",
        "DirName:C = JP, O = JPKI-TEST, OU = JPKI for user authentication, OU = CRL Distribution Points",
        "OCSP - URI:http://ocsp.jlis.test/",
        "Serial Number: 20255403 (0x13512ab)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Public-Key: (2048 bit)",
        "serial:7F:00:00:01",
    ] {
        shown.says(expected);
    }
    assert!(!shown.text.contains("Basic Constraints"));
    let parsed = bench.openssl(&["asn1parse", "-in", "card.pem"]).text;
    let country =
        parsed.lines().filter(|line| line.contains("PRINTABLESTRING") && line.ends_with(":JP")).count();
    assert_eq!(country, 2, "country of issuer and subject");
    let common_name =
        parsed.lines().find(|line| line.contains("UTF8STRING") && line.contains("13104")).unwrap();
    assert_eq!(common_name.rsplit(':').next().unwrap().len(), 23);
}

#[test]
fn each_generation_is_told_apart_by_its_key() {
    let bench = Bench::new();
    let jlis = bench.jlis(2);
    let [first, second] = jlis.generations(AUTHENTICATION) else { panic!("two generations") };
    bench.file("first.pem", first.certificate_pem().unwrap());
    bench.file("second.pem", second.certificate_pem().unwrap());
    bench.file("both.pem", jlis.roots_pem(AUTHENTICATION).unwrap());
    bench.file("old.pem", card(first, 10, validity(-10, 10)).unwrap().pem().unwrap());
    bench.file("new.pem", card(second, 11, validity(-10, 10)).unwrap().pem().unwrap());
    for file in ["old.pem", "new.pem"] {
        verify(&bench, "both.pem", &[], file).accepts();
    }
    verify(&bench, "second.pem", &[], "new.pem").accepts();
    assert!(!verify(&bench, "first.pem", &[], "new.pem").success);
    assert!(!verify(&bench, "second.pem", &[], "old.pem").success);
    // One name, so one space of serial numbers.
    assert!(matches!(card(second, 10, validity(-10, 10)), Err(Error::Serial(10))));
    assert_eq!(first.certificate_id(10).unwrap().issuer, second.certificate_id(11).unwrap().issuer);
}

#[test]
fn cards_of_every_age_can_be_made() {
    let bench = Bench::new();
    let jlis = bench.jlis(1);
    let authority = jlis.newest(AUTHENTICATION).unwrap();
    bench.file("roots.pem", authority.certificate_pem().unwrap());
    let ages = [
        ("valid", validity(-100, 1700), None),
        ("expires-soon", validity(-1800, 30), None),
        ("grace", validity(-1830, -30), Some("certificate has expired")),
        ("expired", validity(-2000, -200), Some("certificate has expired")),
        ("not-yet", validity(30, 1800), Some("certificate is not yet valid")),
    ];
    for (serial, (name, period, problem)) in (1..).zip(ages) {
        let issued = card(authority, serial, period).unwrap();
        assert_eq!(issued.validity, period);
        bench.file(name, issued.pem().unwrap());
        let verdict = verify(&bench, "roots.pem", &[], name);
        match problem {
            None => verdict.accepts(),
            Some(problem) => verdict.refuses(problem),
        };
    }
    let outlives = card(authority, 9, validity(1000, 365 * 13));
    assert!(matches!(outlives, Err(Error::Lint(found)) if found.contains(&Finding::OutsideIssuer)));
}

#[test]
fn a_signature_certificate_carries_the_four_attributes() {
    let bench = Bench::new();
    let jlis = bench.jlis(1);
    let authority = jlis.newest(SIGNATURE).unwrap();
    bench.file("roots.pem", authority.certificate_pem().unwrap());
    let key = card_keys().key_of(0).public_key();
    let issued = authority.issue_signature_certificate(&person(), 7, key, validity(-10, 1000)).unwrap();
    bench.file("sign.pem", issued.pem().unwrap());
    let policy = ["-policy", SIGNATURE_POLICY_OID, "-explicit_policy"];
    let base = ["verify", "-x509_strict", "-CAfile", "roots.pem"];
    bench.openssl(&[&base[..], &policy, &["sign.pem"]].concat()).accepts();
    let shown =
        bench.openssl(&["x509", "-in", "sign.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"]);
    shown.says("Digital Signature, Non Repudiation").says("C=JP,L=Tokyo-to,L=Shinjuku-ku,CN=");
    let shown = bench.openssl(&["x509", "-in", "sign.pem", "-noout", "-ext", "subjectAltName"]);
    for arc in 1..=6 {
        shown.says(&format!("1.2.392.200149.8.5.5.{arc}"));
    }
    shown.says("319800217").says("髙﨑 𠮷辻\u{E0100}").says("東京都新宿区見本町一丁目１番１号");
    assert_eq!(format!("{:?}", person().attributes), "SignatureAttributes(…)", "never shown in logs");

    let other = jlis.newest(AUTHENTICATION).unwrap();
    assert!(other.issue_signature_certificate(&person(), 7, key, validity(-1, 1)).is_err());
}

#[test]
fn beside_its_owner_an_authority_makes_known_cards_again_and_writes_nothing() {
    let bench = Bench::new();
    let owner = bench.jlis(1);
    let known = owner.newest(AUTHENTICATION).unwrap();
    known.reserve_serials(1, 100).unwrap();
    let folder = bench.path("jlis");
    assert!(matches!(SimulatedJlis::open(&folder), Err(Error::InUse(_))), "one owner at a time");
    let log = || bench.read("jlis/authentication/register.log");
    let before = log();
    let beside = SimulatedJlis::open_beside(&folder).unwrap();
    let authority = beside.newest(AUTHENTICATION).unwrap();
    assert_eq!(authority.certificate_der(), known.certificate_der());
    card(authority, 7, validity(-1, 1)).unwrap();
    assert!(matches!(card(authority, 101, validity(-1, 1)), Err(Error::InUse(_))), "nobody's number");
    let revoked = beside.revoke(AUTHENTICATION, 7, RevocationReason::KeyCompromise, now());
    assert!(matches!(revoked, Err(Error::InUse(_))));
    assert_eq!(log(), before);
    card(known, 101, validity(-1, 1)).expect("its owner goes on");
}

#[test]
fn many_cards_share_a_pool_of_keys() {
    let bench = Bench::new();
    let jlis = bench.jlis(1);
    let authority = jlis.newest(AUTHENTICATION).unwrap();
    authority.reserve_serials(1, 1_000_000).unwrap();
    let log = || bench.read("jlis/authentication/register.log").lines().count();
    let before = log();
    let names: Vec<_> =
        (1..=50).map(|serial| card(authority, serial, validity(-1, 1)).unwrap().fingerprint).collect();
    assert_eq!(log(), before, "no disk write for a reserved number");
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    assert_eq!(authority.next_serial().unwrap(), 1_000_001);

    card_keys().save(&bench.path("keys.pem")).unwrap();
    let again = KeyPool::load_or_generate(&bench.path("keys.pem"), 9).unwrap();
    assert_eq!(again.keys().len(), card_keys().keys().len());
    assert_eq!(again.key_of(5).public_key(), card_keys().key_of(5).public_key());
}

#[test]
fn a_card_is_named_by_issuer_and_serial() {
    let bench = Bench::new();
    let jlis = bench.jlis(1);
    let issued = card(jlis.newest(AUTHENTICATION).unwrap(), 0x000a_bcde, validity(-1, 1)).unwrap();
    let id = certificate_id(&issued.der).unwrap();
    assert_eq!(id, jlis.card_id(0x000a_bcde).unwrap());
    assert_eq!(id.serial, "abcde");
    assert_eq!(issued.serial, "abcde");
    bench.file("card.pem", issued.pem().unwrap());
    let serial = bench.openssl(&["x509", "-in", "card.pem", "-noout", "-serial"]).text.to_lowercase();
    assert_eq!(serial.trim(), "serial=0abcde");
}

#[test]
fn keys_and_serial_numbers_that_cards_never_have_are_refused() {
    let bench = Bench::new();
    let jlis = bench.jlis(1);
    let authority = jlis.newest(AUTHENTICATION).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let subject = CardSubject::of_serial("13104", 1).unwrap();
    let refused = authority.issue_card(&subject, 1, key.public_key(), validity(-1, 1));
    assert!(matches!(refused, Err(Error::Lint(found)) if found == [Finding::KeyKind("P-256".to_owned())]));
    for serial in [0, CARD_SERIAL_MAX + 1, u32::MAX] {
        assert!(matches!(card(authority, serial, validity(-1, 1)), Err(Error::Serial(_))), "{serial}");
    }
    for bad in ["", "997794E9AGCIEG13221003", "997794e9AGCIEG13221003A", "ＡＡＡＡＡＡＡ12"] {
        assert!(CardSubject::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn revoked_cards_are_on_the_list_with_their_reason() {
    let bench = Bench::new();
    let jlis = bench.jlis(2);
    let [first, second] = jlis.generations(AUTHENTICATION) else { panic!("two generations") };
    bench.file("roots.pem", first.certificate_pem().unwrap());
    let reasons = [
        (RevocationReason::KeyCompromise, "Key Compromise"),
        (RevocationReason::AffiliationChanged, "Affiliation Changed"),
        (RevocationReason::Superseded, "Superseded"),
        (RevocationReason::CessationOfOperation, "Cessation Of Operation"),
        (RevocationReason::CertificateHold, "Certificate Hold"),
        (RevocationReason::Unspecified, ""),
    ];
    for (serial, (reason, _)) in (1..).zip(reasons) {
        bench.file(&format!("{serial}.pem"), card(first, serial, validity(-10, 10)).unwrap().pem().unwrap());
        jlis.revoke(AUTHENTICATION, serial, reason, days_from_now(-2)).unwrap();
    }
    bench.file("good.pem", card(first, 50, validity(-10, 10)).unwrap().pem().unwrap());
    jlis.revoke(AUTHENTICATION, 50, RevocationReason::Superseded, days_from_now(3)).unwrap();
    card(second, 60, validity(-10, 10)).unwrap();
    jlis.revoke(AUTHENTICATION, 60, RevocationReason::KeyCompromise, days_from_now(-2)).unwrap();

    let crl = first.crl(now()).unwrap();
    bench.file("crl.pem", pem::encode(pem::CRL, &crl).unwrap());
    let shown =
        bench.openssl(&["crl", "-in", "crl.pem", "-noout", "-text", "-verify", "-CAfile", "roots.pem"]);
    shown.says("verify OK");
    for (_, text) in reasons {
        shown.says(text);
    }
    let check = ["-crl_check", "-CRLfile", "crl.pem"];
    for serial in 1..=6 {
        verify(&bench, "roots.pem", &check, &format!("{serial}.pem")).refuses("certificate revoked");
    }
    verify(&bench, "roots.pem", &check, "good.pem").accepts();
    let list = VerifiedCrl::verify(&crl, first.certificate_der(), now()).unwrap();
    assert_eq!(list.len(), 6, "not the one revoked in the future, not the other generation's");
    assert_eq!(list.issuer, first.certificate_id(1).unwrap().issuer);
    assert!(VerifiedCrl::verify(&crl, second.certificate_der(), now()).is_err());
}

#[test]
fn a_jlis_opened_again_remembers() {
    let bench = Bench::new();
    {
        let jlis = bench.jlis(1);
        let authority = jlis.newest(AUTHENTICATION).unwrap();
        authority.reserve_serials(100, 200).unwrap();
        card(authority, 201, validity(-1, 1)).unwrap();
        jlis.revoke(AUTHENTICATION, 150, RevocationReason::Superseded, days_from_now(-1)).unwrap();
        // Repeating changes neither date nor reason.
        jlis.revoke(AUTHENTICATION, 150, RevocationReason::KeyCompromise, now()).unwrap();
        authority.crl(now()).unwrap();
    }
    let jlis = bench.jlis(1);
    let authority = jlis.newest(AUTHENTICATION).unwrap();
    assert_eq!(authority.status(99, now()), CertificateStatus::Unknown);
    assert_eq!(authority.status(100, now()), CertificateStatus::Good);
    assert_eq!(authority.status(201, now()), CertificateStatus::Good);
    assert_eq!(authority.status(202, now()), CertificateStatus::Unknown);
    let CertificateStatus::Revoked(how) = authority.status(150, now()) else { panic!("revoked") };
    assert_eq!(how.reason, RevocationReason::Superseded);
    assert_eq!(authority.status(150, days_from_now(-2)), CertificateStatus::Good, "as known then");
    let list =
        VerifiedCrl::verify(&authority.crl(now()).unwrap(), authority.certificate_der(), now()).unwrap();
    assert_eq!((list.number, list.len()), (2, 1));
    assert!(matches!(
        jlis.revoke(AUTHENTICATION, 7, RevocationReason::Superseded, Instant(0)),
        Err(Error::NotIssued(_))
    ));
    assert!(SimulatedJlis::open(&bench.path("elsewhere")).is_err());
}
