//! The check of one 利用者証明用電子証明書.

use eligibility::Instant;
use eligibility::card_certificate::CardCertificateId;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{AuthorityKeyIdentifier, ParsedExtension, X509Extension};
use x509_parser::oid_registry::OID_PKCS1_SHA256WITHRSA;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

use crate::jpki::envelope;
use crate::jpki::keys::{CardPublicKey, SignatureRefused};
use crate::jpki::trust::{Anchor, AuthorityId, CardTrust, instant, sha256_hex};

/// The longest certificate that is looked at; real ones have about 1.6 kB.
pub(crate) const MAX_CERTIFICATE: usize = 8 * 1024;
/// The longest serial number there may be.
const MAX_SERIAL: usize = 20;

/// Why a certificate is not a card's authentication certificate that we trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CertificateRefused {
    /// Longer than any card certificate.
    #[error("the certificate is too long")]
    TooLong,
    /// Not exactly one DER certificate of version 3, or an extension cannot be read.
    #[error("the certificate is malformed")]
    Malformed,
    /// An extension occurs twice.
    #[error("the certificate has an extension twice")]
    DuplicateExtension,
    /// A critical extension nobody here understands.
    #[error("the certificate has a critical extension that is not understood")]
    UnknownCriticalExtension,
    /// Not issued under the name of any anchor.
    #[error("the certificate was issued by somebody else")]
    UnknownIssuer,
    /// Issued under the right name, but by no generation of the authority we know.
    #[error("the certificate names an authority key that is not known")]
    UnknownIssuerKey,
    /// Not signed with RSA and SHA-256.
    #[error("the certificate is signed with another algorithm")]
    SignatureAlgorithm,
    /// The authority's signature does not verify.
    #[error("the authority's signature does not verify")]
    Signature,
    /// The authority's own certificate is not valid now.
    #[error("the issuing authority's certificate is not valid now")]
    AnchorNotValidNow,
    /// No accepted policy, or not exactly marked critical.
    #[error("the certificate was not issued under an accepted policy")]
    Policy,
    /// The key may not be used for digital signatures, or for more than that.
    #[error("the certificate is not for digital signatures")]
    KeyUsage,
    /// The certificate is not for client authentication.
    #[error("the certificate is not for authentication")]
    ExtendedKeyUsage,
    /// An authority's certificate, not a card's.
    #[error("the certificate belongs to an authority")]
    IsAuthority,
    /// The key is none that cards have.
    #[error("the certificate's key is not of a kind that cards have")]
    KeyKind,
    /// The serial number is zero, negative or too long.
    #[error("the certificate's serial number is not acceptable")]
    Serial,
    /// The dates are no dates, or the end lies before the beginning.
    #[error("the certificate's validity makes no sense")]
    Validity,
}

/// A card certificate that was issued by a trusted authority under an accepted policy.
///
/// Whether its dates and its revocation still allow what is asked is the domain's to decide.
#[derive(Clone, Debug)]
pub struct CheckedCard {
    /// Issuer and serial number: what leads to the person.
    pub id: CardCertificateId,
    /// Which generation of the authority issued it: its revocation list is the one to ask.
    pub authority: AuthorityId,
    /// First moment of validity.
    pub not_before: Instant,
    /// Last moment of validity.
    pub not_after: Instant,
    /// The card's key.
    pub public_key: CardPublicKey,
}

impl CheckedCard {
    /// Verifies the card's signature over the text it was asked to sign.
    ///
    /// # Errors
    /// [`SignatureRefused`].
    pub fn verify_proof(&self, text: &[u8], signature: &[u8]) -> Result<(), SignatureRefused> {
        self.public_key.verify(text, signature)
    }
}

/// A name for a card that tells nothing of it to whoever does not have its certificate: the SHA-256 of the whole
/// certificate (DER) in hex, whoever issued it. A serial number could be found by trying them all; a certificate
/// holds a key and a signature. `None` when the bytes are not one certificate.
#[must_use]
pub fn certificate_digest(der: &[u8]) -> Option<String> {
    if der.len() > MAX_CERTIFICATE {
        return None;
    }
    let (rest, _) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then(|| sha256_hex(der))
}

/// From when to when a card certificate says it is valid, to tell the person at the reader in time. Nothing of it is
/// checked here; `None` when it cannot be read.
#[must_use]
pub fn certificate_dates(der: &[u8]) -> Option<(Instant, Instant)> {
    if der.len() > MAX_CERTIFICATE {
        return None;
    }
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    Some((instant(validity.not_before), instant(validity.not_after)))
}

impl CardTrust {
    /// Checks that a card certificate (DER) stands one step below a trusted anchor and has the profile of
    /// 利用者証明用電子証明書. Its own validity is reported, not decided; `now` only decides about the anchor.
    ///
    /// # Errors
    /// [`CertificateRefused`] says which rule is broken. Never panics, whatever the bytes are.
    pub fn check_certificate(&self, der: &[u8], now: Instant) -> Result<CheckedCard, CertificateRefused> {
        if der.len() > MAX_CERTIFICATE {
            return Err(CertificateRefused::TooLong);
        }
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| CertificateRefused::Malformed)?;
        if !rest.is_empty() || certificate.version() != X509Version::V3 {
            return Err(CertificateRefused::Malformed);
        }
        let anchor = self.issued_by(der, &certificate)?;
        if now < anchor.not_before || now > anchor.not_after {
            return Err(CertificateRefused::AnchorNotValidNow);
        }
        self.check_extensions(&certificate)?;
        let public_key =
            CardPublicKey::from_spki(certificate.public_key()).ok_or(CertificateRefused::KeyKind)?;
        if matches!(public_key, CardPublicKey::SpeculativeP384(_)) && !self.speculative_p384 {
            return Err(CertificateRefused::KeyKind);
        }
        let (not_before, not_after) =
            (instant(certificate.validity().not_before), instant(certificate.validity().not_after));
        if not_after < not_before {
            return Err(CertificateRefused::Validity);
        }
        let serial = serial_hex(certificate.raw_serial()).ok_or(CertificateRefused::Serial)?;
        let id = CardCertificateId { issuer: anchor.subject_sha256.clone(), serial };
        Ok(CheckedCard { id, authority: anchor.id.clone(), not_before, not_after, public_key })
    }

    /// Finds the generation of the authority that signed this: by key identifier where there is one, by trying
    /// the signature of each otherwise. Never by name alone, since all generations share it.
    fn issued_by(
        &self,
        der: &[u8],
        certificate: &X509Certificate<'_>,
    ) -> Result<&Anchor, CertificateRefused> {
        if certificate.signature_algorithm.algorithm != OID_PKCS1_SHA256WITHRSA
            || certificate.tbs_certificate.signature != certificate.signature_algorithm
        {
            return Err(CertificateRefused::SignatureAlgorithm);
        }
        let (signed, signature) = (certificate.tbs_certificate.as_ref(), &certificate.signature_value.data);
        if !envelope::is_exact(der, signed, signature) {
            return Err(CertificateRefused::Malformed);
        }
        let issuer = certificate.issuer().as_raw();
        let mut named = self.anchors.iter().filter(|anchor| anchor.subject_der == issuer).peekable();
        if named.peek().is_none() {
            return Err(CertificateRefused::UnknownIssuer);
        }
        let authority = authority_key(certificate);
        let mut candidates = named.filter(|anchor| anchor.matches(authority)).peekable();
        if candidates.peek().is_none() {
            return Err(CertificateRefused::UnknownIssuerKey);
        }
        candidates
            .find(|anchor| anchor.key.verify_sig(signed, signature).is_ok())
            .ok_or(CertificateRefused::Signature)
    }

    fn check_extensions(&self, certificate: &X509Certificate<'_>) -> Result<(), CertificateRefused> {
        let extensions = certificate.extensions();
        let (mut policy, mut key_usage, mut extended) = (false, false, false);
        for (position, extension) in extensions.iter().enumerate() {
            if extensions[..position].iter().any(|earlier| earlier.oid == extension.oid) {
                return Err(CertificateRefused::DuplicateExtension);
            }
            match extension.parsed_extension() {
                ParsedExtension::CertificatePolicies(policies) => {
                    // An extension that lists nothing names no policy either.
                    policy = extension.critical
                        && !policies.is_empty()
                        && policies.iter().all(|p| self.policies.contains(&p.policy_id));
                }
                // Bit 0 alone: a key that also encrypts, agrees or signs certificates is another kind of key.
                ParsedExtension::KeyUsage(usage) => key_usage = usage.flags == 1,
                ParsedExtension::ExtendedKeyUsage(usage) => extended = is_client_auth_only(usage),
                ParsedExtension::BasicConstraints(constraints) if constraints.ca => {
                    return Err(CertificateRefused::IsAuthority);
                }
                _ => check_other(extension)?,
            }
        }
        match (policy, key_usage, extended) {
            (false, _, _) => Err(CertificateRefused::Policy),
            (_, false, _) => Err(CertificateRefused::KeyUsage),
            (_, _, false) => Err(CertificateRefused::ExtendedKeyUsage),
            (true, true, true) => Ok(()),
        }
    }
}

impl Anchor {
    /// Whether the authority named by key identifier, or by the certificate's own number, may be this one.
    pub(crate) fn matches(&self, authority: Option<&AuthorityKeyIdentifier<'_>>) -> bool {
        let Some(authority) = authority else { return true };
        let key_id_agrees = match (&authority.key_identifier, &self.key_id) {
            (Some(named), Some(own)) => named.0 == own.as_slice(),
            _ => true,
        };
        key_id_agrees && authority.authority_cert_serial.is_none_or(|serial| serial == self.serial)
    }
}

fn authority_key<'a>(certificate: &'a X509Certificate<'a>) -> Option<&'a AuthorityKeyIdentifier<'a>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(authority) => Some(authority),
        _ => None,
    })
}

pub(crate) fn subject_key_id(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn is_client_auth_only(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> bool {
    let others = usage.any
        || usage.server_auth
        || usage.code_signing
        || usage.email_protection
        || usage.time_stamping
        || usage.ocsp_signing
        || !usage.other.is_empty();
    usage.client_auth && !others
}

/// Extensions that say nothing we decide on: fine when readable and known, or when not critical.
fn check_other(extension: &X509Extension<'_>) -> Result<(), CertificateRefused> {
    match extension.parsed_extension() {
        ParsedExtension::ParseError { .. } => Err(CertificateRefused::Malformed),
        ParsedExtension::AuthorityKeyIdentifier(_)
        | ParsedExtension::SubjectKeyIdentifier(_)
        | ParsedExtension::BasicConstraints(_)
        | ParsedExtension::CRLDistributionPoints(_)
        | ParsedExtension::AuthorityInfoAccess(_)
        | ParsedExtension::SubjectAlternativeName(_)
        | ParsedExtension::IssuerAlternativeName(_) => Ok(()),
        _ if extension.critical => Err(CertificateRefused::UnknownCriticalExtension),
        _ => Ok(()),
    }
}

/// Lower-case hex without leading zeros; `None` when zero, negative or too long.
pub(crate) fn serial_hex(raw: &[u8]) -> Option<String> {
    if raw.first().is_none_or(|first| first & 0x80 != 0) {
        return None;
    }
    let zeros = raw.iter().take_while(|b| **b == 0).count();
    let digits = &raw[zeros..];
    if digits.is_empty() || digits.len() > MAX_SERIAL {
        return None;
    }
    let text = hex::encode(digits);
    Some(text.trim_start_matches('0').to_owned())
}
