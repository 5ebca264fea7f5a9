//! The private keys of a simulated card.
//!
//! The real card pads whatever it is given and signs it (or, when asked to, signs a hash with PSS). A signature over a SHA-256 DigestInfo, the usual case,
//! is left to the cryptographic library; anything else is computed with plain big numbers, which take no care
//! of timing. That is fine for keys that protect nothing.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use num_bigint::BigUint;

use crate::session::DIGEST_INFO_SHA256;
use crate::simulator::card::ProfileRefused;
use crate::simulator::profile::CardKey;
use crate::tlv;

/// Bytes of an RSA-2048 modulus and signature.
const MODULUS: usize = 256;
/// The most the card pads: the modulus less the eleven bytes of PKCS #1 v1.5.
pub(crate) const MAX_INPUT: usize = MODULUS - 11;

/// What a command asks the key to sign.
pub(crate) enum ToSign {
    /// Bytes to be padded by PKCS #1 v1.5 as they are.
    Padded(Vec<u8>),
    /// A SHA-256 hash, for RSASSA-PSS with SHA-256 throughout and a random salt as long as the hash.
    Pss(Vec<u8>),
}

pub(crate) enum SigningKey {
    Rsa(Box<RsaKey>),
    P384(EcdsaKeyPair),
}

pub(crate) struct RsaKey {
    library: RsaKeyPair,
    modulus: BigUint,
    public_exponent: BigUint,
    private_exponent: BigUint,
}

impl SigningKey {
    pub(crate) fn new(key: &CardKey) -> Result<Self, ProfileRefused> {
        match key {
            CardKey::Rsa2048(pkcs8) => RsaKey::new(pkcs8).map(|key| Self::Rsa(Box::new(key))),
            CardKey::SpeculativeP384(pkcs8) => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8)
                    .map(Self::P384)
                    .map_err(|_| ProfileRefused::Key)
            }
        }
    }

    /// Signs what the card was given; `None` when the input does not fit the key.
    pub(crate) fn sign(&self, input: &ToSign) -> Option<Vec<u8>> {
        match (self, input) {
            (Self::Rsa(key), ToSign::Padded(input)) => key.sign(input),
            (Self::Rsa(key), ToSign::Pss(hash)) => key.sign_sha256(&RSA_PSS_SHA256, hash),
            (Self::P384(_), ToSign::Pss(_)) => None,
            // Speculative: how the next card takes its input is not public. A bare SHA-384 digest is assumed.
            (Self::P384(key), ToSign::Padded(input)) => {
                let digest = Digest::import_less_safe(input, &aws_lc_rs::digest::SHA384).ok()?;
                key.sign_digest(&digest).ok().map(|signature| signature.as_ref().to_vec())
            }
        }
    }
}

impl RsaKey {
    fn new(pkcs8: &[u8]) -> Result<Self, ProfileRefused> {
        let library = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| ProfileRefused::Key)?;
        let [modulus, public_exponent, private_exponent] = numbers(pkcs8).ok_or(ProfileRefused::Key)?;
        if library.public_modulus_len() != MODULUS {
            return Err(ProfileRefused::Key);
        }
        Ok(Self { library, modulus, public_exponent, private_exponent })
    }

    fn sign(&self, input: &[u8]) -> Option<Vec<u8>> {
        if input.len() > MAX_INPUT {
            return None;
        }
        match input.strip_prefix(&DIGEST_INFO_SHA256) {
            Some(hash) if hash.len() == 32 => self.sign_sha256(&RSA_PKCS1_SHA256, hash),
            _ => Some(self.sign_raw(input)),
        }
    }

    fn sign_sha256(&self, padding: &'static dyn RsaEncoding, hash: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; MODULUS];
        let digest = Digest::import_less_safe(hash, &SHA256).ok()?;
        self.library.sign_digest(padding, &digest, &mut signature).ok()?;
        Some(signature)
    }

    /// PKCS #1 v1.5 padding and the private operation, for inputs that are no SHA-256 DigestInfo.
    fn sign_raw(&self, input: &[u8]) -> Vec<u8> {
        let mut padded = vec![0x00, 0x01];
        padded.resize(MODULUS - 1 - input.len(), 0xFF);
        padded.push(0x00);
        padded.extend_from_slice(input);
        let signed =
            BigUint::from_bytes_be(&padded).modpow(&self.private_exponent, &self.modulus).to_bytes_be();
        let mut signature = vec![0; MODULUS - signed.len()];
        signature.extend_from_slice(&signed);
        signature
    }
}

/// Modulus, public and private exponent out of PKCS#8: SEQUENCE { version, algorithm, OCTET STRING { RSAPrivateKey } }.
fn numbers(pkcs8: &[u8]) -> Option<[BigUint; 3]> {
    let (outer, _) = tlv::parse(pkcs8).ok()?;
    let wrapped = tlv::parse_all(outer.value).ok()?;
    let (key, _) = tlv::parse(wrapped.get(2)?.value).ok()?;
    let fields = tlv::parse_all(key.value).ok()?;
    let number = |position: usize| fields.get(position).map(|field| BigUint::from_bytes_be(field.value));
    Some([number(1)?, number(2)?, number(3)?])
}

/// Signs the files of surface and text application. On real cards another key does; here the authentication key
/// doubles for it, since a simulated signer's signature proves nothing anyway.
pub(crate) struct DocumentSigner<'a>(&'a SigningKey);

impl<'a> DocumentSigner<'a> {
    pub(crate) fn new(key: &'a SigningKey) -> Self {
        Self(key)
    }

    /// Exponent and modulus; empty for keys that are not RSA.
    pub(crate) fn public_numbers(&self) -> (Vec<u8>, Vec<u8>) {
        match self.0 {
            SigningKey::Rsa(key) => (key.public_exponent.to_bytes_be(), key.modulus.to_bytes_be()),
            SigningKey::P384(_) => (Vec::new(), Vec::new()),
        }
    }

    /// A signature over the hashes of groups of data, each hashed by itself.
    pub(crate) fn sign_groups(&self, groups: &[Vec<u8>]) -> Vec<u8> {
        let hashes: Vec<u8> =
            groups.iter().flat_map(|group| digest(&SHA256, group).as_ref().to_vec()).collect();
        let SigningKey::Rsa(key) = self.0 else { return vec![0; MODULUS] };
        let mut signature = vec![0; MODULUS];
        let signed = key.library.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &hashes, &mut signature);
        if signed.is_err() { vec![0; MODULUS] } else { signature }
    }
}
