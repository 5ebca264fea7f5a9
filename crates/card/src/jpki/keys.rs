//! The public key in a card certificate and the signatures it verifies.

use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The signature does not verify under the card's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify under the card's key")]
pub struct SignatureRefused;

/// The public key of a card.
#[derive(Clone, Debug)]
pub enum CardPublicKey {
    /// RSA, 2048 bit, public exponent 65537; signs RSASSA-PKCS1-v1_5 with SHA-256.
    Rsa2048(ParsedPublicKey),
    /// ECDSA on P-384 with SHA-384. Speculative: announced for the next card. Accepted only where
    /// [`crate::jpki::CardTrust::accept_speculative_p384`] says so.
    SpeculativeP384(ParsedPublicKey),
}

impl CardPublicKey {
    /// Verifies what the card signed.
    ///
    /// # Errors
    /// [`SignatureRefused`]; never says why.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> Result<(), SignatureRefused> {
        let (Self::Rsa2048(key) | Self::SpeculativeP384(key)) = self;
        key.verify_sig(text, signature).map_err(|_| SignatureRefused)
    }

    /// Reads a key of a form that cards have; `None` for any other.
    pub(crate) fn from_spki(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        match spki.parsed().ok()? {
            PublicKey::RSA(rsa) => {
                let modulus = strip_zero(rsa.modulus);
                let top_bit_set = modulus.first().is_some_and(|b| b & 0x80 != 0);
                if modulus.len() != 256 || !top_bit_set || strip_zero(rsa.exponent) != [0x01, 0x00, 0x01] {
                    return None;
                }
                ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki.raw).ok().map(Self::Rsa2048)
            }
            // 0x04 and two coordinates of 48 bytes: a point of P-384 in uncompressed form.
            PublicKey::EC(point) if point.data().len() == 97 => {
                ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, spki.raw).ok().map(Self::SpeculativeP384)
            }
            _ => None,
        }
    }
}

fn strip_zero(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|b| **b == 0).count();
    &number[zeros..]
}
