//! Every persona gives exactly what it promises, whatever the day.

use std::collections::HashSet;

use eligibility::{
    Date, Instant, calendar,
    card_certificate::CardCertificateState,
    codes::Validity,
    coverage::Coverage,
    errors::ErrorCode,
    institution::InstitutionCode,
    verification::{decide_by_card, decide_by_number, self_access_blocked},
};
use jiff::civil::date;
use population::{
    DEMO_INSTITUTION, Persona, personas,
    personas::{AskWith, CardState, DEFAULT_PERSONA, PersonaCard, PinState, Promise},
};
use proptest::prelude::*;

const AS_OF: Date = date(2026, 11, 22);

fn institution() -> InstitutionCode {
    InstitutionCode::parse(DEMO_INSTITUTION).expect("ten digits")
}

/// What the counter and the centre would do with the card: the order of the checks is theirs.
fn use_card(persona: &Persona, card: &PersonaCard, action: &str, as_of: Date) -> Promise {
    match card.state {
        CardState::NotMyNumberCard => return Promise::Refused(ErrorCode::NotMyNumberCard),
        CardState::Mute => return Promise::Refused(ErrorCode::CardNotRecognised),
        CardState::TakenAway => return Promise::Refused(ErrorCode::CardRemoved),
        CardState::PinOnly if action.starts_with("顔認証") => {
            return Promise::Refused(ErrorCode::ProofFailed);
        }
        _ => {}
    }
    match card.pin {
        PinState::Locked => return Promise::Refused(ErrorCode::PinLocked),
        PinState::NotSet => return Promise::Refused(ErrorCode::PinNotSet),
        PinState::Ready if action.contains("9999") => return Promise::Refused(ErrorCode::PinWrong),
        PinState::Ready => {}
    }
    let refused = match card.state {
        CardState::Unreadable => Some(ErrorCode::CardCertificateUnreadable),
        CardState::UntrustedIssuer => Some(ErrorCode::CardCertificateUntrusted),
        CardState::WrongPolicy => Some(ErrorCode::CardCertificateWrongPolicy),
        CardState::WrongKey => Some(ErrorCode::BadSignature),
        CardState::Revoked => Some(ErrorCode::CardRevoked),
        _ => None,
    };
    if let Some(code) = refused {
        return Promise::Refused(code);
    }
    let noon = Instant(calendar::start_of_day(as_of).0 + 12 * 60 * 60 * 1000);
    let not_after = Instant(calendar::end_of_day(card.not_after).0 - 1000);
    let state = CardCertificateState::on(calendar::start_of_day(card.not_before), not_after, noon);
    if let Some(code) = state.refusal() {
        return Promise::Refused(code);
    }
    if !card.known || !card.registered {
        return Promise::Refused(ErrorCode::CardNotRegistered);
    }
    if card.superseded_by.is_some() {
        return Promise::Refused(ErrorCode::CardSuperseded);
    }
    if self_access_blocked(&persona.coverages) {
        return Promise::Refused(ErrorCode::SelfAccessBlocked);
    }
    let validity = decide_by_card(&persona.coverages, as_of, &institution()).validity;
    state.notice().map_or(Promise::Answer(validity), |code| Promise::AnswerWith(validity, code))
}

fn promises_hold(as_of: Date) {
    let cast = personas(as_of);
    let everybody: Vec<Coverage> = cast.iter().flat_map(|persona| persona.coverages.clone()).collect();
    for persona in &cast {
        assert!(!persona.asks.is_empty(), "{}", persona.id);
        for ask in &persona.asks {
            let kept = match &ask.with {
                AskWith::Card => {
                    let card = persona.card.as_ref().expect("a card to ask with");
                    use_card(persona, card, ask.action, as_of)
                }
                AskWith::Number(query) => {
                    Promise::Answer(decide_by_number(query, &everybody, &institution()).validity)
                }
            };
            assert_eq!(kept, ask.promise, "{} on {as_of}: {}", persona.id, ask.action);
        }
        for coverage in &persona.coverages {
            assert_eq!(coverage.problems(), [], "{} on {as_of}", persona.id);
        }
    }
}

#[test]
fn every_promise_holds_on_the_default_day_and_on_awkward_days() {
    for day in
        [AS_OF, date(2026, 1, 1), date(2027, 3, 31), date(2028, 2, 29), date(2027, 8, 1), date(2027, 7, 31)]
    {
        promises_hold(day);
    }
}

#[test]
fn the_texts_say_what_the_promises_say() {
    for persona in personas(AS_OF) {
        for ask in &persona.asks {
            let code = match ask.promise {
                Promise::Answer(validity) => format!("資格有効性 {}", validity.code()),
                Promise::AnswerWith(_, code) => code.code().to_owned(),
                Promise::Refused(ErrorCode::SelfAccessBlocked) => "OQSB1106E".to_owned(),
                Promise::Refused(code) => code.code().to_owned(),
            };
            assert!(ask.outcome.contains(&code), "{}: {} lacks {code}", persona.id, ask.outcome);
        }
    }
}

#[test]
fn the_first_persona_is_the_ordinary_one_of_the_sample_messages() {
    let cast = personas(AS_OF);
    let first = &cast[0];
    assert_eq!((first.id, first.person.name.as_str()), (DEFAULT_PERSONA, "架空　花子"));
    let query = first.number_query().expect("a question");
    assert_eq!(query.insurer_number.as_str(), "06139996");
    assert_eq!((query.insured_symbol.as_deref(), query.insured_number.as_str()), (Some("2101"), "345"));
    assert_eq!((query.branch_number.as_deref(), query.birthdate), (Some("00"), date(1982, 5, 14)));
    let ceiling = first.coverages[0].ceiling_certificate(AS_OF).expect("a certificate");
    assert_eq!((ceiling.valid_from, ceiling.valid_until), (date(2026, 4, 1), Some(date(2027, 3, 31))));
}

#[test]
fn every_answer_state_and_person_made_error_has_its_persona() {
    let cast = personas(AS_OF);
    let ids: HashSet<&str> = cast.iter().map(|persona| persona.id).collect();
    assert_eq!(ids.len(), cast.len());
    assert!(
        ids.iter().all(|id| id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
    );
    let promises: Vec<Promise> =
        cast.iter().flat_map(|persona| persona.asks.iter().map(|ask| ask.promise)).collect();
    for validity in Validity::ALL {
        assert!(promises.contains(&Promise::Answer(*validity)), "{validity:?}");
    }
    let codes: HashSet<ErrorCode> = promises
        .iter()
        .filter_map(|promise| match promise {
            Promise::Answer(_) => None,
            Promise::AnswerWith(_, code) | Promise::Refused(code) => Some(*code),
        })
        .collect();
    for code in [
        ErrorCode::CardExpiresSoon,
        ErrorCode::CardInGrace,
        ErrorCode::CardExpired,
        ErrorCode::CardRevoked,
        ErrorCode::CardSuperseded,
        ErrorCode::CardNotRegistered,
        ErrorCode::SelfAccessBlocked,
        ErrorCode::CardCertificateNotYetValid,
        ErrorCode::CardCertificateUntrusted,
        ErrorCode::CardCertificateWrongPolicy,
        ErrorCode::CardCertificateUnreadable,
        ErrorCode::BadSignature,
        ErrorCode::NotMyNumberCard,
        ErrorCode::PinLocked,
        ErrorCode::PinNotSet,
        ErrorCode::PinWrong,
        ErrorCode::CardNotRecognised,
        ErrorCode::CardRemoved,
        ErrorCode::ProofFailed,
    ] {
        assert!(codes.contains(&code), "{code:?}");
    }
    let states: HashSet<CardState> =
        cast.iter().filter_map(|p| p.card.as_ref()).map(|card| card.state).collect();
    assert_eq!(states.len(), 15);
}

#[test]
fn personas_are_part_of_every_population() {
    let all = crate::collected::collect(100, 9, AS_OF);
    for persona in personas(AS_OF) {
        let held: Vec<&Coverage> =
            all.coverages.iter().filter(|coverage| coverage.person_key == persona.person_key).collect();
        assert!(held.into_iter().eq(persona.coverages.iter()), "{}", persona.id);
        let records = persona.card_records(population::CARD_ISSUER);
        let known = persona.card.as_ref().is_some_and(|card| card.known);
        assert_eq!(!records.is_empty(), known, "{}", persona.id);
        assert!(records.iter().all(|record| all.cards.contains(record)), "{}", persona.id);
    }
}

#[test]
fn names_of_rare_characters_keep_them() {
    let names: Vec<String> = personas(AS_OF).into_iter().map(|persona| persona.person.name).collect();
    for characters in ["髙﨑", "𠮷", "辻\u{E0100}", "葛\u{E0100}"] {
        assert!(names.iter().any(|name| name.contains(characters)), "{characters}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn promises_hold_on_any_day(days in 0_i32..5_000) {
        promises_hold(calendar::add_days(date(2026, 1, 1), days));
    }
}
