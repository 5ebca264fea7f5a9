//! The machine, tried with what people do.

mod any;
mod reader;

use std::time::Duration;

use card::session::LastTry;
use eligibility::{
    card_certificate::CardCertificateState, codes::PrescriptionIssue, consent::ConsentKind,
    facility_settings::Asked, reader::ReaderMode,
};
use kiosk::{
    CardTrouble, LinkError,
    machine::{Act, CardSaid, Effect, Equipment, FaceSaid, Input, LinkSaid, Recognised},
    view::{Notice, Offer, Outcome, Pad, Page, StaffProblem, TroubleKind, Way},
};
use reader::{Reader, TODAY, YOUNG, answer, asked, everything, kinds, recognised, signed};

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
    let confirmed = |effect: &Effect| matches!(effect, Effect::Verify(_, _, LastTry::Confirmed));
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
