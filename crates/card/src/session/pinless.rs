//! Signing without PIN after the face or the photo was compared (特定機関認証): a simulated profile.
//!
//! **Non-standard.** On real cards an approved terminal presents a card-verifiable certificate against key
//! reference 0016 (`80 A2 00 C1`, about 307 bytes); how it then proves that it holds the key is not public,
//! and the key material comes from J-LIS. The steps after the certificate here (GET CHALLENGE, then EXTERNAL
//! AUTHENTICATE with an Ed25519 signature over the challenge) are ours, and **work on the simulated card
//! only**. Who holds real key material implements [`PinlessAuthorizer`].

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use crate::apdu::{Command, StatusWord, ins};
use crate::applications::jpki_files;
use crate::session::{CardSession, SessionError};
use crate::tlv;
use crate::transport::CardTransport;

/// Bytes of challenge the card is asked for.
pub const CHALLENGE_LENGTH: usize = 32;
/// Length of a terminal certificate's body, as on real cards; it makes the command need extended lengths.
pub const CERTIFICATE_BODY_LENGTH: usize = 307;
/// Tag of a card-verifiable certificate.
pub(crate) const CERTIFICATE: u32 = 0x7F21;
/// Tag of its body: issuer (16 bytes), subject (16 bytes), key.
pub(crate) const CERTIFICATE_BODY: u32 = 0x5F4E;
/// Tag of its signature.
pub(crate) const CERTIFICATE_SIGNATURE: u32 = 0x5F37;
/// What the terminal's signature begins with, before the challenge.
pub(crate) const CHALLENGE_LABEL: &[u8] = b"shikaku-simulated-pinless-v1\n";

/// Published on purpose: the simulated authority protects nothing but simulated cards.
const SIMULATED_ROOT_SEED: [u8; 32] = *b"simulated authority of terminals";

/// What a terminal needs to be accepted by a card for signing without PIN.
pub trait PinlessAuthorizer {
    /// The terminal's card-verifiable certificate.
    fn terminal_certificate(&self) -> Vec<u8>;
    /// The answer to the card's challenge; `None` when the key is not at hand.
    fn answer(&self, challenge: &[u8]) -> Option<Vec<u8>>;
}

/// A terminal certified by the simulated authority. Good for simulated cards only.
pub struct SimulatedPinlessAuthorizer {
    key: Ed25519KeyPair,
    certificate: Vec<u8>,
}

impl SimulatedPinlessAuthorizer {
    /// Makes a terminal key and lets the simulated authority certify it under this name (16 bytes are used).
    ///
    /// # Panics
    /// Never in practice: only if the system's random source or Ed25519 fails.
    #[must_use]
    pub fn new(terminal: &str) -> Self {
        let root = keypair(&SIMULATED_ROOT_SEED);
        let mut seed = zeroize::Zeroizing::new([0u8; 32]);
        aws_lc_rs::rand::fill(&mut *seed).expect("the system has a random source");
        let key = keypair(&seed);
        let mut body = Vec::with_capacity(CERTIFICATE_BODY_LENGTH);
        body.extend_from_slice(&name16("SIMULATED-CA"));
        body.extend_from_slice(&name16(terminal));
        body.extend_from_slice(key.public_key().as_ref());
        body.resize(CERTIFICATE_BODY_LENGTH, 0);
        let mut inner = Vec::new();
        let mut certificate = Vec::new();
        tlv::write(&mut inner, CERTIFICATE_BODY, &body)
            .and_then(|()| tlv::write(&mut inner, CERTIFICATE_SIGNATURE, root.sign(&body).as_ref()))
            .and_then(|()| tlv::write(&mut certificate, CERTIFICATE, &inner))
            .expect("tags and lengths are constants within range");
        Self { key, certificate }
    }
}

impl PinlessAuthorizer for SimulatedPinlessAuthorizer {
    fn terminal_certificate(&self) -> Vec<u8> {
        self.certificate.clone()
    }

    fn answer(&self, challenge: &[u8]) -> Option<Vec<u8>> {
        Some(self.key.sign(&[CHALLENGE_LABEL, challenge].concat()).as_ref().to_vec())
    }
}

/// Public key of the simulated authority, as simulated cards hold it.
#[must_use]
pub(crate) fn simulated_root_public_key() -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(keypair(&SIMULATED_ROOT_SEED).public_key().as_ref());
    key
}

fn keypair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are an Ed25519 seed")
}

fn name16(name: &str) -> [u8; 16] {
    let mut field = [b' '; 16];
    for (place, byte) in field.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    field
}

pub(crate) fn run<T: CardTransport>(
    session: &mut CardSession<T>,
    authorizer: &dyn PinlessAuthorizer,
) -> Result<(), SessionError> {
    let refused = |error| match error {
        SessionError::Status { status, .. } => SessionError::PinlessRefused { status },
        SessionError::PinRequired => SessionError::PinlessRefused { status: StatusWord::SECURITY_STATUS },
        other => other,
    };
    session.select_file(jpki_files::TERMINAL_CA).map_err(refused)?;
    let certificate =
        Command::new(0x80, ins::TERMINAL_CERTIFICATE, 0x00, 0xC1).data(&authorizer.terminal_certificate());
    session.expect("present the terminal certificate", &certificate).map_err(refused)?;
    let ask = Command::new(0x00, ins::GET_CHALLENGE, 0, 0).le(CHALLENGE_LENGTH as u32);
    let challenge = session.expect("get a challenge", &ask).map_err(refused)?;
    let answer = authorizer
        .answer(&challenge)
        .ok_or(SessionError::PinlessRefused { status: StatusWord::CONDITIONS })?;
    let prove = Command::new(0x00, ins::EXTERNAL_AUTHENTICATE, 0x00, 0x80).data(&answer);
    session.expect("answer the challenge", &prove).map_err(refused).map(drop)
}
