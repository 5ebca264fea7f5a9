//! The machine, tried with anything at all.

use std::time::Duration;

use eligibility::{
    card_certificate::CardCertificateState, codes::PrescriptionIssue, consent::ConsentKind,
    reader::ReaderMode,
};
use kiosk::{
    CardTrouble, LinkError,
    machine::{Act, CardSaid, Effect, FaceSaid, Input, LinkSaid, Recognised},
    view::{Comfort, FaceAsk, Page, Way},
    words::Language,
};
use proptest::prelude::*;

use super::reader::{OLD, Reader, TODAY, YOUNG, answer, asked, everything};

/// Anything that can happen.
#[derive(Clone, Debug)]
enum Any {
    Tick(u64),
    Put,
    Take,
    Broken,
    Recognised(Option<u8>, u8, bool),
    Opened(bool),
    Proven,
    Signed,
    CardTrouble(u8),
    Ready(bool, bool),
    NotReady,
    Outcome(bool),
    Again,
    Over,
    Face(u8),
    Way(u8),
    Keys(String),
    Enter(String, bool),
    Compared(bool),
    Consent(bool),
    Item,
    Plain(u8),
    Stale(u8),
}

fn anything() -> impl Strategy<Value = Any> {
    prop_oneof![
        4 => (0_u64..70).prop_map(Any::Tick),
        4 => Just(Any::Put),
        2 => Just(Any::Take),
        1 => Just(Any::Broken),
        6 => (prop::option::of(1_u8..4), 0_u8..4, any::<bool>()).prop_map(|(tries, state, face)| Any::Recognised(tries, state, face)),
        2 => any::<bool>().prop_map(Any::Opened),
        6 => Just(Any::Proven),
        4 => Just(Any::Signed),
        3 => (0_u8..8).prop_map(Any::CardTrouble),
        6 => (any::<bool>(), any::<bool>()).prop_map(|(asked, visual)| Any::Ready(asked, visual)),
        1 => Just(Any::NotReady),
        3 => any::<bool>().prop_map(Any::Outcome),
        1 => Just(Any::Again),
        1 => Just(Any::Over),
        3 => (0_u8..5).prop_map(Any::Face),
        6 => (0_u8..5).prop_map(Any::Way),
        2 => "[0-9]{0,4}".prop_map(Any::Keys),
        6 => ("[0-9]{4}", any::<bool>()).prop_map(|(digits, name)| Any::Enter(digits, name)),
        3 => any::<bool>().prop_map(Any::Compared),
        4 => any::<bool>().prop_map(Any::Consent),
        2 => Just(Any::Item),
        6 => (0_u8..12).prop_map(Any::Plain),
        1 => (0_u8..12).prop_map(Any::Stale),
    ]
}

fn plain(which: u8) -> Act {
    match which {
        0 => Act::Staff,
        1 => Act::Stop,
        2 => Act::Back,
        3 => Act::MoreTime,
        4 => Act::LastTry,
        5 => Act::Seen,
        6 => Act::ByItem,
        7 => Act::Decide,
        8 => Act::NoCamera,
        9 => Act::Delete,
        10 => Act::Language(Language::Korean),
        _ => Act::Prescription(PrescriptionIssue::Paper),
    }
}

fn trouble(which: u8) -> CardTrouble {
    match which {
        0 => CardTrouble::NotMyNumberCard,
        1 => CardTrouble::Removed,
        2 => CardTrouble::Unreadable,
        3 => CardTrouble::PinWrong { tries_left: 2 },
        4 => CardTrouble::PinWrong { tries_left: 1 },
        5 => CardTrouble::LastTry,
        6 => CardTrouble::PinLocked,
        _ => CardTrouble::PinlessRefused,
    }
}

fn face(which: u8) -> FaceSaid {
    match which {
        0 => FaceSaid::Same,
        1 | 2 => FaceSaid::Failed,
        3 => FaceSaid::Impossible,
        _ => FaceSaid::Ask(FaceAsk::Left, None),
    }
}

impl Any {
    fn input(&self, reader: &Reader) -> Input {
        let ticket = reader.machine.ticket();
        let revision = reader.machine.view(reader.now).revision;
        let press = |act| Input::Press(revision, act);
        let letters = |digits: &str| match reader.page() {
            Page::Pin { .. } | Page::StaffPasscode { .. } | Page::PrintedNumber { .. } => {
                reader.letters(digits)
            }
            _ => digits.to_owned().into(),
        };
        match self {
            Self::Tick(_) => Input::Tick,
            Self::Put => Input::Presence(Ok(true)),
            Self::Take => Input::Presence(Ok(false)),
            Self::Broken => Input::Presence(Err(CardTrouble::NoCard)),
            Self::Recognised(tries_left, state, face) => {
                let certificate = match state {
                    0 => Some(CardCertificateState::Valid),
                    1 => Some(CardCertificateState::Grace),
                    2 => Some(CardCertificateState::ExpiresSoon),
                    _ => None,
                };
                let face = face.then_some((YOUNG, true));
                Input::Card(
                    ticket,
                    CardSaid::Recognised(Recognised { tries_left: *tries_left, certificate, face }),
                )
            }
            Self::Opened(photo) => Input::Card(ticket, CardSaid::FaceOpen { birthdate: OLD, photo: *photo }),
            Self::Proven => Input::Card(ticket, CardSaid::Proven),
            Self::Signed => Input::Card(ticket, CardSaid::Signed),
            Self::CardTrouble(which) => Input::Card(ticket, CardSaid::Trouble(trouble(*which))),
            Self::Ready(all, visual) => {
                let asked = if *all { everything() } else { asked(&[], false) };
                let mode = if *visual { ReaderMode::Visual } else { ReaderMode::Unattended };
                Input::Link(ticket, LinkSaid::Ready { asked, as_of: TODAY, mode })
            }
            Self::NotReady => Input::Link(ticket, LinkSaid::NotReady(LinkError::Unreachable)),
            Self::Outcome(good) => {
                let said = if *good { answer("1", None) } else { answer("9", Some("OQSR0010W")) };
                Input::Link(ticket, said)
            }
            Self::Again => Input::Link(ticket, LinkSaid::Again),
            Self::Over => Input::Link(ticket, LinkSaid::Over(LinkError::Unreachable)),
            Self::Face(which) => Input::Face(ticket, face(*which)),
            Self::Way(which) => press(Act::Way(Way::ALL[usize::from(*which)])),
            Self::Keys(digits) => press(Act::Keys(letters(digits))),
            Self::Enter(digits, name) => {
                let name = if *name { "山田".to_owned() } else { String::new() };
                press(Act::Enter { keys: letters(digits), name })
            }
            Self::Compared(same) => press(Act::Compared { same: *same }),
            Self::Consent(agreed) => press(Act::Consent(*agreed)),
            Self::Item => press(Act::Item(ConsentKind::Operation)),
            Self::Plain(which) => press(plain(*which)),
            Self::Stale(which) => Input::Press(revision.wrapping_sub(1), plain(*which)),
        }
    }
}

/// What must hold of any sequence, watched from outside.
#[derive(Default)]
struct Watch {
    /// The session in which the card was told a proof, and said yes to it.
    proving: Option<u64>,
    proven: Option<u64>,
    /// Consent pages shown for it.
    asked: bool,
}

impl Watch {
    fn before(&mut self, reader: &Reader, any: &Any) {
        if matches!(any, Any::Proven) && self.proving == Some(reader.machine.ticket()) {
            self.proven = self.proving;
        }
    }

    fn after(&mut self, reader: &Reader, any: &Any, before: &Page) -> Result<(), TestCaseError> {
        let tries = reader.effects.iter().filter(|effect| matches!(effect, Effect::Verify(..))).count();
        prop_assert!(tries <= 1, "two tries for one press");
        prop_assert!(tries == 0 || matches!(any, Any::Enter(..)), "a try that nobody pressed: {any:?}");
        prop_assert!(tries == 0 || matches!(before, Page::Pin { .. }), "a try from another page");
        for effect in &reader.effects {
            match effect {
                Effect::Verify(ticket, ..) | Effect::Authorize(ticket, _) => self.proving = Some(*ticket),
                Effect::Sign(ticket, choices) => {
                    prop_assert_eq!(Some(*ticket), self.proven, "signed without a proof");
                    let agreed = choices.consents.iter().any(|choice| choice.granted);
                    prop_assert!(!agreed || self.asked, "a consent that nobody was asked for");
                }
                _ => {}
            }
        }
        let page = reader.page();
        self.asked = match page {
            Page::Start => false,
            Page::Consent { .. } => true,
            _ => self.asked,
        };
        if page == Page::Start {
            prop_assert!(reader.machine.is_idle(), "somebody is left at the start");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_sequence_signs_unproven_tries_twice_or_leaves_anybody_behind(
        steps in prop::collection::vec(anything(), 1..80)
    ) {
        let mut reader = Reader::new();
        let mut watch = Watch::default();
        for step in &steps {
            let before = reader.page();
            watch.before(&reader, step);
            if let Any::Tick(seconds) = step {
                reader.now += Duration::from_secs(*seconds);
            }
            let input = step.input(&reader);
            reader.on(input);
            watch.after(&reader, step, &before)?;
        }
        // Whatever it was: nobody comes, the card is taken, and the start is there again.
        reader.wait(Duration::from_secs(400));
        reader.take();
        reader.wait(Duration::from_secs(400));
        prop_assert!(reader.machine.is_idle(), "{} is for ever", reader.page().id());
        let view = reader.machine.view(reader.now);
        prop_assert_eq!(view.comfort, Comfort::default());
        prop_assert!(!view.help);
        let shown = format!("{view:?}");
        prop_assert!(!shown.contains("髙橋") && !shown.contains("山田"), "{}", shown);
    }
}
