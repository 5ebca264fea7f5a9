//! The TLS side: version 1.3 only, both ends show a certificate, one cryptography provider (aws-lc-rs).

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::expired::ExpiredToo;
use crate::clock::Clock;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate of the client authority cannot be a trust anchor.
    #[error("client authority certificate refused: {0}")]
    ClientAuthority(String),
    /// The certificate chain and the key do not fit, or the provider lacks TLS 1.3.
    #[error("server certificate refused: {0}")]
    Certificate(#[from] rustls::Error),
}

/// What the listener shows and whom it believes.
pub struct TlsMaterial {
    /// The server's chain, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The leaf's private key.
    pub key: PrivateKeyDer<'static>,
    /// The roots that issue terminal certificates.
    pub client_authorities: Vec<CertificateDer<'static>>,
}

impl std::fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsMaterial").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

/// Builds the configuration of a site for browsers: TLS 1.3, only the server shows a certificate.
///
/// # Errors
/// [`TlsError`] when the certificate or the key cannot be used.
pub fn browser_tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clock: &Clock,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(clock.clone()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}

/// Builds the TLS 1.3, mutual TLS configuration. Certificate dates are judged by `clock`.
///
/// # Errors
/// [`TlsError`] when a certificate or key cannot be used.
pub fn mutual_tls(material: TlsMaterial, clock: &Clock) -> Result<Arc<ServerConfig>, TlsError> {
    mutual(material, clock, false)
}

/// As [`mutual_tls`], but a client certificate whose last day is past comes in: whoever serves the connection must
/// look at its dates for each request, and can say in words what is wrong.
///
/// # Errors
/// As [`mutual_tls`].
pub fn mutual_tls_with_expired(material: TlsMaterial, clock: &Clock) -> Result<Arc<ServerConfig>, TlsError> {
    mutual(material, clock, true)
}

fn mutual(material: TlsMaterial, clock: &Clock, expired: bool) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in material.client_authorities {
        roots.add(authority).map_err(|error| TlsError::ClientAuthority(error.to_string()))?;
    }
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| TlsError::ClientAuthority(error.to_string()))?;
    let clients = if expired { ExpiredToo::around(clients) } else { clients };
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(clock.clone()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(material.chain, material.key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Early data can be replayed by anyone who saw it.
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}
