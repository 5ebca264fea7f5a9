//! Without its line nobody is answered: the reader, the people beside it and the terminal's page all hear what is wrong
//! and what to do, and go on as soon as the line is connected.

use std::sync::{Arc, Mutex};

use card::{
    pin::{Pin, PinKind},
    session::LastTry,
    simulator::SharedCard,
    transport::InProcessTransport,
};
use eligibility::institution::InstitutionCode;
use kiosk::{
    LinkError, TerminalLink, Trouble,
    session::{AtReader, Proof, check},
};
use reqwest::{Client, header};
use store::{LineRegistration, NewLine};
use terminal::config::GatewayConfig;
use testkit::system::{Engine, INSTITUTION, TestSystem, line_authentication};

use crate::desk::{Desk, PERSON, choices, on_both_engines};

on_both_engines! {
    without_its_line_reader_and_terminal_say_so_until_somebody_wishes
    a_line_that_is_cut_while_a_card_lies_there_is_told_too
}

/// Where this clinic's browser finds the page, as the terminal's settings say.
const PAGE: &str = "https://kaisen.example";
const CODE: &str = "OQSA9110E";
const SERIAL: &str = "FR-2026-0001";

/// A counter whose institution has a line that nobody has connected.
async fn counter(engine: Engine) -> Desk {
    let required = line_authentication();
    let system = TestSystem::start_with(engine, |config| config.line_authentication = Some(required)).await;
    let desk = Desk::open_over(system, |config| {
        config.gateway = Some(GatewayConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            line_authentication: PAGE.to_owned(),
            ..GatewayConfig::default()
        });
    })
    .await;
    let line = NewLine {
        institution_code: code(),
        circuit: eligibility::line::CircuitKind::IpVpnNtt,
        customer_id: Some("CAF0123456789".parse().expect("a customer id")),
        prefixes: Some(vec!["127.0.0.0/24".parse().expect("a prefix")]),
        shared: false,
    };
    let done = desk.system.store().register_line(line, "operator:o1", desk.system.clock.now()).await;
    assert_eq!(done, Ok(LineRegistration::Done));
    desk.system.server.refresh_lines().await.expect("looks");
    desk
}

fn code() -> InstitutionCode {
    InstitutionCode::parse(INSTITUTION).expect("a code")
}

fn browser() -> Client {
    // One cryptography provider for the whole process; it may be there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let here = ([127, 0, 0, 1], 0).into();
    Client::builder().no_proxy().resolve("localhost", here).build().expect("a client")
}

/// The terminal's page in a browser on its machine, asked anew.
async fn state_page(desk: &Desk) -> String {
    let address = desk.gateway.expect("there is a gateway");
    let asked = browser().post(format!("http://{address}/terminal/"));
    let asked = asked.header(header::ORIGIN, format!("http://{address}")).send().await.expect("answers");
    asked.text().await.expect("a text")
}

/// A button of the page of line authentication, pressed from this machine's line.
async fn press(desk: &Desk, choice: &str) -> String {
    let port = desk.system.server.line_authentication().expect("the page").port();
    let origin = format!("http://localhost:{port}");
    let pressed = browser()
        .post(format!("{origin}/choice"))
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(format!("choice={choice}"));
    // It leads to the page that says how the line stands then.
    pressed.send().await.expect("answers").text().await.expect("a text")
}

fn on_reader(card: &SharedCard) -> InProcessTransport {
    InProcessTransport::shared(Arc::clone(card))
}

fn with_pin() -> Proof<'static> {
    let pin = Pin::new(PinKind::Authentication, "1234").expect("four digits");
    Proof::Pin { pin, last_try: LastTry::Refuse }
}

async fn card_of(desk: &Desk) -> SharedCard {
    Arc::new(Mutex::new(desk.system.card_of(PERSON).await.simulated("髙橋　花子")))
}

/// The reader beside the terminal, which tells its 製造番号.
fn reader(desk: &Desk) -> TerminalLink {
    let mut config = desk.link_config.clone();
    config.reader_serial = Some(SERIAL.to_owned());
    TerminalLink::new(&config).expect("a link")
}

async fn without_its_line_reader_and_terminal_say_so_until_somebody_wishes(engine: Engine) {
    let mut desk = counter(engine).await;
    let (card, reader) = (card_of(&desk).await, reader(&desk));
    let before = state_page(&desk).await;
    assert!(before.contains("端末が動き始めてから、まだありません"), "{before}");
    assert!(before.contains("カードリーダーの電源とケーブルを確かめ"), "{before}");

    let trouble =
        check(on_reader(&card), with_pin(), choices(), &reader).await.expect_err("no line, no answer");
    assert_eq!(trouble.code(), CODE);
    assert!(matches!(&trouble, Trouble::Link(LinkError::Reported { .. })), "{trouble:?}");
    let staff = trouble.for_staff();
    for words in ["ネットワークエラー", "回線認証", "LANケーブル", PAGE, "「希望する」"]
    {
        assert!(staff.contains(words), "{words}: {staff}");
    }
    assert!(!staff.contains("lineauth"), "the page is named as it is found here: {staff}");
    let patient = trouble.for_patient();
    assert!(patient.contains("受付") && !patient.contains("回線"), "{patient}");
    assert!(desk.faces().is_empty());

    let page = state_page(&desk).await;
    for words in ["ネットワークエラー", "回線認証が接続されていません", PAGE, CODE, SERIAL, "エラー"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("まだありません"), "the reader was heard: {page}");

    let pressed = press(&desk, "connect").await;
    assert!(pressed.contains("回線認証接続済み"), "{pressed}");
    let outcome = check(on_reader(&card), with_pin(), choices(), &reader).await.expect("an outcome");
    assert_eq!((outcome.segment.as_str(), outcome.validity.as_deref()), ("1", Some("1")));
    assert_eq!(desk.faces().len(), 1);
    let page = state_page(&desk).await;
    assert!(page.contains("接続中") && page.contains(SERIAL) && !page.contains(CODE), "{page}");
    desk.close_terminal().await;
}

/// The nonce came over the line; the answer does not.
async fn a_line_that_is_cut_while_a_card_lies_there_is_told_too(engine: Engine) {
    let mut desk = counter(engine).await;
    let (card, reader) = (card_of(&desk).await, reader(&desk));
    press(&desk, "connect").await;
    let Ok(proven) = AtReader::detect(on_reader(&card)).expect("a card").prove(with_pin()) else {
        panic!("the right PIN")
    };
    let nonce = reader.nonce().await.expect("a nonce");
    let signed = proven.sign(&nonce, choices()).expect("signs");
    let (store, now) = (desk.system.store(), desk.system.clock.now());
    assert!(store.stop_line(&code(), "operator:o1", now).await.expect("stops"));
    desk.system.server.refresh_lines().await.expect("looks");
    let outcome = reader.submit(signed.check()).await.expect("words");
    assert_eq!((outcome.segment.as_str(), outcome.code.as_deref()), ("9", Some(CODE)));
    let words = outcome.message.expect("words");
    assert!(words.contains("ネットワークエラー") && words.contains("回線認証"), "{words}");
    assert!(desk.faces().is_empty() && outcome.name.is_none(), "nothing of the person");
    let page = state_page(&desk).await;
    assert!(page.contains(CODE) && page.contains("回線認証が接続されていません"), "{page}");
    desk.close_terminal().await;
}
