//! The part that decides: whether a certificate is issued, renewed, revoked.

mod fetch;
mod kept_file;
mod order;
mod renew;
mod revoke;
mod secret;
mod turns;

use std::sync::Arc;

use eligibility::institution::InstitutionCode;
use pki::TerminalSubject;
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::profile::InstitutionName;
use store::Store;
use tokio::sync::{Notify, Semaphore};

use super::{NotIssued, Signing};
use crate::clock::Clock;

pub use fetch::{Fetched, How};
pub use order::{Begun, CertificateOrder, Issued, Signed};
pub use renew::Renewed;
pub use secret::SecretHasher;

/// PKCS#12 files that are written at once: each costs a core for half a second, on purpose.
const FILES_AT_ONCE: usize = 2;

/// The desk.
pub struct Desk {
    store: Store,
    clock: Clock,
    signing: Arc<Signing>,
    secrets: SecretHasher,
    /// Rung when there is something to publish.
    bell: Arc<Notify>,
    files: Arc<Semaphore>,
    turns: turns::Turns,
}

impl Desk {
    /// A desk before this signing part. `bell` is rung when something is to be published.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        signing: Arc<Signing>,
        secrets: SecretHasher,
        bell: Arc<Notify>,
    ) -> Self {
        let (files, turns) = (Arc::new(Semaphore::new(FILES_AT_ONCE)), turns::Turns::new());
        Self { store, clock, signing, secrets, bell, files, turns }
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The part that signs.
    #[must_use]
    pub fn signing(&self) -> &Arc<Signing> {
        &self.signing
    }

    /// Hashes of 認証ID.
    #[must_use]
    pub fn secrets(&self) -> &SecretHasher {
        &self.secrets
    }

    /// The institution's name, empty where the register has none.
    pub(super) async fn name_of(&self, institution: &InstitutionCode) -> Result<String, NotIssued> {
        let found = self.store.institution(institution).await?;
        Ok(found.map(|institution| institution.name).unwrap_or_default())
    }

    /// Key, certificate, issuing authority and root as PKCS#12, for who cannot make a request.
    async fn file(&self, key: PrivateKey, signed: &Signed, password: &str) -> Result<Vec<u8>, NotIssued> {
        let authority = self.signing.authority();
        let chain = [authority.certificate_der().to_vec(), authority.root_der().to_vec()];
        let (alias, der) = (alias(signed.terminal_name()), signed.der().to_vec());
        let password = zeroize::Zeroizing::new(password.to_owned());
        let written = self.at_a_place(move || pki::pkcs12::export(&alias, &key, &der, &chain, &password));
        written.await?.map_err(NotIssued::Signing)
    }

    /// Work that costs a core, beside the threads that serve; so many at once as there are places.
    async fn at_a_place<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotIssued> {
        let place = Arc::clone(&self.files).acquire_owned().await.map_err(|_| NotIssued::Task)?;
        let done = tokio::task::spawn_blocking(move || {
            // The work goes on where the line is cut, and so does its place.
            let _place = place;
            work()
        });
        done.await.map_err(|_| NotIssued::Task)
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

/// The name of the entry in a PKCS#12 file, whose texts hold characters of the basic plane only: no variation
/// selectors, no rare characters. The certificate itself has the whole name.
fn alias(terminal_name: &str) -> String {
    let basic: String = terminal_name.chars().filter(|c| u32::from(*c) <= 0xffff).collect();
    if basic.trim().is_empty() { "certificate".to_owned() } else { basic }
}

/// A key that the authority makes and never stores.
fn new_key() -> Result<PrivateKey, NotIssued> {
    Ok(PrivateKey::generate(KeyAlgorithm::P256)?)
}

/// Whom a certificate names: whoever renews keeps the name, however long ago it was given.
fn subject(institution: &InstitutionCode, terminal_name: &str) -> Result<TerminalSubject, NotIssued> {
    let terminal = pki::TerminalName::of_certificate(terminal_name).map_err(pki::Error::from)?;
    Ok(TerminalSubject { institution: institution.clone(), terminal })
}

/// The name beside the code, where it fits a certificate.
fn name_beside(name: &str) -> Option<InstitutionName> {
    InstitutionName::parse(name).ok()
}
