//! Sections of the server's settings for the surfaces of joining, and the keys they name.

use anyhow::{Context, Result};
use eligibility::Instant;
use pki::{
    authority::{ISSUING_CERTIFICATE_FILE, ISSUING_KEY_FILE, InstitutionAuthority, ROOT_CERTIFICATE_FILE},
    keys::{KeyAlgorithm, PrivateKey, write_private},
    profile::ServerName,
};
use toml::{Table, Value};

use super::fonts::{self, LetterFonts};
use crate::{
    demo::{
        ports::Ports,
        premises::{save, section, text},
    },
    folder::DataFolder,
};

/// Seals the second factors of those who sign in.
pub(crate) const SECRETS_KEY: &str = "secrets.key";
/// Signs the public log of certificates.
const LOG_KEY: &str = "certificate-log.key.pem";
/// What 認証ID are hashed with.
const RETRIEVAL_KEY: &str = "retrieval.key";
const LINE_KEY: &str = "lineauth.key.pem";
const LINE_CERTIFICATE: &str = "lineauth.cert.pem";
/// The name of the page of line authentication.
pub(crate) const LINE_NAME: &str = "www.lineauth.mnw";
/// Shards of the revocation list: few, there are few certificates.
const SHARDS: i64 = 4;
/// Random bytes of a key that is no key pair.
const KEY_BYTES: usize = 32;

/// Keys and certificates that are not there yet.
pub(crate) fn prepare(folder: &DataFolder, authority: &InstitutionAuthority, now: Instant) -> Result<()> {
    for name in [SECRETS_KEY, RETRIEVAL_KEY] {
        if !folder.key(name).is_file() {
            let mut bytes = [0; KEY_BYTES];
            aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
            write_private(&folder.key(name), hex::encode(bytes).as_bytes())?;
        }
    }
    if !folder.key(LOG_KEY).is_file() {
        PrivateKey::generate(KeyAlgorithm::P256)?.save(&folder.key(LOG_KEY))?;
    }
    if !folder.key(LINE_CERTIFICATE).is_file() {
        let names = [ServerName::parse(LINE_NAME)?];
        let (key, issued) = authority.issue_server_with_key(&names, now)?;
        save(folder, LINE_KEY, LINE_CERTIFICATE, &key, &issued)
            .context("the certificate of the page of line authentication")?;
    }
    Ok(())
}

/// Adds the sections to the server's settings.
pub(crate) fn add(settings: &mut Table, ports: Ports) {
    let key = |name: &str| text(format!("keys/{name}"));
    let mut put = |name: &str, value: Value| {
        settings.insert(name.to_owned(), value);
    };
    put("secrets_key", key(SECRETS_KEY));
    put("portal", section([("listen", text(ports.portal()))]));
    put("operator", section([("listen", text(ports.operator()))]));
    put(
        "mail",
        section([
            ("server", text(format!("smtp://{}", ports.smtp()))),
            ("sender", text("医療機関等向け総合ポータルサイト <no-reply@portal.example>")),
        ]),
    );
    put(
        "line_authentication",
        section([
            ("listen", text(ports.line_authentication())),
            ("certificate", key(LINE_CERTIFICATE)),
            ("key", key(LINE_KEY)),
            ("required", Value::Boolean(true)),
        ]),
    );
    if let Some(fonts) = fonts::find() {
        put("authority", authority(ports, &fonts));
    }
}

fn authority(ports: Ports, fonts: &LetterFonts) -> Value {
    let of_authority = |name: &str| text(format!("ca/{name}"));
    let site = format!("http://{}", ports.authority());
    let file = |path: &std::path::Path| text(path.display());
    let (fallback, bold_fallback): (Vec<Value>, Vec<Value>) =
        fonts.fallback.iter().map(|(regular, bold)| (file(regular), file(bold))).unzip();
    let letters = section([
        ("sender", text("架空オンライン資格確認 認証局")),
        ("contact", text("電話 0120-000-000（平日 9:00〜17:00）")),
        ("retrieval_site", text(format!("{site}/"))),
        ("regular", file(&fonts.regular)),
        ("bold", file(&fonts.bold)),
        ("fallback", Value::Array(fallback)),
        ("bold_fallback", Value::Array(bold_fallback)),
    ]);
    section([
        ("listen", text(ports.authority())),
        ("distribution_url", text(&site)),
        ("shards", Value::Integer(SHARDS)),
        ("root_certificate", of_authority(ROOT_CERTIFICATE_FILE)),
        ("issuing_certificate", of_authority(ISSUING_CERTIFICATE_FILE)),
        ("issuing_key", of_authority(ISSUING_KEY_FILE)),
        ("log_key", text(format!("keys/{LOG_KEY}"))),
        ("secret_key", text(format!("keys/{RETRIEVAL_KEY}"))),
        ("letters", letters),
    ])
}
