//! Issuing keys on a PKCS#11 token (SoftHSM), and PKCS#12 files read by NSS.

use std::path::{Path, PathBuf};
use std::process::Command;

use pki::crl::{Revocation, RevocationReason};
use pki::distribution::Distribution;
use pki::issuing::{ListMoment, Profile};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::ocsp::{Signer, Status};
use pki::pkcs11::Token;
use pki::serial::Serial;
use pki::{Error, Validity, pem};

use crate::bench::{Bench, days_from_now, now, subject};
use crate::issuing::{below_new_root, terminal, write_authorities};

const SOFTHSM: [&str; 2] =
    ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
const PIN: &str = "2468-13579";

fn softhsm() -> PathBuf {
    let found = SOFTHSM.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("SoftHSM is needed for these tests: apt-get install softhsm2")
}

fn program(name: &str, package: &str, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(name)
        .args(arguments)
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .current_dir(folder)
        .output();
    let output = output.unwrap_or_else(|_| panic!("{name} is needed: apt-get install {package}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The name of this test when it runs again in a process of its own: the token's library reads its settings
/// from the environment, once.
const AGAIN: &str = "SHIKAKU_TEST_TOKEN_FOLDER";

#[test]
fn keys_on_a_token_issue_certificates_lists_and_answers() {
    if let Some(folder) = std::env::var_os(AGAIN) {
        return with_token(Path::new(&folder));
    }
    let bench = Bench::new();
    let folder = bench.path("");
    std::fs::create_dir(folder.join("tokens")).unwrap();
    bench.file("softhsm2.conf", format!("directories.tokendir = {}\n", folder.join("tokens").display()));
    let init = ["--init-token", "--free", "--label", "issuing", "--so-pin", "9753-86420", "--pin", PIN];
    let (made, said) = program("softhsm2-util", "softhsm2", &folder, &init);
    assert!(made, "{said}");
    let own = std::env::current_exe().unwrap();
    let output = Command::new(own)
        .args(["--exact", "token::keys_on_a_token_issue_certificates_lists_and_answers", "--nocapture"])
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .env(AGAIN, &folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

fn with_token(folder: &Path) {
    let library = softhsm();
    assert!(matches!(Token::open(&library, "issuing", "0000"), Err(Error::Token(_))), "wrong PIN");
    assert!(matches!(Token::open(&library, "nobody", PIN), Err(Error::Token(_))), "no such token");
    assert!(matches!(Token::open(&folder.join("none.so"), "issuing", PIN), Err(Error::Token(_))));
    for (label, algorithm) in [("p256", KeyAlgorithm::P256), ("p384", KeyAlgorithm::P384)] {
        let open = || Token::open(&library, "issuing", PIN).unwrap();
        drop(open().generate(label, algorithm).unwrap());
        assert!(matches!(open().generate(label, algorithm), Err(Error::AlreadyExists(_))));
        assert!(matches!(open().key("missing"), Err(Error::Token(_))));
        // Found again, as after a restart.
        issues(Box::new(open().key(label).unwrap()));
    }
}

fn issues(key: Box<dyn pki::issuing_key::IssuingKey>) {
    let bench = Bench::new();
    let world = below_new_root(key, Some(Distribution::new("http://crl.example", 1).unwrap()));
    write_authorities(&bench, &world.issuing);
    let (good, lost) = (terminal(&world.issuing, "良"), terminal(&world.issuing, "失"));
    bench.file("good.pem", good.pem().unwrap());
    bench.file("lost.pem", lost.pem().unwrap());
    let how = Revocation { at: days_from_now(-1), reason: RevocationReason::KeyCompromise };
    let moment = ListMoment { number: 1, this_update: now(), next_update: days_from_now(7) };
    let list = world.issuing.crl_shard(0, &[(lost.serial.clone(), how)], moment).unwrap();
    bench.file("list.pem", pem::encode(pem::CRL, &list).unwrap());
    let base = ["verify", "-x509_strict", "-purpose", "sslclient", "-crl_check", "-CRLfile", "list.pem"];
    let verify = |file| {
        let rest = ["-extended_crl", "-CAfile", "root.pem", "-untrusted", "issuing.pem", file];
        bench.openssl(&[&base[..], &rest].concat())
    };
    verify("good.pem").accepts();
    verify("lost.pem").refuses("certificate revoked");

    let own = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let serial = Serial::random().unwrap().stored();
    let validity = Validity::of_responder(now()).unwrap();
    let issued = world.issuing.issue(Profile::OcspSigner, serial, own.public_key(), validity).unwrap();
    let signer = Signer::new(&world.issuing, Box::new(own), &issued).unwrap();
    let answer = signer.presign(&lost.serial, Status::Revoked(how), now(), days_from_now(1)).unwrap();
    bench.file("answer.der", answer);
    let ask = ["ocsp", "-issuer", "issuing.pem", "-cert", "lost.pem", "-respin", "answer.der", "-no_nonce"];
    let trust = ["-CAfile", "root.pem", "-verify_other", "issuing.pem"];
    bench.openssl(&[&ask[..], &trust].concat()).says("Response verify OK").says("lost.pem: revoked");
}

#[test]
fn nss_imports_the_pkcs12_file_with_its_password_only() {
    let bench = Bench::new();
    let authority = bench.authority();
    let (key, issued) = authority.issue_terminal_with_key(&subject("髙﨑受付"), now()).unwrap();
    bench.file("terminal.p12", authority.pkcs12("terminal", &key, &issued, "correct-horse-battery").unwrap());
    let folder = bench.path("");
    std::fs::create_dir(folder.join("nss")).unwrap();
    let nss = |name: &str, arguments: &[&str]| program(name, "libnss3-tools", &folder, arguments);
    let (made, said) = nss("certutil", &["-N", "-d", "sql:nss", "--empty-password"]);
    assert!(made, "{said}");
    let import = |password: &str| nss("pk12util", &["-i", "terminal.p12", "-d", "sql:nss", "-W", password]);
    let (done, said) = import("wrong-horse-battery");
    assert!(!done && said.contains("PKCS12"), "a wrong password must be refused: {said}");
    let (done, said) = import("correct-horse-battery");
    assert!(done, "{said}");
    let (_, keys) = nss("certutil", &["-K", "-d", "sql:nss"]);
    assert!(keys.contains("髙﨑受付"), "the key is in the database: {keys}");
    let (_, listed) = nss("certutil", &["-L", "-d", "sql:nss"]);
    let with_key: Vec<&str> = listed.lines().filter(|line| line.contains("u,u,u")).collect();
    assert_eq!(with_key.len(), 1, "{listed}");
    let name = with_key[0].rsplit_once(' ').unwrap_or_default().0.trim();
    let (_, chain) = nss("certutil", &["-O", "-d", "sql:nss", "-n", name]);
    // Leaf below issuing authority below root, all three from the file.
    assert!(
        chain.contains("OU=Issuing CA 1") && chain.contains("CN=Online Billing NW Common RootCA"),
        "{chain}"
    );
    assert_eq!(chain.lines().filter(|line| line.contains('[')).count(), 3, "{chain}");
}
