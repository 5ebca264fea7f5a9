//! The tries a card has left: the one thing it remembers without power.

use std::fmt;
use std::str::FromStr;

use crate::simulator::profile::{AUTH_PIN_TRIES, NUMBER_TRIES, SIGN_PIN_TRIES};

/// One secret of the card with a counter of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Secret {
    /// Authentication PIN.
    AuthPin,
    /// Signature password.
    SignPin,
    /// PIN of the text application.
    TextPin,
    /// 照合番号A in the text application.
    TextNumberA,
    /// 照合番号B in the text application.
    TextNumberB,
    /// Birth date in the surface application.
    SurfaceBirth,
    /// 照合番号A in the surface application.
    SurfaceNumberA,
    /// 照合番号B in the surface application.
    SurfaceNumberB,
}

impl Secret {
    /// All of them, in the order [`Counters`] are written.
    pub const ALL: [Self; 8] = [
        Self::AuthPin,
        Self::SignPin,
        Self::TextPin,
        Self::TextNumberA,
        Self::TextNumberB,
        Self::SurfaceBirth,
        Self::SurfaceNumberA,
        Self::SurfaceNumberB,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::AuthPin => "auth_pin",
            Self::SignPin => "sign_pin",
            Self::TextPin => "text_pin",
            Self::TextNumberA => "text_number_a",
            Self::TextNumberB => "text_number_b",
            Self::SurfaceBirth => "surface_birth",
            Self::SurfaceNumberA => "surface_number_a",
            Self::SurfaceNumberB => "surface_number_b",
        }
    }
}

/// Tries left of every secret. Written and read as text (`auth_pin=3 sign_pin=5 …`), so that a simulated card
/// stays locked when the program that plays it starts again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters([u8; Secret::ALL.len()]);

/// The text does not give the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the counters of a simulated card")]
pub struct CounterFormatError;

impl Counters {
    /// A fresh card's counters: 3, 5, 3 and this many for the numbers and the birth date.
    #[must_use]
    pub fn fresh(number_tries: u8) -> Self {
        Self(Secret::ALL.map(|secret| match secret {
            Secret::AuthPin | Secret::TextPin => AUTH_PIN_TRIES,
            Secret::SignPin => SIGN_PIN_TRIES,
            _ => number_tries.min(0x0F),
        }))
    }

    /// Tries left.
    #[must_use]
    pub fn left(&self, secret: Secret) -> u8 {
        self.0[secret as usize]
    }

    pub(crate) fn set(&mut self, secret: Secret, tries: u8) {
        // A status word has four bits for it.
        self.0[secret as usize] = tries.min(0x0F);
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self::fresh(NUMBER_TRIES)
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, secret) in Secret::ALL.into_iter().enumerate() {
            let blank = if position == 0 { "" } else { " " };
            write!(f, "{blank}{}={}", secret.name(), self.left(secret))?;
        }
        Ok(())
    }
}

impl FromStr for Counters {
    type Err = CounterFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let mut counters = Self::fresh(0);
        for secret in Secret::ALL {
            let word = words.next().ok_or(CounterFormatError)?;
            let tries = word.strip_prefix(secret.name()).and_then(|rest| rest.strip_prefix('='));
            let tries: u8 = tries.and_then(|t| t.parse().ok()).ok_or(CounterFormatError)?;
            if tries > 0x0F {
                return Err(CounterFormatError);
            }
            counters.set(secret, tries);
        }
        if words.next().is_some() { Err(CounterFormatError) } else { Ok(counters) }
    }
}
