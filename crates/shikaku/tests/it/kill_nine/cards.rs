//! Cards of the demo's people, issued by the installation's own simulated J-LIS.

use std::sync::{Arc, Mutex};

use card::{
    pin::{Pin, PinKind},
    session::LastTry,
    simulator::SharedCard,
    transport::InProcessTransport,
};
use eligibility::{calendar::add_months_at, codes::Validity, consent::CareForm};
use kiosk::session::{AtReader, Choices, Proof};
use pki::{
    jlis::SimulatedJlis,
    keys::{KeyAlgorithm, PrivateKey},
};
use population::{
    Persona,
    personas::{AskWith, CardState, PERSONA_PIN, PersonaCard, PinState, Promise},
};
use server::clock::Clock;
use testkit::cards::CardMaker;
use wire::reader_link::{ReaderCardCheck, ReaderNonce};

use super::site::Site;

/// Cards whose checks are answered with "valid". The server must not run yet: one opener of the J-LIS at a time.
pub(super) fn of(site: &Site, count: usize) -> Vec<SharedCard> {
    let jlis = Arc::new(SimulatedJlis::open(&site.data.join("jlis")).expect("the demo's J-LIS"));
    let maker = CardMaker::new(jlis, PrivateKey::generate(KeyAlgorithm::Rsa2048).expect("a key"));
    let now = Clock::system().now();
    let period = (add_months_at(now, -12), add_months_at(now, 36));
    let everybody = population::personas(Clock::system().today());
    let ordinary = everybody.iter().filter_map(|persona| Some((persona, ordinary_card(persona)?)));
    let cards: Vec<SharedCard> = ordinary
        .take(count)
        .map(|(persona, card)| {
            maker.issue_serial(card.serial, period.0, period.1).simulated(persona.person.name.as_str())
        })
        .map(|card| Arc::new(Mutex::new(card)))
        .collect();
    assert_eq!(cards.len(), count, "people with an ordinary card");
    cards
}

fn ordinary_card(persona: &Persona) -> Option<&PersonaCard> {
    let valid = |promise: &Promise| matches!(promise, Promise::Answer(Validity::Valid));
    let asked = persona.asks.iter().any(|ask| matches!(ask.with, AskWith::Card) && valid(&ask.promise));
    persona
        .card
        .as_ref()
        .filter(|card| asked && card.state == CardState::Valid && card.pin == PinState::Ready)
}

/// One patient at the reader: PIN, signature over what was decided, card off.
pub(super) fn sign(card: &SharedCard, nonce: &ReaderNonce) -> ReaderCardCheck {
    let pin = Pin::new(PinKind::Authentication, PERSONA_PIN).expect("a PIN");
    let choices =
        Choices { consents: Vec::new(), care_form: CareForm::Outpatient, prescription_issue_select: None };
    let at_reader = AtReader::detect(InProcessTransport::shared(Arc::clone(card))).expect("a card");
    let proven =
        at_reader.prove(Proof::Pin { pin, last_try: LastTry::Refuse }).map_err(|(_, trouble)| trouble);
    let signed = proven.expect("the PIN is right").sign(nonce, choices).expect("a signature");
    signed.check().clone()
}
