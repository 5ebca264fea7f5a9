//! `shikaku ca`, judged by OpenSSL.

use std::{path::Path, process::Command};

use crate::{
    population::settings,
    program::{document, run, succeed},
};

fn openssl(arguments: &[&str]) -> String {
    let done = Command::new("openssl")
        .args(arguments)
        .output()
        .expect("the tests need openssl; `cargo xtask test` installs it, or: apt-get install openssl");
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The command that renews a certificate.
fn renewal<'a>(ca: &'a Path, certificate: &'a Path, out: &'a Path) -> [&'a str; 9] {
    let (ca, certificate, out) = (text(ca), text(certificate), text(out));
    ["--json", "ca", "renew", "--dir", ca, "--certificate", certificate, "--out", out]
}

#[test]
fn openssl_accepts_what_is_issued_and_refuses_what_is_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ca, certs) = (folder.path().join("ca"), folder.path().join("certs"));
    succeed(["ca", "init", "--dir", text(&ca)]);
    let root = ca.join("root.cert.pem");
    let issued = document(&succeed([
        "--json",
        "ca",
        "issue",
        "--dir",
        text(&ca),
        "--institution",
        "1319990012",
        "--terminal",
        "受付1",
        "--out",
        text(&certs),
    ]));
    let certificate = certs.join("terminal.cert.pem");
    // The file brings the issuing authority along.
    let chain = ["-untrusted", text(&certificate)];
    openssl(
        &[&["verify", "-purpose", "sslclient", "-CAfile", text(&root)], &chain[..], &[text(&certificate)]]
            .concat(),
    );

    let serial = issued["serial"].as_str().expect("a serial number");
    succeed(["ca", "revoke", "--dir", text(&ca), "--serial", serial, "--reason", "keyCompromise"]);
    let list = folder.path().join("revoked.crl.pem");
    succeed(["ca", "crl", "--dir", text(&ca), "--out", text(&list)]);
    let refused = Command::new("openssl")
        .args(["verify", "-crl_check", "-CAfile", text(&root), "-CRLfile", text(&list)])
        .args([&chain[..], &[text(&certificate)]].concat())
        .output()
        .expect("openssl");
    let said = [refused.stdout, refused.stderr].concat();
    assert!(
        String::from_utf8_lossy(&said).contains("certificate revoked"),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn a_root_is_never_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    succeed(["ca", "init", "--dir", text(folder.path())]);
    let before = std::fs::read(folder.path().join("root.key.pem")).expect("a key");
    let again = run(["ca", "init", "--dir", text(folder.path())]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(std::fs::read(folder.path().join("root.key.pem")).expect("a key"), before);
}

/// The common name and the organisation, as OpenSSL reads them.
fn subject(certificate: &Path) -> String {
    openssl(&["x509", "-in", text(certificate), "-noout", "-subject", "-nameopt", "RFC2253,utf8,-esc_msb"])
}

#[test]
fn a_renewed_certificate_is_of_the_same_terminal_and_the_old_one_stays_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (ca, first, second, third) = (at("ca"), at("first"), at("second"), at("third"));
    succeed(["ca", "init", "--dir", text(&ca)]);
    let terminal = ["--institution", "1319990012", "--terminal", "受付1", "--out", text(&first)];
    let old = document(&succeed(["--json", "ca", "issue", "--dir", text(&ca)].into_iter().chain(terminal)));
    let certificate = first.join("terminal.cert.pem");
    let renew = |out: &Path, more: &[&str]| run(renewal(&ca, &certificate, out).iter().chain(more));
    let renewed = renew(&second, &[]);
    assert_eq!(renewed.status.code(), Some(0), "{}", String::from_utf8_lossy(&renewed.stderr));
    assert_ne!(document(&String::from_utf8_lossy(&renewed.stdout))["serial"], old["serial"]);
    let root = ca.join("root.cert.pem");
    let next = second.join("terminal.cert.pem");
    for one in [&certificate, &next] {
        let chain = ["-untrusted", text(one), text(one)];
        openssl(
            &[&["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", text(&root)], &chain[..]]
                .concat(),
        );
    }
    assert_eq!(subject(&next), subject(&certificate));
    assert!(subject(&next).contains("O=1319990012"), "{}", subject(&next));
    let key_of = |file: &Path| openssl(&["x509", "-in", text(file), "-noout", "-pubkey"]);
    let own = openssl(&["pkey", "-in", text(&second.join("terminal.key.pem")), "-pubout"]);
    assert_eq!(key_of(&next), own);
    assert_ne!(key_of(&next), key_of(&certificate), "a new key");

    // From a request the key stays at the terminal; a request of another terminal is refused.
    let (key, request) = (at("own.key.pem"), at("own.csr.pem"));
    let ask = |name: &str| {
        let subject = format!("/C=JP/O=1319990012/CN={name}");
        openssl(&[
            "req",
            "-new",
            "-utf8",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            text(&key),
            "-subj",
            &subject,
            "-out",
            text(&request),
        ]);
    };
    ask("受付1");
    let renewed = renew(&third, &["--request", text(&request)]);
    assert_eq!(renewed.status.code(), Some(0), "{}", String::from_utf8_lossy(&renewed.stderr));
    assert_eq!(key_of(&third.join("terminal.cert.pem")), openssl(&["pkey", "-in", text(&key), "-pubout"]));
    assert!(!third.join("terminal.key.pem").exists());
    ask("受付2");
    assert_eq!(renew(&at("other"), &["--request", text(&request)]).status.code(), Some(1));
}

#[test]
fn what_is_revoked_or_anothers_is_not_renewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let issue = |authority: &Path, out: &Path| {
        succeed(["ca", "init", "--dir", text(authority)]);
        let terminal = ["--institution", "1319990012", "--terminal", "受付1", "--out", text(out)];
        document(&succeed(["--json", "ca", "issue", "--dir", text(authority)].into_iter().chain(terminal)))
    };
    let (own, other, certs, others) = (at("own"), at("other"), at("certs"), at("others"));
    let issued = issue(&own, &certs);
    issue(&other, &others);
    let renew = |certificate: &Path| {
        let out = at("renewed");
        let done = run([
            "ca",
            "renew",
            "--dir",
            text(&own),
            "--certificate",
            text(certificate),
            "--out",
            text(&out),
        ]);
        assert_eq!(done.status.code(), Some(1));
        assert!(!out.exists(), "nothing is issued");
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    assert!(renew(&others.join("terminal.cert.pem")).contains("issued here"));
    succeed(["ca", "revoke", "--dir", text(&own), "--serial", issued["serial"].as_str().expect("a serial")]);
    assert!(renew(&certs.join("terminal.cert.pem")).contains("revoked"));
}

#[test]
fn a_renewed_certificate_is_known_to_the_server_that_was_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (ca, first, config) = (at("ca"), at("first"), settings(folder.path()));
    succeed(["migrate", "--config", text(&config)]);
    succeed(["ca", "init", "--dir", text(&ca)]);
    let terminal = ["--institution", "1319990012", "--terminal", "受付1", "--out", text(&first)];
    succeed(["ca", "issue", "--dir", text(&ca)].into_iter().chain(terminal));
    let certificate = first.join("terminal.cert.pem");
    let renew = |out: &Path, config: &[&str]| {
        document(&succeed(renewal(&ca, &certificate, out).iter().chain(config)))["serial"]
            .as_str()
            .expect("a serial number")
            .to_owned()
    };
    let shut_out = |out: &Path, serial: &str| {
        let certificate = out.join("terminal.cert.pem");
        let base = ["ca", "revoke", "--dir", text(&ca), "--serial", serial, "--config", text(&config)];
        run(base.into_iter().chain(["--certificate", text(&certificate)])).status.code()
    };
    // Only what the server knows can be shut out of it.
    let (known, unknown) = (at("known"), at("unknown"));
    assert_eq!(shut_out(&known, &renew(&known, &["--config", text(&config)])), Some(0));
    assert_eq!(shut_out(&unknown, &renew(&unknown, &[])), Some(1));
}
