//! A typed conversation with a card over any transport.

mod client;
mod error;
mod face;
pub mod pinless;

pub(crate) use client::DIGEST_INFO_SHA256;
pub use error::SessionError;
pub use face::{CardFace, TextAttributes};

use crate::apdu::{Command, StatusWord, ins};
use crate::applications::{Application, FileId, jpki_files, surface_files, text_files};
use crate::pin::{Pin, PinKind};
use crate::session::client::Client;
use crate::session::pinless::PinlessAuthorizer;
use crate::transport::{CardTransport, Disposition};

/// What the token's label says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenLabel {
    /// `JPKIAPICCTOKEN2`: plastic card.
    PlasticCard,
    /// `JPKIAPGPSETOKEN`: Android phone.
    Android,
    /// `JPKIAPIOSTOKEN`: iPhone.
    Iphone,
    /// Anything else.
    Other(String),
}

/// What the card says about one of its secrets, without costing a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinState {
    /// So many tries are left (at least one).
    Left(u8),
    /// Locked: only the municipality can unlock it.
    Locked,
    /// Already verified in this connection.
    Verified,
}

/// Whether the person confirmed that the last try may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastTry {
    /// Refuse when only one try is left.
    Refuse,
    /// The person was told that one more wrong entry locks the card, and went on.
    Confirmed,
}

/// A conversation with one card.
///
/// Dropping it powers the card off, so that a verified PIN never survives for the next program.
pub struct CardSession<T: CardTransport> {
    client: Client<T>,
    selected: Option<Application>,
    open: bool,
}

impl<T: CardTransport> CardSession<T> {
    /// Finds out whether this is a My Number Card (or a phone that acts as one), by selecting the JPKI application.
    ///
    /// # Errors
    /// [`SessionError::NotMyNumberCard`] when the application is absent, [`SessionError::Transport`] when the
    /// card cannot be reached.
    pub fn open(transport: T) -> Result<Self, SessionError> {
        let mut session = Self { client: Client::new(transport), selected: None, open: true };
        match session.select_application(Application::Jpki) {
            Err(SessionError::Status { status: StatusWord::NOT_FOUND, .. }) => {
                Err(SessionError::NotMyNumberCard)
            }
            other => other.map(|()| session),
        }
    }

    /// What kind of token the card says it is.
    ///
    /// # Errors
    /// [`SessionError`] when the card does not give it.
    pub fn token_label(&mut self) -> Result<TokenLabel, SessionError> {
        /// Bytes the label takes at the beginning of the token information.
        const LABEL_LENGTH: u32 = 32;
        self.select_application(Application::Jpki)?;
        self.select_file(jpki_files::TOKEN_INFO)?;
        let read = Command::new(0x00, ins::READ_BINARY, 0, 0).le(LABEL_LENGTH);
        let label = self.client.expect("read the token label", &read)?;
        Ok(match String::from_utf8_lossy(&label).trim_end_matches([' ', '\0']) {
            "JPKIAPICCTOKEN2" => TokenLabel::PlasticCard,
            "JPKIAPGPSETOKEN" => TokenLabel::Android,
            "JPKIAPIOSTOKEN" => TokenLabel::Iphone,
            other => TokenLabel::Other(other.to_owned()),
        })
    }

    /// 利用者証明用電子証明書 as DER. Needs no PIN.
    ///
    /// # Errors
    /// [`SessionError`] when the card does not give it.
    pub fn auth_certificate(&mut self) -> Result<Vec<u8>, SessionError> {
        self.read_jpki(jpki_files::AUTH_CERTIFICATE)
    }

    /// The certificate of the authority that issued it, as DER. Needs no PIN.
    ///
    /// # Errors
    /// [`SessionError`] when the card does not give it.
    pub fn auth_ca_certificate(&mut self) -> Result<Vec<u8>, SessionError> {
        self.read_jpki(jpki_files::AUTH_CA)
    }

    /// 署名用電子証明書 as DER. Needs the signature password verified.
    ///
    /// # Errors
    /// [`SessionError::PinRequired`] before that.
    pub fn sign_certificate(&mut self) -> Result<Vec<u8>, SessionError> {
        self.read_jpki(jpki_files::SIGN_CERTIFICATE)
    }

    /// How many tries a secret has left. Costs none.
    ///
    /// # Errors
    /// [`SessionError`] when the card does not say.
    pub fn pin_state(&mut self, kind: PinKind) -> Result<PinState, SessionError> {
        self.select_pin(kind)?;
        let response = self.client.send(&Command::new(0x00, ins::VERIFY, 0x00, 0x80))?;
        match (response.status, response.status.tries()) {
            (StatusWord::OK, _) => Ok(PinState::Verified),
            (StatusWord::BLOCKED, _) | (_, Some(0)) => Ok(PinState::Locked),
            (_, Some(tries)) => Ok(PinState::Left(tries)),
            (status, None) => Err(SessionError::Status { doing: "ask for the tries left", status }),
        }
    }

    /// Lets the card verify a secret: exactly one VERIFY is sent, never a second one by itself.
    ///
    /// # Errors
    /// [`SessionError::PinLocked`] without sending anything when no try is left; [`SessionError::LastTry`] without
    /// sending anything when one is left and `last_try` does not confirm it; [`SessionError::WrongPin`] with the
    /// tries left when the card says no.
    pub fn verify_pin(&mut self, pin: &Pin, last_try: LastTry) -> Result<(), SessionError> {
        match self.pin_state(pin.kind())? {
            PinState::Locked => return Err(SessionError::PinLocked),
            PinState::Left(1) if last_try == LastTry::Refuse => return Err(SessionError::LastTry),
            PinState::Left(_) | PinState::Verified => {}
        }
        let command = Command::new(0x00, ins::VERIFY, 0x00, 0x80).data(pin.bytes());
        let response = self.client.send(&command)?;
        match (response.status, response.status.tries()) {
            (StatusWord::OK, _) => Ok(()),
            (StatusWord::BLOCKED, _) | (_, Some(0)) => Err(SessionError::PinLocked),
            (_, Some(tries_left)) => Err(SessionError::WrongPin { tries_left }),
            (status, None) => Err(SessionError::Status { doing: "verify the PIN", status }),
        }
    }

    /// Signs with the authentication key: RSASSA-PKCS1-v1_5 over the text's SHA-256.
    /// Needs the PIN verified or signing without PIN authorised.
    ///
    /// # Errors
    /// [`SessionError::PinRequired`] when the card was not satisfied before.
    pub fn sign(&mut self, text: &[u8]) -> Result<Vec<u8>, SessionError> {
        self.sign_with(jpki_files::AUTH_KEY, text)
    }

    /// The same with the signature key (署名用).
    ///
    /// # Errors
    /// [`SessionError::PinRequired`] when the signature password was not verified.
    pub fn sign_with_signature_key(&mut self, text: &[u8]) -> Result<Vec<u8>, SessionError> {
        self.sign_with(jpki_files::SIGN_KEY, text)
    }

    /// Signs with an authentication key of the next card: ECDSA on P-384 over the text's SHA-384.
    ///
    /// **Speculative**: how the next card takes its input is not public. Works on simulated cards only.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn sign_speculative_p384(&mut self, text: &[u8]) -> Result<Vec<u8>, SessionError> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, text);
        self.sign_input(jpki_files::AUTH_KEY, digest.as_ref())
    }

    /// Lets a terminal that is entitled to it unlock the authentication key without PIN, after the face or the
    /// photo has been compared (特定機関認証). See [`pinless`] for what is real about it.
    ///
    /// # Errors
    /// [`SessionError::PinlessRefused`] when the card does not know or not trust the terminal.
    pub fn authorize_without_pin(&mut self, authorizer: &dyn PinlessAuthorizer) -> Result<(), SessionError> {
        self.select_application(Application::Jpki)?;
        pinless::run(self, authorizer)
    }

    /// Reads the card's face: photo, printed name and address. Needs 照合番号B, which this verifies.
    ///
    /// # Errors
    /// As [`Self::verify_pin`]; [`SessionError::BadFile`] when the file cannot be understood.
    pub fn read_face(&mut self, number_b: &Pin, last_try: LastTry) -> Result<CardFace, SessionError> {
        if number_b.kind() != PinKind::NumberB {
            return Err(SessionError::WrongPinKind);
        }
        self.verify_pin(number_b, last_try)?;
        let file = self.read_file(surface_files::FACE)?;
        CardFace::parse(&file)
    }

    /// Reads name, address, birth date and sex as text. Needs the text PIN, which this verifies.
    ///
    /// # Errors
    /// As [`Self::verify_pin`]; [`SessionError::BadFile`] when the file cannot be understood.
    pub fn read_text_attributes(
        &mut self,
        pin: &Pin,
        last_try: LastTry,
    ) -> Result<TextAttributes, SessionError> {
        if pin.kind() != PinKind::Text {
            return Err(SessionError::WrongPinKind);
        }
        self.verify_pin(pin, last_try)?;
        let file = self.read_file(text_files::ATTRIBUTES)?;
        TextAttributes::parse(&file)
    }

    /// Ends the conversation and powers the card off.
    ///
    /// # Errors
    /// [`SessionError::Transport`] when the reader refuses.
    pub fn finish(mut self) -> Result<(), SessionError> {
        self.open = false;
        self.client.disconnect(Disposition::Unpower)
    }

    fn sign_with(&mut self, key: FileId, text: &[u8]) -> Result<Vec<u8>, SessionError> {
        self.sign_input(key, &client::digest_info_sha256(text))
    }

    fn sign_input(&mut self, key: FileId, input: &[u8]) -> Result<Vec<u8>, SessionError> {
        self.select_application(Application::Jpki)?;
        self.select_file(key)?;
        let command = Command::new(0x80, ins::SIGN, 0x00, 0x80).data(input).le(256);
        Ok(self.client.expect("sign", &command)?.to_vec())
    }

    fn read_jpki(&mut self, file: FileId) -> Result<Vec<u8>, SessionError> {
        self.select_application(Application::Jpki)?;
        Ok(self.read_file(file)?.to_vec())
    }

    fn select_pin(&mut self, kind: PinKind) -> Result<(), SessionError> {
        let (application, file) = match kind {
            PinKind::Authentication => (Application::Jpki, jpki_files::AUTH_PIN),
            PinKind::Signature => (Application::Jpki, jpki_files::SIGN_PIN),
            PinKind::Text => (Application::Text, text_files::PIN),
            PinKind::NumberB => (Application::Surface, surface_files::NUMBER_B),
        };
        self.select_application(application)?;
        self.select_file(file)
    }

    /// Selects an application unless it is already: selecting another one clears what was verified.
    fn select_application(&mut self, application: Application) -> Result<(), SessionError> {
        if self.selected == Some(application) {
            return Ok(());
        }
        self.selected = None;
        let select = Command::new(0x00, ins::SELECT, 0x04, 0x0C).data(&application.aid());
        self.client.expect("select the application", &select)?;
        self.selected = Some(application);
        Ok(())
    }

    pub(crate) fn select_file(&mut self, file: FileId) -> Result<(), SessionError> {
        let select = Command::new(0x00, ins::SELECT, 0x02, 0x0C).data(&file.to_be_bytes());
        self.client.expect("select the file", &select).map(drop)
    }

    fn read_file(&mut self, file: FileId) -> Result<zeroize::Zeroizing<Vec<u8>>, SessionError> {
        self.select_file(file)?;
        self.client.read_selected()
    }

    pub(crate) fn expect(
        &mut self,
        doing: &'static str,
        command: &Command,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, SessionError> {
        self.client.expect(doing, command)
    }
}

impl<T: CardTransport> Drop for CardSession<T> {
    fn drop(&mut self) {
        if self.open {
            // Nobody is left to tell; a card that is gone has lost its state anyway.
            let _ = self.client.disconnect(Disposition::Unpower);
        }
    }
}
