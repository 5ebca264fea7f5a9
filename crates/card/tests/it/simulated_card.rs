//! The simulated card's status words, counters, locks and state, byte by byte.

use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use card::applications::Application;
use card::simulator::profile::Variant;
use card::simulator::{Counters, Secret, SimulatedCard};
use proptest::prelude::*;

use crate::persona::{NUMBER_B, card, profile};

const VERIFY_HEADER: [u8; 4] = [0x00, 0x20, 0x00, 0x80];

fn sw(card: &mut SimulatedCard, apdu: &[u8]) -> u16 {
    let response = card.process(apdu);
    u16::from_be_bytes(*response.last_chunk::<2>().unwrap())
}

fn select(card: &mut SimulatedCard, application: Application) -> u16 {
    sw(card, &[&[0x00, 0xA4, 0x04, 0x0C, 0x0A], &application.aid()[..]].concat())
}

fn file(card: &mut SimulatedCard, id: u16) -> u16 {
    sw(card, &[&[0x00, 0xA4, 0x02, 0x0C, 0x02], &id.to_be_bytes()[..]].concat())
}

fn verify(card: &mut SimulatedCard, pin: &str) -> u16 {
    sw(card, &[&VERIFY_HEADER[..], &[pin.len() as u8], pin.as_bytes()].concat())
}

fn tries(card: &mut SimulatedCard) -> u16 {
    sw(card, &VERIFY_HEADER)
}

fn at_auth_pin() -> SimulatedCard {
    let mut card = card();
    assert_eq!(select(&mut card, Application::Jpki), 0x9000);
    assert_eq!(file(&mut card, 0x0018), 0x9000);
    card
}

fn sign(card: &mut SimulatedCard) -> u16 {
    file(card, 0x0017);
    let mut apdu = vec![0x80, 0x2A, 0x00, 0x80, 51];
    apdu.extend([
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    ]);
    apdu.extend([0x00, 0x04, 0x20]);
    apdu.extend([7; 32]);
    apdu.push(0);
    sw(card, &apdu)
}

#[test]
fn the_authentication_pin_counts_down_to_its_lock() {
    let mut card = at_auth_pin();
    assert_eq!(tries(&mut card), 0x63C3);
    assert_eq!(verify(&mut card, "0000"), 0x63C2);
    assert_eq!(verify(&mut card, "1234"), 0x9000);
    assert_eq!(tries(&mut card), 0x63C3, "a right PIN gives all tries back");
    for (pin, answer) in
        [("0000", 0x63C2), ("0001", 0x63C1), ("0002", 0x63C0), ("1234", 0x6984), ("0003", 0x6984)]
    {
        assert_eq!(verify(&mut card, pin), answer);
    }
    assert_eq!(tries(&mut card), 0x63C0, "asking a locked PIN still answers 63Cx");
    card.power_off();
    select(&mut card, Application::Jpki);
    file(&mut card, 0x0018);
    assert_eq!(verify(&mut card, "1234"), 0x6984, "a lock outlives the power");
}

#[test]
fn every_secret_has_its_own_counter() {
    let secrets = [
        (Application::Jpki, 0x0018, 3, "1234"),
        (Application::Jpki, 0x001B, 5, "ABC123"),
        (Application::Text, 0x0011, 3, "1234"),
        (Application::Text, 0x0015, 10, NUMBER_B),
        (Application::Surface, 0x0011, 10, &NUMBER_B[..6]),
        (Application::Surface, 0x0012, 10, NUMBER_B),
    ];
    let mut card = card();
    for (application, id, full, right) in secrets {
        select(&mut card, application);
        assert_eq!(file(&mut card, id), 0x9000);
        assert_eq!(verify(&mut card, right), 0x9000);
        for left in (0..full).rev() {
            assert_eq!(verify(&mut card, "999999"), 0x63C0 | left, "{application:?} {id:04X}");
        }
        assert_eq!(verify(&mut card, right), 0x6984);
    }
    // The My Number itself is on no simulated card: nothing ever matches.
    for (application, id) in [(Application::Surface, 0x0013), (Application::Text, 0x0014)] {
        select(&mut card, application);
        file(&mut card, id);
        assert_eq!(verify(&mut card, "123456789012"), 0x63C9);
    }
}

#[test]
fn a_wrong_entry_takes_back_what_was_verified() {
    let mut card = at_auth_pin();
    verify(&mut card, "1234");
    assert_eq!(sign(&mut card), 0x9000);
    file(&mut card, 0x0018);
    assert_eq!(verify(&mut card, "4321"), 0x63C2);
    assert_eq!(sign(&mut card), 0x6982);
}

#[test]
fn a_verified_pin_outlives_a_reset_but_neither_another_application_nor_power_off() {
    let verified = || {
        let mut card = at_auth_pin();
        assert_eq!(verify(&mut card, "1234"), 0x9000);
        card
    };
    let mut card = verified();
    card.warm_reset();
    assert_eq!(sign(&mut card), 0x9000);
    assert_eq!(select(&mut card, Application::Jpki), 0x9000);
    assert_eq!(sign(&mut card), 0x9000, "selecting the same application again changes nothing");

    let mut card = verified();
    select(&mut card, Application::Text);
    select(&mut card, Application::Jpki);
    assert_eq!(sign(&mut card), 0x6982);

    let mut card = verified();
    card.power_off();
    assert_eq!(sign(&mut card), 0x6986, "without power nothing is selected any more");
    select(&mut card, Application::Jpki);
    assert_eq!(sign(&mut card), 0x6982);
}

#[test]
fn failed_and_unknown_commands_leave_the_state_alone() {
    let mut card = at_auth_pin();
    verify(&mut card, "1234");
    let harmless: [(&[u8], u16); 9] = [
        (&[0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 0, 3, 0, 0], 0x6A82),
        (&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x77, 0x77], 0x6A82),
        (&[0x00, 0xA4, 0x02, 0x0C, 0x01, 0x77], 0x6700),
        (&[0x00, 0xA4, 0x00, 0x00, 0x02, 0x3F, 0x00], 0x6A86),
        (&[0x00, 0xCA, 0x00, 0x6E, 0x00], 0x6D00),
        (&[0x80, 0x50, 0x00, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8], 0x6D00),
        (&[0xB0, 0x20, 0x00, 0x80], 0x6E00),
        (&[0x00, 0x20], 0x6700),
        (&[0x00, 0x20, 0x01, 0x80], 0x6A86),
    ];
    for (apdu, answer) in harmless {
        assert_eq!(sw(&mut card, apdu), answer, "{apdu:02X?}");
    }
    assert_eq!(tries(&mut card), 0x63C3, "the PIN file is still selected");
    assert_eq!(sign(&mut card), 0x9000, "the PIN is still verified");
}

#[test]
fn reading_answers_each_mistake_by_its_own_status_word() {
    let mut card = card();
    assert_eq!(sw(&mut card, &[0x00, 0xB0, 0x00, 0x00, 0x00]), 0x6986, "nothing selected");
    select(&mut card, Application::Jpki);
    assert_eq!(sw(&mut card, &[0x00, 0xB0, 0x00, 0x00, 0x00]), 0x6986);
    file(&mut card, 0x0018);
    assert_eq!(sw(&mut card, &[0x00, 0xB0, 0x00, 0x00, 0x00]), 0x6981, "a PIN is no bytes");
    file(&mut card, 0x0001);
    assert_eq!(sw(&mut card, &[0x00, 0xB0, 0x00, 0x00, 0x00]), 0x6982, "the signature certificate is closed");
    file(&mut card, 0x0005);
    assert_eq!(sw(&mut card, &[0x00, 0xB0, 0x00, 0x00, 0x00]), 0x6982);
    file(&mut card, 0x0006);
    assert_eq!(sw(&mut card, &[0x00, 0xB0, 0x00, 0x00]), 0x6700, "no Le");
    assert_eq!(sw(&mut card, &[0x00, 0xB0, 0x00, 0xA0, 0x00]), 0x6B00, "beyond the end");
    assert_eq!(card.process(&[0x00, 0xB0, 0x00, 0x9F, 0x00]), [0x00, 0x90, 0x00]);
    assert_eq!(card.process(&[0x00, 0xB0, 0x00, 0x9F, 0x02]), [0x00, 0x62, 0x82]);
    assert_eq!(
        card.process(&[0x00, 0xB0, 0x88, 0x00, 0x03]),
        [0x8F, 0x8F, 0x00, 0x90, 0x00],
        "by short identifier"
    );
    assert_eq!(sw(&mut card, &[0x00, 0xB2, 0x01, 0x04, 0x00]), 0x6981, "bytes are no records");
}

#[test]
fn signing_answers_each_mistake_by_its_own_status_word() {
    let mut card = at_auth_pin();
    assert_eq!(sw(&mut card, &[0x80, 0x2A, 0x00, 0x80, 1, 1, 0]), 0x6981, "a PIN is no key");
    assert_eq!(sign(&mut card), 0x6982);
    file(&mut card, 0x0018);
    verify(&mut card, "1234");
    file(&mut card, 0x0017);
    assert_eq!(sw(&mut card, &[0x80, 0x2A, 0x00, 0x80, 0]), 0x6700, "nothing to sign");
    assert_eq!(sw(&mut card, &[&[0x80, 0x2A, 0x00, 0x80, 246][..], &[1; 246]].concat()), 0x6700);
    assert_eq!(sw(&mut card, &[&[0x80, 0x2A, 0x00, 0x80, 245][..], &[1; 245], &[0]].concat()), 0x9000);
    assert_eq!(sw(&mut card, &[0x80, 0x2A, 0x02, 0x80, 1, 1, 0]), 0x6985, "02 takes a digest");
    assert_eq!(sw(&mut card, &[0x80, 0x2A, 0x06, 0x80, 1, 1, 0]), 0x6A86);
    assert_eq!(
        sw(&mut card, &[0x80, 0x2A, 0x00, 0x00, 1, 1, 0]),
        0x6A86,
        "no internal authentication in JPKI"
    );
    assert_eq!(sw(&mut card, &[0x00, 0x2A, 0x00, 0x80, 1, 1, 0]), 0x6D00);
    assert_eq!(
        sw(&mut card, &[0x80, 0x2A, 0x00, 0x9A, 1, 1, 0]),
        0x6982,
        "the other key has its own password"
    );
    assert_eq!(sw(&mut card, &[0x80, 0x2A, 0x00, 0x97, 1, 1, 0]), 0x9000, "by short identifier");
}

#[test]
fn the_ways_of_signing_agree_with_each_other() {
    let mut card = at_auth_pin();
    verify(&mut card, "1234");
    file(&mut card, 0x0017);
    let text = b"text";
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
    let info = [
        &[
            0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 5, 0,
            4, 32,
        ][..],
        hash.as_ref(),
    ]
    .concat();
    let mut by = |p1: u8, input: &[u8]| {
        let answer = card.process(&[&[0x80, 0x2A, p1, 0x80, input.len() as u8], input, &[0]].concat());
        assert!(answer.ends_with(&[0x90, 0x00]));
        assert_eq!(answer.len(), 258);
        answer
    };
    let whole = by(0x00, &info);
    assert_eq!(by(0x02, hash.as_ref()), whole);
    assert_eq!(by(0x03, text), whole);
    assert_eq!(by(0x01, text), by(0x00, hash.as_ref()));
    assert_ne!(by(0x01, text), whole);
}

#[test]
fn signatures_with_pss_verify_and_each_differs() {
    let profile = crate::persona::profile();
    let certificate = profile.authentication.certificate;
    let (_, certificate) = x509_parser::parse_x509_certificate(&certificate).unwrap();
    let public = UnparsedPublicKey::new(
        &RSA_PSS_2048_8192_SHA256,
        certificate.public_key().subject_public_key.data.as_ref(),
    );
    let mut card = at_auth_pin();
    let text = b"text";
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
    let command = |p1: u8, input: &[u8]| [&[0x80, 0x2A, p1, 0x80, input.len() as u8], input, &[0]].concat();
    file(&mut card, 0x0017);
    assert_eq!(sw(&mut card, &command(0x05, text)), 0x6982, "as any signature it needs the PIN");
    file(&mut card, 0x0018);
    verify(&mut card, "1234");
    file(&mut card, 0x0017);
    assert_eq!(sw(&mut card, &command(0x04, text)), 0x6985, "04 takes a digest");
    let signatures = [(0x04, hash.as_ref()), (0x05, &text[..]), (0x05, text)].map(|(p1, input)| {
        let answer = card.process(&command(p1, input));
        let signature = answer.strip_suffix(&[0x90, 0x00]).unwrap().to_vec();
        public.verify(text, &signature).unwrap();
        signature
    });
    assert!(signatures[0] != signatures[1] && signatures[1] != signatures[2], "the salt is random");
}

#[test]
fn a_changed_pin_counts_from_then_on() {
    let mut card = at_auth_pin();
    let change = [0x00, 0x24, 0x01, 0x80, 4, b'4', b'3', b'2', b'1'];
    assert_eq!(sw(&mut card, &change), 0x6982, "only after VERIFY");
    verify(&mut card, "1234");
    assert_eq!(sw(&mut card, &[0x00, 0x24, 0x01, 0x80, 3, b'4', b'3', b'2']), 0x6A80);
    assert_eq!(sw(&mut card, &change), 0x9000);
    assert_eq!(verify(&mut card, "1234"), 0x63C2);
    assert_eq!(verify(&mut card, "4321"), 0x9000);
}

#[test]
fn the_try_is_used_up_before_the_comparison() {
    let mut card = at_auth_pin();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    card.on_counter_change(move |counters| told.lock().unwrap().push(counters.left(Secret::AuthPin)));
    verify(&mut card, "1234");
    assert_eq!(*seen.lock().unwrap(), [2, 3]);
    verify(&mut card, "0000");
    assert_eq!(*seen.lock().unwrap(), [2, 3, 2]);
}

#[test]
fn counters_survive_as_text() {
    let mut locked = at_auth_pin();
    for _ in 0..3 {
        verify(&mut locked, "0000");
    }
    let kept = locked.counters().to_string();
    let mut again = at_auth_pin();
    again.restore_counters(kept.parse().unwrap());
    assert_eq!(verify(&mut again, "1234"), 0x6984);
    for wrong in
        ["", "auth_pin=3", "auth_pin=16 sign_pin=5", &format!("{kept} more=1"), &kept.replace('_', "-")]
    {
        assert!(wrong.parse::<Counters>().is_err(), "{wrong:?}");
    }
}

#[test]
fn the_card_without_pin_never_verifies_one() {
    let mut profile = profile();
    profile.variant = Variant::PinlessCard;
    let mut card = SimulatedCard::new(profile).unwrap();
    card.restore_counters(Counters::default());
    select(&mut card, Application::Jpki);
    file(&mut card, 0x0018);
    assert_eq!(tries(&mut card), 0x63C0);
    assert_eq!(verify(&mut card, "1234"), 0x6984);
}

#[test]
fn the_terminal_certificate_command_answers_each_mistake() {
    let mut card = card();
    select(&mut card, Application::Jpki);
    assert_eq!(sw(&mut card, &[0x80, 0xA2, 0x00, 0xC1, 1, 1]), 0x6985, "reference not selected");
    file(&mut card, 0x0016);
    assert_eq!(sw(&mut card, &[0x80, 0xA2, 0x00, 0xC2, 1, 1]), 0x6A86);
    assert_eq!(sw(&mut card, &[0x80, 0xA2, 0x00, 0xC1, 1, 1]), 0x6700, "rubbish");
    assert_eq!(sw(&mut card, &[0x00, 0x82, 0x00, 0x80, 1, 1]), 0x6985, "no certificate before");
    assert_eq!(sw(&mut card, &[0x00, 0x84, 0x00, 0x00]), 0x6700);
    assert_eq!(sw(&mut card, &[0x00, 0x84, 0x00, 0x01, 8]), 0x6A86);
    assert_eq!(card.process(&[0x00, 0x84, 0x00, 0x00, 8]).len(), 10);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is sent, there is an answer, and nothing but the PIN ever opens the key.
    #[test]
    fn any_bytes_get_an_answer(apdus in proptest::collection::vec(noise(), 0..60)) {
        let mut card = card();
        for apdu in apdus {
            let answer = card.process(&apdu);
            prop_assert!(answer.len() >= 2);
        }
        select(&mut card, Application::Common);
        select(&mut card, Application::Jpki);
        prop_assert_eq!(sign(&mut card), 0x6982);
    }
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![0x20u8, 0x24, 0x2A, 0x82, 0x84, 0xA2, 0xA4, 0xB0, 0xB2, 0xC0]);
    let shaped = (
        proptest::sample::select(vec![0x00u8, 0x80]),
        known,
        proptest::sample::select(vec![0u8, 1, 2, 4]),
        proptest::sample::select(vec![0u8, 0x0C, 0x80, 0x97, 0x98, 0xC1]),
        proptest::collection::vec(any::<u8>(), 0..20),
    )
        .prop_map(|(cla, ins, p1, p2, data)| {
            let mut apdu = vec![cla, ins, p1, p2, data.len() as u8];
            apdu.extend(data);
            apdu
        });
    prop_oneof![3 => shaped, 1 => proptest::collection::vec(any::<u8>(), 0..40)]
}
