//! What a certificate is for, whose end is told, and what is not given out again.

use eligibility::calendar::{add_days, start_of_day};
use eligibility::institution_certificate::{CertificateUses, RevocationReason};
use hyper::Method;
use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::json;
use server::ca::{CertificateOrder, notices};
use server::terminal_api::status::STATUS_PATH;
use store::Revoked;
use testkit::system::Engine;
use wire::institution_certificate::{RENEWAL_PATH, STANDING_PATH};
use wire::terminal_api::NONCES_PATH;

use crate::ca_support::{Site, TERMINAL, code, request_of};
use crate::on_both_engines;

on_both_engines! {
    a_certificate_for_billing_alone_asks_nothing_but_about_itself
    one_of_the_same_name_silences_no_notice
    what_was_revoked_is_not_given_again
}

async fn a_certificate_for_billing_alone_asks_nothing_but_about_itself(engine: Engine) {
    let site = Site::open(engine).await;
    for (uses, refused) in [
        (CertificateUses::Billing, true),
        (CertificateUses::Eligibility, false),
        (CertificateUses::EligibilityAndBilling, false),
    ] {
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let order = CertificateOrder {
            institution: code(),
            order_id: format!("{uses:?}"),
            terminal_name: TERMINAL.to_owned(),
            uses,
            key: key.public_key().clone(),
            predecessor: None,
            retrieval_number: None,
            actor: "test".to_owned(),
        };
        let issued = site.desk().issue(order).await.expect("issued");
        let terminal = site.with_chain(&issued.chain_pem, key);
        let connection = terminal.connect().await.expect("a connection");
        let nonces = json!({ "count": 1 });
        for (method, path, body) in
            [(Method::GET, STATUS_PATH, None), (Method::POST, NONCES_PATH, Some(&nonces))]
        {
            let reply = connection.send(method, path, body).await.expect("an answer");
            let expected = if refused { (403, "OQSA9112E") } else { (200, "") };
            assert_eq!((reply.status, reply.code().as_str()), expected, "{uses:?} {path}");
            if refused {
                let said = reply.json();
                assert!(
                    said["title"].as_str().is_some_and(|words| words.contains("オンライン請求")),
                    "{said}"
                );
                assert!(
                    said["detail"].as_str().is_some_and(|words| words.contains("資格確認に使う端末")),
                    "{said}"
                );
            }
        }
        let standing = connection.send(Method::GET, STANDING_PATH, None).await.expect("an answer");
        assert_eq!(standing.status, 200, "{uses:?}");
        let renewal = json!({ "request_pem": "-" });
        let reply = connection.send(Method::POST, RENEWAL_PATH, Some(&renewal)).await.expect("an answer");
        assert_ne!(reply.status, 403, "{uses:?} is cared for: {}", reply.code());
    }
    site.system.stop().await;
}

async fn one_of_the_same_name_silences_no_notice(engine: Engine) {
    let site = Site::open(engine).await;
    let store = site.system.store();
    let first = site.terminal("o1").await;
    let last_day = store.certificates_of(&code()).await.expect("reads")[0].period.last_day();
    // Sixty days before its end another machine of that name gets a certificate of its own.
    site.system.hands.set(start_of_day(add_days(last_day, -60)));
    site.terminal("o2").await;
    site.system.hands.set(start_of_day(add_days(last_day, -5)));
    let shown = async || {
        let today = site.system.today();
        let all = notices::warnings(store, &code(), today).await.expect("reads");
        all.into_iter().map(|one| one.serial).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, std::slice::from_ref(&first.serial), "two machines may share a name");
    site.parts().notices.run().await.expect("runs");
    let given = store.last_certificate_notice(&code(), &first.serial).await.expect("reads");
    assert_eq!(given, Some(add_days(last_day, -5)));
    // What follows it by renewal does.
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    site.desk().renew(&code(), &first.fingerprint, &request_of(TERMINAL, &key)).await.expect("renewed");
    assert_eq!(shown().await, Vec::<String>::new());
    site.system.stop().await;
}

async fn what_was_revoked_is_not_given_again(engine: Engine) {
    let site = Site::open(engine).await;
    let codes = site.letter("o1").await;
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let wish = json!({ "request_pem": request_of(TERMINAL, &key) });
    for _ in 0..2 {
        assert_eq!(site.retrieve(&codes, wish.clone()).await.0, 200, "an answer that got lost");
    }
    let certificate = site.system.store().certificates_of(&code()).await.expect("reads").remove(0);
    let reason = RevocationReason::CessationOfOperation;
    let revoked = site.desk().revoke(&code(), &certificate.serial, reason, "operator:o1", None).await;
    assert_eq!(revoked.expect("revokes"), Revoked::Now);
    let (status, answer) = site.retrieve(&codes, wish).await;
    assert_eq!((status, answer["code"].as_str()), (410, Some("certificate-ended")), "{answer}");
    assert!(answer["title"].as_str().is_some_and(|words| words.contains("失効しました")), "{answer}");
    assert!(answer["detail"].as_str().is_some_and(|words| words.contains("電子証明書発行申請")), "{answer}");
    site.system.stop().await;
}
