//! Issuing keys that never leave a PKCS#11 token: a hardware module, or SoftHSM.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use der::asn1::{BitString, ObjectIdentifier, OctetStringRef, Uint};
use der::oid::db::rfc5912::{ID_EC_PUBLIC_KEY, SECP_256_R_1, SECP_384_R_1};
use der::{Decode as _, Encode as _};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::issuing_key::IssuingKey;
use crate::keys::{KeyAlgorithm, PublicKey};
use crate::{Error, Result};

/// A token, logged in.
pub struct Token {
    session: Session,
}

impl Token {
    /// Loads the token's library, finds the token with this label and logs in with the user's PIN.
    ///
    /// # Errors
    /// [`Error::Token`] when the library cannot be loaded, no token has the label, or the PIN is wrong.
    pub fn open(library: &Path, label: &str, pin: &str) -> Result<Self> {
        let context = Pkcs11::new(library).map_err(refused)?;
        let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        match context.initialize(arguments) {
            // Another part of this program uses the same library.
            Ok(())
            | Err(cryptoki::error::Error::Pkcs11(cryptoki::error::RvError::CryptokiAlreadyInitialized, _)) => {
            }
            Err(other) => return Err(refused(other)),
        }
        for slot in context.get_slots_with_initialized_token().map_err(refused)? {
            if context.get_token_info(slot).map_err(refused)?.label().trim_end() != label {
                continue;
            }
            let session = context.open_rw_session(slot).map_err(refused)?;
            match session.login(UserType::User, Some(&AuthPin::new(pin.into()))) {
                Ok(()) => {}
                // A login counts for the whole program.
                Err(cryptoki::error::Error::Pkcs11(cryptoki::error::RvError::UserAlreadyLoggedIn, _)) => {}
                Err(other) => return Err(refused(other)),
            }
            return Ok(Self { session });
        }
        Err(Error::Token(format!("there is no token labelled {label}")))
    }

    /// Makes a key pair on the token, under this label. The private half can never be read.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the label is taken, [`Error::Key`] for RSA, [`Error::Token`].
    pub fn generate(self, label: &str, algorithm: KeyAlgorithm) -> Result<TokenKey> {
        let curve = curve_of(algorithm)?;
        if !self.find(ObjectClass::PRIVATE_KEY, label)?.is_empty() {
            return Err(Error::AlreadyExists(label.into()));
        }
        let name = || Attribute::Label(label.as_bytes().to_vec());
        let public = [
            name(),
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(curve.to_der()?),
        ];
        let private = [
            name(),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let made = self.session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private);
        made.map_err(refused)?;
        self.key(label)
    }

    /// The key pair with this label.
    ///
    /// # Errors
    /// [`Error::Token`] when there is none or more than one, or it can be taken off the token; [`Error::Key`]
    /// when it is neither P-256 nor P-384.
    pub fn key(self, label: &str) -> Result<TokenKey> {
        let only = |class| match self.find(class, label)?.as_slice() {
            [one] => Ok(*one),
            found => Err(Error::Token(format!("{} keys are labelled {label}, not one", found.len()))),
        };
        let private = only(ObjectClass::PRIVATE_KEY)?;
        let guarded = self
            .session
            .get_attributes(private, &[AttributeType::Sensitive, AttributeType::Extractable])
            .map_err(refused)?;
        if !guarded.contains(&Attribute::Sensitive(true)) || !guarded.contains(&Attribute::Extractable(false))
        {
            return Err(Error::Token(format!("the key {label} can be taken off the token")));
        }
        let (algorithm, public_key) = self.public_half(only(ObjectClass::PUBLIC_KEY)?)?;
        Ok(TokenKey { session: Mutex::new(self.session), private, algorithm, public_key })
    }

    fn find(&self, class: ObjectClass, label: &str) -> Result<Vec<ObjectHandle>> {
        let wanted = [
            Attribute::Class(class),
            Attribute::KeyType(KeyType::EC),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        self.session.find_objects(&wanted).map_err(refused)
    }

    fn public_half(&self, key: ObjectHandle) -> Result<(KeyAlgorithm, PublicKey)> {
        let wanted = [AttributeType::EcParams, AttributeType::EcPoint];
        let (mut curve, mut point) = (None, None);
        for attribute in self.session.get_attributes(key, &wanted).map_err(refused)? {
            match attribute {
                Attribute::EcParams(bytes) => curve = ObjectIdentifier::from_der(&bytes).ok(),
                // The standard wraps the point into an OCTET STRING.
                Attribute::EcPoint(bytes) => {
                    point = OctetStringRef::from_der(&bytes).ok().map(|inner| inner.as_bytes().to_vec());
                }
                _ => {}
            }
        }
        let algorithm = match curve {
            Some(SECP_256_R_1) => KeyAlgorithm::P256,
            Some(SECP_384_R_1) => KeyAlgorithm::P384,
            _ => return Err(Error::Key("the token's key is neither P-256 nor P-384".to_owned())),
        };
        let spki = SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: ID_EC_PUBLIC_KEY,
                parameters: Some((&curve_of(algorithm)?).into()),
            },
            subject_public_key: BitString::from_bytes(&point.ok_or(Error::Malformed("the token's key"))?)?,
        };
        Ok((algorithm, PublicKey::from_spki_der(&spki.to_der()?)?))
    }
}

/// A private key on a token.
pub struct TokenKey {
    // One session does one thing at a time.
    session: Mutex<Session>,
    private: ObjectHandle,
    algorithm: KeyAlgorithm,
    public_key: PublicKey,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({:?})", self.algorithm)
    }
}

#[derive(der::Sequence)]
struct EcdsaSignature {
    r: Uint,
    s: Uint,
}

impl IssuingKey for TokenKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        // The digest is made here: every token knows plain ECDSA, few know it with each digest.
        let with = if self.algorithm == KeyAlgorithm::P256 { &SHA256 } else { &SHA384 };
        let hash = digest(with, message);
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let raw = session.sign(&Mechanism::Ecdsa, self.private, hash.as_ref()).map_err(refused)?;
        if raw.is_empty() || !raw.len().is_multiple_of(2) {
            return Err(Error::Token("the signature has an odd length".to_owned()));
        }
        let (r, s) = raw.split_at(raw.len() / 2);
        Ok(EcdsaSignature { r: Uint::new(r)?, s: Uint::new(s)? }.to_der()?)
    }
}

fn curve_of(algorithm: KeyAlgorithm) -> Result<ObjectIdentifier> {
    match algorithm {
        KeyAlgorithm::P256 => Ok(SECP_256_R_1),
        KeyAlgorithm::P384 => Ok(SECP_384_R_1),
        KeyAlgorithm::Rsa2048 => Err(Error::Key("issuing keys on tokens are P-256 or P-384".to_owned())),
    }
}

fn refused(error: cryptoki::error::Error) -> Error {
    Error::Token(error.to_string())
}
