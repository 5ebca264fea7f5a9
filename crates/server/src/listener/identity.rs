//! Who is at the other end: taken from the client certificate and from nothing else.

use std::fmt;

use eligibility::{Instant, institution::InstitutionCode};

/// The terminal a connection belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct AskingTerminal {
    /// 医療機関コード: the subject's organisation.
    pub institution_code: InstitutionCode,
    /// The terminal's name: the subject's common name.
    pub terminal_name: String,
    /// SHA-256 of the certificate, lower-case hex.
    pub fingerprint: String,
    /// The last moment the certificate is valid.
    pub not_after: Instant,
}

/// A certificate that TLS verified, but whose subject does not name one institution and one terminal.
#[derive(Debug, thiserror::Error)]
#[error("the client certificate names no terminal: {0}")]
pub struct IdentityError(String);

impl AskingTerminal {
    /// Reads the identity out of a certificate that TLS has already verified.
    ///
    /// # Errors
    /// [`IdentityError`] when the subject does not name one institution and one terminal.
    pub fn from_certificate(der: &[u8]) -> Result<Self, IdentityError> {
        let read =
            pki::profile::TerminalIdentity::read(der).map_err(|error| IdentityError(error.to_string()))?;
        Ok(Self {
            institution_code: read.subject.institution,
            terminal_name: read.subject.terminal.as_str().to_owned(),
            fingerprint: read.fingerprint,
            not_after: read.validity.not_after,
        })
    }
}

impl fmt::Debug for AskingTerminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.institution_code, self.terminal_name)
    }
}
