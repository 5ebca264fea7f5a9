//! Root, server and terminal certificates, PKCS#12 and revocation in the institution network.

use std::os::unix::fs::PermissionsExt as _;

use eligibility::Instant;
use jiff::Timestamp;
use pki::authority::InstitutionAuthority;
use pki::crl::{RevocationReason, VerifiedCrl};
use pki::profile::{ServerName, TerminalIdentity};
use pki::{Error, TerminalName, TerminalSubject, Validity, csr, pem};

use crate::bench::{Bench, days_from_now, now, server_names, subject};

const RARE_NAME: &str = "髙﨑𠮷辻\u{E0100} 受付①";

#[test]
fn the_root_is_what_it_is_called() {
    let bench = Bench::new();
    bench.authority();
    let shown = bench.openssl(&["x509", "-in", "root.pem", "-noout", "-text"]);
    shown.says("CN = Online Billing NW Common RootCA").says("CA:TRUE, pathlen:1").says("secp384r1");
    shown.says("X509v3 Basic Constraints: critical").says("X509v3 Key Usage: critical");
    bench.openssl(&["verify", "-x509_strict", "-check_ss_sig", "-CAfile", "root.pem", "root.pem"]).accepts();
}

#[test]
fn a_server_certificate_serves_its_names_and_no_others() {
    let bench = Bench::new();
    let authority = bench.authority();
    let (_, issued) = authority.issue_server_with_key(&server_names(), now()).unwrap();
    bench.file("server.pem", issued.pem().unwrap());
    let verify = |more: &[&str]| {
        let base = ["verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem"];
        bench.openssl(&[&base, more, &["server.pem"]].concat())
    };
    verify(&["-purpose", "sslserver", "-verify_hostname", "central.example"]).accepts();
    verify(&["-purpose", "sslserver", "-verify_ip", "127.0.0.1"]).accepts();
    verify(&["-verify_hostname", "other.example"]).refuses("hostname mismatch");
    verify(&["-purpose", "sslclient"]).refuses("unsuitable certificate purpose");
}

#[test]
fn a_terminal_certificate_is_a_client_certificate_only() {
    let bench = Bench::new();
    let authority = bench.authority();
    let (_, issued) = authority.issue_terminal_with_key(&subject("受付1"), now()).unwrap();
    bench.file("terminal.pem", issued.pem().unwrap());
    let verify = |purpose: &str| {
        bench.openssl(&[
            "verify",
            "-x509_strict",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "issuing.pem",
            "-purpose",
            purpose,
            "terminal.pem",
        ])
    };
    verify("sslclient").accepts();
    verify("sslserver").refuses("unsuitable certificate purpose");
    let shown = bench.openssl(&["x509", "-in", "terminal.pem", "-noout", "-text"]);
    shown.says("X509v3 Basic Constraints: critical").says("CA:FALSE").says("X509v3 Key Usage: critical");
    shown.says("TLS Web Client Authentication").says("prime256v1");
    let print = bench.openssl(&["x509", "-in", "terminal.pem", "-noout", "-fingerprint", "-sha256"]);
    let print = print.text.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
    assert_eq!(print, issued.fingerprint);
}

#[test]
fn names_outside_the_common_character_sets_survive() {
    let bench = Bench::new();
    let authority = bench.authority();
    let (_, issued) = authority.issue_terminal_with_key(&subject(RARE_NAME), now()).unwrap();
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
    let shown = bench.openssl(&[
        "x509",
        "-in",
        "terminal.pem",
        "-noout",
        "-subject",
        "-nameopt",
        "utf8,sep_comma_plus",
    ]);
    shown.says(RARE_NAME).says("O=1319990012");
    let identity = TerminalIdentity::read(&issued.der).unwrap();
    assert_eq!(identity.subject, subject(RARE_NAME));
    assert_eq!(identity.fingerprint, issued.fingerprint);
    assert_eq!(identity.serial, issued.serial);
    assert_eq!(identity.validity, issued.validity);
}

#[test]
fn names_of_former_releases_are_read_and_renewed() {
    let bench = Bench::new();
    let authority = bench.authority();
    // Longer than new names may be, and not in composed form.
    for name in ["長".repeat(64), "\u{FA19}社か\u{3099}".to_owned()] {
        let terminal = TerminalName::of_certificate(&name).unwrap();
        let former = TerminalSubject { terminal, ..subject("受付1") };
        let (key, issued) = authority.issue_terminal_with_key(&former, now()).unwrap();
        let identity = TerminalIdentity::read(&issued.der).unwrap();
        assert_eq!(identity.subject, former);
        let request = csr::create_pem(&identity.subject, &key).unwrap();
        assert!(csr::check_pem(&request, &former).is_ok(), "{name}");
    }
}

#[test]
fn unusable_names_are_refused() {
    for bad in ["", " 　", "受付\u{0}", "受\n付", &"あ".repeat(41)] {
        let refused = TerminalName::parse(bad).map_err(Error::from);
        assert!(matches!(refused, Err(Error::Name(_))), "{bad:?}");
    }
    assert!(TerminalName::parse(&"あ".repeat(40)).is_ok());
    for bad in ["", "*.example", "a..b", "-a.example", "日本.example", "a b", &"a".repeat(65)] {
        assert!(matches!(ServerName::parse(bad), Err(Error::Name(_))), "{bad:?}");
    }
}

#[test]
fn a_terminal_certificate_lives_three_years_and_three_months_of_the_japanese_calendar() {
    let at = |text: &str| Instant(text.parse::<Timestamp>().unwrap().as_millisecond());
    let of = |text: &str| Validity::of_terminal(at(text)).unwrap();
    // One hour early because of late clocks; to the last second of the day.
    let plain = of("2026-11-22T10:00:00+09:00");
    assert_eq!(plain.not_before, at("2026-11-22T09:00:00+09:00"));
    assert_eq!(plain.not_after, at("2030-02-22T23:59:59+09:00"));
    // November 30 plus three months has no February 30.
    assert_eq!(of("2026-11-30T10:00:00+09:00").not_after, at("2030-02-28T23:59:59+09:00"));
    // In UTC this is still the 29th; in Japan it is the 30th.
    assert_eq!(of("2026-11-29T22:00:00Z").not_after, at("2030-02-28T23:59:59+09:00"));
}

#[test]
fn serial_numbers_are_long_and_never_the_same() {
    let bench = Bench::new();
    let authority = bench.authority();
    let serials: Vec<String> = (0..20)
        .map(|n| authority.issue_terminal_with_key(&subject(&format!("端末{n}")), now()).unwrap().1.serial)
        .collect();
    for (index, serial) in serials.iter().enumerate() {
        assert_eq!(serial.len(), 40, "twenty bytes");
        assert!(!serials[..index].contains(serial));
    }
    let mut heads: Vec<&str> = serials.iter().map(|serial| &serial[..32]).collect();
    heads.dedup();
    assert_eq!(heads.len(), 20);
}

#[test]
fn a_revoked_terminal_is_on_the_list_and_the_others_are_not() {
    let bench = Bench::new();
    let authority = bench.authority();
    let (_, lost) = authority.issue_terminal_with_key(&subject("盗難"), now()).unwrap();
    let (_, kept) = authority.issue_terminal_with_key(&subject("受付"), now()).unwrap();
    bench.file("lost.pem", lost.pem().unwrap());
    bench.file("kept.pem", kept.pem().unwrap());
    authority.revoke(&lost.serial, RevocationReason::KeyCompromise, now()).unwrap();
    assert!(matches!(
        authority.revoke("abc", RevocationReason::Unspecified, now()),
        Err(Error::NotIssued(_))
    ));
    let crl = authority.crl(now()).unwrap();
    bench.file("crl.pem", pem::encode(pem::CRL, &crl).unwrap());
    let shown =
        bench.openssl(&["crl", "-in", "crl.pem", "-noout", "-text", "-verify", "-CAfile", "issuing.pem"]);
    shown.says("verify OK").says("Key Compromise").says("X509v3 CRL Number");
    let verify = |file: &str| {
        let crl = ["-crl_check", "-CRLfile", "crl.pem"];
        let base = ["verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem"];
        bench.openssl(&[&base[..], &crl[..], &[file]].concat())
    };
    verify("kept.pem").accepts();
    verify("lost.pem").refuses("certificate revoked");

    let list = VerifiedCrl::verify(&crl, authority.issuing().certificate_der(), now()).unwrap();
    assert!(list.is_revoked(&lost.serial) && !list.is_revoked(&kept.serial));
    assert_eq!((list.len(), list.number), (1, 1));
}

#[test]
fn an_authority_opened_again_remembers() {
    let bench = Bench::new();
    let serial = {
        let authority = bench.authority();
        let (_, issued) = authority.issue_terminal_with_key(&subject("受付"), now()).unwrap();
        authority.revoke(&issued.serial, RevocationReason::Superseded, days_from_now(-1)).unwrap();
        authority.crl(now()).unwrap();
        issued.serial
    };
    // A crash in the middle of a line: what was not acknowledged is gone, the rest is there.
    let log = bench.path("ca").join("issued.log");
    let text = std::fs::read_to_string(&log).unwrap();
    let mut torn = text.into_bytes();
    torn.extend("issuing\tabc\tTerminal\t受".as_bytes());
    torn.pop();
    std::fs::write(&log, torn).unwrap();

    let again = bench.authority();
    again.issue_terminal_with_key(&subject("受付2"), now()).unwrap();
    let list =
        VerifiedCrl::verify(&again.crl(now()).unwrap(), again.issuing().certificate_der(), now()).unwrap();
    assert!(list.is_revoked(&serial));
    assert_eq!((list.len(), list.number), (1, 2));
    drop(again);
    bench.authority();
}

#[test]
fn one_folder_is_used_by_one_program() {
    let bench = Bench::new();
    let first = bench.authority();
    assert!(matches!(InstitutionAuthority::open(&bench.path("ca")), Err(Error::InUse(_))));
    drop(first);
    InstitutionAuthority::open(&bench.path("ca")).unwrap();
}

#[test]
fn lists_that_must_not_be_relied_on_are_refused() {
    let (bench, other) = (Bench::new(), Bench::new());
    let authority = bench.authority();
    let crl = authority.crl(now()).unwrap();
    let verify = |at| VerifiedCrl::verify(&crl, authority.issuing().certificate_der(), at);
    assert!(verify(now()).unwrap().is_empty());
    assert!(matches!(verify(days_from_now(8)), Err(Error::Malformed(_))), "past nextUpdate");
    assert!(matches!(verify(days_from_now(-1)), Err(Error::Malformed(_))), "before thisUpdate");
    // Same name, another key.
    let namesake = other.authority();
    assert!(VerifiedCrl::verify(&crl, namesake.issuing().certificate_der(), now()).is_err());
}

#[test]
fn a_pkcs12_file_opens_with_its_password_only() {
    let bench = Bench::new();
    let authority = bench.authority();
    let (key, issued) = authority.issue_terminal_with_key(&subject(RARE_NAME), now()).unwrap();
    let file = authority.pkcs12("terminal", &key, &issued, "correct-horse-battery").unwrap();
    bench.file("terminal.p12", file);
    let info = |password: &str| {
        bench.openssl(&[
            "pkcs12",
            "-info",
            "-in",
            "terminal.p12",
            "-passin",
            password,
            "-nodes",
            "-out",
            "all.pem",
        ])
    };
    let shown = info("pass:correct-horse-battery");
    shown.accepts().says("MAC: sha256").says("AES-256-CBC").says("Iteration 600000");
    let all = bench.read("all.pem");
    assert_eq!(all.matches("BEGIN CERTIFICATE").count(), 3, "terminal, issuing authority and root");
    assert_eq!(all.matches("BEGIN PRIVATE KEY").count(), 1);
    // The key in the file is the certificate's.
    let of_key = bench.openssl(&["pkey", "-in", "all.pem", "-pubout"]).text;
    let of_certificate = bench.openssl(&["x509", "-in", "all.pem", "-noout", "-pubkey"]).text;
    assert_eq!(of_key, of_certificate);
    info("pass:wrong-horse-battery").refuses("Mac verify error");
    assert!(authority.pkcs12("terminal", &key, &issued, "short").is_err());
}

#[test]
fn keys_are_for_their_owner_only_and_never_overwritten() {
    let bench = Bench::new();
    bench.authority();
    let key = bench.path("ca").join("root.key.pem");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&key), 0o600);
    assert_eq!(mode(&bench.path("ca").join("issued.log")), 0o600);
    assert_eq!(mode(&bench.path("ca")), 0o700);
    let before = std::fs::read(&key).unwrap();
    let again = InstitutionAuthority::create(&bench.path("ca"), now());
    assert!(matches!(again, Err(Error::AlreadyExists(_))));
    assert_eq!(std::fs::read(&key).unwrap(), before);
}
