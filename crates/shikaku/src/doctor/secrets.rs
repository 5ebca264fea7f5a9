//! Keys that are no certificate's, the letters' fonts, and the address for patients.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use pki::{
    keys::{KeyAlgorithm, PrivateKey},
    letter::{FontFiles, Fonts},
};
use server::config::{AuthorityLetters, Config};
use store::audit::SigningKey;
use zeroize::Zeroizing;

use super::finding::{Finding, Found};
use crate::report::told;

/// The name of a host that is nobody's (RFC 2606): the default of `home_visit_origin`.
const NOBODYS: &str = ".invalid";

/// Whether each key can be used for what it is named for.
pub(super) fn look(config: &Config, found: &mut Found) {
    let seal = "openssl rand -hex 32 > FILE; chmod 600 FILE; name it, and keep a copy: what it sealed opens with it alone";
    match &config.secrets_key {
        Some(file) => check(found, "secrets_key", hex_key(file), seal),
        None if config.institution_web.is_some() => {
            let what =
                "there is no key that seals addresses of マイナ在宅受付Web, so institutions cannot make any";
            found.add(Finding::wrong("secrets_key", what, seal));
        }
        None => {}
    }
    let random = "openssl rand -hex 32 > FILE; chmod 600 FILE";
    if let Some(file) = &config.nonces.key {
        check(found, "nonces.key", hex_key(file), random);
    }
    let p256 = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out FILE; chmod 600 FILE";
    check(found, "receipts.key", p256_key(&config.receipts.key), p256);
    let ed25519 = "openssl genpkey -algorithm ED25519 -out FILE; chmod 600 FILE";
    check(found, "audit.key", audit_key(&config.audit.key), ed25519);
    if let Some(authority) = &config.authority {
        check(found, "authority.secret_key", hex_key(&authority.secret_key), random);
        check(found, "authority.log_key", p256_key(&authority.log_key), p256);
        check(found, "authority.letters", fonts(&authority.letters), FONTS);
    }
    home_visit(config, found);
}

const FONTS: &str = "apt-get install fonts-morisawa-bizud-gothic fonts-noto-cjk, and name their files \
    (docs/server.example.toml)";

fn check(found: &mut Found, setting: &str, looked: Result<()>, remedy: &str) {
    if let Err(error) = looked {
        found.add(Finding::wrong(setting, told(&error), remedy));
    }
}

fn read(file: &Path) -> Result<Zeroizing<String>> {
    Ok(Zeroizing::new(std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?))
}

fn hex_key(file: &Path) -> Result<()> {
    let mut key = Zeroizing::new([0_u8; 32]);
    let whole = hex::decode_to_slice(read(file)?.trim(), &mut *key).is_ok();
    ensure!(whole, "{} must hold 32 bytes in hex", file.display());
    Ok(())
}

fn p256_key(file: &Path) -> Result<()> {
    let key = PrivateKey::from_pem(&read(file)?).with_context(|| format!("{}", file.display()))?;
    ensure!(key.algorithm() == KeyAlgorithm::P256, "{} holds no P-256 key", file.display());
    Ok(())
}

fn audit_key(file: &Path) -> Result<()> {
    SigningKey::from_pem(&read(file)?)
        .map(drop)
        .with_context(|| format!("{}: no Ed25519 key", file.display()))
}

fn fonts(letters: &AuthorityLetters) -> Result<()> {
    let files = FontFiles {
        regular: letters.regular.clone(),
        bold: letters.bold.clone(),
        fallback: letters.fallback.clone(),
        bold_fallback: letters.bold_fallback.clone(),
    };
    Ok(Fonts::load(&files).map(drop)?)
}

fn home_visit(config: &Config, found: &mut Found) {
    let (setting, origin) = ("home_visit_origin", &config.home_visit_origin);
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://localhost"));
    if host.is_none_or(|rest| rest.contains('/')) {
        let what = format!("{origin} is no address that a patient's browser opens");
        found.add(Finding::wrong(setting, what, "write https://HOST, without a slash at its end"));
    } else if origin.ends_with(NOBODYS) && config.institution_web.is_some() {
        let what = format!(
            "addresses of マイナ在宅受付Web that institutions make begin with {origin}, where nobody answers"
        );
        found.add(Finding::hint(setting, what, "write the address of the site as patients reach it"));
    }
}
