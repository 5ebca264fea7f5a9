//! Names and numbers of the card's applications and files.

/// One application on the card, selected by its full ten-byte identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Application {
    /// 公的個人認証AP: certificates and their keys.
    Jpki,
    /// 券面事項確認AP: the card's face as images, opened by 照合番号B.
    Surface,
    /// 券面事項入力補助AP: name, address, birth date and sex as text.
    Text,
    /// 住基AP.
    Residence,
    /// 共通カードAP: the card's own serial number and expiry.
    Common,
}

impl Application {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Jpki, Self::Surface, Self::Text, Self::Residence, Self::Common];

    /// The application identifier. Always sent whole: the card also accepts a beginning of it.
    #[must_use]
    pub const fn aid(self) -> [u8; 10] {
        match self {
            Self::Jpki => [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01],
            Self::Surface => surface_family(0x04, 0x02),
            Self::Text => surface_family(0x04, 0x08),
            Self::Residence => surface_family(0x04, 0x01),
            Self::Common => surface_family(0x01, 0x00),
        }
    }
}

const fn surface_family(high: u8, low: u8) -> [u8; 10] {
    [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, high, low]
}

/// A file's two-byte identifier within its application.
pub type FileId = u16;

/// Files of the JPKI application.
pub mod jpki_files {
    use super::FileId;
    /// 署名用電子証明書 (opened by the signature password).
    pub const SIGN_CERTIFICATE: FileId = 0x0001;
    /// Certificate of the authority that issued it.
    pub const SIGN_CA: FileId = 0x0002;
    /// Token information: label, maker, flags (160 bytes).
    pub const TOKEN_INFO: FileId = 0x0006;
    /// Which certificates are present (three bytes).
    pub const PRESENCE: FileId = 0x0008;
    /// 利用者証明用電子証明書 (free to read).
    pub const AUTH_CERTIFICATE: FileId = 0x000A;
    /// Certificate of the authority that issued it.
    pub const AUTH_CA: FileId = 0x000B;
    /// Reference of the authority over terminals that may sign without PIN.
    pub const TERMINAL_CA: FileId = 0x0016;
    /// Authentication key.
    pub const AUTH_KEY: FileId = 0x0017;
    /// Authentication PIN.
    pub const AUTH_PIN: FileId = 0x0018;
    /// Signature key.
    pub const SIGN_KEY: FileId = 0x001A;
    /// Signature password.
    pub const SIGN_PIN: FileId = 0x001B;
    /// Files that exist on real cards and whose meaning nobody published.
    pub const UNKNOWN: [FileId; 6] = [0x0005, 0x0009, 0x0010, 0x0019, 0x001C, 0x001E];
}

/// Files of the surface application (券面事項確認AP).
pub mod surface_files {
    use super::FileId;
    /// Birth date for age checks.
    pub const AGE: FileId = 0x0001;
    /// The card's face: images, photo, signature.
    pub const FACE: FileId = 0x0002;
    /// Basic information (free).
    pub const BASIC: FileId = 0x0003;
    /// Card-verifiable certificate of the signer.
    pub const SIGNER: FileId = 0x0004;
    /// Image of the My Number (only by 照合番号A; never read).
    pub const MY_NUMBER: FileId = 0x0005;
    /// Key: birth date, six digits.
    pub const BIRTH_PIN: FileId = 0x0011;
    /// Key: 照合番号B.
    pub const NUMBER_B: FileId = 0x0012;
    /// Key: 照合番号A.
    pub const NUMBER_A: FileId = 0x0013;
}

/// Files of the text application (券面事項入力補助AP).
pub mod text_files {
    use super::FileId;
    /// My Number (never read).
    pub const MY_NUMBER: FileId = 0x0001;
    /// The four attributes.
    pub const ATTRIBUTES: FileId = 0x0002;
    /// Hashes and signature over them.
    pub const SIGNATURE: FileId = 0x0003;
    /// Card-verifiable certificate of the signer.
    pub const SIGNER: FileId = 0x0004;
    /// Basic information.
    pub const BASIC: FileId = 0x0005;
    /// Public key for session keys.
    pub const SESSION_KEY: FileId = 0x0006;
    /// Public key for signatures.
    pub const SIGNING_KEY: FileId = 0x0007;
    /// PIN, four digits.
    pub const PIN: FileId = 0x0011;
    /// 照合番号A in this application.
    pub const NUMBER_A: FileId = 0x0014;
    /// 照合番号B in this application.
    pub const NUMBER_B: FileId = 0x0015;
}

/// The one record file of the common application.
pub const COMMON_RECORDS: FileId = 0x0001;
