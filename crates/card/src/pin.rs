//! The secrets people type for their card. They exist only on their way to the card.

use zeroize::Zeroizing;

/// Which secret of the card is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinKind {
    /// 利用者証明用電子証明書の暗証番号: four digits, three tries.
    Authentication,
    /// 署名用電子証明書の暗証番号: 6–16 of A–Z and 0–9, five tries.
    Signature,
    /// 券面事項入力補助用の暗証番号: four digits, three tries.
    Text,
    /// 照合番号B of the surface application: 14 digits printed on the card's face.
    NumberB,
}

/// Why a typed secret was not even sent to the card (and so cost no try).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinFormatError {
    /// Not exactly four digits.
    #[error("the PIN is four digits")]
    FourDigits,
    /// Not 6 to 16 upper-case letters and digits.
    #[error("the password is 6 to 16 upper-case letters and digits")]
    SixToSixteen,
    /// Not exactly fourteen digits.
    #[error("the number is 14 digits")]
    FourteenDigits,
}

impl PinFormatError {
    /// The same for the person who typed it.
    #[must_use]
    pub fn message_ja(self) -> &'static str {
        match self {
            Self::FourDigits => "暗証番号は数字4桁です。",
            Self::SixToSixteen => "署名用の暗証番号は英大文字と数字の6~16文字です。",
            Self::FourteenDigits => "照合番号Bは数字14桁です。",
        }
    }
}

/// A secret on its way to the card: wiped from memory when dropped, never shown, compared or cloned.
///
/// There is deliberately no `Debug`, `Display`, `Clone`, `PartialEq` or serde. The 12-digit 照合番号A
/// (the My Number itself) cannot be made into one: this program never asks for it.
pub struct Pin {
    kind: PinKind,
    text: Zeroizing<Vec<u8>>,
}

impl Pin {
    /// Takes what was typed, if it has the form of that secret.
    ///
    /// # Errors
    /// [`PinFormatError`] otherwise; nothing of the text is kept or quoted.
    pub fn new(kind: PinKind, typed: &str) -> Result<Self, PinFormatError> {
        let digits = |length| typed.len() == length && typed.bytes().all(|b| b.is_ascii_digit());
        match kind {
            PinKind::Authentication | PinKind::Text if !digits(4) => return Err(PinFormatError::FourDigits),
            PinKind::NumberB if !digits(14) => return Err(PinFormatError::FourteenDigits),
            PinKind::Signature if !is_signature_password(typed) => return Err(PinFormatError::SixToSixteen),
            _ => {}
        }
        Ok(Self { kind, text: Zeroizing::new(typed.as_bytes().to_vec()) })
    }

    /// Which secret this is.
    #[must_use]
    pub fn kind(&self) -> PinKind {
        self.kind
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.text
    }
}

fn is_signature_password(typed: &str) -> bool {
    (6..=16).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
