//! The lint, shown certificates that OpenSSL made with one fault each.

use pki::lint::{self, Finding, Kind};
use pki::pem;

use crate::bench::{Bench, card_keys, now, subject, validity};
use pki::jlis::{CardAuthorityKind, CardSubject};

const RIGHT: [&str; 5] = [
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=clientAuth",
    "subjectKeyIdentifier=hash",
    "authorityKeyIdentifier=keyid",
];

/// A terminal certificate by OpenSSL with our root's key: right, except for what the test changes.
fn made_by_openssl(bench: &Bench, extensions: &[&str], more: &[&str]) -> Vec<Finding> {
    bench.authority();
    bench.file("extensions", extensions.join("\n"));
    let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    bench.openssl(&[&["genpkey", "-out", "key.pem"], &curve[..]].concat()).accepts();
    let name = ["-subj", "/C=JP/O=1319990012/CN=受付1"];
    let request = ["req", "-new", "-utf8", "-key", "key.pem", "-out", "request.pem"];
    bench.openssl(&[&request[..], &name].concat()).accepts();
    let base = ["x509", "-req", "-in", "request.pem", "-CA", "issuing.pem", "-CAkey", "ca/issuing.key.pem"];
    let out = ["-extfile", "extensions", "-out", "made.pem"];
    let serial = "-set_serial\u{0}0x4123456789abcdef0123456789abcdef01234567";
    let usual: Vec<&str> =
        if more.contains(&"-set_serial") { vec![] } else { serial.split('\u{0}').collect() };
    let digest: &[&str] = if more.contains(&"-sha512") { &[] } else { &["-sha384"] };
    bench.openssl(&[&base[..], &usual, digest, more, &out].concat()).accepts();
    let der = pem::decode(pem::CERTIFICATE, &bench.read("made.pem")).unwrap();
    lint::check(Kind::Terminal, &der).unwrap()
}

#[test]
fn a_right_certificate_by_somebody_else_has_no_findings() {
    assert_eq!(made_by_openssl(&Bench::new(), &RIGHT, &["-days", "1000"]), []);
}

#[test]
fn every_fault_is_found() {
    let bench = Bench::new();
    let with = |fault: usize, by: &str| {
        let mut lines = RIGHT.to_vec();
        lines[fault] = by;
        made_by_openssl(&bench, &lines, &[])
    };
    let content = |name| Finding::Content(name);
    assert_eq!(with(0, "basicConstraints=CA:FALSE"), [Finding::Criticality("basicConstraints")]);
    assert_eq!(with(0, "basicConstraints=critical,CA:TRUE"), [content("basicConstraints")]);
    assert_eq!(with(0, ""), [Finding::Missing("basicConstraints"), content("basicConstraints")]);
    assert_eq!(with(1, "keyUsage=digitalSignature"), [Finding::Criticality("keyUsage")]);
    assert_eq!(with(1, "keyUsage=critical,digitalSignature,keyCertSign"), [content("keyUsage")]);
    assert_eq!(with(2, "extendedKeyUsage=clientAuth,serverAuth"), [content("extKeyUsage")]);
    assert_eq!(with(2, "extendedKeyUsage=serverAuth"), [content("extKeyUsage")]);
    assert_eq!(with(2, "extendedKeyUsage=critical,clientAuth"), [Finding::Criticality("extKeyUsage")]);
    let names = "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:a.example";
    assert_eq!(with(2, names), [Finding::Unexpected("2.5.29.17".to_owned()), content("subjectAltName")]);
    let comment = "extendedKeyUsage=clientAuth\nnsComment=x";
    assert_eq!(with(2, comment), [Finding::Unexpected("2.16.840.1.113730.1.13".to_owned())]);

    let made = |more: &[&str]| made_by_openssl(&bench, &RIGHT, more);
    assert_eq!(made(&["-set_serial", "1"]), [Finding::Serial]);
    assert_eq!(made(&["-days", "1200"]), [Finding::ValidityTooLong]);
    assert_eq!(made(&["-sha512"]), [Finding::SignatureAlgorithm]);
}

#[test]
fn what_we_issue_is_clean_and_not_another_kind() {
    let bench = Bench::new();
    let authority = bench.authority();
    let (_, terminal) = authority.issue_terminal_with_key(&subject("受付"), now()).unwrap();
    assert_eq!(lint::check(Kind::Terminal, &terminal.der).unwrap(), []);
    assert_eq!(lint::check(Kind::InstitutionRoot, authority.certificate_der()).unwrap(), []);
    assert!(!lint::check(Kind::Server, &terminal.der).unwrap().is_empty());

    let jlis = bench.jlis(1);
    let cards = jlis.newest(CardAuthorityKind::Authentication).unwrap();
    let name = CardSubject::of_serial("13104", 5).unwrap();
    let card = cards.issue_card(&name, 5, card_keys().key_of(5).public_key(), validity(-1, 1)).unwrap();
    assert_eq!(lint::check(Kind::CardAuthentication, &card.der).unwrap(), []);
    assert_eq!(lint::check(Kind::CardRoot, cards.certificate_der()).unwrap(), []);
    assert!(!lint::check(Kind::CardSignature, &card.der).unwrap().is_empty());
}
