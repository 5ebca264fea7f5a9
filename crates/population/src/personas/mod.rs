//! The named people of the demonstration: one for every answer, every state of a card, every error a person can
//! meet at the counter. What each promises is tested against the rules themselves.

mod card_states;
mod cast;
mod coverage_states;
mod people;

use eligibility::{
    Date,
    codes::Validity,
    coverage::Coverage,
    errors::ErrorCode,
    person::{Person, PersonKey},
    verification::NumberQuery,
};

use crate::{generate::certificate, sink::Card};

/// The persona a simulated card is when nobody is named.
pub const DEFAULT_PERSONA: &str = "hanako";
/// The PIN of every persona's card.
pub const PERSONA_PIN: &str = "1234";

/// A named person of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// Stable name for commands and addresses: lower-case letters, digits, hyphens.
    pub id: &'static str,
    /// What this person is there to show, in Japanese.
    pub title: &'static str,
    /// The key of the coverages and cards.
    pub person_key: PersonKey,
    /// The person, as printed on the card.
    pub person: Person,
    /// All coverages, oldest first.
    pub coverages: Vec<Coverage>,
    /// The card to simulate, if the person has one.
    pub card: Option<PersonaCard>,
    /// How to ask about this person and what the answer will be.
    pub asks: Vec<Ask>,
}

/// The simulated card of a persona.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonaCard {
    /// Serial number of the authentication certificate.
    pub serial: u32,
    /// What the certificate or the card is to be.
    pub state: CardState,
    /// First valid day of the certificate (from midnight in Tokyo).
    pub not_before: Date,
    /// Last valid day of the certificate (to 23:59:59 in Tokyo).
    pub not_after: Date,
    /// Whether the PIN can be used; it is [`PERSONA_PIN`].
    pub pin: PinState,
    /// Whether the eligibility system knows the card at all.
    pub known: bool,
    /// Whether the card is registered for use as an insurance card.
    pub registered: bool,
    /// The serial number of the certificate that replaced this one.
    pub superseded_by: Option<u32>,
    /// Where chance begins for the made-up photo.
    pub photo_seed: u64,
}

/// What to make of a simulated card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardState {
    /// Valid for years.
    Valid,
    /// Valid, for less than three months more.
    ExpiresSoon,
    /// Expired less than three months ago.
    Grace,
    /// Expired longer ago.
    Expired,
    /// Not valid yet.
    NotYetValid,
    /// Revoked by its authority.
    Revoked,
    /// Replaced by a newer card of the same person.
    Superseded,
    /// Issued by an authority nobody trusts, under the same name.
    UntrustedIssuer,
    /// Carries another policy than that of user authentication.
    WrongPolicy,
    /// Signs with a key that is not the certificate's.
    WrongKey,
    /// Its certificate is garbage.
    Unreadable,
    /// Not a My Number card: none of its applications is there.
    NotMyNumberCard,
    /// Does not answer at all: broken, upside down, or no card.
    Mute,
    /// Is taken away before the reader is done with it.
    TakenAway,
    /// Trusts no terminal to compare faces: without its PIN it signs nothing.
    PinOnly,
}

/// What the authentication PIN of a card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinState {
    /// It works.
    Ready,
    /// It is locked: three wrong entries.
    Locked,
    /// There is none (顔認証マイナンバーカード).
    NotSet,
}

/// One way to ask, and what will come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// With what.
    pub with: AskWith,
    /// What to do, in Japanese.
    pub action: &'static str,
    /// What will happen, in Japanese.
    pub outcome: &'static str,
    /// The same, for programs.
    pub promise: Promise,
}

/// With what a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskWith {
    /// The card.
    Card,
    /// Typed insurance data.
    Number(NumberQuery),
}

/// What an answer will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// An answer with this validity.
    Answer(Validity),
    /// An answer with this validity and this code beside it.
    AnswerWith(Validity, ErrorCode),
    /// No answer, with this code.
    Refused(ErrorCode),
}

impl Persona {
    /// The question by number that comes first among the ways to ask.
    #[must_use]
    pub fn number_query(&self) -> Option<&NumberQuery> {
        self.asks.iter().find_map(|ask| match &ask.with {
            AskWith::Number(query) => Some(query),
            AskWith::Card => None,
        })
    }

    /// The lines this persona has among the card certificates: none when the card is unknown, two when it was
    /// replaced.
    #[must_use]
    pub fn card_records(&self, issuer: &str) -> Vec<Card> {
        let Some(card) = self.card.as_ref().filter(|card| card.known) else { return Vec::new() };
        let record = |serial: u32, superseded_by: Option<u32>| Card {
            card: certificate(issuer, serial),
            person_key: self.person_key.clone(),
            registered: card.registered,
            superseded_by: superseded_by.map(|newer| certificate(issuer, newer)),
        };
        let mut records = vec![record(card.serial, card.superseded_by)];
        records.extend(card.superseded_by.map(|newer| record(newer, None)));
        records
    }
}

/// All personas, as seen on a day: their dates move with it, so that each keeps its promise. The first is
/// [`DEFAULT_PERSONA`].
#[must_use]
pub fn personas(as_of: Date) -> Vec<Persona> {
    let mut cast = cast::Cast::new(as_of);
    coverage_states::join(&mut cast);
    people::join(&mut cast);
    card_states::join(&mut cast);
    cast.finish()
}
