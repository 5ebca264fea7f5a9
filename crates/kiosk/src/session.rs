//! One patient, one card: the steps of a session, in the order the types allow.
//!
//! The session does no waiting and no network: it is told things ([`AtReader`]) and asks the card. Nonce and
//! outcome come from a [`TerminalLink`](crate::TerminalLink) or any other source the caller has;
//! [`check`] strings the whole together.

use base64::{Engine, engine::general_purpose::STANDARD};
use card::{
    pin::Pin,
    session::{CardFace, CardSession, LastTry, PinState, pinless::PinlessAuthorizer},
    transport::CardTransport,
};
use eligibility::{
    Instant,
    card_certificate::CardCertificateState,
    codes::PrescriptionIssue,
    consent::{CareForm, ConsentChoice},
    facility_settings::Asked,
    verification::ProofMethod,
};
use wire::{
    card_statement::CardStatement,
    reader_link::{ReaderCardCheck, ReaderNonce, ReaderOutcome},
    terminal_api::VisualCheck,
};

use crate::{TerminalLink, Trouble, trouble::CardTrouble};

/// How the person proves that the card is theirs. The PIN moves in, goes to the card, and is wiped.
pub enum Proof<'a> {
    /// 顔認証: the face was compared with the card's photo; the card signs without PIN.
    Face(&'a dyn PinlessAuthorizer),
    /// 目視確認: staff entered a passcode and compared the photo; the card signs without PIN.
    Visual(&'a dyn PinlessAuthorizer, VisualCheck),
    /// 暗証番号.
    Pin {
        /// What was typed.
        pin: Pin,
        /// Whether the patient was told that this is the last try, and went on.
        last_try: LastTry,
    },
}

impl Proof<'_> {
    fn method(&self) -> ProofMethod {
        match self {
            Self::Face(_) => ProofMethod::Face,
            Self::Visual(..) => ProofMethod::Visual,
            Self::Pin { .. } => ProofMethod::Pin,
        }
    }
}

/// What the patient chose on the consent screens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Consents, one for each kind asked.
    pub consents: Vec<ConsentChoice>,
    /// 診療形態.
    pub care_form: CareForm,
    /// 処方箋発行形態 (OQSCD017), where asked.
    pub prescription_issue_select: Option<PrescriptionIssue>,
}

impl Choices {
    /// Without what the institution does not want patients to be asked: it was not on the screen.
    fn asked(self, asked: Option<&Asked>) -> Self {
        let Some(asked) = asked else { return self };
        let consents = self.consents.into_iter().filter(|choice| asked.consents.contains(&choice.kind));
        let prescription = self.prescription_issue_select.filter(|_| asked.prescription_issue);
        Self { consents: consents.collect(), prescription_issue_select: prescription, ..self }
    }
}

/// A My Number card lies on the reader and its certificate is read.
pub struct AtReader<T: CardTransport> {
    card: CardSession<T>,
    certificate: Vec<u8>,
}

/// The card accepted the person: it will sign.
pub struct Proven<T: CardTransport> {
    at: AtReader<T>,
    method: ProofMethod,
    visual_check: Option<VisualCheck>,
}

/// The card signed. It is powered off and may be taken.
pub struct Signed {
    check: ReaderCardCheck,
}

impl<T: CardTransport> AtReader<T> {
    /// Recognises the card and reads its certificate.
    ///
    /// # Errors
    /// [`CardTrouble`]: another card, unreadable, gone.
    pub fn detect(transport: T) -> Result<Self, CardTrouble> {
        let mut card = CardSession::open(transport)?;
        let certificate = card.auth_certificate()?;
        Ok(Self { card, certificate })
    }

    /// Tries left for the PIN, without costing one; `None` when it is locked. To be shown before the PIN is asked for.
    ///
    /// # Errors
    /// [`CardTrouble`] when the card does not say.
    pub fn pin_tries_left(&mut self) -> Result<Option<u8>, CardTrouble> {
        /// What a card that has its PIN verified already would have left after a reset.
        const FULL: u8 = 3;
        Ok(match self.card.pin_state(card::pin::PinKind::Authentication)? {
            PinState::Left(tries) => Some(tries),
            PinState::Verified => Some(FULL),
            PinState::Locked => None,
        })
    }

    /// What the certificate's dates allow at `now`; `None` when they cannot be read: the centre will say what is wrong.
    #[must_use]
    pub fn certificate_state(&self, now: Instant) -> Option<CardCertificateState> {
        let (not_before, not_after) = card::jpki::certificate_dates(&self.certificate)?;
        Some(CardCertificateState::on(not_before, not_after, now))
    }

    /// Opens the card's face with the number printed on it (照合番号B). The card's last try for it is never spent here.
    ///
    /// # Errors
    /// [`CardTrouble::PinWrong`] for another number; [`CardTrouble`] when the card does not give it.
    pub fn read_face(&mut self, number_b: &Pin) -> Result<CardFace, CardTrouble> {
        Ok(self.card.read_face(number_b, LastTry::Refuse)?)
    }

    /// Lets the card check the proof. After a wrong PIN the session goes on: it comes back with the trouble.
    ///
    /// # Errors
    /// The session itself and [`CardTrouble`], so that another try or another method can follow.
    pub fn prove(mut self, proof: Proof<'_>) -> Result<Proven<T>, (Self, CardTrouble)> {
        let method = proof.method();
        let mut visual_check = None;
        let accepted = match proof {
            Proof::Face(authorizer) => self.card.authorize_without_pin(authorizer),
            Proof::Visual(authorizer, entered) => {
                visual_check = Some(entered);
                self.card.authorize_without_pin(authorizer)
            }
            Proof::Pin { pin, last_try } => self.card.verify_pin(&pin, last_try),
        };
        match accepted {
            Ok(()) => Ok(Proven { at: self, method, visual_check }),
            Err(error) => Err((self, error.into())),
        }
    }
}

impl<T: CardTransport> Proven<T> {
    /// Lets the card sign what was decided: the choices, the way of proof, the day, this nonce, institution and
    /// terminal. Then powers it off.
    ///
    /// # Errors
    /// [`Trouble`] when the card was removed or fails, or when there is no one way to state what was decided.
    pub fn sign(self, nonce: &ReaderNonce, choices: Choices) -> Result<Signed, Trouble> {
        let choices = choices.asked(nonce.asked.as_ref());
        let AtReader { mut card, certificate } = self.at;
        let statement = CardStatement {
            nonce: &nonce.nonce,
            institution: &nonce.institution_code,
            terminal_fingerprint: &nonce.terminal_fingerprint,
            proof_method: self.method,
            reader_serial: self.visual_check.as_ref().map(|check| check.reader_serial.as_str()),
            as_of: nonce.as_of,
            care_form: choices.care_form,
            prescription_issue_select: choices.prescription_issue_select,
            consents: &choices.consents,
        };
        let signature = card.sign(&statement.to_be_signed()?).map_err(CardTrouble::from)?;
        // The signature is made: a card that is gone by now changes nothing.
        let _ = card.finish();
        let check = ReaderCardCheck {
            nonce: nonce.nonce.clone(),
            certificate: STANDARD.encode(certificate),
            signature: STANDARD.encode(signature),
            proof_method: self.method,
            as_of: nonce.as_of,
            consents: choices.consents,
            care_form: choices.care_form,
            prescription_issue_select: choices.prescription_issue_select,
            visual_check: self.visual_check,
        };
        Ok(Signed { check })
    }
}

impl Signed {
    /// What goes to the terminal.
    #[must_use]
    pub fn check(&self) -> &ReaderCardCheck {
        &self.check
    }
}

/// A whole session without screens in between: for the demo, for benchmarks and as the shortest example.
///
/// # Errors
/// [`Trouble`] of the card, the terminal or the centre.
pub async fn check<T: CardTransport>(
    transport: T,
    proof: Proof<'_>,
    choices: Choices,
    link: &TerminalLink,
) -> Result<ReaderOutcome, Trouble> {
    let proven = AtReader::detect(transport)?.prove(proof).map_err(|(_, trouble)| trouble)?;
    let nonce = link.nonce().await?;
    let signed = proven.sign(&nonce, choices)?;
    Ok(link.submit(signed.check()).await?)
}
