//! What the machine is told, and what it wants done.

use card::{pin::Pin, session::LastTry};
use eligibility::{
    Date, card_certificate::CardCertificateState, facility_settings::Asked, reader::ReaderMode,
};
use wire::{reader_link::ReaderOutcome, terminal_api::VisualCheck};
use zeroize::Zeroizing;

use crate::{
    CardTrouble, LinkError, Trouble,
    session::Choices,
    view::{FaceAsk, FaceHint, Way},
    words::Language,
};

/// Names one card session; what is told of an earlier one is not listened to.
pub type Ticket = u64;

/// What happened.
pub enum Input {
    /// Time went by.
    Tick,
    /// A card lies on the reader, or none does, or the reader fails.
    Presence(Result<bool, CardTrouble>),
    /// Somebody pressed something on the page of this revision.
    Press(u64, Act),
    /// The card did, or did not do, what was wanted.
    Card(Ticket, CardSaid),
    /// The terminal answered.
    Link(Ticket, LinkSaid),
    /// The camera's frame was looked at.
    Face(Ticket, FaceSaid),
    /// Whether the terminal was reached when it was asked last.
    Line(bool),
    /// Signed checks that still wait for the line.
    Waiting(usize),
}

/// A press.
pub enum Act {
    /// Words in this language.
    Language(Language),
    /// High contrast.
    Contrast(bool),
    /// The voice.
    Voice(bool),
    /// For who sits.
    Seated(bool),
    /// Staff are called.
    Help(bool),
    /// More time.
    MoreTime,
    /// End the session.
    Stop,
    /// One page back.
    Back,
    /// 職員用ボタン.
    Staff,
    /// Letters of the pad.
    Keys(Zeroizing<String>),
    /// Take the last digit back.
    Delete,
    /// These digits, with the last letters, and who checks.
    Enter {
        /// Letters that are still missing.
        keys: Zeroizing<String>,
        /// Who checks; on the page of staff.
        name: String,
    },
    /// The photo and the face were compared.
    Compared {
        /// Whether they are the same person.
        same: bool,
    },
    /// A way of proof, or on from a trouble.
    Way(Way),
    /// The browser has no camera.
    NoCamera,
    /// Spend the last try.
    LastTry,
    /// The notice was read.
    Seen,
    /// Register the card for insurance use, or not.
    Register(bool),
    /// Everything agreed to, or nothing.
    Consent(bool),
    /// Item by item.
    ByItem,
    /// Turn one item over.
    Item(eligibility::consent::ConsentKind),
    /// As chosen.
    Decide,
    /// 処方箋発行形態.
    Prescription(eligibility::codes::PrescriptionIssue),
}

/// What the card said.
pub enum CardSaid {
    /// It is a My Number card.
    Recognised(Recognised),
    /// Its photo is open.
    FaceOpen {
        /// Birth date, as the card has it signed.
        birthdate: Date,
        /// Whether the photo could be decoded.
        photo: bool,
    },
    /// It accepted the proof.
    Proven,
    /// It signed, is powered off, and may be taken.
    Signed,
    /// It did not sign: what was decided cannot be stated, or the terminal gave no number.
    NotSigned(Trouble),
    /// It did not do it.
    Trouble(CardTrouble),
}

/// A recognised card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Tries left for the PIN; `None` when locked.
    pub tries_left: Option<u8>,
    /// What its certificate's dates allow today; `None` when they cannot be read: the centre will say.
    pub certificate: Option<CardCertificateState>,
    /// Birth date and whether the photo could be decoded, where the number printed on it was read by the reader itself.
    pub face: Option<(Date, bool)>,
}

/// What the terminal said.
pub enum LinkSaid {
    /// It is ready for a session.
    Ready {
        /// What the institution wants patients to be asked; nothing when the terminal does not know.
        asked: Option<Asked>,
        /// 資格確認日.
        as_of: Date,
        /// How the reader is to prove who somebody is.
        mode: ReaderMode,
    },
    /// It is not.
    NotReady(LinkError),
    /// The answer, whatever it says.
    Outcome(Box<ReaderOutcome>),
    /// No answer yet; it is tried again.
    Again,
    /// No answer, and none will come: the number the card signed has ended.
    Over(LinkError),
}

/// What came of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceSaid {
    /// What is wanted next, and what was wrong with this one.
    Ask(FaceAsk, Option<FaceHint>),
    /// The same person, alive as far as can be told.
    Same,
    /// Not sure, another person, or the challenge was not met: one failure.
    Failed,
    /// It cannot be done: the photo shows no face.
    Impossible,
}

/// What is to be done.
pub enum Effect {
    /// Ask the terminal whether it is ready.
    Prepare(Ticket),
    /// Recognise the card.
    Read(Ticket),
    /// Open the photo with the printed number.
    OpenFace(Ticket, Pin),
    /// One try with the PIN.
    Verify(Ticket, Pin, LastTry),
    /// Let the card be used without PIN, after a face or a visual check.
    Authorize(Ticket, Option<VisualCheck>),
    /// Begin to compare the face.
    Compare(Ticket),
    /// No frame is wanted any more.
    EndCompare,
    /// Let the card sign what was decided.
    Sign(Ticket, Choices),
    /// Hand in what was signed.
    Submit(Ticket),
    /// Wipe everything of the session: card, photo, frames.
    Forget,
}
