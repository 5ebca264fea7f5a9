//! A certificate that was signed.

use crate::{Result, Validity, pem, profile};

/// A certificate an authority of this crate has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The certificate.
    pub der: Vec<u8>,
    /// Lower-case hex of the serial number, without leading zeros.
    pub serial: String,
    /// Lower-case hex SHA-256 of the DER.
    pub fingerprint: String,
    /// The period of validity.
    pub validity: Validity,
    /// The authorities between this certificate and the root, as DER, the nearest first; none for cards.
    pub issuers: Vec<Vec<u8>>,
}

impl IssuedCertificate {
    pub(crate) fn of(der: Vec<u8>, serial: &[u8], validity: Validity) -> Self {
        let fingerprint = profile::fingerprint(&der);
        Self { der, serial: profile::serial_hex(serial), fingerprint, validity, issuers: vec![] }
    }

    pub(crate) fn below(mut self, issuer_der: &[u8]) -> Self {
        self.issuers.push(issuer_der.to_vec());
        self
    }

    /// The certificate and the authorities up to the root, without it, as DER: what a TLS side shows.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        let mut chain = vec![self.der.clone()];
        chain.extend(self.issuers.iter().cloned());
        chain
    }

    /// [`IssuedCertificate::chain`] as PEM, the certificate itself first.
    ///
    /// # Errors
    /// [`crate::Error::Malformed`] when encoding fails.
    pub fn pem(&self) -> Result<String> {
        self.chain().iter().map(|der| pem::encode(pem::CERTIFICATE, der)).collect()
    }
}
