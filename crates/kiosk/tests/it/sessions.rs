//! Whole sessions, card to file.

use std::sync::{Arc, Mutex};

use card::{
    pin::{Pin, PinKind},
    session::{LastTry, pinless::SimulatedPinlessAuthorizer},
    simulator::SharedCard,
    transport::InProcessTransport,
};
use eligibility::{
    calendar,
    consent::{ConsentChoice, ConsentKind},
};
use kiosk::{
    CardTrouble, LinkError, TerminalLink, Trouble,
    session::{AtReader, Proof, check},
};
use testkit::{
    facility::issued_passcode,
    system::{Engine, INSTITUTION},
};
use wire::{card_statement::StatementError, terminal_api::VisualCheck};

use crate::desk::{Desk, PERSON, choices, on_both_engines, soon};

on_both_engines! {
    a_visual_check_without_a_good_passcode_is_none
    pin_face_and_visual_check_each_become_an_answer_and_a_file
    a_wrong_pin_leaves_the_session_open_for_another_way
    a_session_handed_in_twice_is_one_session
    what_was_decided_is_what_the_centre_records_and_nothing_ambiguous_is_signed
    what_the_centre_refuses_arrives_with_code_and_words
}

fn pin(digits: &str) -> Pin {
    Pin::new(PinKind::Authentication, digits).expect("four digits")
}

fn with_pin(digits: &str) -> Proof<'static> {
    Proof::Pin { pin: pin(digits), last_try: LastTry::Refuse }
}

async fn card_of(desk: &Desk, person: &str) -> SharedCard {
    Arc::new(Mutex::new(desk.system.card_of(person).await.simulated("髙橋　花子")))
}

fn on_reader(card: &SharedCard) -> InProcessTransport {
    InProcessTransport::shared(Arc::clone(card))
}

/// What staff enter at the reader, after somebody issued it.
async fn entered(desk: &Desk) -> VisualCheck {
    let passcode = issued_passcode(&desk.system, INSTITUTION).await;
    VisualCheck { passcode, reader_serial: "R-0001".to_owned(), staff_name: None }
}

async fn a_visual_check_without_a_good_passcode_is_none(engine: Engine) {
    let desk = Desk::open_on(engine).await;
    let card = card_of(&desk, PERSON).await;
    let authorizer = SimulatedPinlessAuthorizer::new("T01");
    let good = entered(&desk).await;
    let wrong = format!("{:04}", (good.passcode.parse::<u16>().expect("digits") + 1) % 10_000);
    let visual = Proof::Visual(&authorizer, VisualCheck { passcode: wrong, ..good.clone() });
    let outcome = check(on_reader(&card), visual, choices(), &desk.link).await.expect("words");
    assert_eq!((outcome.segment.as_str(), outcome.code.as_deref()), ("9", Some("OQSR0010W")));
    assert_eq!(outcome.name, None, "nothing of the person");
    assert_eq!(desk.faces().len(), 0);
    let outcome = check(on_reader(&card), Proof::Visual(&authorizer, good), choices(), &desk.link).await;
    assert_eq!(outcome.expect("an outcome").validity.as_deref(), Some("1"), "the right one is not spoilt");
}

async fn pin_face_and_visual_check_each_become_an_answer_and_a_file(engine: Engine) {
    let desk = Desk::open_on(engine).await;
    let card = card_of(&desk, PERSON).await;
    let authorizer = SimulatedPinlessAuthorizer::new("T01");
    let visual = Proof::Visual(&authorizer, entered(&desk).await);
    for (proof, number) in [(with_pin("1234"), 1), (Proof::Face(&authorizer), 2), (visual, 3)] {
        let outcome = check(on_reader(&card), proof, choices(), &desk.link).await.expect("an outcome");
        assert_eq!(
            (outcome.segment.as_str(), outcome.validity.as_deref()),
            ("1", Some("1")),
            "{:?}",
            outcome.code
        );
        assert_eq!(outcome.name.as_deref(), Some("髙橋　花子"));
        let name = outcome.file_name.expect("a file");
        let path = desk.face.join(&name);
        let bytes = soon("the face file", || std::fs::read(&path).ok()).await;
        let result = wire::message::read_result(&bytes).expect("a whole result").message;
        assert_eq!(result.header.reference_classification.as_text(), "1");
        let checkup = result.body.results[0].checkup.as_ref().expect("the consent stands in the result");
        assert_eq!(checkup.flag.as_text(), "1");
        assert_eq!(desk.faces().len(), number);
    }
}

async fn a_wrong_pin_leaves_the_session_open_for_another_way(engine: Engine) {
    let desk = Desk::open_on(engine).await;
    let card = card_of(&desk, PERSON).await;
    let mut at = AtReader::detect(on_reader(&card)).expect("a card");
    assert_eq!(at.pin_tries_left(), Ok(Some(3)));
    let Err((at, trouble)) = at.prove(with_pin("9999")) else { panic!("a wrong PIN") };
    assert_eq!(trouble, CardTrouble::PinWrong { tries_left: 2 });
    let Err((at, trouble)) = at.prove(with_pin("9999")) else { panic!("a wrong PIN") };
    assert_eq!(trouble, CardTrouble::PinWrong { tries_left: 1 });
    // The last try is not used unless the patient was told.
    let Err((mut at, trouble)) = at.prove(with_pin("9999")) else { panic!("a wrong PIN") };
    assert_eq!(trouble, CardTrouble::LastTry);
    assert_eq!(at.pin_tries_left(), Ok(Some(1)));
    let told = Proof::Pin { pin: pin("9999"), last_try: LastTry::Confirmed };
    let Err((mut at, trouble)) = at.prove(told) else { panic!("a wrong PIN") };
    assert_eq!(trouble, CardTrouble::PinLocked);
    assert_eq!(at.pin_tries_left(), Ok(None));
    // A locked PIN is no end: the photo is compared instead.
    let authorizer = SimulatedPinlessAuthorizer::new("T01");
    let visual = Proof::Visual(&authorizer, entered(&desk).await);
    let Ok(proven) = at.prove(visual) else { panic!("the card accepts the terminal") };
    let nonce = desk.link.nonce().await.expect("a nonce");
    let signed = proven.sign(&nonce, choices()).expect("signs");
    let outcome = desk.link.submit(signed.check()).await.expect("an outcome");
    assert_eq!(outcome.validity.as_deref(), Some("1"));
}

async fn a_session_handed_in_twice_is_one_session(engine: Engine) {
    let desk = Desk::open_on(engine).await;
    let card = card_of(&desk, PERSON).await;
    let Ok(proven) = AtReader::detect(on_reader(&card)).expect("a card").prove(with_pin("1234")) else {
        panic!("the right PIN")
    };
    let nonce = desk.link.nonce().await.expect("a nonce");
    let signed = proven.sign(&nonce, choices()).expect("signs");
    let first = desk.link.submit(signed.check()).await.expect("an outcome");
    let second = desk.link.submit(signed.check()).await.expect("the same outcome");
    assert_eq!(first.file_name, second.file_name);
    assert_eq!(desk.faces().len(), 1);
}

async fn what_was_decided_is_what_the_centre_records_and_nothing_ambiguous_is_signed(engine: Engine) {
    let desk = Desk::open_on(engine).await;
    let card = card_of(&desk, PERSON).await;
    let proven = || AtReader::detect(on_reader(&card)).expect("a card").prove(with_pin("1234"));
    let nonce = desk.link.nonce().await.expect("a nonce");
    let mut twice = choices();
    twice.consents.push(ConsentChoice { kind: ConsentKind::Checkup, granted: false });
    let Ok(at) = proven() else { panic!("the right PIN") };
    let trouble = at.sign(&nonce, twice).map(drop).expect_err("a kind with two answers");
    assert_eq!(trouble, Trouble::Statement(StatementError::RepeatedConsent));
    assert!(!trouble.for_patient().is_empty() && !trouble.for_staff().is_empty());
    // Between the card and the centre somebody turns a consent round.
    let Ok(at) = proven() else { panic!("the right PIN") };
    let signed = at.sign(&nonce, choices()).expect("signs");
    assert_eq!(signed.check().as_of, nonce.as_of);
    let mut changed = signed.check().clone();
    changed.consents[0].granted = false;
    let outcome = desk.link.submit(&changed).await.expect("an outcome");
    assert_eq!((outcome.segment.as_str(), outcome.code.as_deref()), ("9", Some("OQSA9204E")));
    assert!(desk.faces().is_empty());
    let outcome = desk.link.submit(signed.check()).await.expect("an outcome");
    assert_eq!(outcome.validity.as_deref(), Some("1"));
}

async fn what_the_centre_refuses_arrives_with_code_and_words(engine: Engine) {
    let desk = Desk::open_on(engine).await;
    let now = desk.system.clock.now();
    let expired =
        desk.system.cards.issue(calendar::add_months_at(now, -60), calendar::add_months_at(now, -4));
    desk.system.register_card(&expired, PERSON).await;
    let card = Arc::new(Mutex::new(expired.simulated("髙橋　花子")));
    let outcome = check(on_reader(&card), with_pin("1234"), choices(), &desk.link).await.expect("an outcome");
    assert_eq!((outcome.segment.as_str(), outcome.code.as_deref()), ("9", Some("OQSB1103E")));
    assert!(outcome.message.is_some());
    // A card nobody linked to a person.
    let unknown =
        desk.system.cards.issue(calendar::add_months_at(now, -12), calendar::add_months_at(now, 48));
    let card = Arc::new(Mutex::new(unknown.simulated("髙橋　花子")));
    let outcome = check(on_reader(&card), with_pin("1234"), choices(), &desk.link).await.expect("an outcome");
    assert_eq!((outcome.segment.as_str(), outcome.code.as_deref()), ("9", Some("OQSB1106E")));
    assert!(desk.faces().is_empty(), "no eligibility, no file");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_terminal_the_kiosk_says_so() {
    let mut desk = Desk::open().await;
    let card = card_of(&desk, PERSON).await;
    let mut wrong = desk.link_config.clone();
    wrong.token_file = desk.face.join("token");
    std::fs::write(&wrong.token_file, "0".repeat(64)).expect("writes");
    let stranger = TerminalLink::new(&wrong).expect("a link");
    assert_eq!(stranger.nonce().await.expect_err("not our token"), LinkError::NotAdmitted);
    wrong.address = ([192, 0, 2, 1], 80).into();
    assert_eq!(TerminalLink::new(&wrong).expect_err("another machine"), LinkError::NotLoopback);
    desk.close_terminal().await;
    let trouble =
        check(on_reader(&card), with_pin("1234"), choices(), &desk.link).await.expect_err("nobody there");
    assert_eq!(trouble, Trouble::Link(LinkError::Unreachable));
    assert!(!trouble.for_patient().is_empty() && !trouble.for_staff().is_empty());
}
