//! The certificate authority of a test's central side: its settings, and certificates straight from its desk.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::CertificateUses;
use pki::keys::{KeyAlgorithm, PrivateKey};
use server::ca::CertificateOrder;
use server::config::{Authority, AuthorityLetters, Config};

use crate::system::TestSystem;

const FONTS: &str = "/usr/share/fonts/truetype/bizud-gothic";
const FALLBACK: [&str; 2] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
];

/// How letters look, and in which fonts.
///
/// # Panics
/// When the fonts are not installed.
#[must_use]
pub fn letters() -> AuthorityLetters {
    let font = |name: &str| PathBuf::from(FONTS).join(name);
    for path in [FONTS, FALLBACK[0]] {
        assert!(Path::new(path).exists(), "apt-get install fonts-morisawa-bizud-gothic fonts-noto-cjk");
    }
    AuthorityLetters {
        sender: "架空オンライン資格確認 認証局".to_owned(),
        contact: "電話 0120-000-000（平日 9:00〜17:00）".to_owned(),
        retrieval_site: "http://localhost/".to_owned(),
        regular: font("BIZUDPGothic-Regular.ttf"),
        bold: font("BIZUDPGothic-Bold.ttf"),
        fallback: vec![FALLBACK[0].into()],
        bold_fallback: vec![FALLBACK[1].into()],
    }
}

/// Gives a configuration an authority whose folder lies beside the server's keys.
///
/// # Panics
/// When its keys cannot be written.
pub fn with_authority(config: &mut Config) {
    let folder = config.terminal_api.certificate.parent().expect("a folder").to_owned();
    let log = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    log.save(&folder.join("log.key")).expect("a key file");
    pki::keys::write_private(&folder.join("secret.key"), "5a".repeat(32).as_bytes()).expect("a key file");
    let of_authority = |name: &str| folder.join("ca").join(name);
    config.authority = Some(Authority {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        certificate: None,
        key: None,
        origin: None,
        distribution_listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        distribution_url: "http://crl.example".to_owned(),
        shards: 4,
        root_certificate: of_authority(pki::authority::ROOT_CERTIFICATE_FILE),
        issuing_certificate: of_authority(pki::authority::ISSUING_CERTIFICATE_FILE),
        issuing_key: Some(of_authority(pki::authority::ISSUING_KEY_FILE)),
        token: None,
        log_key: folder.join("log.key"),
        secret_key: folder.join("secret.key"),
        letters: letters(),
    });
}

/// A certificate that the authority's desk issued now without a letter: its key, and its chain as PEM.
///
/// # Panics
/// When the system has no authority, or it refuses.
pub async fn issued_now(
    system: &TestSystem,
    institution: &InstitutionCode,
    terminal: &str,
) -> (PrivateKey, String) {
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let order = CertificateOrder {
        institution: institution.clone(),
        order_id: format!("test:{}", key.public_key().fingerprint()),
        terminal_name: terminal.to_owned(),
        uses: CertificateUses::EligibilityAndBilling,
        key: key.public_key().clone(),
        predecessor: None,
        retrieval_number: None,
        actor: "test".to_owned(),
    };
    let desk = &system.server.authority().expect("an authority").parts.desk;
    let issued = desk.issue(order).await.expect("a certificate");
    (key, issued.chain_pem)
}
