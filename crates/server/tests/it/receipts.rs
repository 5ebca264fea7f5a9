//! Receipts: whoever has the published key can verify one without us, and no bit of it can be changed.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::Date;
use serde_json::Value;
use testkit::people;
use testkit::system::{Engine, INSTITUTION, TestSystem};
use wire::receipt::ReceiptClaims;
use wire::terminal_api::{JwkSet, RECEIPT_KEYS_PATH, answer_text};

use crate::on_both_engines;
use crate::support::{Desk, first_result, insurer, number_question};

on_both_engines! { a_receipt_proves_its_answer_and_nothing_else an_old_key_still_verifies_after_a_rotation }

const BORN: Date = Date::constant(1980, 2, 17);

/// What an outsider does with a receipt: find the key by its id, verify, read.
fn verify(receipt: &str, keys: &JwkSet) -> Option<ReceiptClaims> {
    let (signed, signature) = receipt.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    if header["alg"] != "ES256" {
        return None;
    }
    let key = keys.keys.iter().find(|key| header["kid"] == key.kid.as_str())?;
    let mut point = vec![4];
    point.extend(URL_SAFE_NO_PAD.decode(&key.x).ok()?);
    point.extend(URL_SAFE_NO_PAD.decode(&key.y).ok()?);
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

async fn a_receipt_proves_its_answer_and_nothing_else(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let person = people::coverage(&insurer(), "p", "701", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let keys: JwkSet = serde_json::from_value(desk.get(RECEIPT_KEYS_PATH).await.json()).expect("keys");
    let card = desk.system.card_of("p").await;
    let by_card = desk.check_card(&card, today).await;
    let by_number_question = number_question("r", &insurer(), "701", None, BORN, today);
    let by_number = desk.check_number(&by_number_question).await;
    for (reply, method) in [(&by_card, "1"), (&by_number, "2")] {
        let receipt = reply.json()["receipt"].as_str().expect("a receipt").to_owned();
        let claims = verify(&receipt, &keys).expect("a valid receipt");
        assert_eq!((claims.iss.as_str(), claims.aud.as_str()), ("urn:shikaku:test", INSTITUTION));
        assert_eq!((claims.method.code(), claims.validity.code(), claims.as_of), (method, "1", today));
        assert_eq!(claims.iat, desk.system.clock.now().0 / 1000);
        assert_eq!(claims.exp - claims.iat, 3_600, "to be relied on for an hour, unless set otherwise");
        let text = std::str::from_utf8(&reply.bytes).expect("UTF-8");
        let shown = answer_text(text).expect("an answer in its form");
        assert_eq!(serde_json::from_str::<Value>(shown).expect("JSON"), reply.json()["answer"]);
        assert_eq!(claims.answer, sha256(shown.as_bytes()), "the receipt is over the answer's very bytes");
        if method == "2" {
            assert_eq!(claims.question, sha256(&serde_json::to_vec(&by_number_question).expect("JSON")));
        }
        let shown = first_result(reply);
        assert_eq!(shown["InsuredIdentificationNumber"], claims.coverages[0].number.as_str());
        assert_eq!(shown["InsurerNumber"], claims.coverages[0].insurer_number.as_str());
        for position in 0..receipt.len() {
            for bit in [0x01, 0x04, 0x20] {
                let mut changed = receipt.clone().into_bytes();
                changed[position] ^= bit;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                // The last character of a part has spare bits, which a strict decoder refuses.
                assert!(verify(&changed, &keys).is_none(), "byte {position} changed by {bit:#x}");
            }
        }
    }
    desk.system.stop().await;
}

async fn an_old_key_still_verifies_after_a_rotation(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let old = pki::keys::PrivateKey::generate(pki::keys::KeyAlgorithm::P256).expect("a key");
    let path = folder.path().join("old.key");
    old.save(&path).expect("a key file");
    let before = server::terminal_api::receipt::ReceiptSigner::new(old.pkcs8_der(), []).expect("a signer");
    let system = TestSystem::start_with(engine, |config| config.receipts.previous_keys = vec![path]).await;
    let desk = Desk::of(system).await;
    let keys: JwkSet = serde_json::from_value(desk.get(RECEIPT_KEYS_PATH).await.json()).expect("keys");
    assert_eq!(keys.keys.len(), 2);
    assert_ne!(keys.keys[0].kid, keys.keys[1].kid);
    let claims = ReceiptClaims {
        iss: "urn:shikaku:test".to_owned(),
        aud: INSTITUTION.to_owned(),
        jti: "id".to_owned(),
        iat: 0,
        exp: 1,
        question: String::new(),
        answer: String::new(),
        method: eligibility::codes::InquiryMethod::Card,
        as_of: BORN,
        validity: eligibility::codes::Validity::NoMatch,
        coverages: Vec::new(),
    };
    let receipt = before.sign(&claims).expect("a receipt");
    assert!(verify(&receipt, &keys).is_some_and(|read| read == claims));
    desk.system.stop().await;
}
