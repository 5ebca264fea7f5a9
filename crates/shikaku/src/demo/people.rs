//! The demo's people: the named ones of `population`, their data in the database, their cards at the authority.

use std::sync::Arc;

use anyhow::{Context, Result};
use eligibility::{Date, Instant, calendar::from_tokyo};
use jiff::civil::time;
use pki::{
    Validity,
    crl::RevocationReason,
    jlis::{CardAuthorityKind, SimulatedJlis},
};
use population::{
    CITIZEN_SERIAL_BASE, Options, PERSONA_SERIAL_BASE,
    personas::{AskWith, CardState, Persona, PersonaCard, PinState, Promise},
};
use server::{Server, clock::Clock};

use crate::{
    folder::DataFolder,
    insurer::load::{self, SourceFile},
};

/// What a population is made with for a demo of today.
pub(crate) struct Cast {
    pub(crate) persons: u32,
    pub(crate) seed: u64,
}

/// Generates everybody as of today and loads them into the database. The same people again change nothing.
pub(crate) async fn settle(
    server: &Server,
    jlis: &Arc<SimulatedJlis>,
    folder: &DataFolder,
    cast: &Cast,
    clock: &Clock,
) -> Result<()> {
    let options = Options {
        persons: cast.persons,
        seed: cast.seed,
        as_of: clock.today(),
        card_issuer: jlis.card_id(PERSONA_SERIAL_BASE)?.issuer,
    };
    let files = folder.root().join("population");
    let written =
        tokio::task::spawn_blocking(move || population::write_folder(&options, &files, |_| {})).await??;
    let paths = std::iter::once(&written.insurers).chain(&written.coverages).chain([&written.cards]);
    for file in paths {
        let source = SourceFile::open(&file.path)?;
        load::file(
            server.store(),
            &source,
            clock,
            |_| {},
            |fault| tracing::error!(row = fault.row, fault.reason),
        )
        .await
        .with_context(|| format!("{}", file.path.display()))?;
    }
    Ok(())
}

/// Reserves the personas' serial numbers and revokes the card that is to be revoked.
pub(crate) fn prepare_cards(jlis: &SimulatedJlis, everybody: &[Persona], now: Instant) -> Result<()> {
    let authority = jlis.newest(CardAuthorityKind::Authentication)?;
    authority.reserve_serials(PERSONA_SERIAL_BASE, CITIZEN_SERIAL_BASE - 1)?;
    let cards = everybody.iter().filter_map(|persona| persona.card.as_ref());
    for card in cards.filter(|card| card.state == CardState::Revoked) {
        let kind = CardAuthorityKind::Authentication;
        jlis.revoke(kind, card.serial, RevocationReason::AffiliationChanged, now)?;
    }
    Ok(())
}

/// The period of a persona's certificate: whole days in Tokyo.
pub(crate) fn validity(card: &PersonaCard) -> Result<Validity> {
    let moment =
        |date: Date, hour, minute, second| from_tokyo(date.to_datetime(time(hour, minute, second, 0)));
    Ok(Validity::new(moment(card.not_before, 0, 0, 0), moment(card.not_after, 23, 59, 59))?)
}

/// Whether a persona is there to show a state of a card.
pub(crate) fn is_about_cards(persona: &Persona) -> bool {
    let unusual = |card: &PersonaCard| {
        card.state != CardState::Valid || card.pin != PinState::Ready || !card.known || !card.registered
    };
    persona.card.as_ref().is_some_and(unusual) || persona.id.starts_with("pin-")
}

/// The heading a persona stands under.
pub(crate) fn group(persona: &Persona) -> &'static str {
    if is_about_cards(persona) {
        return "カードと暗証番号の状態";
    }
    let plain = |promise: &Promise| {
        matches!(promise, Promise::Answer(eligibility::codes::Validity::Valid) | Promise::AnswerWith(..))
    };
    let assistance = persona.id.starts_with("assistance");
    if persona.asks.iter().all(|ask| plain(&ask.promise)) && !assistance {
        return "さまざまな人（証・氏名・保護）";
    }
    "資格の状態（資格有効性 1〜6）"
}

/// Whether somebody can be asked about in both ways.
pub(crate) fn has_both_ways(persona: &Persona) -> bool {
    persona.card.is_some() && persona.asks.iter().any(|ask| matches!(ask.with, AskWith::Number(_)))
}
