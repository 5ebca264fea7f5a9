//! Who this terminal is: its certificate, its key, and whom it trusts.

use std::path::{Path, PathBuf};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{
    certificate::{Facts, Held, HeldError, Keeping, KeepingError},
    config::Config,
};

/// The terminal's certificate and key with the authority it trusts, read and found usable.
pub struct Identity {
    held: Held,
    roots: RootCertStore,
}

/// Why the identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// There is no certificate yet.
    #[error("{}no certificate is installed", .0.as_deref().map(|path| format!("{}: ", path.display())).unwrap_or_default())]
    Missing(Option<PathBuf>),
    /// Where it is kept.
    #[error(transparent)]
    Keeping(#[from] KeepingError),
    /// A file is missing or no PEM, or what it holds does not belong together.
    #[error(transparent)]
    Held(#[from] HeldError),
    /// The TLS library refuses it.
    #[error("certificate and key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

impl Identity {
    /// The certificate in use of this terminal.
    ///
    /// # Errors
    /// [`IdentityError`] naming the file.
    pub fn load(config: &Config) -> Result<Self, IdentityError> {
        let missing = || IdentityError::Missing(Keeping::of(config).brought().map(Path::to_owned));
        Self::find(config)?.ok_or_else(missing)
    }

    /// The certificate in use of this terminal, if it has one yet.
    ///
    /// # Errors
    /// [`IdentityError`] naming the file.
    pub fn find(config: &Config) -> Result<Option<Self>, IdentityError> {
        let held = Keeping::of(config).current()?;
        held.map(|held| Self::of(held, roots(&config.central.ca_file)?)).transpose()
    }

    /// A certificate and key, and whom to trust with them.
    ///
    /// # Errors
    /// [`IdentityError::Tls`] when the TLS library refuses them.
    pub fn of(held: Held, roots: RootCertStore) -> Result<Self, IdentityError> {
        let identity = Self { held, roots };
        identity.tls()?;
        Ok(identity)
    }

    /// 医療機関コード in the certificate (organisation).
    #[must_use]
    pub fn institution(&self) -> Option<&str> {
        Some(self.facts().subject.institution.as_str())
    }

    /// Lower-case hex SHA-256 of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.facts().fingerprint
    }

    /// Last second of the certificate's validity, seconds since 1970.
    #[must_use]
    pub fn not_after_s(&self) -> i64 {
        self.facts().period.not_after.0.div_euclid(1000)
    }

    /// What the certificate says.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        self.held.facts()
    }

    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// TLS 1.3 only, own authority only, certificate shown.
    pub(crate) fn tls(&self) -> Result<ClientConfig, IdentityError> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.held.key().pkcs8_der().to_vec()));
        let config = tls_versions()?
            .with_root_certificates(self.roots.clone())
            .with_client_auth_cert(self.held.chain().to_vec(), key)?;
        Ok(config)
    }
}

/// TLS that shows no certificate: for who has none yet.
pub(crate) fn tls_without_certificate(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    Ok(tls_versions()?.with_root_certificates(roots).with_no_client_auth())
}

fn tls_versions() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])
}

/// The only authorities that are trusted.
pub(crate) fn roots(ca_file: &Path) -> Result<RootCertStore, IdentityError> {
    let mut roots = RootCertStore::empty();
    for authority in crate::certificate::certificates(ca_file)? {
        roots.add(authority)?;
    }
    Ok(roots)
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("facts", self.facts()).finish_non_exhaustive()
    }
}
