//! The machine, tried with what people do and with anything at all.

use std::time::{Duration, Instant};

use eligibility::{
    Date, card_certificate::CardCertificateState, codes::PrescriptionIssue, consent::ConsentKind,
    facility_settings::Asked, reader::ReaderMode,
};
use kiosk::{
    CardTrouble, LinkError,
    machine::{Act, CardSaid, Effect, Equipment, FaceSaid, Input, LinkSaid, Machine, Recognised},
    view::{ConsentItem, Notice, Offer, Outcome, Pad, Page, StaffProblem, TroubleKind, Way},
    words::Language,
};
use proptest::prelude::*;
use wire::reader_link::ReaderOutcome;

const TODAY: Date = Date::constant(2026, 11, 24);
const OLD: Date = Date::constant(1980, 2, 17);
const YOUNG: Date = Date::constant(2000, 2, 17);

/// A machine with a clock of its own.
struct Reader {
    machine: Machine,
    now: Instant,
    effects: Vec<Effect>,
}

impl Reader {
    fn new() -> Self {
        Self::with(Equipment {
            face: true,
            pinless: true,
            serial: Some("R-0001".into()),
            staff: vec!["受付　山田".into()],
            simulated: true,
        })
    }

    fn with(equipment: Equipment) -> Self {
        let now = Instant::now();
        Self { machine: Machine::new(equipment, [7; 32], now), now, effects: Vec::new() }
    }

    fn on(&mut self, input: Input) -> &mut Self {
        self.effects = self.machine.on(input, self.now);
        self
    }

    fn press(&mut self, act: Act) -> &mut Self {
        let revision = self.machine.view(self.now).revision;
        self.on(Input::Press(revision, act))
    }

    fn card(&mut self, said: CardSaid) -> &mut Self {
        self.on(Input::Card(self.machine.ticket(), said))
    }

    fn link(&mut self, said: LinkSaid) -> &mut Self {
        self.on(Input::Link(self.machine.ticket(), said))
    }

    fn put(&mut self) -> &mut Self {
        self.on(Input::Presence(Ok(true)))
    }

    fn take(&mut self) -> &mut Self {
        self.on(Input::Presence(Ok(false)))
    }

    /// Time goes by, as the machine wants to be told of it.
    fn wait(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        while let Some(due) = self.machine.due(self.now).filter(|due| *due <= until) {
            self.now = due;
            self.on(Input::Tick);
        }
        self.now = until;
        self.on(Input::Tick)
    }

    fn page(&self) -> Page {
        self.machine.view(self.now).page
    }

    fn pad(&self) -> Pad {
        match self.page() {
            Page::Pin { pad, .. } | Page::StaffPasscode { pad, .. } | Page::PrintedNumber { pad, .. } => pad,
            page => panic!("no pad on {}", page.id()),
        }
    }

    fn letters(&self, digits: &str) -> zeroize::Zeroizing<String> {
        let pad = self.pad();
        let letter = |digit: char| pad.keys[digit.to_digit(10).expect("a digit") as usize];
        digits.chars().map(letter).collect::<String>().into()
    }

    fn enter(&mut self, digits: &str, name: &str) -> &mut Self {
        let keys = self.letters(digits);
        self.press(Act::Enter { keys, name: name.into() })
    }

    /// A card is down and read, the terminal ready.
    fn ready(&mut self, recognised: Recognised, asked: Option<Asked>) -> &mut Self {
        self.put();
        self.card(CardSaid::Recognised(recognised));
        self.link(LinkSaid::Ready { asked, as_of: TODAY, mode: ReaderMode::Unattended })
    }

    fn proven_by_pin(&mut self) -> &mut Self {
        self.press(Act::Way(Way::Pin));
        self.enter("1234", "");
        self.card(CardSaid::Proven)
    }
}

fn recognised() -> Recognised {
    Recognised {
        tries_left: Some(3),
        certificate: Some(CardCertificateState::Valid),
        face: Some((OLD, true)),
    }
}

fn asked(consents: &[ConsentKind], prescription_issue: bool) -> Option<Asked> {
    Some(Asked { consents: consents.to_vec(), prescription_issue })
}

fn everything() -> Option<Asked> {
    asked(ConsentKind::ALL, true)
}

fn answer(segment: &str, code: Option<&str>) -> LinkSaid {
    LinkSaid::Outcome(Box::new(ReaderOutcome {
        segment: segment.into(),
        validity: Some("1".into()),
        code: code.map(str::to_owned),
        message: None,
        name: Some("髙橋　花子".into()),
        substitutions: 0,
        file_name: None,
        next_nonce: None,
    }))
}

fn signed(effects: &[Effect]) -> Option<&kiosk::session::Choices> {
    effects.iter().find_map(|effect| match effect {
        Effect::Sign(_, choices) => Some(choices),
        _ => None,
    })
}

fn kinds(items: &[ConsentItem]) -> Vec<ConsentKind> {
    items.iter().map(|item| item.kind).collect()
}

#[test]
fn the_ordinary_visit_with_a_pin() {
    let mut reader = Reader::new();
    assert_eq!(reader.page(), Page::Start);
    reader.put();
    assert!(matches!(reader.effects[..], [Effect::Prepare(_), Effect::Read(_)]));
    reader.card(CardSaid::Recognised(recognised()));
    assert_eq!(reader.page(), Page::Reading, "the terminal is waited for");
    reader.link(LinkSaid::Ready { asked: everything(), as_of: TODAY, mode: ReaderMode::Unattended });
    assert_eq!(reader.page(), Page::Choose { face: Offer::Open, pin: Offer::Open, staff: Offer::Open });
    reader.press(Act::Way(Way::Pin));
    assert!(matches!(reader.page(), Page::Pin { tries_left: 3, wrong: false, .. }));
    reader.enter("1234", "");
    assert!(matches!(reader.effects[..], [Effect::Verify(..)]));
    reader.card(CardSaid::Proven);
    let Page::Consent { items } = reader.page() else { panic!("{}", reader.page().id()) };
    let order =
        [ConsentKind::Operation, ConsentKind::Treatment, ConsentKind::Checkup, ConsentKind::SpecificDisease];
    assert_eq!(kinds(&items), order, "診療・薬剤 is one line, and 限度額 is not asked");
    reader.press(Act::Consent(true));
    assert_eq!(reader.page(), Page::Prescription);
    reader.press(Act::Prescription(PrescriptionIssue::Electronic));
    let choices = signed(&reader.effects).expect("the card signs").clone();
    assert!(choices.consents.iter().all(|choice| choice.granted && choice.kind != ConsentKind::Ceiling));
    assert_eq!(choices.consents.len(), 5);
    assert_eq!(choices.prescription_issue_select, Some(PrescriptionIssue::Electronic));
    reader.card(CardSaid::Signed);
    assert_eq!(reader.page(), Page::Sending { again: false, card_free: true });
    assert!(matches!(reader.effects[..], [Effect::Submit(_)]));
    reader.link(answer("1", None));
    assert!(matches!(reader.page(), Page::Result { outcome: Outcome::Done, name: Some(_), card: true, .. }));
    reader.wait(Duration::from_secs(11));
    assert!(matches!(reader.page(), Page::Result { left_behind: true, .. }), "a card is not forgotten");
    reader.wait(Duration::from_secs(10));
    assert!(matches!(reader.page(), Page::Result { name: None, .. }), "a name does not stay");
    reader.take().wait(Duration::from_secs(3));
    assert_eq!(reader.page(), Page::Start);
    assert!(reader.machine.is_idle());
}

#[test]
fn what_is_asked_follows_the_institution_the_age_and_the_certificate() {
    let young = Recognised { face: Some((YOUNG, true)), ..recognised() };
    let unread = Recognised { face: None, ..recognised() };
    let all = everything();
    let of = |card: Recognised, asked: Option<Asked>| {
        let mut reader = Reader::new();
        reader.ready(card, asked).proven_by_pin();
        match reader.page() {
            Page::Consent { items } => kinds(&items),
            _ => Vec::new(),
        }
    };
    assert!(!of(young, all.clone()).contains(&ConsentKind::Checkup), "under 40");
    assert!(of(unread, all).contains(&ConsentKind::Checkup), "an age that nobody knows hides nothing");
    assert_eq!(of(recognised(), asked(&[ConsentKind::Medication], false)), [ConsentKind::Medication]);
    assert_eq!(of(recognised(), asked(&[], false)), []);
    let grace = Recognised { certificate: Some(CardCertificateState::Grace), ..recognised() };
    let mut reader = Reader::new();
    reader.ready(grace, everything()).proven_by_pin();
    assert_eq!(reader.page(), Page::Notice { notice: Notice::Grace });
    reader.press(Act::Seen);
    assert_eq!(reader.page(), Page::Prescription, "after the end no consent is taken");
    let soon = Recognised { certificate: Some(CardCertificateState::ExpiresSoon), ..recognised() };
    let mut reader = Reader::new();
    reader.ready(soon, everything()).proven_by_pin();
    assert_eq!(reader.page(), Page::Notice { notice: Notice::ExpiresSoon });
    reader.press(Act::Seen);
    assert!(matches!(reader.page(), Page::Consent { .. }));
    let over = Recognised { certificate: Some(CardCertificateState::Expired), ..recognised() };
    let mut reader = Reader::new();
    reader.ready(over, everything());
    assert!(matches!(reader.page(), Page::Trouble { kind: TroubleKind::Expired, .. }));
}

#[test]
fn item_by_item_is_what_is_signed_and_nothing_is_agreed_to_before() {
    let mut reader = Reader::new();
    reader.ready(recognised(), asked(ConsentKind::ALL, false)).proven_by_pin();
    reader.press(Act::ByItem);
    let Page::ConsentItems { items } = reader.page() else { panic!("items") };
    assert!(items.iter().all(|item| !item.granted));
    reader.press(Act::Item(ConsentKind::Treatment)).press(Act::Item(ConsentKind::Checkup));
    reader.press(Act::Item(ConsentKind::Checkup)).press(Act::Decide);
    let choices = signed(&reader.effects).expect("signed");
    let granted: Vec<_> =
        choices.consents.iter().filter(|choice| choice.granted).map(|choice| choice.kind).collect();
    assert_eq!(granted, [ConsentKind::Medication, ConsentKind::Treatment]);
}

#[test]
fn the_last_try_is_asked_about_and_a_locked_pin_leaves_other_ways() {
    let mut reader = Reader::new();
    reader.ready(recognised(), everything()).press(Act::Way(Way::Pin));
    reader.enter("0000", "").card(CardSaid::Trouble(CardTrouble::PinWrong { tries_left: 2 }));
    assert!(matches!(reader.page(), Page::Pin { tries_left: 2, wrong: true, .. }));
    reader.enter("0000", "").card(CardSaid::Trouble(CardTrouble::PinWrong { tries_left: 1 }));
    assert_eq!(reader.page(), Page::LastTry);
    reader.press(Act::Way(Way::Again));
    assert!(matches!(reader.page(), Page::Choose { .. }));
    reader.press(Act::Way(Way::Pin));
    assert_eq!(reader.page(), Page::LastTry, "asked each time");
    reader.press(Act::LastTry).enter("0000", "");
    let confirmed =
        |effect: &Effect| matches!(effect, Effect::Verify(_, _, card::session::LastTry::Confirmed));
    assert!(reader.effects.iter().any(confirmed));
    reader.card(CardSaid::Trouble(CardTrouble::PinLocked));
    let Page::Trouble { kind: TroubleKind::PinLocked, ways, .. } = reader.page() else { panic!("locked") };
    assert_eq!(ways, [Way::Face, Way::Staff, Way::Stop]);
    reader.press(Act::Way(Way::Face));
    assert!(matches!(reader.page(), Page::Face { .. }));
}

#[test]
fn ten_faces_that_fail_are_enough() {
    let mut reader = Reader::new();
    reader.ready(recognised(), everything()).press(Act::Way(Way::Face));
    for failed in 1..10 {
        reader.on(Input::Face(reader.machine.ticket(), FaceSaid::Failed));
        let Page::Face { failures_left, .. } = reader.page() else { panic!("{failed}") };
        assert_eq!(failures_left, 10 - failed);
    }
    reader.on(Input::Face(reader.machine.ticket(), FaceSaid::Failed));
    let Page::Trouble { kind: TroubleKind::Face, ways, .. } = reader.page() else { panic!("ten") };
    assert_eq!(ways, [Way::Pin, Way::Staff, Way::Stop]);
    reader.press(Act::Way(Way::Pin)).press(Act::Way(Way::Again));
    assert!(matches!(reader.page(), Page::Choose { face: Offer::FaceUsedUp, .. }));
    reader.press(Act::Way(Way::Face));
    assert!(matches!(reader.page(), Page::Choose { .. }), "not once more with this card");
}

#[test]
fn a_visual_check_in_the_words_of_the_procedure() {
    let mut reader = Reader::new();
    reader.press(Act::Staff);
    assert!(matches!(reader.page(), Page::StaffPasscode { problem: None, .. }));
    reader.enter("4821", " ");
    assert!(matches!(reader.page(), Page::StaffPasscode { problem: Some(StaffProblem::NameMissing), .. }));
    reader.enter("48", "受付　山田");
    assert!(matches!(
        reader.page(),
        Page::StaffPasscode { problem: Some(StaffProblem::PasscodeMissing), .. }
    ));
    reader.enter("4821", "受付　山田");
    assert!(matches!(reader.page(), Page::StaffCompare { card: false, .. }));
    reader.ready(recognised(), everything());
    assert!(matches!(
        reader.page(),
        Page::StaffCompare { card: true, photo: kiosk::view::StaffPhoto::FromChip, .. }
    ));
    reader.press(Act::Compared { same: true });
    let Some(Effect::Authorize(_, Some(entered))) = reader.effects.first() else {
        panic!("the card is told")
    };
    assert_eq!((entered.passcode.as_str(), entered.reader_serial.as_str()), ("4821", "R-0001"));
    assert_eq!(entered.staff_name.as_deref(), Some("受付　山田"));
    reader.card(CardSaid::Proven);
    assert!(matches!(reader.page(), Page::Consent { .. }), "the usual consent screens");
}

#[test]
fn with_the_print_in_the_hand_the_card_is_put_down_afterwards() {
    let mut reader = Reader::new();
    reader.press(Act::Staff).enter("4821", "山田").press(Act::Compared { same: true });
    assert_eq!(reader.page(), Page::StaffPutCard { name: "山田".into() });
    reader.ready(recognised(), everything());
    assert!(matches!(reader.effects[..], [Effect::Authorize(_, Some(_))]), "compared once is enough");
}

#[test]
fn another_person_is_the_end_and_a_refused_passcode_is_not() {
    let mut reader = Reader::new();
    reader.press(Act::Staff).enter("4821", "山田").ready(recognised(), everything());
    reader.press(Act::Compared { same: false });
    assert!(matches!(reader.page(), Page::Trouble { kind: TroubleKind::NotTheSame, .. }));
    reader.take().wait(Duration::from_secs(3));
    reader.press(Act::Staff).enter("4821", "山田").ready(recognised(), asked(&[], false));
    reader.press(Act::Compared { same: true }).card(CardSaid::Proven).card(CardSaid::Signed);
    reader.link(answer("9", Some("OQSR0010W")));
    let Page::Trouble { kind: TroubleKind::Passcode, ways, .. } = reader.page() else { panic!("refused") };
    assert_eq!(ways[0], Way::Staff);
    reader.press(Act::Way(Way::Staff));
    assert!(matches!(reader.page(), Page::StaffPasscode { .. }));
    reader.enter("4822", "山田");
    assert_eq!(reader.page(), Page::Reading, "the card still lies there and is read anew");
}

#[test]
fn time_is_warned_of_given_again_and_at_last_over() {
    let mut reader = Reader::new();
    reader.ready(recognised(), everything());
    reader.wait(Duration::from_secs(39));
    assert_eq!(reader.machine.view(reader.now).hurry, None);
    reader.wait(Duration::from_secs(1));
    assert_eq!(reader.machine.view(reader.now).hurry.expect("a warning").seconds_left, 20);
    reader.press(Act::MoreTime);
    assert_eq!(reader.machine.view(reader.now).hurry, None);
    reader.proven_by_pin().wait(Duration::from_secs(99));
    assert!(matches!(reader.page(), Page::Consent { .. }), "consents have two minutes");
    reader.wait(Duration::from_secs(21));
    let Page::Trouble { kind: TroubleKind::GaveUp, code, .. } = reader.page() else { panic!("over") };
    assert_eq!(code, "OQSR0009W");
    assert!(reader.effects.iter().all(|effect| !matches!(effect, Effect::Sign(..))));
    reader.take().wait(Duration::from_secs(3));
    assert!(reader.machine.is_idle());
}

#[test]
fn a_card_that_is_taken_brings_the_start_back_within_three_seconds_unless_it_signed() {
    let mut reader = Reader::new();
    reader.ready(recognised(), everything()).proven_by_pin().take();
    assert!(matches!(reader.page(), Page::Trouble { kind: TroubleKind::Removed, .. }));
    reader.wait(Duration::from_secs(3));
    assert_eq!(reader.page(), Page::Start);
    reader.ready(recognised(), asked(&[], false)).proven_by_pin().card(CardSaid::Signed).take();
    assert_eq!(reader.page(), Page::Sending { again: false, card_free: true });
    reader.link(answer("1", None));
    assert!(matches!(reader.page(), Page::Result { outcome: Outcome::Done, card: false, .. }));
    reader.wait(Duration::from_secs(9));
    assert_eq!(reader.page(), Page::Start);
}

#[test]
fn what_was_signed_while_the_line_dropped_is_said_to_be_kept_and_nothing_more() {
    let mut reader = Reader::new();
    reader.ready(recognised(), asked(&[], false)).proven_by_pin().card(CardSaid::Signed);
    let first = reader.machine.ticket();
    reader.link(LinkSaid::Again).on(Input::Waiting(1));
    assert_eq!(reader.page(), Page::Sending { again: true, card_free: true });
    assert!(!reader.machine.view(reader.now).online);
    reader.wait(Duration::from_secs(31));
    assert!(matches!(reader.page(), Page::Result { outcome: Outcome::Kept, name: None, .. }));
    reader.take().wait(Duration::from_secs(3));
    assert_eq!(reader.machine.view(reader.now).waiting, 1);
    reader.put();
    reader.on(Input::Link(first, answer("1", None)));
    assert_eq!(reader.page(), Page::Reading, "the answer of before is nothing to the next patient");
}

#[test]
fn trouble_of_terminal_and_card_has_its_page_and_a_way_on() {
    let troubles = [
        (CardTrouble::NotMyNumberCard, TroubleKind::OtherCard, "OQSR0002E"),
        (CardTrouble::Unreadable, TroubleKind::Unrecognised, "OQSR0001E"),
    ];
    for (trouble, kind, code) in troubles {
        let mut reader = Reader::new();
        reader.put().card(CardSaid::Trouble(trouble));
        let Page::Trouble { kind: shown, code: told, ways, .. } = reader.page() else { panic!("{code}") };
        assert_eq!((shown, told.as_str()), (kind, code));
        assert!(ways.contains(&Way::Again));
        reader.press(Act::Way(Way::Again));
        assert_eq!(reader.page(), Page::Reading);
    }
    let mut reader = Reader::new();
    reader.put().link(LinkSaid::NotReady(LinkError::Unreachable));
    assert!(matches!(reader.page(), Page::Trouble { kind: TroubleKind::Network, .. }));
    let mut reader = Reader::new();
    let broken = CardTrouble::Reader(card::transport::TransportError::NoReader);
    reader.on(Input::Presence(Err(broken)));
    let Page::Rest { code, .. } = reader.page() else { panic!("rest") };
    assert_eq!(code, "OQSR0008E");
    for (code, kind) in [
        ("OQSB1104E", TroubleKind::Revoked),
        ("OQSB1105E", TroubleKind::Revoked),
        ("OQSB1106E", TroubleKind::Unregistered),
        ("OQSB1103E", TroubleKind::Expired),
        ("OQSA9108E", TroubleKind::Other),
    ] {
        let mut reader = Reader::new();
        reader.ready(recognised(), asked(&[], false)).proven_by_pin().card(CardSaid::Signed);
        reader.link(answer("9", Some(code)));
        let Page::Trouble { kind: shown, code: told, for_staff, .. } = reader.page() else {
            panic!("{code}")
        };
        assert_eq!((shown, told.as_str()), (kind, code));
        assert!(!for_staff.is_empty());
    }
}

#[test]
fn a_press_on_a_page_that_is_gone_does_nothing() {
    let mut reader = Reader::new();
    reader.ready(recognised(), everything());
    let old = reader.machine.view(reader.now).revision;
    reader.press(Act::Way(Way::Pin));
    let keys = reader.letters("1234");
    reader.on(Input::Press(old, Act::Enter { keys, name: String::new() }));
    assert!(reader.effects.is_empty());
    assert!(matches!(reader.page(), Page::Pin { pad: Pad { entered: 0, .. }, .. }));
}

#[test]
fn what_the_reader_lacks_is_not_offered() {
    let mut reader = Reader::with(Equipment::default());
    reader.press(Act::Staff);
    assert_eq!(reader.page(), Page::Start);
    reader.ready(recognised(), everything());
    assert_eq!(reader.page(), Page::Choose { face: Offer::Absent, pin: Offer::Open, staff: Offer::Absent });
    reader.press(Act::Way(Way::Face)).press(Act::Way(Way::Staff));
    assert!(matches!(reader.page(), Page::Choose { .. }));
}

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
            Self::CardTrouble(which) => {
                let trouble = match which {
                    0 => CardTrouble::NotMyNumberCard,
                    1 => CardTrouble::Removed,
                    2 => CardTrouble::Unreadable,
                    3 => CardTrouble::PinWrong { tries_left: 2 },
                    4 => CardTrouble::PinWrong { tries_left: 1 },
                    5 => CardTrouble::LastTry,
                    6 => CardTrouble::PinLocked,
                    _ => CardTrouble::PinlessRefused,
                };
                Input::Card(ticket, CardSaid::Trouble(trouble))
            }
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
            Self::Face(which) => {
                let said = match which {
                    0 => FaceSaid::Same,
                    1 | 2 => FaceSaid::Failed,
                    3 => FaceSaid::Impossible,
                    _ => FaceSaid::Ask(kiosk::view::FaceAsk::Left, None),
                };
                Input::Face(ticket, said)
            }
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
        prop_assert_eq!(view.comfort, kiosk::view::Comfort::default());
        prop_assert!(!view.help);
        let shown = format!("{view:?}");
        prop_assert!(!shown.contains("髙橋") && !shown.contains("山田"), "{}", shown);
    }
}
