//! Our own PC/SC backend does with a reader what the other transports do without one.

use std::sync::{Arc, Mutex};

use card::photo;
use card::pin::{Pin, PinKind};
use card::session::pinless::SimulatedPinlessAuthorizer;
use card::session::{CardSession, LastTry, PinState, SessionError, TokenLabel};
use card::simulator::SimulatedCard;
use card::transport::{CardTransport, PcscTransport, TransportError, readers};

use super::clients::{openssl_verifies, run};
use super::world::{in_own_world, wait_until};
use crate::persona::{NAME, NUMBER_B, profile};

fn session() -> CardSession<PcscTransport> {
    CardSession::open(PcscTransport::connect(None).unwrap()).unwrap()
}

fn pin(typed: &str) -> Pin {
    Pin::new(PinKind::Authentication, typed).unwrap()
}

#[test]
fn a_whole_conversation_through_a_reader() {
    in_own_world("virtual_card::own_backend::a_whole_conversation_through_a_reader", |world| {
        let _card = world.insert();
        let mut session = session();
        assert_eq!(session.token_label().unwrap(), TokenLabel::PlasticCard);
        let certificate = session.auth_certificate().unwrap();
        assert_eq!(certificate, profile().authentication.certificate);
        assert_eq!(session.sign(b"text"), Err(SessionError::PinRequired));
        session.verify_pin(&pin("1234"), LastTry::Refuse).unwrap();
        let paths = ["certificate", "signature", "text"].map(|name| world.path(name));
        std::fs::write(&paths[0], &certificate).unwrap();
        std::fs::write(&paths[1], session.sign(b"text").unwrap()).unwrap();
        std::fs::write(&paths[2], b"text").unwrap();
        assert!(openssl_verifies(&paths[0], &paths[1], &paths[2]));

        let number = Pin::new(PinKind::NumberB, NUMBER_B).unwrap();
        let face = session.read_face(&number, LastTry::Refuse).unwrap();
        assert_eq!(photo::decode(&face.photo_jp2).unwrap().height, 472);
        let text_pin = Pin::new(PinKind::Text, "1234").unwrap();
        assert_eq!(session.read_text_attributes(&text_pin, LastTry::Refuse).unwrap().name.as_str(), NAME);

        assert_eq!(session.sign(b"text"), Err(SessionError::PinRequired), "another application was selected");
        session.authorize_without_pin(&SimulatedPinlessAuthorizer::new("TERMINAL-1")).unwrap();
        assert_eq!(session.sign(b"text").unwrap().len(), 256);
        session.finish().unwrap();
    });
}

#[test]
fn the_pin_counts_down_and_locks_through_a_reader() {
    in_own_world("virtual_card::own_backend::the_pin_counts_down_and_locks_through_a_reader", |world| {
        let _card = world.insert();
        let mut session = session();
        for tries_left in [2, 1] {
            let wrong = session.verify_pin(&pin("0000"), LastTry::Refuse);
            assert_eq!(wrong, Err(SessionError::WrongPin { tries_left }));
        }
        assert_eq!(session.verify_pin(&pin("1234"), LastTry::Refuse), Err(SessionError::LastTry));
        assert_eq!(session.verify_pin(&pin("0000"), LastTry::Confirmed), Err(SessionError::PinLocked));
        drop(session);
        let mut again = self::session();
        assert_eq!(again.pin_state(PinKind::Authentication), Ok(PinState::Locked));
    });
}

#[test]
fn the_card_is_held_alone_and_forgets_at_the_end() {
    in_own_world("virtual_card::own_backend::the_card_is_held_alone_and_forgets_at_the_end", |world| {
        let _card = world.insert();
        let mut holder = session();
        holder.verify_pin(&pin("1234"), LastTry::Refuse).unwrap();
        assert_eq!(PcscTransport::connect(None).err(), Some(TransportError::InUse));
        run("opensc-tool", &["-r", "0", "-n"]).badly();
        drop(holder);
        assert_eq!(session().sign(b"text"), Err(SessionError::PinRequired), "nobody inherits the PIN");
    });
}

#[test]
fn each_obstacle_has_its_own_error() {
    in_own_world("virtual_card::own_backend::each_obstacle_has_its_own_error", |world| {
        let connect = |reader| PcscTransport::connect(reader).err();
        assert_eq!(connect(None), Some(TransportError::NoCard));
        let unknown = Some(TransportError::UnknownReader("no such reader".into()));
        assert_eq!(connect(Some("no such reader")), unknown);
        let inserted = world.insert();
        let readers = readers().unwrap();
        assert_eq!(
            readers.iter().filter(|r| r.card_present).count(),
            1,
            "the second slot is empty: {readers:?}"
        );
        for reader in &readers {
            let expected = if reader.card_present { None } else { Some(TransportError::NoCard) };
            assert_eq!(connect(Some(&reader.name)), expected, "{reader:?}");
        }
        let mut transport = PcscTransport::connect(None).unwrap();
        assert_eq!(transport.atr().unwrap(), card::simulator::ATR);
        transport.reset().unwrap();
        inserted.remove();
        assert_eq!(transport.transmit(&[0x00, 0xA4, 0x04, 0x0C]), Err(TransportError::Removed));
        drop(transport);
        world.stop_service();
        assert_eq!(connect(None), Some(TransportError::NoService));
    });
}

#[test]
fn a_card_put_back_is_the_same_card() {
    in_own_world("virtual_card::own_backend::a_card_put_back_is_the_same_card", |world| {
        let card = Arc::new(Mutex::new(SimulatedCard::new(profile()).unwrap()));
        let inserted = world.insert_card(card.clone());
        session().verify_pin(&pin("0000"), LastTry::Refuse).unwrap_err();
        inserted.remove();
        let _again = world.insert_card(card);
        wait_until("the card to be usable", || PcscTransport::connect(None).is_ok());
        assert_eq!(session().pin_state(PinKind::Authentication), Ok(PinState::Left(2)));
    });
}
