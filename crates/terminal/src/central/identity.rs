//! Who this terminal is: its certificate, its key, and whom it trusts.

use std::path::PathBuf;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::CentralConfig;

/// The terminal's certificate and key with the authority it trusts, read and found usable.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    roots: RootCertStore,
    fingerprint: String,
    institution: Option<String>,
    not_after_s: i64,
}

/// Why the identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file is missing or no PEM.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The certificate cannot be read.
    #[error("the terminal's certificate cannot be read")]
    Certificate,
    /// Certificate and key do not belong together, or the TLS library refuses them.
    #[error("certificate and key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

impl Identity {
    /// Reads the three files.
    ///
    /// # Errors
    /// [`IdentityError`] naming the file.
    pub fn load(config: &CentralConfig) -> Result<Self, IdentityError> {
        let chain = certificates(&config.certificate_file)?;
        let key = PrivateKeyDer::from_pem_file(&config.key_file).map_err(file_error(&config.key_file))?;
        let mut roots = RootCertStore::empty();
        for authority in certificates(&config.ca_file)? {
            roots.add(authority)?;
        }
        let first = chain.first().ok_or(IdentityError::Certificate)?;
        let (_, certificate) = X509Certificate::from_der(first).map_err(|_| IdentityError::Certificate)?;
        let organisation = certificate.subject().iter_organization().next();
        let institution = organisation.and_then(|name| name.as_str().ok()).map(str::to_owned);
        let not_after_s = certificate.validity().not_after.timestamp();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, first);
        let fingerprint = hex::encode(digest.as_ref());
        Ok(Self { key, roots, fingerprint, institution, not_after_s, chain })
    }

    /// 医療機関コード in the certificate (organisation).
    #[must_use]
    pub fn institution(&self) -> Option<&str> {
        self.institution.as_deref()
    }

    /// Lower-case hex SHA-256 of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Last second of the certificate's validity, seconds since 1970.
    #[must_use]
    pub fn not_after_s(&self) -> i64 {
        self.not_after_s
    }

    /// TLS 1.3 only, own authority only, certificate shown.
    pub(crate) fn tls(&self) -> Result<ClientConfig, IdentityError> {
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(self.roots.clone())
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())?;
        Ok(config)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("institution", &self.institution).finish_non_exhaustive()
    }
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    CertificateDer::pem_file_iter(path)
        .map_err(file_error(path))?
        .collect::<Result<_, _>>()
        .map_err(file_error(path))
}

fn file_error<E: std::fmt::Display>(path: &std::path::Path) -> impl Fn(E) -> IdentityError {
    let path = path.to_owned();
    move |error| IdentityError::File { path: path.clone(), why: error.to_string() }
}
