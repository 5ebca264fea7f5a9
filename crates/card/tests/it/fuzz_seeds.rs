//! The bodies of the fuzz targets over their seeds, so that they run without a fuzzer.

use std::sync::{Arc, Mutex};

use card::apdu::Command;
use card::transport::{CardTransport, Disposition, InProcessTransport, TransportError};
use pki::Validity;
use pki::jlis::{CardAuthorityKind, CardSubject, JlisOptions, SimulatedJlis};
use pki::keys::PublicKey;
use rcgen::PublicKeyData;

use crate::authority::{NOW, rsa_key};
use crate::persona::{card, shared};
use crate::{fuzz_bodies, fuzz_replay};

#[test]
fn commands_answers_and_elements() {
    fuzz_replay::replay("card_apdu", fuzz_bodies::card_apdu);
}

#[test]
fn the_simulated_card() {
    let mut card = card();
    fuzz_replay::replay("card_simulator", |data| fuzz_bodies::card_simulator(&mut card, data));
}

#[test]
fn sessions_with_any_card() {
    fuzz_replay::replay("card_session", fuzz_bodies::card_session);
}

#[test]
fn photos() {
    fuzz_replay::replay("card_photo", fuzz_bodies::card_photo);
}

#[test]
fn certificates() {
    fuzz_replay::replay("card_certificate", fuzz_bodies::card_certificate);
}

#[test]
fn revocation_lists() {
    fuzz_replay::replay("revocation_list", fuzz_bodies::revocation_list);
}

/// Remembers commands and answers, each behind its length.
struct Recorder {
    inner: InProcessTransport,
    told: Arc<Mutex<[Vec<u8>; 2]>>,
}

fn piece(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

impl CardTransport for Recorder {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let answer = self.inner.transmit(command)?;
        let mut told = self.told.lock().unwrap();
        told[0].extend(piece(command));
        told[1].extend(piece(&answer));
        Ok(answer)
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
#[ignore = "writes the seeds anew, signed with keys that are thrown away"]
fn write_seeds() {
    let fuzz = fuzz_replay::folder();
    let write = |path: &str, bytes: &[u8]| std::fs::write(fuzz.join(path), bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = JlisOptions { generations: 1, ..JlisOptions::default() };
    let jlis = SimulatedJlis::create(&folder.path().join("jlis"), &options, NOW).unwrap();
    let authority = jlis.newest(CardAuthorityKind::Authentication).unwrap();
    let key = PublicKey::from_spki_der(&rsa_key("auth").subject_public_key_info()).unwrap();
    let validity = Validity::new(NOW, eligibility::Instant(NOW.0 + 4 * 365 * 86_400_000)).unwrap();
    let issue = |serial| {
        let subject = CardSubject::of_serial("13104", serial).unwrap();
        authority.issue_card(&subject, serial, &key, validity).unwrap().der
    };
    write("anchors/card-root.der", authority.certificate_der());
    write("seeds/card_certificate/good.der", &issue(4711));
    write("seeds/card_certificate/root.der", authority.certificate_der());
    issue(4712);
    jlis.revoke(CardAuthorityKind::Authentication, 4712, pki::crl::RevocationReason::Superseded, NOW)
        .unwrap();
    write("seeds/revocation_list/good.der", &authority.crl(NOW).unwrap());

    let told = Arc::<Mutex<[Vec<u8>; 2]>>::default();
    let inner = InProcessTransport::shared(shared());
    fuzz_bodies::talk(Recorder { inner, told: Arc::clone(&told) });
    let [commands, answers] = told.lock().unwrap().clone();
    write("seeds/card_simulator/session", &commands);
    write("seeds/card_session/session", &answers);
    write("seeds/card_photo/drawn.jp2", card::photo::DRAWN[0]);
    let select = Command::new(0, 0xA4, 4, 0x0C).data(&[0xD3, 0x92, 0xF0, 0, 0x26, 1, 0, 0, 0, 1]);
    write("seeds/card_apdu/select", &select.write().unwrap());
    let long = Command::new(0x80, 0x2A, 0, 0x80).data(&[7; 300]).le(65_536);
    write("seeds/card_apdu/extended", &long.write().unwrap());
    let mut elements = Vec::new();
    card::tlv::write(&mut elements, 0xFF20, &[0x11; 200]).unwrap();
    card::tlv::write(&mut elements, 0xDF22, b"20260401").unwrap();
    write("seeds/card_apdu/elements", &elements);
}
