//! Conversations with a card.

use std::sync::{Arc, Mutex};

use card::photo;
use card::pin::{Pin, PinFormatError, PinKind};
use card::session::pinless::{PinlessAuthorizer, SimulatedPinlessAuthorizer};
use card::session::{CardSession, LastTry, PinState, SessionError, TokenLabel};
use card::simulator::profile::Variant;
use card::simulator::{Secret, SharedCard, SimulatedCard};
use card::transport::{CardTransport, Disposition, InProcessTransport, TransportError};
use proptest::prelude::*;

use crate::persona::{ADDRESS, NAME, NUMBER_B, profile, session, shared};

fn pin(typed: &str) -> Pin {
    Pin::new(PinKind::Authentication, typed).unwrap()
}

/// Keeps every command that reached the card.
struct Recorded {
    inner: InProcessTransport,
    commands: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl CardTransport for Recorded {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.commands.lock().unwrap().push(command.to_vec());
        self.inner.transmit(command)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        self.inner.atr()
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.inner.reset()
    }

    fn disconnect(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.inner.disconnect(disposition)
    }
}

#[test]
fn without_pin_the_card_tells_what_it_is_and_its_certificate() {
    let mut session = session(&shared());
    assert_eq!(session.token_label().unwrap(), TokenLabel::PlasticCard);
    assert_eq!(session.auth_certificate().unwrap(), profile().authentication.certificate);
    assert_eq!(session.auth_ca_certificate().unwrap(), profile().authentication.ca_certificate);
    assert_eq!(session.sign(b"text"), Err(SessionError::PinRequired));
    assert_eq!(session.sign_certificate(), Err(SessionError::PinRequired));
}

#[test]
fn after_the_pin_the_card_signs_what_its_certificate_verifies() {
    use card::jpki::{CardTrust, TEST_AUTH_POLICY};
    let mut session = session(&shared());
    session.verify_pin(&pin("1234"), LastTry::Refuse).unwrap();
    let text = b"what the centre asked for";
    let signature = session.sign(text).unwrap();
    let ca = session.auth_ca_certificate().unwrap();
    let trust = CardTrust::new(&[ca], &[TEST_AUTH_POLICY]).unwrap();
    let card = trust.check_certificate(&session.auth_certificate().unwrap(), crate::authority::NOW).unwrap();
    card.verify_proof(text, &signature).unwrap();
    assert!(card.verify_proof(b"what another asked for", &signature).is_err());
}

#[test]
fn the_speculative_next_card_signs_what_its_certificate_verifies() {
    use card::jpki::{CardTrust, TEST_AUTH_POLICY};
    use card::simulator::profile::CardKey;
    let authority = crate::authority::TestAuthority::new("auth-ca");
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let mut profile = profile();
    profile.authentication.key = CardKey::SpeculativeP384(key.serialized_der().to_vec().into());
    profile.authentication.certificate = authority.issue(&key, |_| {});
    let mut session = session(&Arc::new(Mutex::new(SimulatedCard::new(profile).unwrap())));
    session.verify_pin(&pin("1234"), LastTry::Refuse).unwrap();
    assert!(session.sign(b"text").is_err(), "this card does not do RSA");
    let signature = session.sign_speculative_p384(b"text").unwrap();
    let trust = CardTrust::new(&[&authority.der], &[TEST_AUTH_POLICY]).unwrap().accept_speculative_p384();
    let certificate = session.auth_certificate().unwrap();
    let checked = trust.check_certificate(&certificate, crate::authority::NOW).unwrap();
    checked.verify_proof(b"text", &signature).unwrap();
    assert!(checked.verify_proof(b"next", &signature).is_err());
}

#[test]
fn the_signature_password_opens_certificate_and_key() {
    let mut session = session(&shared());
    let password = Pin::new(PinKind::Signature, "ABC123").unwrap();
    session.verify_pin(&password, LastTry::Refuse).unwrap();
    assert_eq!(session.sign_certificate().unwrap(), profile().signature.unwrap().certificate);
    assert_eq!(session.sign_with_signature_key(b"text").unwrap().len(), 256);
    assert_eq!(session.sign(b"text"), Err(SessionError::PinRequired), "the other key stays closed");
}

#[test]
fn a_pin_is_tried_once_an_entry_and_the_last_try_only_on_request() {
    let card = shared();
    let commands = Arc::new(Mutex::new(Vec::new()));
    let inner = InProcessTransport::shared(card.clone());
    let mut session = CardSession::open(Recorded { inner, commands: commands.clone() }).unwrap();
    let kind = PinKind::Authentication;
    assert_eq!(session.pin_state(kind), Ok(PinState::Left(3)));
    assert_eq!(
        session.verify_pin(&pin("0000"), LastTry::Refuse),
        Err(SessionError::WrongPin { tries_left: 2 })
    );
    assert_eq!(
        session.verify_pin(&pin("0000"), LastTry::Refuse),
        Err(SessionError::WrongPin { tries_left: 1 })
    );
    assert_eq!(session.verify_pin(&pin("1234"), LastTry::Refuse), Err(SessionError::LastTry));
    assert_eq!(session.pin_state(kind), Ok(PinState::Left(1)), "refusing cost nothing");
    assert_eq!(session.verify_pin(&pin("0000"), LastTry::Confirmed), Err(SessionError::PinLocked));
    for _ in 0..5 {
        assert_eq!(session.verify_pin(&pin("1234"), LastTry::Confirmed), Err(SessionError::PinLocked));
    }
    assert_eq!(session.pin_state(kind), Ok(PinState::Locked));
    let with_body = |c: &&Vec<u8>| c[1] == 0x20 && c.len() > 4;
    assert_eq!(
        commands.lock().unwrap().iter().filter(with_body).count(),
        3,
        "exactly three VERIFY were sent"
    );
}

#[test]
fn a_right_pin_on_the_last_confirmed_try_gives_all_back() {
    let card = shared();
    let mut session = session(&card);
    for _ in 0..2 {
        session.verify_pin(&pin("0000"), LastTry::Refuse).unwrap_err();
    }
    session.verify_pin(&pin("1234"), LastTry::Confirmed).unwrap();
    assert_eq!(session.pin_state(PinKind::Authentication), Ok(PinState::Left(3)));
}

#[test]
fn the_end_of_a_conversation_forgets_the_pin() {
    let card = shared();
    let verified = |card: &SharedCard| {
        let mut session = session(card);
        session.verify_pin(&pin("1234"), LastTry::Refuse).unwrap();
        session
    };
    verified(&card).finish().unwrap();
    let sign_now = |card: &SharedCard| {
        let mut card = card.lock().unwrap();
        card.process(&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x17]);
        card.process(&[0x80, 0x2A, 0x00, 0x80, 1, 1, 0])
    };
    assert_eq!(sign_now(&card), [0x69, 0x86]);
    drop(verified(&card));
    assert_eq!(sign_now(&card), [0x69, 0x86], "dropping powers off too");
}

#[test]
fn number_b_opens_face_and_photo() {
    let card = shared();
    let mut session = session(&card);
    let number = Pin::new(PinKind::NumberB, NUMBER_B).unwrap();
    let face = session.read_face(&number, LastTry::Refuse).unwrap();
    assert_eq!((face.birthdate, face.sex.as_str()), (jiff::civil::date(1980, 2, 17), "2"));
    assert_eq!(face.expires_on, jiff::civil::date(2030, 2, 17));
    assert_eq!(photo::decode(&face.photo_jp2).unwrap().width, 378);
    assert!(face.name_png.starts_with(b"\x89PNG"));
    assert!(face.address_png.starts_with(b"\x89PNG"));
    let wrong = Pin::new(PinKind::NumberB, "55021720301235").unwrap();
    let refused = session.read_face(&wrong, LastTry::Refuse).err();
    assert_eq!(refused, Some(SessionError::WrongPin { tries_left: 9 }));
    assert_eq!(session.read_face(&pin("1234"), LastTry::Refuse).err(), Some(SessionError::WrongPinKind));
    assert_eq!(card.lock().unwrap().counters().left(Secret::SurfaceNumberB), 9);
}

#[test]
fn the_text_pin_opens_the_attributes() {
    let mut session = session(&shared());
    let pin = Pin::new(PinKind::Text, "1234").unwrap();
    let text = session.read_text_attributes(&pin, LastTry::Refuse).unwrap();
    assert_eq!((text.name.as_str(), text.address.as_str(), text.sex.as_str()), (NAME, ADDRESS, "2"));
    assert_eq!(text.birthdate, jiff::civil::date(1980, 2, 17));
}

#[test]
fn a_certified_terminal_gets_one_signature_without_pin() {
    let mut session = session(&shared());
    let terminal = SimulatedPinlessAuthorizer::new("TERMINAL-1");
    assert!(terminal.terminal_certificate().len() > 255, "needs extended lengths, as the real one does");
    session.authorize_without_pin(&terminal).unwrap();
    assert_eq!(session.sign(b"text").unwrap().len(), 256);
    assert_eq!(session.sign(b"text"), Err(SessionError::PinRequired), "one authorisation, one signature");
    session.authorize_without_pin(&terminal).unwrap();
    assert_eq!(
        session.sign_with_signature_key(b"text"),
        Err(SessionError::PinRequired),
        "never the other key"
    );
}

#[test]
fn the_card_whose_pins_are_disabled_works_by_face_and_says_so() {
    let mut profile = profile();
    profile.variant = Variant::PinlessCard;
    let card = Arc::new(Mutex::new(SimulatedCard::new(profile).unwrap()));
    let mut session = session(&card);
    assert_eq!(session.pin_state(PinKind::Authentication), Ok(PinState::Locked));
    assert_eq!(session.verify_pin(&pin("1234"), LastTry::Confirmed), Err(SessionError::PinLocked));
    session.authorize_without_pin(&SimulatedPinlessAuthorizer::new("TERMINAL-1")).unwrap();
    assert!(session.sign(b"text").is_ok());
}

/// A terminal with something wrong about it.
struct Forged(SimulatedPinlessAuthorizer, fn(&mut Vec<u8>), fn(&mut Vec<u8>));

impl PinlessAuthorizer for Forged {
    fn terminal_certificate(&self) -> Vec<u8> {
        let mut certificate = self.0.terminal_certificate();
        self.1(&mut certificate);
        certificate
    }

    fn answer(&self, challenge: &[u8]) -> Option<Vec<u8>> {
        let mut answer = self.0.answer(challenge)?;
        self.2(&mut answer);
        Some(answer)
    }
}

#[test]
fn a_terminal_that_is_not_certified_gets_no_signature() {
    let honest = || SimulatedPinlessAuthorizer::new("TERMINAL-1");
    let forged: [(Forged, u16); 3] = [
        (Forged(honest(), |c| c[15] ^= 1, |_| {}), 0x6300),
        (Forged(honest(), |c| c.truncate(40), |_| {}), 0x6700),
        (Forged(honest(), |_| {}, |a| a[0] ^= 1), 0x6300),
    ];
    for (terminal, status) in forged {
        let mut session = session(&shared());
        let status = card::apdu::StatusWord(status);
        assert_eq!(session.authorize_without_pin(&terminal), Err(SessionError::PinlessRefused { status }));
        assert_eq!(session.sign(b"text"), Err(SessionError::PinRequired));
    }
    let mut profile = profile();
    profile.pinless_root = None;
    let card = Arc::new(Mutex::new(SimulatedCard::new(profile).unwrap()));
    let refused = session(&card).authorize_without_pin(&honest());
    assert!(matches!(refused, Err(SessionError::PinlessRefused { .. })));
}

#[test]
fn secrets_of_the_wrong_form_are_not_even_sent() {
    let wrong = |kind, typed| Pin::new(kind, typed).err();
    for typed in ["", "123", "12345", "12a4", "12 4", "1２3"] {
        assert_eq!(wrong(PinKind::Authentication, typed), Some(PinFormatError::FourDigits), "{typed:?}");
    }
    for typed in ["ABC12", "abc123", "ABCDEFGH123456789", "ABC-123"] {
        assert_eq!(wrong(PinKind::Signature, typed), Some(PinFormatError::SixToSixteen), "{typed:?}");
    }
    // Twelve digits would be the My Number.
    assert_eq!(wrong(PinKind::NumberB, "123456789012"), Some(PinFormatError::FourteenDigits));
}

/// A card that answers from a script.
struct Scripted(std::vec::IntoIter<Vec<u8>>, Sent);

impl CardTransport for Scripted {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.1.lock().unwrap().push(command.to_vec());
        self.0.next().ok_or(TransportError::Removed)
    }

    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(vec![])
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    fn disconnect(&mut self, _: Disposition) -> Result<(), TransportError> {
        Ok(())
    }
}

/// The commands that reached the scripted card.
type Sent = Arc<Mutex<Vec<Vec<u8>>>>;

fn scripted(answers: &[&[u8]]) -> (Result<CardSession<Scripted>, SessionError>, Sent) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let answers: Vec<Vec<u8>> = answers.iter().map(|a| a.to_vec()).collect();
    (CardSession::open(Scripted(answers.into_iter(), sent.clone())), sent)
}

#[test]
fn more_data_and_wrong_length_are_handled_by_the_client() {
    let ok: &[u8] = &[0x90, 0x00];
    let (session, sent) = scripted(&[
        ok,
        ok,
        &[0x6C, 0x07],
        &[0x30, 0x07, 1, 2, 3, 0x61, 0x02],
        &[4, 5, 0x90, 0x00],
        &[6, 0x61, 0x01],
        &[7, 0x90, 0x00],
    ]);
    assert_eq!(session.unwrap().auth_certificate().unwrap(), [0x30, 7, 1, 2, 3, 4, 5, 6, 7]);
    let sent = sent.lock().unwrap();
    assert_eq!(sent[3], [0x00, 0xB0, 0x00, 0x00, 0x07]);
    assert_eq!(sent[4], [0x00, 0xC0, 0x00, 0x00, 0x02]);
    assert_eq!(sent[5], [0x00, 0xB0, 0x00, 0x07, 0x02]);
    assert_eq!(sent[6], [0x00, 0xC0, 0x00, 0x00, 0x01]);
}

#[test]
fn a_verify_is_never_repeated() {
    let ok: &[u8] = &[0x90, 0x00];
    let (session, sent) = scripted(&[ok, ok, &[0x63, 0xC3], &[0x6C, 0x04], ok]);
    assert!(session.unwrap().verify_pin(&pin("1234"), LastTry::Refuse).is_err());
    assert_eq!(sent.lock().unwrap().iter().filter(|c| c[1] == 0x20 && c.len() > 4).count(), 1);
}

#[test]
fn what_is_no_my_number_card_is_told_so() {
    let error = |answers: &[&[u8]]| scripted(answers).0.err();
    assert_eq!(error(&[&[0x6A, 0x82]]), Some(SessionError::NotMyNumberCard));
    assert_eq!(error(&[]), Some(SessionError::Transport(TransportError::Removed)));
    assert!(matches!(error(&[&[0x90]]), Some(SessionError::Apdu(_))));
    assert!(matches!(error(&[&[0x6F, 0x00]]), Some(SessionError::Status { .. })));
}

#[test]
fn broken_files_end_the_reading() {
    let ok: &[u8] = &[0x90, 0x00];
    let cases: [&[&[u8]]; 4] = [
        &[ok, ok, ok],
        &[ok, ok, &[0x30, 0x82, 0xFF, 0xFF, 0x90, 0x00]],
        &[ok, ok, &[0x30, 0x09, 1, 0x90, 0x00], ok],
        &[ok, ok, &[0x30, 0x84, 0, 0, 0, 1, 0x90, 0x00]],
    ];
    for answers in cases {
        let error = scripted(answers).0.unwrap().auth_certificate().unwrap_err();
        assert!(matches!(error, SessionError::BadFile(_)), "{error:?}");
    }
    let endless: Vec<&[u8]> =
        [ok, ok].into_iter().chain(std::iter::repeat_n(&[1, 0x61, 0xFF][..], 300)).collect();
    assert!(matches!(scripted(&endless).0.unwrap().auth_certificate(), Err(SessionError::BadFile(_))));
}

proptest! {
    /// A card, or whatever plays one, may answer anything: a conversation ends in an error, never in a panic.
    #[test]
    fn any_answers_are_survived(answers in proptest::collection::vec(hostile(), 0..40)) {
        let mut all: Vec<&[u8]> = vec![&[0x90, 0x00]];
        all.extend(answers.iter().map(Vec::as_slice));
        let Ok(mut session) = scripted(&all).0 else { return Ok(()) };
        let _ = session.auth_certificate();
        let number = Pin::new(PinKind::NumberB, NUMBER_B).unwrap();
        let _ = session.read_face(&number, LastTry::Refuse);
        let _ = session.token_label();
    }
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let status =
        proptest::sample::select(vec![[0x90, 0x00], [0x63, 0xC3], [0x61, 0x10], [0x6C, 0x07], [0x62, 0x82]]);
    let data = prop_oneof![
        2 => Just(vec![]),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => proptest::collection::vec(any::<u8>(), 1..4).prop_map(|tail| [&[0x30, 0x20], &tail[..]].concat()),
        1 => proptest::collection::vec(any::<u8>(), 1..9)
            .prop_map(|tail| [&[0xFF, 0x20, 0x07, 0xDF, 0x27, 0x04], &tail[..]].concat()),
    ];
    (data, status).prop_map(|(data, status)| [data, status.to_vec()].concat())
}

/// Everything that is logged, at the finest level, while secrets and personal data pass.
#[test]
fn logs_show_no_secret_and_no_person() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let mut session = session(&shared());
        session.verify_pin(&pin("8642"), LastTry::Refuse).unwrap_err();
        let number = Pin::new(PinKind::NumberB, NUMBER_B).unwrap();
        session.read_face(&number, LastTry::Refuse).unwrap();
        session.read_text_attributes(&Pin::new(PinKind::Text, "1234").unwrap(), LastTry::Refuse).unwrap();
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("00 20 00 80 lc=4"), "the commands themselves are logged: {log}");
    let bytes = |text: &str| format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned();
    for secret in ["8642", NUMBER_B, NAME, ADDRESS, "19800217"] {
        for shape in [secret.to_owned(), hex::encode(secret), hex::encode_upper(secret), bytes(secret)] {
            assert!(!log.contains(&shape), "{shape} is in the log");
        }
    }
}

#[test]
fn every_failure_has_words_and_a_remedy() {
    let mut seen = std::collections::HashSet::new();
    let transport = [
        TransportError::NotBuiltIn,
        TransportError::NoService,
        TransportError::NoReader,
        TransportError::UnknownReader("x".into()),
        TransportError::NoCard,
        TransportError::Removed,
        TransportError::InUse,
        TransportError::Mute,
        TransportError::Failed("x".into()),
    ];
    for error in transport.into_iter().map(SessionError::Transport).chain([
        SessionError::NotMyNumberCard,
        SessionError::PinRequired,
        SessionError::WrongPin { tries_left: 2 },
        SessionError::PinLocked,
        SessionError::LastTry,
        SessionError::BadFile("x"),
    ]) {
        assert!(!error.remedy_ja().is_empty());
        assert!(seen.insert(error.message_ja()), "{error:?} has words of its own");
    }
}
