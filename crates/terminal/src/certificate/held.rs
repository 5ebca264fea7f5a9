//! A key and its certificate, and what the certificate says.

use std::path::Path;

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{CertificatePeriod, CertificateStanding, CertificateUses, KnownCertificate},
};
use pki::{
    keys::PrivateKey,
    pem, pkcs12,
    profile::{TerminalIdentity, TerminalSubject},
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    server::WebPkiClientVerifier,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

/// The line behind key and chain that says where the key was made. Readers of PEM pass over it.
const MADE_HERE: &str = "Key-Made-On: this terminal";

/// A private key with the certificate for it and the authorities below the root.
pub struct Held {
    key: PrivateKey,
    chain: Vec<CertificateDer<'static>>,
    facts: Facts,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Institution and terminal.
    pub subject: TerminalSubject,
    /// Common name of who issued it.
    pub issuer: String,
    /// Serial number, lower-case hex without leading zeros.
    pub serial: String,
    /// SHA-256 of it, lower-case hex.
    pub fingerprint: String,
    /// From when to when it is valid.
    pub period: CertificatePeriod,
    /// Whether its key was made on this terminal: then no other program here has it, and no certificate manager shows
    /// it. Of one that came in a file that is not known.
    pub made_here: bool,
}

/// Why key and certificate cannot be used together.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// A file cannot be read.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no certificate, or it cannot be read.
    #[error("the terminal's certificate cannot be read: {0}")]
    Certificate(String),
    /// The key cannot be read, or belongs to another certificate.
    #[error("the terminal's key cannot be used: {0}")]
    Key(String),
    /// The authority that is trusted has not issued it, or not for now.
    #[error("the certificate is not trusted: {0}")]
    NotTrusted(rustls::Error),
}

impl Held {
    /// Puts a key and its chain (its own certificate first) together.
    ///
    /// # Errors
    /// [`HeldError`] when they do not belong together or cannot be read.
    pub fn new(key: PrivateKey, chain: Vec<CertificateDer<'static>>) -> Result<Self, HeldError> {
        let unreadable = |why: String| HeldError::Certificate(why);
        let leaf = chain.first().ok_or_else(|| unreadable("there is none".into()))?;
        let read = TerminalIdentity::read(leaf).map_err(|error| unreadable(error.to_string()))?;
        let (_, certificate) =
            X509Certificate::from_der(leaf).map_err(|error| unreadable(error.to_string()))?;
        if certificate.public_key().raw != key.public_key().spki_der() {
            return Err(HeldError::Key("it belongs to another certificate".into()));
        }
        let issuer = certificate.issuer().iter_common_name().next().and_then(|name| name.as_str().ok());
        let facts = Facts {
            subject: read.subject,
            issuer: issuer.unwrap_or_default().to_owned(),
            serial: read.serial,
            fingerprint: read.fingerprint,
            period: CertificatePeriod {
                not_before: read.validity.not_before,
                not_after: read.validity.not_after,
            },
            made_here: false,
        };
        Ok(Self { key, chain, facts })
    }

    /// Reads a file of each, PEM.
    ///
    /// # Errors
    /// [`HeldError`] naming the file.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, HeldError> {
        let chain = certificates(certificate)?;
        let key = PrivateKey::load(key).map_err(|error| HeldError::Key(error.to_string()))?;
        Self::new(key, chain)
    }

    /// Puts a key that was made here and the chain for it, PEM, together.
    ///
    /// # Errors
    /// [`HeldError`].
    pub fn from_chain_pem(key: PrivateKey, chain_pem: &str) -> Result<Self, HeldError> {
        Self::from_chain_text(key, chain_pem, true)
    }

    fn from_chain_text(key: PrivateKey, chain_pem: &str, made_here: bool) -> Result<Self, HeldError> {
        let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| HeldError::Certificate(error.to_string()))?;
        let mut held = Self::new(key, chain)?;
        held.facts.made_here = made_here;
        Ok(held)
    }

    /// Reads the one text [`Held::to_pem`] writes.
    ///
    /// # Errors
    /// [`HeldError`].
    pub fn from_pem(text: &str) -> Result<Self, HeldError> {
        let key = PrivateKey::from_pem(text).map_err(|error| HeldError::Key(error.to_string()))?;
        Self::from_chain_text(key, text, text.lines().any(|line| line == MADE_HERE))
    }

    /// Takes what a PKCS#12 file held; a root in it is left out.
    ///
    /// # Errors
    /// [`HeldError`].
    pub fn from_imported(imported: pkcs12::Imported) -> Result<Self, HeldError> {
        let chain = imported.chain_der.into_iter().filter(|der| !is_root(der)).map(CertificateDer::from);
        Self::new(imported.key, chain.collect())
    }

    /// Key and chain in one text, the key first.
    ///
    /// # Errors
    /// [`HeldError`] when encoding fails.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, HeldError> {
        let unwritable = |error: pki::Error| HeldError::Certificate(error.to_string());
        let mut text = self.key.to_pem().map_err(unwritable)?;
        for certificate in &self.chain {
            text.push_str(&pem::encode(pem::CERTIFICATE, certificate).map_err(unwritable)?);
        }
        if self.facts.made_here {
            text.push_str(MADE_HERE);
            text.push('\n');
        }
        Ok(text)
    }

    /// What it says.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its own certificate first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// That one of the roots leads to it, and that it is valid at `now`.
    ///
    /// # Errors
    /// [`HeldError::NotTrusted`].
    pub fn check_trusted(&self, roots: &RootCertStore, now: Instant) -> Result<(), HeldError> {
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(std::sync::Arc::new(roots.clone()), provider)
                .build()
                .map_err(|error| HeldError::NotTrusted(rustls::Error::General(error.to_string())))?;
        let seconds = u64::try_from(now.0 / 1000).unwrap_or(0);
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let (leaf, above) = self.chain.split_first().ok_or(HeldError::Certificate("there is none".into()))?;
        verifier.verify_client_cert(leaf, above, at).map(|_| ()).map_err(HeldError::NotTrusted)
    }
}

impl Facts {
    /// How it stands by its own dates and name alone.
    #[must_use]
    pub fn standing(&self, institution: &InstitutionCode, now: Instant) -> CertificateStanding {
        let known = KnownCertificate {
            institution_code: self.subject.institution.clone(),
            period: self.period,
            uses: CertificateUses::EligibilityAndBilling,
            superseded_at: None,
            revocation: None,
        };
        CertificateStanding::of(Some(&known), institution, now)
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// The certificates in a PEM file.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HeldError> {
    let refused = |error: rustls::pki_types::pem::Error| HeldError::File {
        path: path.to_owned(),
        why: error.to_string(),
    };
    CertificateDer::pem_file_iter(path).map_err(refused)?.collect::<Result<_, _>>().map_err(refused)
}

fn is_root(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, one)| one.issuer() == one.subject())
}
