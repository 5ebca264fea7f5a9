//! The card itself: what it keeps without power, and what it forgets.

use zeroize::Zeroizing;

use crate::applications::{Application, FileId};
use crate::simulator::counters::{Counters, Secret};
use crate::simulator::files::{self, File, FileSystem};
use crate::simulator::profile::{CardKey, CardProfile, Variant};
use crate::simulator::signing::{DocumentSigner, SigningKey};

/// Answer to reset of the contact card.
pub const ATR: [u8; 9] = [0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14];

/// Why a profile makes no card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileRefused {
    /// A private key is no PKCS#8 of the kind it says.
    #[error("a private key of the profile cannot be read")]
    Key,
    /// A secret does not have the form it must have.
    #[error("a secret of the profile has the wrong form")]
    Secret,
    /// Something is too long for the card's files.
    #[error("the profile's contents are too long for the card")]
    TooLong,
}

/// A simulated card. Bytes in, bytes out: [`Self::process`].
pub struct SimulatedCard {
    pub(crate) files: FileSystem,
    pub(crate) secrets: Vec<Stored>,
    pub(crate) counters: Counters,
    pub(crate) number_tries: u8,
    pub(crate) variant: Variant,
    pub(crate) auth_key: SigningKey,
    pub(crate) sign_key: Option<SigningKey>,
    pub(crate) pinless_root: Option<[u8; 32]>,
    pub(crate) powered: Powered,
    sink: Option<CounterSink>,
}

/// A secret and its value; `None` never matches.
pub(crate) type Stored = (Secret, Option<Zeroizing<Vec<u8>>>);

type CounterSink = Box<dyn FnMut(&Counters) + Send>;

/// What the card knows only while it has power and the application stays selected.
#[derive(Default)]
pub(crate) struct Powered {
    pub(crate) application: Option<Application>,
    pub(crate) file: Option<FileId>,
    pub(crate) verified: Vec<Secret>,
    pub(crate) challenge: Option<Vec<u8>>,
    pub(crate) terminal_key: Option<[u8; 32]>,
    /// One signature with the authentication key is allowed without PIN.
    pub(crate) pinless_signature: bool,
}

impl SimulatedCard {
    /// Makes a card.
    ///
    /// # Errors
    /// [`ProfileRefused`] when a key cannot be read, a secret has the wrong form or a file would be too long.
    pub fn new(profile: CardProfile) -> Result<Self, ProfileRefused> {
        let auth_key = SigningKey::new(&profile.authentication.key)?;
        let sign_key = profile.signature.as_ref().map(|c| SigningKey::new(&c.key)).transpose()?;
        let files = files::build(&profile, &DocumentSigner::new(&auth_key))?;
        let mut card = Self {
            files,
            secrets: secrets(&profile)?,
            counters: Counters::fresh(profile.number_tries),
            number_tries: profile.number_tries,
            variant: profile.variant,
            auth_key,
            sign_key,
            pinless_root: profile.pinless_root,
            powered: Powered::default(),
            sink: None,
        };
        card.disable_pins_of_pinless_card();
        Ok(card)
    }

    /// Answer to reset.
    #[must_use]
    pub fn atr(&self) -> [u8; 9] {
        ATR
    }

    /// What kind of token it is.
    #[must_use]
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// Takes the power away: everything but the counters is forgotten.
    pub fn power_off(&mut self) {
        self.powered = Powered::default();
    }

    /// Warm reset. As on the real card, the application stays selected and a verified PIN stays verified.
    pub fn warm_reset(&mut self) {
        self.powered.challenge = None;
        self.powered.terminal_key = None;
    }

    /// Tries left, as they would survive without power.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Puts counters back that were kept from [`Self::counters`].
    pub fn restore_counters(&mut self, counters: Counters) {
        self.counters = counters;
        self.disable_pins_of_pinless_card();
    }

    /// Called with the new counters each time one changes, **before** the card compares what it was given:
    /// who stops the program in between has used up a try.
    pub fn on_counter_change(&mut self, sink: impl FnMut(&Counters) + Send + 'static) {
        self.sink = Some(Box::new(sink));
    }

    pub(crate) fn set_counter(&mut self, secret: Secret, tries: u8) {
        self.counters.set(secret, tries);
        if let Some(sink) = &mut self.sink {
            sink(&self.counters);
        }
    }

    pub(crate) fn full_tries(&self, secret: Secret) -> u8 {
        Counters::fresh(self.number_tries).left(secret)
    }

    pub(crate) fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(&(self.powered.application?, id))
    }

    /// 顔認証マイナンバーカード: its PINs can never be used.
    fn disable_pins_of_pinless_card(&mut self) {
        if self.variant == Variant::PinlessCard {
            for pin in [Secret::AuthPin, Secret::SignPin, Secret::TextPin] {
                self.counters.set(pin, 0);
            }
        }
    }
}

fn secrets(profile: &CardProfile) -> Result<Vec<Stored>, ProfileRefused> {
    use crate::pin::{Pin, PinKind};
    let number_b = profile.number_b();
    let checked = |kind, text: &str| {
        Pin::new(kind, text)
            .map(|pin| Some(Zeroizing::new(pin.bytes().to_vec())))
            .map_err(|_| ProfileRefused::Secret)
    };
    let birth = number_b[..6].as_bytes().to_vec();
    Ok(vec![
        (Secret::AuthPin, checked(PinKind::Authentication, &profile.secrets.auth_pin)?),
        (Secret::SignPin, checked(PinKind::Signature, &profile.secrets.sign_pin)?),
        (Secret::TextPin, checked(PinKind::Text, &profile.secrets.text_pin)?),
        (Secret::TextNumberB, checked(PinKind::NumberB, &number_b)?),
        (Secret::SurfaceNumberB, checked(PinKind::NumberB, &number_b)?),
        (Secret::SurfaceBirth, Some(Zeroizing::new(birth))),
        // 照合番号A is the My Number. A simulated person has none, so nothing ever matches.
        (Secret::TextNumberA, None),
        (Secret::SurfaceNumberA, None),
    ])
}

impl CardKey {
    /// Takes an RSA key of 2048 bits as PKCS#8 DER.
    #[must_use]
    pub fn rsa2048(pkcs8: &[u8]) -> Self {
        Self::Rsa2048(Zeroizing::new(pkcs8.to_vec()))
    }
}
