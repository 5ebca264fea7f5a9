//! Certificate requests: those made by OpenSSL and ourselves, and those refused.

use pki::Error;
use pki::csr::{self, Refusal};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::lint::Finding;
use pki::{Validity, pem};

use crate::bench::{Bench, now, subject};

const SUBJECT: &str = "/C=JP/O=1319990012/CN=受付1";

fn request(bench: &Bench, key: &[&str], subject: &str, more: &[&str]) -> String {
    bench.openssl(&[&["genpkey", "-out", "key.pem"], key].concat()).accepts();
    let base = ["req", "-new", "-utf8", "-key", "key.pem", "-out", "request.pem", "-subj", subject];
    bench.openssl(&[&base, more].concat()).accepts();
    bench.read("request.pem")
}

fn ec(curve: &'static str) -> Vec<&'static str> {
    vec!["-algorithm", "EC", "-pkeyopt", curve]
}

fn p256() -> Vec<&'static str> {
    ec("ec_paramgen_curve:P-256")
}

#[test]
fn a_request_by_openssl_becomes_a_certificate_for_its_key() {
    let bench = Bench::new();
    let authority = bench.authority();
    for digest in ["-sha256", "-sha384", "-sha512"] {
        let text = request(&bench, &p256(), SUBJECT, &[digest]);
        let issued = authority.issue_terminal_from_request(&subject("受付1"), &text, now()).unwrap();
        bench.file("terminal.pem", issued.pem().unwrap());
        bench
            .openssl(&[
                "verify",
                "-x509_strict",
                "-CAfile",
                "root.pem",
                "-untrusted",
                "issuing.pem",
                "-purpose",
                "sslclient",
                "terminal.pem",
            ])
            .accepts();
        let of_key = bench.openssl(&["pkey", "-in", "key.pem", "-pubout"]).text;
        assert_eq!(bench.openssl(&["x509", "-in", "terminal.pem", "-noout", "-pubkey"]).text, of_key);
    }
}

#[test]
fn our_own_request_is_understood_by_openssl() {
    let bench = Bench::new();
    let authority = bench.authority();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let name = subject("髙﨑𠮷 辻\u{E0100}");
    let text = csr::create_pem(&name, &key).unwrap();
    bench.file("request.pem", &text);
    let shown =
        bench.openssl(&["req", "-in", "request.pem", "-noout", "-verify", "-subject", "-nameopt", "utf8"]);
    shown.accepts().says("verify OK").says("髙﨑𠮷 辻\u{E0100}");
    authority.issue_terminal_from_request(&name, &text, now()).unwrap();
}

#[test]
fn what_a_request_asks_for_beyond_its_key_is_ignored() {
    let bench = Bench::new();
    let authority = bench.authority();
    let wishes = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "extendedKeyUsage=serverAuth"];
    let text = request(&bench, &p256(), SUBJECT, &wishes);
    let issued = authority.issue_terminal_from_request(&subject("受付1"), &text, now()).unwrap();
    bench.file("terminal.pem", issued.pem().unwrap());
    let shown = bench.openssl(&["x509", "-in", "terminal.pem", "-noout", "-text"]);
    shown.says("CA:FALSE").says("TLS Web Client Authentication");
    assert!(!shown.text.contains("Server Authentication"));
}

#[test]
fn keys_of_other_kinds_are_refused_by_name() {
    let bench = Bench::new();
    let foreign = |kind: &str| Refusal::KeyType(kind.to_owned());
    let kinds = [
        (
            vec!["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
            Refusal::WeakKey("RSA-1024".to_owned()),
        ),
        (ec("ec_paramgen_curve:P-192"), Refusal::WeakKey("P-192".to_owned())),
        (ec("ec_paramgen_curve:P-224"), Refusal::WeakKey("P-224".to_owned())),
        (vec!["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], foreign("RSA-2048")),
        (ec("ec_paramgen_curve:P-384"), foreign("P-384")),
        (ec("ec_paramgen_curve:P-521"), foreign("P-521")),
        (ec("ec_paramgen_curve:secp256k1"), foreign("EC 1.3.132.0.10")),
        (vec!["-algorithm", "ED25519"], foreign("Ed25519")),
    ];
    for (key, kind) in kinds {
        let text = request(&bench, &key, SUBJECT, &[]);
        assert_eq!(csr::check_pem(&text, &subject("受付1")).unwrap_err(), kind);
    }
}

#[test]
fn other_subjects_are_refused() {
    let bench = Bench::new();
    let wrong = [
        "/C=JP/O=1319990012/CN=受付2",
        "/C=JP/O=2719990012/CN=受付1",
        "/C=US/O=1319990012/CN=受付1",
        "/C=JP/O=1319990012/OU=x/CN=受付1",
        "/C=JP/O=1319990012/CN=受付1/CN=受付1",
        "/O=1319990012/CN=受付1",
        "/C=JP/O=1319990012+CN=受付1",
    ];
    for name in wrong {
        let text = request(&bench, &p256(), name, &["-multivalue-rdn"]);
        assert_eq!(csr::check_pem(&text, &subject("受付1")).unwrap_err(), Refusal::Subject, "{name}");
    }
}

#[test]
fn a_request_signed_by_another_key_is_refused() {
    let bench = Bench::new();
    let text = request(&bench, &p256(), SUBJECT, &[]);
    let mut der = pem::decode(pem::CERTIFICATE_REQUEST, &text).unwrap();
    assert!(csr::check(&der, &subject("受付1")).is_ok());
    let last = der.len() - 1;
    der[last] ^= 1;
    assert_eq!(csr::check(&der, &subject("受付1")).unwrap_err(), Refusal::Signature);
}

#[test]
fn rubbish_is_refused() {
    let name = subject("受付1");
    assert_eq!(csr::check(&[0; csr::MAX_REQUEST_BYTES + 1], &name).unwrap_err(), Refusal::TooLarge);
    assert_eq!(csr::check(b"", &name).unwrap_err(), Refusal::Malformed);
    assert_eq!(csr::check_pem("-----BEGIN CERTIFICATE-----", &name).unwrap_err(), Refusal::Malformed);
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let as_key = pem::encode(pem::PRIVATE_KEY, &csr::create(&name, &key).unwrap()).unwrap();
    assert_eq!(csr::check_pem(&as_key, &name).unwrap_err(), Refusal::Malformed, "wrong label");
}

#[test]
fn the_lint_stops_a_foreign_key_that_no_request_has_shown() {
    let bench = Bench::new();
    let authority = bench.authority();
    let key = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
    let refused =
        authority.issue_terminal(&subject("受付"), key.public_key(), Validity::of_terminal(now()).unwrap());
    match refused {
        Err(Error::Lint(findings)) => assert_eq!(findings, [Finding::KeyKind("P-384".to_owned())]),
        other => panic!("{other:?}"),
    }
}
