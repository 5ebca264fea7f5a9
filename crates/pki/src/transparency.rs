//! The public log of every issued certificate: entries and signed heads as RFC 6962 writes them, so that its
//! tools can read them. The tree itself, its proofs and their checks are in [`eligibility::merkle`].

use der::oid::db::rfc5912::ECDSA_WITH_SHA_256;
use der::{Decode as _, asn1::BitString};
use eligibility::Instant;
use eligibility::merkle::{self, Hash};
use x509_cert::Certificate;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::keys::{KeyAlgorithm, PrivateKey, PublicKey};
use crate::{Error, Result, signing};

/// RFC 6962's version 1.
const VERSION: u8 = 0;
/// Signature over a tree head.
const SIGNATURE_TREE_HEAD: u8 = 1;
/// A leaf that carries a time.
const LEAF_TIMESTAMPED: u8 = 0;
/// An entry that is an X.509 certificate.
const ENTRY_X509: [u8; 2] = [0, 0];
/// No extensions.
const EXTENSIONS: [u8; 2] = [0, 0];
/// Longest certificate an entry can hold, in bytes.
const ENTRY_MAX_BYTES: usize = 0xff_ffff;

/// The entry of one certificate: RFC 6962's MerkleTreeLeaf. Its leaf hash is `merkle::leaf` of these bytes.
///
/// # Errors
/// [`Error::Asn1`] when it is no certificate, [`Error::Validity`] for a time before 1970,
/// [`Error::Malformed`] when it is longer than an entry can be.
pub fn entry(certificate_der: &[u8], logged_at: Instant) -> Result<Vec<u8>> {
    Certificate::from_der(certificate_der)?;
    if certificate_der.len() > ENTRY_MAX_BYTES {
        return Err(Error::Malformed("a certificate (too long for the log)"));
    }
    let length = u32::try_from(certificate_der.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut bytes = vec![VERSION, LEAF_TIMESTAMPED];
    bytes.extend(milliseconds(logged_at)?.to_be_bytes());
    bytes.extend(ENTRY_X509);
    bytes.extend(&length[1..]);
    bytes.extend(certificate_der);
    bytes.extend(EXTENSIONS);
    Ok(bytes)
}

/// The leaf hash of one certificate's entry.
///
/// # Errors
/// As [`entry`].
pub fn leaf(certificate_der: &[u8], logged_at: Instant) -> Result<Hash> {
    Ok(merkle::leaf(&entry(certificate_der, logged_at)?))
}

/// What the log says of itself at a moment, signed: so many certificates, this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// Number of certificates.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// When it was signed.
    pub signed_at: Instant,
    /// ECDSA P-256 with SHA-256, as the ASN.1 structure, over RFC 6962's TreeHeadSignature.
    pub signature: Vec<u8>,
}

impl SignedHead {
    /// Signs a head with the log's key. It is not the issuing authority's key: who can sign certificates must
    /// not be who says which were signed.
    ///
    /// # Errors
    /// [`Error::Key`] unless the key is P-256, [`Error::Validity`] for a time before 1970.
    pub fn sign(key: &PrivateKey, size: u64, root: Hash, signed_at: Instant) -> Result<Self> {
        if key.algorithm() != KeyAlgorithm::P256 {
            return Err(Error::Key("the log's key must be P-256".to_owned()));
        }
        let signature = key.sign(&statement(size, &root, signed_at)?)?;
        Ok(Self { size, root, signed_at, signature })
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`Error::Crypto`] when the log did not sign this.
    pub fn verify(&self, key: &PublicKey) -> Result<()> {
        let spki = SubjectPublicKeyInfoOwned::from_der(key.spki_der())?;
        let message = statement(self.size, &self.root, self.signed_at)?;
        let signature = BitString::from_bytes(&self.signature)?;
        signing::verify_p256(&spki, ECDSA_WITH_SHA_256, &message, &signature)
    }
}

/// RFC 6962's TreeHeadSignature.
fn statement(size: u64, root: &Hash, signed_at: Instant) -> Result<Vec<u8>> {
    let mut bytes = vec![VERSION, SIGNATURE_TREE_HEAD];
    bytes.extend(milliseconds(signed_at)?.to_be_bytes());
    bytes.extend(size.to_be_bytes());
    bytes.extend(root);
    Ok(bytes)
}

fn milliseconds(instant: Instant) -> Result<u64> {
    u64::try_from(instant.0).map_err(|_| Error::Validity)
}
