//! Signatures between our keys and the ASN.1 types.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA384_ASN1,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use der::asn1::{Any, BitString, ObjectIdentifier};
use der::oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_EC_PUBLIC_KEY, RSA_ENCRYPTION,
    SECP_224_R_1, SECP_256_R_1, SECP_384_R_1, SECP_521_R_1, SHA_256_WITH_RSA_ENCRYPTION,
};
use der::{Decode as _, Encode as _};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::issuing_key::IssuingKey;
use crate::keys::KeyAlgorithm;
use crate::{Error, Result};

const SECP_192_R_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The AlgorithmIdentifier of what this key's signatures are.
pub(crate) fn algorithm_identifier(algorithm: KeyAlgorithm) -> AlgorithmIdentifierOwned {
    let (oid, parameters) = match algorithm {
        KeyAlgorithm::P256 => (ECDSA_WITH_SHA_256, None),
        KeyAlgorithm::P384 => (ECDSA_WITH_SHA_384, None),
        // RFC 4055: RSA signatures carry an explicit NULL.
        KeyAlgorithm::Rsa2048 => (SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
    };
    AlgorithmIdentifierOwned { oid, parameters }
}

/// Signs an encodable structure; the answer is ready for a `signature` field.
pub(crate) fn sign_structure(key: &dyn IssuingKey, structure: &impl der::Encode) -> Result<BitString> {
    let bytes = structure.to_der()?;
    Ok(BitString::from_bytes(&key.sign(&bytes)?)?)
}

/// Checks a signature of one of the three kinds we make.
pub(crate) fn verify(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: ObjectIdentifier,
    message: &[u8],
    signature: &BitString,
) -> Result<()> {
    let method: &'static dyn VerificationAlgorithm = match algorithm {
        ECDSA_WITH_SHA_256 => &ECDSA_P256_SHA256_ASN1,
        ECDSA_WITH_SHA_384 => &ECDSA_P384_SHA384_ASN1,
        SHA_256_WITH_RSA_ENCRYPTION => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(Error::Crypto("unknown signature algorithm")),
    };
    check(key, method, message, signature)
}

/// Checks a signature by a P-256 key over any of the SHA-2 digests that request tools use with it.
pub(crate) fn verify_p256(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: ObjectIdentifier,
    message: &[u8],
    signature: &BitString,
) -> Result<()> {
    let method: &'static dyn VerificationAlgorithm = match algorithm {
        ECDSA_WITH_SHA_256 => &ECDSA_P256_SHA256_ASN1,
        ECDSA_WITH_SHA_384 => &ECDSA_P256_SHA384_ASN1,
        ECDSA_WITH_SHA_512 => &ECDSA_P256_SHA512_ASN1,
        _ => return Err(Error::Crypto("unknown signature algorithm")),
    };
    check(key, method, message, signature)
}

fn check(
    key: &SubjectPublicKeyInfoOwned,
    method: &'static dyn VerificationAlgorithm,
    message: &[u8],
    signature: &BitString,
) -> Result<()> {
    let failed = || Error::Crypto("the signature does not verify");
    let bytes = signature.as_bytes().ok_or_else(failed)?;
    let spki = key.to_der()?;
    UnparsedPublicKey::new(method, &spki).verify(message, bytes).map_err(|_| failed())
}

/// Name of the kind [`key_kind`] gives for terminals' keys.
pub(crate) const P256: &str = "P-256";
/// Name of the kind [`key_kind`] gives for authorities' keys.
pub(crate) const P384: &str = "P-384";
/// Name of the kind [`key_kind`] gives for cards' keys.
pub(crate) const RSA_2048: &str = "RSA-2048";

/// Names a public key's kind, for profiles and for messages: `P-256`, `RSA-1024`, `Ed25519`, an OID.
pub(crate) fn key_kind(key: &SubjectPublicKeyInfoOwned) -> String {
    let algorithm = &key.algorithm;
    match algorithm.oid {
        RSA_ENCRYPTION => {
            rsa_bits(key).map_or_else(|| "RSA, malformed".to_owned(), |bits| format!("RSA-{bits}"))
        }
        ID_EC_PUBLIC_KEY => curve_name(algorithm.parameters.as_ref()),
        other if other == ED25519 => "Ed25519".to_owned(),
        other => other.to_string(),
    }
}

/// Names [`key_kind`] gives for curves below 128 bits of strength.
pub(crate) const WEAK_CURVES: [&str; 2] = [P192, P224];
const P192: &str = "P-192";
const P224: &str = "P-224";

/// Whether this P-256 key is a point of the curve.
pub(crate) fn is_p256_point(key: &SubjectPublicKeyInfoOwned) -> bool {
    let spki = key.to_der().unwrap_or_default();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, spki).is_ok()
}

fn curve_name(parameters: Option<&Any>) -> String {
    match parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok()) {
        Some(SECP_192_R_1) => P192.to_owned(),
        Some(SECP_224_R_1) => P224.to_owned(),
        Some(SECP_256_R_1) => P256.to_owned(),
        Some(SECP_384_R_1) => P384.to_owned(),
        Some(SECP_521_R_1) => "P-521".to_owned(),
        Some(other) => format!("EC {other}"),
        None => "EC without a named curve".to_owned(),
    }
}

#[derive(der::Sequence)]
struct RsaPublicKey {
    modulus: der::asn1::Uint,
    exponent: der::asn1::Uint,
}

/// Bits of the modulus; none unless the exponent is the usual 65537.
fn rsa_bits(key: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    let key = RsaPublicKey::from_der(key.subject_public_key.as_bytes()?).ok()?;
    if key.exponent.as_bytes() != [1, 0, 1] {
        return None;
    }
    let modulus = key.modulus.as_bytes();
    let leading = usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    Some(modulus.len() * 8 - leading)
}

/// The key identifier RFC 5280 suggests: SHA-1 over the bits of the public key. A name, not a proof.
pub(crate) fn key_identifier(raw_public_key: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, raw_public_key).as_ref().to_vec()
}
