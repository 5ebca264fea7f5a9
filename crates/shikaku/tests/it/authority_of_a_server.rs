//! `shikaku ca` where a server has an authority of its own, and where another issuing authority is wanted.

use std::path::{Path, PathBuf};
use std::process::Command;

use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::RevocationReason;
use store::{InstitutionCertificate, LogEntry, Options, Store};

use crate::{
    population::settings,
    program::{document, run, shikaku, succeed},
};

const CODE: &str = "1319990012";
const SOFTHSM: [&str; 2] =
    ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
const PIN: &str = "2468-13579";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The settings of a server with the authority of `ca init`.
fn with_authority(folder: &Path) -> PathBuf {
    let file = settings(folder);
    let mut written = std::fs::read_to_string(&file).expect("settings");
    written += r#"
        [authority]
        listen = "127.0.0.1:0"
        distribution_url = "http://crl.example"
        root_certificate = "ca/root.cert.pem"
        issuing_certificate = "ca/issuing.cert.pem"
        issuing_key = "ca/issuing.key.pem"
        log_key = "none"
        secret_key = "secret.key"
        [authority.letters]
        sender = "x"
        contact = "x"
        retrieval_site = "x"
        regular = "none"
        bold = "none"
    "#;
    std::fs::write(&file, written).expect("written");
    std::fs::write(folder.join("secret.key"), "00".repeat(32)).expect("written");
    succeed(["ca", "init", "--dir", text(&folder.join("ca"))]);
    succeed(["migrate", "--config", text(&file)]);
    file
}

/// What the server's records and its public log have.
fn records(folder: &Path) -> (Vec<InstitutionCertificate>, Vec<LogEntry>) {
    let url = format!("sqlite:{}", folder.join("import.db").display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&url, Options::default()).await.expect("the database");
        let code = InstitutionCode::parse(CODE).expect("a code");
        let certificates = store.certificates_of(&code).await.expect("reads");
        (certificates, store.log_entries(0, 100).await.expect("reads"))
    })
}

#[test]
fn what_is_issued_by_hand_for_a_server_is_recorded_logged_and_revocable_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = with_authority(folder.path());
    let at = |name: &str| folder.path().join(name);
    let (first, second) = (at("first"), at("second"));
    let whose = ["--institution", CODE, "--terminal", "受付1", "--config", text(&config)];
    let issued =
        document(&succeed(["--json", "ca", "issue", "--out", text(&first)].into_iter().chain(whose)));
    let certificate = first.join("terminal.cert.pem");
    // A password that makes no file is told before anything is issued.
    let weak = at("weak.txt");
    std::fs::write(&weak, "short\n").expect("written");
    let command = ["ca", "renew", "--certificate", text(&certificate), "--config", text(&config)];
    let out = at("weak");
    let refused =
        run(command.into_iter().chain(["--out", text(&out), "--pkcs12-password-file", text(&weak)]));
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("password"));
    assert!(!out.join("terminal.key.pem").exists() && records(folder.path()).0.len() == 1);
    let renew = |out: &Path| {
        let which = ["--json", "ca", "renew", "--certificate", text(&certificate), "--out", text(out)];
        run(which.into_iter().chain(["--config", text(&config)]))
    };
    let renewed = renew(&second);
    assert_eq!(renewed.status.code(), Some(0), "{}", String::from_utf8_lossy(&renewed.stderr));
    let (known, log) = records(folder.path());
    assert_eq!((known.len(), log.len()), (2, 2));
    let serial = issued["serial"].as_str().expect("a serial number");
    assert!(known.iter().any(|one| one.serial == serial) && log.iter().any(|one| one.serial == serial));
    let verify = Command::new("openssl")
        .args(["verify", "-CAfile", text(&at("ca/root.cert.pem")), "-untrusted", text(&certificate)])
        .arg(&certificate)
        .status();
    assert!(verify.expect("apt-get install openssl").success());
    let of = ["ca", "revoke", "--serial", serial, "--reason", "keyCompromise"];
    let place = ["--certificate", text(&certificate), "--config", text(&config)];
    succeed(of.into_iter().chain(place));
    let (known, _) = records(folder.path());
    let revoked = known.iter().find(|one| one.serial == serial).and_then(|one| one.revocation);
    assert_eq!(revoked.expect("revoked").reason, RevocationReason::KeyCompromise);
    let again = renew(&at("third"));
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("revoked"));
    assert!(!at("third").exists(), "nothing is issued");
}

/// What a public log has stays there: a certificate whose key has nowhere to go must not come into it.
#[test]
fn a_folder_that_holds_a_key_is_noticed_before_anything_is_issued_or_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = with_authority(folder.path());
    let at = |name: &str| folder.path().join(name);
    let (ca, weak) = (at("ca"), at("password.txt"));
    std::fs::write(&weak, "correct-horse-battery\n").expect("written");
    let server =
        ["ca", "issue", "--dir", text(&ca), "--server", "central.example", "--config", text(&config)];
    let terminal = ["ca", "issue", "--institution", CODE, "--terminal", "受付1", "--config", text(&config)];
    let pkcs12 = terminal.into_iter().chain(["--pkcs12-password-file", text(&weak)]).collect::<Vec<_>>();
    let ways: [(&str, Vec<&str>, &str); 3] = [
        ("server", server.to_vec(), "server.key.pem"),
        ("terminal", terminal.to_vec(), "terminal.key.pem"),
        ("pkcs12", pkcs12, "terminal.p12"),
    ];
    for (name, command, secret) in ways {
        let out = at(name);
        std::fs::create_dir(&out).expect("a folder");
        std::fs::write(out.join(secret), "somebody's key").expect("written");
        let refused = run(command.iter().copied().chain(["--out", text(&out)]));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(secret) && said.contains("Nothing was issued"), "{name}: {said}");
        let files = std::fs::read_dir(&out).expect("a folder").count();
        assert_eq!(files, 1, "{name}: nothing was written beside it");
        assert_eq!(std::fs::read(out.join(secret)).expect("a file"), b"somebody's key", "{name}");
        let (known, log) = records(folder.path());
        assert_eq!((known.len(), log.len()), (0, 0), "{name}: nothing is recorded, nothing is in the log");
    }
    // With the folder empty the same commands do what they are for.
    std::fs::remove_file(at("server/server.key.pem")).expect("removed");
    succeed(server.into_iter().chain(["--out", text(&at("server"))]));
    assert_eq!(records(folder.path()).1.len(), 1);
    let again = run(server.into_iter().chain(["--out", text(&at("server"))]));
    assert_eq!((again.status.code(), records(folder.path()).1.len()), (Some(1), 1), "once is once");
}

#[test]
fn another_issuing_authority_comes_from_a_token_and_the_offline_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let ca = at("ca");
    succeed(["ca", "init", "--dir", text(&ca)]);
    let library = SOFTHSM.iter().map(PathBuf::from).find(|path| path.exists());
    let library = library.expect("SoftHSM is needed for this test: apt-get install softhsm2");
    std::fs::create_dir(at("tokens")).expect("a folder");
    let conf = at("softhsm2.conf");
    std::fs::write(&conf, format!("directories.tokendir = {}\n", at("tokens").display())).expect("written");
    std::fs::write(at("pin"), format!("{PIN}\n")).expect("written");
    let init = ["--init-token", "--free", "--label", "shikaku", "--so-pin", "9753-86420", "--pin", PIN];
    let made = Command::new("softhsm2-util").args(init).env("SOFTHSM2_CONF", &conf).output();
    assert!(made.expect("apt-get install softhsm2").status.success());
    let make = |out: &str| {
        let token = ["--library", text(&library), "--token", "shikaku", "--key", "issuing-2"];
        let files = [at("pin"), at(out)];
        let places = ["--pin-file", text(&files[0]), "--out", text(&files[1])];
        let all = ["--json", "ca", "issuing-key"].into_iter().chain(token).chain(places);
        shikaku(all).env("SOFTHSM2_CONF", &conf).output().expect("the program starts")
    };
    let key = make("issuing-2.pub.pem");
    assert_eq!(key.status.code(), Some(0), "{}", String::from_utf8_lossy(&key.stderr));
    let key = document(&String::from_utf8_lossy(&key.stdout));
    assert_eq!(make("other.pub.pem").status.code(), Some(1), "a key is never replaced");
    // The root's key comes out of its safe for this alone.
    let safe = at("root.key.pem");
    std::fs::rename(ca.join("root.key.pem"), &safe).expect("moved");
    let public = at("issuing-2.pub.pem");
    let base =
        ["--json", "ca", "certify-issuing", "--dir", text(&ca), "--number", "2", "--key", text(&public)];
    let without = run(base);
    assert_eq!(without.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&without.stderr).contains("the root's key is needed"));
    let certified = document(&succeed(base.into_iter().chain(["--root-key", text(&safe)])));
    assert_eq!(certified["key_fingerprint"], key["fingerprint"]);
    let certificate = ca.join("issuing-2.cert.pem");
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).output().expect("apt-get install openssl");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    openssl(&["verify", "-x509_strict", "-CAfile", text(&ca.join("root.cert.pem")), text(&certificate)]);
    let own = std::fs::read_to_string(&public).expect("a key");
    assert_eq!(openssl(&["x509", "-in", text(&certificate), "-noout", "-pubkey"]).trim(), own.trim());
    // One number, one authority.
    let twice = run(base.into_iter().chain(["--root-key", text(&safe)]));
    assert_eq!(twice.status.code(), Some(1));
}
