//! What makes one simulated card this card: keys, certificates, secrets, person.

use eligibility::Date;
use zeroize::Zeroizing;

/// Tries a fresh authentication PIN or text PIN has.
pub(crate) const AUTH_PIN_TRIES: u8 = 3;
/// Tries a fresh signature password has.
pub(crate) const SIGN_PIN_TRIES: u8 = 5;
/// Tries 照合番号 and the birth date have; reported as about ten, so it is a setting of the profile.
pub const NUMBER_TRIES: u8 = 10;

/// What kind of token the card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The plastic card with PIN.
    PlasticCard,
    /// 顔認証マイナンバーカード: the plastic card whose PINs are disabled; face or visual check only.
    PinlessCard,
    /// The certificate in an Android phone (JPKI application only).
    Android,
    /// The certificate in an iPhone (JPKI application only).
    Iphone,
}

impl Variant {
    /// The token label, as read from the card without padding.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::PlasticCard | Self::PinlessCard => "JPKIAPICCTOKEN2",
            Self::Android => "JPKIAPGPSETOKEN",
            Self::Iphone => "JPKIAPIOSTOKEN",
        }
    }

    /// Whether surface, text, residence and common applications are there too.
    #[must_use]
    pub(crate) const fn is_plastic(self) -> bool {
        matches!(self, Self::PlasticCard | Self::PinlessCard)
    }
}

/// A private key of a simulated card, as PKCS#8 DER; wiped when dropped.
pub enum CardKey {
    /// RSA, 2048 bit: what cards carry today.
    Rsa2048(Zeroizing<Vec<u8>>),
    /// ECDSA on P-384. Speculative: announced for the next card, its commands are not public.
    SpeculativeP384(Zeroizing<Vec<u8>>),
}

/// A key with its certificate and the certificate of its issuer, all DER.
pub struct Credential {
    /// The private key.
    pub key: CardKey,
    /// The card holder's certificate.
    pub certificate: Vec<u8>,
    /// The issuing authority's certificate.
    pub ca_certificate: Vec<u8>,
}

/// Sex as the text application codes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardSex {
    /// 男
    Male,
    /// 女
    Female,
    /// 適用不能
    NotApplicable,
}

impl CardSex {
    /// The digit on the card.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::NotApplicable => "9",
        }
    }
}

/// The person a simulated card belongs to: never a real one.
#[derive(Clone)]
pub struct Holder {
    /// Name as printed.
    pub name: String,
    /// Address as printed.
    pub address: String,
    /// Birth date.
    pub birthdate: Date,
    /// Sex.
    pub sex: CardSex,
    /// Photo as a JPEG 2000 file; see [`crate::photo::DRAWN`].
    pub photo: Vec<u8>,
}

/// The secrets of a simulated card.
pub struct Secrets {
    /// Authentication PIN, four digits.
    pub auth_pin: Zeroizing<String>,
    /// Signature password.
    pub sign_pin: Zeroizing<String>,
    /// PIN of the text application.
    pub text_pin: Zeroizing<String>,
}

impl Default for Secrets {
    /// `1234`, `ABC123`, `1234`: what the demo prints on its landing page.
    fn default() -> Self {
        Self {
            auth_pin: Zeroizing::new("1234".into()),
            sign_pin: Zeroizing::new("ABC123".into()),
            text_pin: Zeroizing::new("1234".into()),
        }
    }
}

/// Everything a simulated card is made from.
pub struct CardProfile {
    /// What kind of token it is.
    pub variant: Variant,
    /// 利用者証明用: key and certificates.
    pub authentication: Credential,
    /// 署名用: key and certificates; children under 15 have none.
    pub signature: Option<Credential>,
    /// Secrets.
    pub secrets: Secrets,
    /// The person.
    pub holder: Holder,
    /// Last day the card itself is valid.
    pub card_expires_on: Date,
    /// Four digits printed under the photo, part of 照合番号B.
    pub security_code: String,
    /// The card's own number: 15 digits, kept in the common application.
    pub card_number: String,
    /// Municipality that issued it: five digits.
    pub municipality: String,
    /// Tries of 照合番号A, B and the birth date.
    pub number_tries: u8,
    /// Ed25519 public key of the authority over terminals that may sign without PIN (simulated, non-standard).
    /// `None`: the card never signs without PIN.
    pub pinless_root: Option<[u8; 32]>,
}

impl CardProfile {
    /// A plastic card with the demo's usual secrets, the drawn photo, ten years of life and the simulated
    /// authority for signing without PIN.
    #[must_use]
    pub fn plastic(authentication: Credential, holder: Holder, card_expires_on: Date) -> Self {
        Self {
            variant: Variant::PlasticCard,
            authentication,
            signature: None,
            secrets: Secrets::default(),
            holder,
            card_expires_on,
            security_code: "1234".into(),
            card_number: "000000000000001".into(),
            municipality: "13104".into(),
            number_tries: NUMBER_TRIES,
            pinless_root: Some(crate::session::pinless::simulated_root_public_key()),
        }
    }

    /// 照合番号B of this card: birth date in the printed era, year of expiry, security code.
    #[must_use]
    pub fn number_b(&self) -> Zeroizing<String> {
        let year = self.card_expires_on.year();
        Zeroizing::new(format!("{}{year:04}{}", era_birth_digits(self.holder.birthdate), self.security_code))
    }
}

/// A birth date as the six digits YYMMDD of the card's face, with the year of the Japanese era.
#[must_use]
pub fn era_birth_digits(birthdate: Date) -> String {
    use jiff::civil::date;
    let era_start =
        [date(2019, 5, 1), date(1989, 1, 8), date(1926, 12, 25), date(1912, 7, 30), date(1868, 1, 25)]
            .into_iter()
            .find(|start| birthdate >= *start)
            .map_or(1867, |start| start.year());
    let year = i32::from(birthdate.year()) - i32::from(era_start) + 1;
    format!("{:02}{:02}{:02}", year.rem_euclid(100), birthdate.month(), birthdate.day())
}
