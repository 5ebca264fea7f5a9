//! A simulated person's card for tests.

use std::sync::{Arc, Mutex};

use card::session::CardSession;
use card::simulator::profile::{CardKey, CardProfile, CardSex, Credential, Holder};
use card::simulator::{SharedCard, SimulatedCard};
use card::transport::InProcessTransport;
use jiff::civil::date;

use crate::authority::{TestAuthority, rsa_key};

pub(crate) const NAME: &str = "髙橋 花子";
pub(crate) const ADDRESS: &str = "東京都架空区模擬町一丁目2番3号";
/// Birth 昭和55年2月17日, expiry 2030, security code 1234.
pub(crate) const NUMBER_B: &str = "55021720301234";

pub(crate) fn profile() -> CardProfile {
    let credential = |authority: &str, key: &str| {
        let authority = TestAuthority::new(authority);
        Credential {
            key: CardKey::rsa2048(rsa_key(key).serialized_der()),
            certificate: authority.card(key),
            ca_certificate: authority.der,
        }
    };
    let holder = Holder {
        name: NAME.into(),
        address: ADDRESS.into(),
        birthdate: date(1980, 2, 17),
        sex: CardSex::Female,
        photo: card::photo::DRAWN[0].to_vec(),
    };
    let mut profile = CardProfile::plastic(credential("auth-ca", "auth"), holder, date(2030, 2, 17));
    profile.signature = Some(credential("sign-ca", "sign"));
    profile
}

pub(crate) fn card() -> SimulatedCard {
    SimulatedCard::new(profile()).unwrap()
}

pub(crate) fn shared() -> SharedCard {
    Arc::new(Mutex::new(card()))
}

pub(crate) fn session(card: &SharedCard) -> CardSession<InProcessTransport> {
    CardSession::open(InProcessTransport::shared(card.clone())).unwrap()
}
