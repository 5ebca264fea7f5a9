//! Cards for tests: real certificates of the simulated J-LIS over one shared key, because making RSA keys is slow.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use card::simulator::SimulatedCard;
use card::simulator::profile::{CardKey, CardProfile, CardSex, Credential, Holder};
use eligibility::Instant;
use eligibility::card_certificate::CardCertificateId;
use pki::Validity;
use pki::crl::RevocationReason;
use pki::jlis::{CardAuthority, CardAuthorityKind, CardSubject, SimulatedJlis};
use pki::keys::PrivateKey;
use wire::card_statement::CardStatement;

/// A card that can prove itself.
#[derive(Clone)]
pub struct TestCard {
    /// The authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// How the system names it.
    pub id: CardCertificateId,
    /// Its serial number.
    pub serial: u32,
    key: Arc<PrivateKey>,
    authority: Vec<u8>,
}

/// Issues cards.
pub struct CardMaker {
    jlis: Arc<SimulatedJlis>,
    key: Arc<PrivateKey>,
}

impl CardMaker {
    /// Issues cards of this authority, all with one key.
    #[must_use]
    pub fn new(jlis: Arc<SimulatedJlis>, key: PrivateKey) -> Self {
        Self { jlis, key: Arc::new(key) }
    }

    fn authority(&self) -> &CardAuthority {
        self.jlis.newest(CardAuthorityKind::Authentication).expect("the simulated J-LIS has a generation")
    }

    /// A card whose certificate is valid in this period.
    #[must_use]
    pub fn issue(&self, not_before: Instant, not_after: Instant) -> TestCard {
        let serial = self.authority().next_serial().expect("a serial number");
        self.issue_serial(serial, not_before, not_after)
    }

    /// The same with a serial number of somebody the register knows already.
    #[must_use]
    pub fn issue_serial(&self, serial: u32, not_before: Instant, not_after: Instant) -> TestCard {
        let subject = CardSubject::of_serial("13104", serial).expect("a subject");
        let validity = Validity::new(not_before, not_after).expect("a period");
        let issued = self
            .authority()
            .issue_card(&subject, serial, self.key.public_key(), validity)
            .expect("the simulated J-LIS issues");
        let id = self.jlis.card_id(serial).expect("a card id");
        let authority = self.authority().certificate_der().to_vec();
        TestCard { certificate: issued.der, id, serial, key: Arc::clone(&self.key), authority }
    }

    /// Revokes a card.
    pub fn revoke(&self, card: &TestCard, at: Instant) {
        self.jlis
            .revoke(CardAuthorityKind::Authentication, card.serial, RevocationReason::KeyCompromise, at)
            .expect("the simulated J-LIS revokes what it issued");
    }
}

impl TestCard {
    /// The card's signature over a statement, base64. What cannot be stated is signed as nothing, so that a test
    /// can send it all the same.
    #[must_use]
    pub fn prove(&self, statement: &CardStatement<'_>) -> String {
        self.sign(&statement.to_be_signed().unwrap_or_default())
    }

    /// The card's signature over any text, base64.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> String {
        STANDARD.encode(self.key.sign(text).expect("an RSA signature"))
    }

    /// The certificate, base64.
    #[must_use]
    pub fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The same card as a simulated card that answers APDUs.
    #[must_use]
    pub fn simulated(&self, holder_name: &str) -> SimulatedCard {
        let credential = Credential {
            key: CardKey::rsa2048(self.key.pkcs8_der()),
            certificate: self.certificate.clone(),
            ca_certificate: self.authority.clone(),
        };
        let holder = Holder {
            name: holder_name.to_owned(),
            address: "東京都千代田区試験一丁目".to_owned(),
            birthdate: jiff::civil::date(1980, 2, 17),
            sex: CardSex::Female,
            photo: card::photo::DRAWN[0].to_vec(),
        };
        let profile = CardProfile::plastic(credential, holder, jiff::civil::date(2033, 2, 17));
        SimulatedCard::new(profile).expect("a simulated card")
    }
}
