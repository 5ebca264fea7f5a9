//! Which authorities and which policies are accepted.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use eligibility::Instant;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::Oid;
use x509_parser::oid_registry::OID_PKCS1_SHA256WITHRSA;
use x509_parser::prelude::FromDer;

/// Policy of 利用者証明用電子証明書 in production.
pub const PRODUCTION_AUTH_POLICY: &str = "1.2.392.200149.8.5.1.3.30";
/// Policy of 利用者証明用電子証明書 of the test hierarchy, which the simulated issuer uses.
pub const TEST_AUTH_POLICY: &str = "1.2.392.200149.8.5.1.0.30";

/// Why a certificate is not taken as an anchor, or a policy not as a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorRefused {
    /// Not one DER certificate.
    #[error("the anchor is not a DER certificate")]
    Malformed,
    /// Not an authority that may sign certificates.
    #[error("the anchor is not a certificate authority")]
    NotAuthority,
    /// Not signed by itself with RSA and SHA-256.
    #[error("the anchor is not a self-signed RSA root")]
    NotSelfSigned,
    /// The policy is no object identifier.
    #[error("the policy is not an object identifier")]
    Policy,
    /// Without anchors or without policies nothing could ever be accepted.
    #[error("there must be at least one anchor and one policy")]
    Empty,
}

/// The anchors (several generations of the issuing authority share one name) and the accepted policies.
#[derive(Debug)]
pub struct CardTrust {
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) policies: Vec<Oid<'static>>,
    pub(crate) speculative_p384: bool,
}

/// Names one generation of an authority: SHA-256 of its public key (SubjectPublicKeyInfo), lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityId(pub Arc<str>);

/// One generation of the issuing authority.
pub(crate) struct Anchor {
    pub(crate) id: AuthorityId,
    pub(crate) subject_der: Vec<u8>,
    pub(crate) subject_sha256: String,
    pub(crate) key_id: Option<Vec<u8>>,
    pub(crate) serial: Vec<u8>,
    pub(crate) not_before: Instant,
    pub(crate) not_after: Instant,
    pub(crate) key: ParsedPublicKey,
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchor {{ name: {}, serial: {} }}", self.subject_sha256, hex::encode(&self.serial))
    }
}

impl CardTrust {
    /// Takes the anchors (DER, self-signed roots) and the accepted policies (dotted object identifiers).
    ///
    /// # Errors
    /// [`AnchorRefused`] for the first one that cannot be used.
    pub fn new<A: AsRef<[u8]>>(anchors: &[A], policies: &[&str]) -> Result<Self, AnchorRefused> {
        if anchors.is_empty() || policies.is_empty() {
            return Err(AnchorRefused::Empty);
        }
        let anchors = anchors.iter().map(|der| Anchor::from_der(der.as_ref())).collect::<Result<_, _>>()?;
        let policies = policies.iter().map(|text| parse_oid(text)).collect::<Result<_, _>>()?;
        Ok(Self { anchors, policies, speculative_p384: false })
    }

    /// The generations that are trusted, in the order they were given: each needs a revocation list of its own.
    pub fn authorities(&self) -> impl Iterator<Item = &AuthorityId> {
        self.anchors.iter().map(|anchor| &anchor.id)
    }

    /// Accepts cards of the speculative P-384 profile too.
    #[must_use]
    pub fn accept_speculative_p384(mut self) -> Self {
        self.speculative_p384 = true;
        self
    }
}

impl Anchor {
    fn from_der(der: &[u8]) -> Result<Self, AnchorRefused> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| AnchorRefused::Malformed)?;
        if !rest.is_empty() {
            return Err(AnchorRefused::Malformed);
        }
        let may_sign = certificate
            .key_usage()
            .map_err(|_| AnchorRefused::Malformed)?
            .is_some_and(|usage| usage.value.key_cert_sign());
        if !certificate.is_ca() || !may_sign {
            return Err(AnchorRefused::NotAuthority);
        }
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, certificate.public_key().raw)
            .map_err(|_| AnchorRefused::NotSelfSigned)?;
        let self_signed = certificate.subject().as_raw() == certificate.issuer().as_raw()
            && certificate.signature_algorithm.algorithm == OID_PKCS1_SHA256WITHRSA
            && key
                .verify_sig(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
                .is_ok();
        if !self_signed {
            return Err(AnchorRefused::NotSelfSigned);
        }
        Ok(Self {
            id: AuthorityId(sha256_hex(certificate.public_key().raw).into()),
            subject_der: certificate.subject().as_raw().to_vec(),
            subject_sha256: sha256_hex(certificate.subject().as_raw()),
            key_id: super::certificate::subject_key_id(&certificate),
            serial: certificate.raw_serial().to_vec(),
            not_before: instant(certificate.validity().not_before),
            not_after: instant(certificate.validity().not_after),
            key,
        })
    }
}

pub(crate) fn instant(time: x509_parser::time::ASN1Time) -> Instant {
    Instant(time.timestamp().saturating_mul(1000))
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

fn parse_oid(text: &str) -> Result<Oid<'static>, AnchorRefused> {
    let arcs: Vec<u64> =
        text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| AnchorRefused::Policy)?;
    Oid::from(&arcs).map_err(|_| AnchorRefused::Policy)
}
