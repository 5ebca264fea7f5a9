//! See `bodies::card_simulator`.
#![no_main]

use std::sync::{LazyLock, Mutex};

use card::simulator::{
    SimulatedCard,
    profile::{CardKey, CardProfile, CardSex, Credential, Holder},
};
use pki::keys::{KeyAlgorithm, PrivateKey};

#[allow(dead_code)]
#[path = "../bodies/card.rs"]
mod bodies;

static CARD: LazyLock<Mutex<SimulatedCard>> = LazyLock::new(|| Mutex::new(card()));

fn card() -> SimulatedCard {
    let credential = || {
        let key = PrivateKey::generate(KeyAlgorithm::Rsa2048).expect("a key");
        let read = |path| std::fs::read(path).unwrap_or_default();
        Credential {
            key: CardKey::rsa2048(key.pkcs8_der()),
            certificate: read("seeds/card_certificate/good.der"),
            ca_certificate: read("anchors/card-root.der"),
        }
    };
    let day = |year| eligibility::Date::new(year, 2, 17).expect("a day");
    let holder = Holder {
        name: "髙橋 花子".into(),
        address: "東京都架空区模擬町一丁目2番3号".into(),
        birthdate: day(1980),
        sex: CardSex::Female,
        photo: card::photo::DRAWN[0].to_vec(),
    };
    let mut profile = CardProfile::plastic(credential(), holder, day(2030));
    profile.signature = Some(credential());
    SimulatedCard::new(profile).expect("a card")
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut card = CARD.lock().expect("no panics");
    bodies::card_simulator(&mut card, data);
});
