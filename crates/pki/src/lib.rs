//! The certificate authority as a library, and the simulated J-LIS.
//!
//! What lives here: key pairs, certificate profiles, lint-before-sign, requests, PKCS#12, revocation
//! lists, OCSP. What must not: HTTP, SQL, clocks — the time is always an argument.
//!
//! Everything goes in and out as DER or PEM bytes and plain types. Two generations of the ASN.1 crates
//! are linked (the OCSP types still need the older one); neither appears in a public signature, so
//! nobody else has to know.

pub mod authority;
mod builder;
pub mod crl;
pub mod csr;
pub mod distribution;
mod extensions;
mod issued;
pub mod issuing;
pub mod issuing_key;
pub mod jlis;
mod journal;
pub mod keys;
pub mod letter;
pub mod lint;
mod linted;
mod moment;
mod naming;
pub mod ocsp;
pub mod pem;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod pkcs12;
pub mod profile;
pub mod root;
pub mod serial;
mod signing;
pub mod transparency;

use eligibility::institution_certificate::InvalidTerminalName;
pub use eligibility::institution_certificate::TerminalName;
pub use issued::IssuedCertificate;
pub use linted::{Linted, ToSign};
pub use profile::{TerminalSubject, Validity};

/// Why the certificate authority could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the authority's folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file exists where a new one would be written; keys are never overwritten.
    #[error("{0} is there already and is never replaced; choose another place, or move it away first")]
    AlreadyExists(std::path::PathBuf),
    /// The folder was made before roots had an issuing authority below them; its root cannot get one.
    #[error("{0} has a root without an issuing authority, from an earlier version; make a new authority")]
    WithoutIssuing(std::path::PathBuf),
    /// Another program, or another part of this one, has this authority open. Share the value instead.
    #[error("{0} is in use; an authority is opened once at a time")]
    InUse(std::path::PathBuf),
    /// A stored or given text is not what it should be.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// A date outside what certificates can carry, or a period that ends before it begins.
    #[error("the validity period is not usable")]
    Validity,
    /// A name with characters or a length that certificates must not carry.
    #[error("{0} is not usable as a name in a certificate")]
    Name(&'static str),
    /// The key is of a kind this profile does not accept.
    #[error("the key is not acceptable: {0}")]
    Key(String),
    /// The request was refused.
    #[error(transparent)]
    Request(#[from] csr::Refusal),
    /// The certificate to be signed would have broken its profile; nothing was signed.
    #[error("refused to sign, the certificate breaks its profile: {0:?}")]
    Lint(Vec<lint::Finding>),
    /// A serial number was used or reserved by another generation, or none are left.
    #[error("serial number {0} is taken or out of range")]
    Serial(u64),
    /// No certificate with this serial number was issued here.
    #[error("no certificate with serial number {0} was issued here")]
    NotIssued(String),
    /// The certificate with this serial number is revoked; what was revoked is not renewed.
    #[error("the certificate with serial number {0} is revoked and cannot be renewed; issue a new one")]
    Revoked(String),
    /// The cryptographic library refused; it gives no reasons by design.
    #[error("the cryptographic library refused: {0}")]
    Crypto(&'static str),
    /// The token with the key refused, or is not there.
    #[error("the token refused: {0}")]
    Token(String),
    /// A file is no font that can be used.
    #[error("{0} is no usable font")]
    Font(std::path::PathBuf),
    /// None of the fonts has this character.
    #[error("none of the fonts has the character {0} (U+{code:04X})", code = u32::from(*.0))]
    Glyph(char),
    /// A letter could not be written as PDF.
    #[error("PDF: {0}")]
    Pdf(String),
    /// ASN.1 could not be written or read.
    #[error("ASN.1: {0}")]
    Asn1(#[from] der::Error),
}

impl From<InvalidTerminalName> for Error {
    fn from(_: InvalidTerminalName) -> Self {
        Self::Name("the terminal name")
    }
}

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) fn file_error(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    move |source| Error::File { path: path.to_owned(), source }
}
