//! Bytes from outside, changed at random: nothing panics, nothing changed is believed.

use std::sync::OnceLock;

use pki::authority::InstitutionAuthority;
use pki::crl::{RevocationReason, VerifiedCrl};
use pki::jlis::{CardAuthorityKind, OcspResponder, certificate_id};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::lint::{self, Kind};
use pki::profile::TerminalIdentity;
use pki::{csr, pem};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::bench::{Bench, now, subject};

struct Samples {
    authority: InstitutionAuthority,
    responder: OcspResponder,
    request: Vec<u8>,
    certificate: Vec<u8>,
    crl: Vec<u8>,
    ocsp: Vec<u8>,
    _bench: Bench,
}

fn samples() -> &'static Samples {
    static SAMPLES: OnceLock<Samples> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let bench = Bench::new();
        let authority = bench.authority();
        let (_, issued) = authority.issue_terminal_with_key(&subject("受付"), now()).unwrap();
        authority.revoke(&issued.serial, RevocationReason::KeyCompromise, now()).unwrap();
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let jlis = bench.jlis(1);
        let root = jlis.newest(CardAuthorityKind::Authentication).unwrap().certificate_pem().unwrap();
        bench.file("card-root.pem", root);
        bench.openssl(&["ocsp", "-issuer", "card-root.pem", "-serial", "1", "-reqout", "ocsp.der"]).accepts();
        Samples {
            request: csr::create(&subject("受付"), &key).unwrap(),
            certificate: issued.der,
            crl: authority.crl(now()).unwrap(),
            ocsp: std::fs::read(bench.path("ocsp.der")).unwrap(),
            responder: jlis.responder(CardAuthorityKind::Authentication, now()).unwrap(),
            authority,
            _bench: bench,
        }
    })
}

/// One change to a byte string.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Remove(Index),
    Insert(Index, u8),
    Truncate(Index),
    Repeat(Index, Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        4 => (any::<Index>(), 1..=255u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        1 => any::<Index>().prop_map(Change::Remove),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => any::<Index>().prop_map(Change::Truncate),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ];
    proptest::collection::vec(change, 1..5)
}

fn changed(original: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        match change {
            Change::Flip(at, bits) => {
                let place = at.index(bytes.len());
                bytes[place] ^= bits;
            }
            Change::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Change::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
            Change::Truncate(at) => bytes.truncate(at.index(bytes.len())),
            Change::Repeat(from, to) => {
                let (a, b) = (from.index(bytes.len()), to.index(bytes.len()));
                let piece = bytes[a.min(b)..a.max(b)].to_vec();
                bytes.extend(piece);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_changed_request_is_never_accepted(changes in changes()) {
        let original = &samples().request;
        let bytes = changed(original, &changes);
        prop_assert_eq!(csr::check(&bytes, &subject("受付")).is_ok(), bytes == *original);
    }

    #[test]
    fn a_changed_list_is_never_believed(changes in changes()) {
        let original = &samples().crl;
        let bytes = changed(original, &changes);
        let verdict = VerifiedCrl::verify(&bytes, samples().authority.issuing().certificate_der(), now());
        prop_assert_eq!(verdict.is_ok(), bytes == *original);
    }

    #[test]
    fn a_changed_certificate_is_read_without_panic(changes in changes()) {
        let bytes = changed(&samples().certificate, &changes);
        let _ = TerminalIdentity::read(&bytes);
        let _ = certificate_id(&bytes);
        let _ = lint::check(Kind::Terminal, &bytes);
        let _ = VerifiedCrl::verify(&samples().crl, &bytes, now());
    }

    #[test]
    fn a_changed_question_always_gets_an_answer(changes in changes()) {
        let bytes = changed(&samples().ocsp, &changes);
        let answer = samples().responder.answer(&bytes, now());
        prop_assert!(answer.len() >= 5 && answer[0] == 0x30, "{answer:?}");
    }

    #[test]
    fn any_bytes_are_only_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600), text in ".{0,200}") {
        prop_assert!(csr::check(&bytes, &subject("受付")).is_err());
        prop_assert!(VerifiedCrl::verify(&bytes, samples().authority.issuing().certificate_der(), now()).is_err());
        prop_assert!(TerminalIdentity::read(&bytes).is_err());
        prop_assert!(PrivateKey::from_pkcs8_der(&bytes).is_err());
        prop_assert!(pem::decode(pem::CERTIFICATE, &text).is_err());
        prop_assert_eq!(samples().responder.answer(&bytes, now()).len(), 5);
    }
}
