//! Keys, certificates and lists, loaded from the files that the configuration names.

use std::path::Path;
use std::sync::Arc;

use card::jpki::CardTrust;
use pki::letter::FontFiles;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use store::{Store, audit::SigningKey};
use zeroize::Zeroizing;

use super::{RunningJlis, StartError};
use crate::card_revocation::CardRevocation;
use crate::clock::Clock;
use crate::config::{Authority, Config, InstitutionWeb, LineAuthentication, WebSite};
use crate::facility::{FacilityDesk, Secrets};
use crate::listener::tls;
use crate::simulated_jlis;
use crate::terminal_api::nonce::NonceMint;
use crate::terminal_api::receipt::ReceiptSigner;

pub(super) fn nonce_mint(config: &Config) -> Result<NonceMint, StartError> {
    let Some(path) = &config.nonces.key else {
        return NonceMint::random(config.nonces.lifetime_s)
            .map_err(|error| StartError::Setting { setting: "nonces", message: error.to_string() });
    };
    let text = read("nonces.key", path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *key)
        .map_err(|_| file_error("nonces.key", path, "it must hold 32 bytes in hex"))?;
    Ok(NonceMint::new(&key, config.nonces.lifetime_s))
}

pub(super) fn receipt_signer(config: &Config) -> Result<ReceiptSigner, StartError> {
    let setting = "receipts.key";
    let current = private_key(setting, &config.receipts.key)?;
    let previous: Vec<_> = config
        .receipts
        .previous_keys
        .iter()
        .map(|path| private_key("receipts.previous_keys", path))
        .collect::<Result<_, _>>()?;
    ReceiptSigner::new(current.secret_pkcs8_der(), previous.iter().map(PrivatePkcs8KeyDer::secret_pkcs8_der))
        .map_err(|error| file_error(setting, &config.receipts.key, error))
}

pub(super) fn card_trust(config: &Config) -> Result<CardTrust, StartError> {
    let setting = "cards.trust_anchors";
    let mut anchors = Vec::new();
    for path in &config.cards.trust_anchors {
        anchors.extend(certificates(setting, path)?);
    }
    let policies: Vec<&str> = config.cards.policies.iter().map(String::as_str).collect();
    CardTrust::new(&anchors, &policies)
        .map_err(|error| StartError::Setting { setting: "cards", message: error.to_string() })
}

pub(super) fn card_revocation(
    config: &Config,
    trust: &Arc<CardTrust>,
    jlis: Option<&RunningJlis>,
    store: &Store,
) -> Result<Arc<CardRevocation>, StartError> {
    let mut sources = config.cards.crl.clone();
    if let (true, Some(jlis)) = (sources.is_empty(), jlis) {
        let generations = jlis.authority.generations(pki::jlis::CardAuthorityKind::Authentication).len();
        let list =
            |generation| format!("http://{}{}{generation}.crl", jlis.address, simulated_jlis::CRL_PATH);
        sources = (1..=generations).map(list).collect();
    }
    CardRevocation::new(&sources, Arc::clone(trust))
        .map(|revocation| Arc::new(revocation.remembering(store.clone())))
        .map_err(|error| StartError::Setting { setting: "cards.crl", message: error.to_string() })
}

pub(super) fn tls_material(config: &Config) -> Result<tls::TlsMaterial, StartError> {
    let api = &config.terminal_api;
    Ok(tls::TlsMaterial {
        chain: certificates("terminal_api.certificate", &api.certificate)?,
        key: PrivateKeyDer::Pkcs8(private_key("terminal_api.key", &api.key)?),
        client_authorities: certificates("terminal_api.client_authorities", &api.client_authorities)?,
    })
}

/// The certificate of the institution web: its own, or that of the terminal API.
pub(super) fn institution_web_tls(
    config: &Config,
    settings: &InstitutionWeb,
) -> Result<tls::TlsMaterial, StartError> {
    let mut material = tls_material(config)?;
    if let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) {
        material.chain = certificates("institution_web.certificate", certificate)?;
        material.key = PrivateKeyDer::Pkcs8(private_key("institution_web.key", key)?);
    }
    Ok(material)
}

/// The certificate of the page of line authentication; `None` for plain HTTP.
pub(super) fn line_authentication_tls(
    settings: &LineAuthentication,
    clock: &Clock,
) -> Result<Option<Arc<ServerConfig>>, StartError> {
    let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) else { return Ok(None) };
    let chain = certificates("line_authentication.certificate", certificate)?;
    let key = PrivateKeyDer::Pkcs8(private_key("line_authentication.key", key)?);
    let tls = tls::browser_tls(chain, key, clock).map_err(|error| StartError::Setting {
        setting: "line_authentication.certificate",
        message: error.to_string(),
    })?;
    Ok(Some(tls))
}

/// The certificate of 電子証明書取得サイト; `None` for plain HTTP.
pub(super) fn authority_tls(
    settings: &Authority,
    clock: &Clock,
) -> Result<Option<Arc<ServerConfig>>, StartError> {
    let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) else { return Ok(None) };
    let chain = certificates("authority.certificate", certificate)?;
    let key = PrivateKeyDer::Pkcs8(private_key("authority.key", key)?);
    let tls = tls::browser_tls(chain, key, clock).map_err(|error| StartError::Setting {
        setting: "authority.certificate",
        message: error.to_string(),
    })?;
    Ok(Some(tls))
}

pub(super) fn audit_key(config: &Config) -> Result<SigningKey, StartError> {
    let text = read("audit.key", &config.audit.key)?;
    SigningKey::from_pem(&text).map_err(|error| file_error("audit.key", &config.audit.key, error))
}

pub(super) fn read(setting: &'static str, path: &Path) -> Result<Zeroizing<String>, StartError> {
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| file_error(setting, path, error))
}

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| file_error(setting, path, error))?;
    if found.is_empty() {
        return Err(file_error(setting, path, "it holds no certificate"));
    }
    Ok(found)
}

fn private_key(setting: &'static str, path: &Path) -> Result<PrivatePkcs8KeyDer<'static>, StartError> {
    PrivatePkcs8KeyDer::from_pem_file(path).map_err(|error| file_error(setting, path, error))
}

pub(super) fn file_error(setting: &'static str, path: &Path, message: impl ToString) -> StartError {
    StartError::File { setting, path: path.to_owned(), message: message.to_string() }
}

/// The certificate of a site that people sign in to; `None` for plain HTTP.
pub(super) fn site_tls(
    settings: &WebSite,
    setting: &'static str,
    clock: &Clock,
) -> Result<Option<Arc<ServerConfig>>, StartError> {
    let (Some(certificate), Some(key)) = (&settings.certificate, &settings.key) else { return Ok(None) };
    let chain = certificates(setting, certificate)?;
    let key = PrivateKeyDer::Pkcs8(private_key(setting, key)?);
    let tls = tls::browser_tls(chain, key, clock)
        .map_err(|error| StartError::Setting { setting, message: error.to_string() })?;
    Ok(Some(tls))
}

/// What administrators of institutions manage. Without a key for secrets their pages say that it does not work.
pub(super) fn facility_desk(config: &Config) -> Result<FacilityDesk, StartError> {
    let setting = "secrets_key";
    let secrets = match &config.secrets_key {
        None => None,
        Some(path) => {
            let text = read(setting, path)?;
            let mut key = Zeroizing::new([0; 32]);
            hex::decode_to_slice(text.trim(), &mut *key)
                .map_err(|_| file_error(setting, path, "it must hold 32 bytes in hex"))?;
            Some(Secrets::new(&key).map_err(|error| file_error(setting, path, error))?)
        }
    };
    let letters = config.authority.as_ref().map(|authority| &authority.letters);
    let fonts = letters.map(|letters| FontFiles {
        regular: letters.regular.clone(),
        bold: letters.bold.clone(),
        fallback: letters.fallback.clone(),
        bold_fallback: letters.bold_fallback.clone(),
    });
    Ok(FacilityDesk::new(secrets, config.home_visit_origin.clone(), fonts))
}
