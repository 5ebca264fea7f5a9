//! The issuing key on a PKCS#11 token (SoftHSM), by configuration alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hyper::Method;
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::pkcs11::Token;
use pki::root::RootAuthority;
use pki::serial::Serial;
use pki::{Validity, pem};
use server::config::{AuthorityToken, Config};
use server::terminal_api::status::STATUS_PATH;
use testkit::system::Engine;

use crate::ca_support::Site;

const SOFTHSM: [&str; 2] =
    ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
const PIN: &str = "2468-13579";
/// Set when this test runs again in a process of its own: the token's library reads its settings once.
const AGAIN: &str = "SHIKAKU_TEST_TOKEN_FOLDER";

#[test]
fn a_key_on_a_token_issues_what_a_key_in_a_file_does() {
    if let Some(folder) = std::env::var_os(AGAIN) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(with_token(PathBuf::from(folder)));
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("tokens")).expect("a folder");
    let settings = format!("directories.tokendir = {}\n", folder.path().join("tokens").display());
    let file = folder.path().join("softhsm2.conf");
    std::fs::write(&file, settings).expect("a file");
    let init = ["--init-token", "--free", "--label", "issuing", "--so-pin", "9753-86420", "--pin", PIN];
    let made = Command::new("softhsm2-util").args(init).env("SOFTHSM2_CONF", &file).output();
    assert!(made.expect("apt-get install softhsm2").status.success());
    let own = std::env::current_exe().expect("this program");
    let name = "ca_token::a_key_on_a_token_issues_what_a_key_in_a_file_does";
    let output = Command::new(own)
        .args(["--exact", name, "--nocapture"])
        .env("SOFTHSM2_CONF", &file)
        .env(AGAIN, folder.path())
        .output()
        .expect("runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn library() -> PathBuf {
    let found = SOFTHSM.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("SoftHSM is needed for this test: apt-get install softhsm2")
}

/// A second issuing authority below the test's root, whose key never was in a file.
fn on_token(config: &mut Config, folder: &Path) {
    let authority = config.authority.as_mut().expect("an authority");
    let ca = authority.root_certificate.parent().expect("a folder");
    let root_key = PrivateKey::load(&ca.join(pki::authority::ROOT_KEY_FILE)).expect("the root's key");
    let text = std::fs::read_to_string(&authority.root_certificate).expect("the root");
    let root =
        RootAuthority::open(&root_key, pem::decode(pem::CERTIFICATE, &text).expect("PEM")).expect("a root");
    let token = Token::open(&library(), "issuing", PIN).expect("a token");
    let key = token.generate("issuing-2", KeyAlgorithm::P384).expect("a key");
    let now = server::Clock::system().now();
    let serial = Serial::random().expect("a number").stored();
    let public = pki::issuing_key::IssuingKey::public_key(&key);
    let der = root.certify_issuing(2, public, &serial, Validity::of_issuing(now).expect("a period"));
    let certificate = folder.join("issuing-2.pem");
    let text = pem::encode(pem::CERTIFICATE, &der.expect("a certificate")).expect("PEM");
    std::fs::write(&certificate, text).expect("a file");
    std::fs::write(folder.join("pin"), PIN).expect("a file");
    authority.issuing_key = None;
    authority.issuing_certificate = certificate;
    authority.token = Some(AuthorityToken {
        library: library(),
        label: "issuing".to_owned(),
        key: "issuing-2".to_owned(),
        pin_file: folder.join("pin"),
    });
}

async fn with_token(folder: PathBuf) {
    let site = Site::with(Engine::Sqlite, |config| on_token(config, &folder)).await;
    // The clock stood still while the second authority was made; nothing is issued before its time.
    site.system.hands.advance(Duration::from_secs(60));
    let terminal = site.terminal("o1").await;
    let connection = terminal.connect().await.expect("a connection");
    let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
    assert_eq!(reply.status, 200);
    site.parts().publication.run().await.expect("publishes");
    let (status, _, root) = crate::ca_support::fetch(site.distribution(), "/root.cer").await;
    assert_eq!((status, root.as_ref()), (200, site.system.authority.certificate_der()));
    site.system.stop().await;
}
