//! What the fuzz targets of `card` do with their bytes.

use std::collections::VecDeque;
use std::sync::OnceLock;

use card::apdu::{Command, Response};
use card::jpki::{CardTrust, RevocationList};
use card::pin::{Pin, PinKind};
use card::session::{CardSession, LastTry};
use card::simulator::SimulatedCard;
use card::transport::{CardTransport, Disposition, TransportError};
use card::{photo, tlv};
use eligibility::Instant;

/// 2026-04-01T00:00:00Z, within every seed's dates.
const NOW: Instant = Instant(1_775_001_600_000);
/// The policy of test authentication certificates.
const POLICY: &str = "1.2.392.200149.8.5.1.0.30";
/// The root that issued the seeds. Its key was thrown away: nothing but the seeds can be good.
const ROOT: &[u8] = include_bytes!("../anchors/card-root.der");
const CERTIFICATE: &[u8] = include_bytes!("../seeds/card_certificate/good.der");
const LIST: &[u8] = include_bytes!("../seeds/revocation_list/good.der");
/// A card that answers whatever it likes must not keep the reader busy for longer than this many commands.
const PATIENCE: usize = 20_000;

/// Commands, answers and elements that read are written and read back as the same.
pub fn card_apdu(data: &[u8]) {
    if let Ok(command) = Command::parse(data) {
        let written = command.write().expect("what was read can be written");
        assert!(Command::parse(&written) == Ok(command), "a command changed");
    }
    if let Ok(answer) = Response::parse(data) {
        assert_eq!(answer.write(), data);
    }
    let Ok(elements) = tlv::parse_all(data) else { return };
    let mut written = Vec::new();
    for element in &elements {
        tlv::write(&mut written, element.tag, element.value).expect("what was read can be written");
    }
    assert_eq!(tlv::parse_all(&written).as_ref(), Ok(&elements));
    if !elements.is_empty() {
        assert!(tlv::total_length(data).is_ok_and(|length| length <= data.len()));
    }
}

/// The simulated card answers every sequence of commands with a status, and never with more than fits.
pub fn card_simulator(card: &mut SimulatedCard, data: &[u8]) {
    let counters = card.counters().clone();
    card.power_off();
    for command in pieces(data) {
        let answer = card.process(command);
        assert!((2..=65_538).contains(&answer.len()), "{} bytes of answer", answer.len());
    }
    card.restore_counters(counters);
}

/// Whatever a card answers, a session ends: with what was asked for or with an error, and soon.
pub fn card_session(data: &[u8]) {
    talk(Parrot::new(data));
}

/// Everything a session can ask a card.
pub fn talk(card: impl CardTransport) {
    let pin = |kind, typed| Pin::new(kind, typed).expect("a form that fits");
    let Ok(mut session) = CardSession::open(card) else { return };
    let _ = session.token_label();
    let _ = session.auth_certificate();
    let _ = session.auth_ca_certificate();
    let _ = session.pin_state(PinKind::Authentication);
    let _ = session.verify_pin(&pin(PinKind::Authentication, "1234"), LastTry::Confirmed);
    let _ = session.sign(b"text");
    if let Ok(face) = session.read_face(&pin(PinKind::NumberB, "55021720301234"), LastTry::Confirmed) {
        let _ = photo::decode(&face.photo_jp2);
    }
    let _ = session.read_text_attributes(&pin(PinKind::Text, "1234"), LastTry::Confirmed);
    let _ = session.finish();
}

/// A photo decodes to as many points as it says, or not at all.
pub fn card_photo(data: &[u8]) {
    let Ok(image) = photo::decode(data) else { return };
    assert_eq!(image.pixels.len() as u64, u64::from(image.width) * u64::from(image.height));
}

/// Only the certificate that was issued is a card's certificate.
pub fn card_certificate(data: &[u8]) {
    if trust().check_certificate(data, NOW).is_ok() {
        assert!(data == CERTIFICATE, "a certificate nobody issued was accepted");
    }
    let _ = CardTrust::new(&[data], &[POLICY]);
}

/// Only the list that was signed is a list.
pub fn revocation_list(data: &[u8]) {
    if RevocationList::from_der(data, trust()).is_ok() {
        assert!(data == LIST, "a list nobody signed was believed");
    }
}

fn trust() -> &'static CardTrust {
    static TRUST: OnceLock<CardTrust> = OnceLock::new();
    TRUST.get_or_init(|| CardTrust::new(&[ROOT], &[POLICY]).expect("a root"))
}

/// Splits bytes into pieces, each behind its length in two bytes (big-endian). The last may be cut short.
fn pieces(mut data: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let (piece, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        pieces.push(piece);
        data = rest;
    }
    pieces
}

/// A card that gives the same answers over and over, whatever it is asked.
struct Parrot {
    answers: VecDeque<Vec<u8>>,
    asked: usize,
}

impl Parrot {
    fn new(data: &[u8]) -> Self {
        Self { answers: pieces(data).into_iter().map(<[u8]>::to_vec).collect(), asked: 0 }
    }
}

impl CardTransport for Parrot {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.asked += 1;
        assert!(self.asked < PATIENCE, "the card keeps the reader busy for ever");
        let answer = self.answers.pop_front().ok_or(TransportError::Removed)?;
        self.answers.push_back(answer.clone());
        Ok(answer)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(vec![0x3B])
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    fn disconnect(&mut self, _disposition: Disposition) -> Result<(), TransportError> {
        Ok(())
    }
}
