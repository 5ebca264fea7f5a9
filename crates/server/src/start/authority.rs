//! The certificate authority, started.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use pki::distribution::Distribution as Addresses;
use pki::issuing::IssuingAuthority;
use pki::issuing_key::IssuingKey;
use pki::keys::PrivateKey;
use pki::pem;
use pki::pkcs11::Token;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zeroize::Zeroizing;

use super::{StartError, bind, local, material::authority_tls, material::file_error, material::read};
use crate::ca::distribution::Distribution;
use crate::ca::{Desk, Keys, LetterDesk, Parts, SecretHasher, Signing, retrieval};
use crate::clock::Clock;
use crate::config::{Authority, Config};
use crate::web::{Site, door};

/// An authority that answers.
#[derive(Debug)]
pub struct RunningAuthority {
    /// 電子証明書取得サイト, with everything else.
    pub address: SocketAddr,
    /// Lists, answers and log alone, where they have an address of their own.
    pub distribution: Option<SocketAddr>,
    /// Its parts.
    pub parts: Parts,
}

/// Opens the authority with the keys that the settings name.
pub(super) fn open(config: &Config, store: &Store, clock: &Clock) -> Result<Option<Parts>, StartError> {
    let Some(settings) = &config.authority else { return Ok(None) };
    let keys = Keys {
        authority: authority(settings)?,
        log: private_key("authority.log_key", &settings.log_key)?,
        secrets: secrets(&settings.secret_key)?,
    };
    let letters = LetterDesk::new(&settings.letters, super::sites::seal(config)?)
        .map_err(|error| StartError::Setting { setting: "authority.letters", message: error.to_string() })?;
    Ok(Some(Parts::assemble(store, clock, keys, letters)))
}

/// The desk of this server's authority for who works at its keyboard, beside the running server. What it issues is
/// recorded, logged and admitted like everything else; lists and answers are signed by the running server.
///
/// # Errors
/// [`StartError`] for a key or certificate that cannot be used.
pub fn desk_by_hand(config: &Config, store: &Store, clock: &Clock) -> Result<Option<Desk>, StartError> {
    let Some(settings) = &config.authority else { return Ok(None) };
    let signing = Arc::new(Signing::new(authority(settings)?));
    let secrets = secrets(&settings.secret_key)?;
    Ok(Some(Desk::new(store.clone(), clock.clone(), signing, secrets, Arc::default())))
}

/// Lets the network in and starts the work in the background.
pub(super) async fn start(
    config: &Config,
    parts: Option<Parts>,
    clock: &Clock,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Option<RunningAuthority>, StartError> {
    let (Some(settings), Some(parts)) = (&config.authority, parts) else { return Ok(None) };
    let limits = config.limits.site();
    let store = parts.desk.store().clone();
    let given = || {
        Distribution::new(store.clone(), clock.clone(), parts.desk.signing(), Arc::clone(&parts.log))
            .map(Distribution::routes)
            .map_err(|error| StartError::Setting { setting: "authority", message: error.to_string() })
    };
    let tls = authority_tls(settings, clock)?;
    let listener = bind("authority.listen", settings.listen).await?;
    let address = local(&listener, settings.listen);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let site = Arc::new(Site {
        name: retrieval::SITE_NAME,
        audience: None,
        origin: settings.origin.clone().unwrap_or_else(|| format!("{scheme}://{address}")),
        other_origins: Vec::new(),
        sign_in: "/",
        home: "/",
        menu: &[],
        store: store.clone(),
        clock: clock.clone(),
    });
    let routes = given()?.merge(retrieval::routes(Arc::clone(&parts.desk), &site));
    tasks.spawn(door::serve(listener, tls, routes, limits, stop.clone()));
    let distribution = match settings.distribution_listen {
        None => None,
        Some(asked) => {
            let listener = bind("authority.distribution_listen", asked).await?;
            let address = local(&listener, asked);
            tasks.spawn(door::serve(listener, None, given()?, limits, stop.clone()));
            Some(address)
        }
    };
    parts.start(tasks, stop);
    tracing::info!(%address, "certificate authority answers");
    Ok(Some(RunningAuthority { address, distribution, parts }))
}

fn authority(settings: &Authority) -> Result<IssuingAuthority, StartError> {
    let addresses = Addresses::new(&settings.distribution_url, settings.shards);
    let addresses = addresses.map_err(|error| StartError::Setting {
        setting: "authority.distribution_url",
        message: error.to_string(),
    })?;
    let issuing = certificate("authority.issuing_certificate", &settings.issuing_certificate)?;
    let root = certificate("authority.root_certificate", &settings.root_certificate)?;
    let key = issuing_key(settings)?;
    IssuingAuthority::open(key, issuing, root, Some(addresses))
        .map_err(|error| file_error("authority.issuing_certificate", &settings.issuing_certificate, error))
}

fn issuing_key(settings: &Authority) -> Result<Box<dyn IssuingKey>, StartError> {
    match (&settings.issuing_key, &settings.token) {
        (Some(path), None) => Ok(Box::new(private_key("authority.issuing_key", path)?)),
        (None, Some(token)) => {
            let pin = read("authority.token.pin_file", &token.pin_file)?;
            let refused = |error: pki::Error| {
                let message = error.to_string();
                StartError::Setting { setting: "authority.token", message }
            };
            let opened = Token::open(&token.library, &token.label, pin.trim()).map_err(refused)?;
            Ok(Box::new(opened.key(&token.key).map_err(refused)?))
        }
        _ => Err(StartError::Setting {
            setting: "authority.issuing_key",
            message: "either a key file or [authority.token] is needed, not both".to_owned(),
        }),
    }
}

fn secrets(path: &Path) -> Result<SecretHasher, StartError> {
    let text = read("authority.secret_key", path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *key)
        .map_err(|_| file_error("authority.secret_key", path, "it must hold 32 bytes in hex"))?;
    Ok(SecretHasher::new(&key))
}

fn private_key(setting: &'static str, path: &Path) -> Result<PrivateKey, StartError> {
    PrivateKey::load(path).map_err(|error| file_error(setting, path, error))
}

fn certificate(setting: &'static str, path: &Path) -> Result<Vec<u8>, StartError> {
    let text = read(setting, path)?;
    pem::decode(pem::CERTIFICATE, &text).map_err(|error| file_error(setting, path, error))
}
