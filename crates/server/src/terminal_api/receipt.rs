//! The eligibility receipt: signed claims about an answer, verifiable offline with a published key.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use wire::receipt::{RECEIPT_ALGORITHM, RECEIPT_TYPE, ReceiptClaims};
use wire::terminal_api::{Jwk, JwkSet};

/// An uncompressed P-256 point: 0x04, x, y.
const POINT_LENGTH: usize = 65;
const COORDINATE: usize = 32;
/// Room for claims or a receipt of usual length, bytes.
const USUAL_BYTES: usize = 1024;

/// Signs receipts with one key and publishes it together with its predecessors.
pub struct ReceiptSigner {
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// `base64url(header).`, the same for every receipt of this key.
    head: String,
    published: JwkSet,
}

/// Why receipts cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The key is not a P-256 private key in PKCS#8.
    #[error("a receipt key must be a P-256 private key in PKCS#8 form")]
    Key,
    /// The library refused to sign.
    #[error("the receipt could not be signed")]
    Sign,
    /// The claims could not be written.
    #[error("the receipt's claims could not be written: {0}")]
    Claims(#[from] serde_json::Error),
}

impl ReceiptSigner {
    /// Signs with `current`; also publishes `previous`. Keys are PKCS#8 DER.
    ///
    /// # Errors
    /// [`ReceiptError::Key`] when a key is of another kind.
    pub fn new<'a>(
        current: &[u8],
        previous: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, ReceiptError> {
        let key = read_key(current)?;
        let jwk = public_jwk(&key)?;
        let header = format!(r#"{{"alg":"{RECEIPT_ALGORITHM}","kid":"{}","typ":"{RECEIPT_TYPE}"}}"#, jwk.kid);
        let mut keys = vec![jwk];
        for old in previous {
            keys.push(public_jwk(&read_key(old)?)?);
        }
        Ok(Self {
            key,
            random: SystemRandom::new(),
            head: format!("{}.", URL_SAFE_NO_PAD.encode(header)),
            published: JwkSet { keys },
        })
    }

    /// The public keys, the current one first.
    #[must_use]
    pub fn published(&self) -> &JwkSet {
        &self.published
    }

    /// Signs claims: JWS in compact form.
    ///
    /// # Errors
    /// [`ReceiptError`] when the claims cannot be written or the library refuses.
    pub fn sign(&self, claims: &ReceiptClaims) -> Result<String, ReceiptError> {
        let mut receipt = String::with_capacity(USUAL_BYTES);
        self.append(claims, &mut receipt)?;
        Ok(receipt)
    }

    /// The same, behind what stands in the text already.
    pub(super) fn append(&self, claims: &ReceiptClaims, text: &mut String) -> Result<(), ReceiptError> {
        let mut payload = Vec::with_capacity(USUAL_BYTES);
        serde_json::to_writer(&mut payload, claims)?;
        let start = text.len();
        text.push_str(&self.head);
        URL_SAFE_NO_PAD.encode_string(&payload, text);
        let signed = &text.as_bytes()[start..];
        let signature = self.key.sign(&self.random, signed).map_err(|_| ReceiptError::Sign)?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), text);
        Ok(())
    }
}

impl std::fmt::Debug for ReceiptSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptSigner").field("keys", &self.published.keys.len()).finish_non_exhaustive()
    }
}

fn read_key(pkcs8: &[u8]) -> Result<EcdsaKeyPair, ReceiptError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| ReceiptError::Key)
}

/// The public key; its `kid` is the key's own thumbprint (RFC 7638), so that no two keys can share one.
fn public_jwk(key: &EcdsaKeyPair) -> Result<Jwk, ReceiptError> {
    let point = key.public_key().as_ref();
    if point.len() != POINT_LENGTH {
        return Err(ReceiptError::Key);
    }
    let x = URL_SAFE_NO_PAD.encode(&point[1..=COORDINATE]);
    let y = URL_SAFE_NO_PAD.encode(&point[1 + COORDINATE..]);
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let kid = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
    let text = str::to_owned;
    Ok(Jwk {
        kty: text("EC"),
        crv: text("P-256"),
        x,
        y,
        kid,
        key_use: text("sig"),
        alg: text(RECEIPT_ALGORITHM),
    })
}
