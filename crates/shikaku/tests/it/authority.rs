//! `shikaku ca`, judged by OpenSSL.

use std::{path::Path, process::Command};

use crate::program::{document, run, succeed};

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
    openssl(&["verify", "-purpose", "sslclient", "-CAfile", text(&root), text(&certificate)]);

    let serial = issued["serial"].as_str().expect("a serial number");
    succeed(["ca", "revoke", "--dir", text(&ca), "--serial", serial, "--reason", "keyCompromise"]);
    let list = folder.path().join("revoked.crl.pem");
    succeed(["ca", "crl", "--dir", text(&ca), "--out", text(&list)]);
    let refused = Command::new("openssl")
        .args(["verify", "-crl_check", "-CAfile", text(&root), "-CRLfile", text(&list), text(&certificate)])
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
