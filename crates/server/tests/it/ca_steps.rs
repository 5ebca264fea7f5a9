//! A power cut between every two steps: no number is used twice, no certificate is lost or doubled.

use std::sync::Arc;

use eligibility::institution_certificate::CertificateUses;
use pki::keys::{KeyAlgorithm, PrivateKey};
use server::ca::{CertificateOrder, Desk, NotIssued, Refusal, SecretHasher, Signing};
use store::{Options, Store};
use testkit::system::Engine;

use crate::ca_support::{Site, TERMINAL, code};
use crate::on_both_engines;

on_both_engines! {
    a_cut_between_any_two_steps_loses_and_doubles_nothing
    one_order_in_many_places_at_once_has_one_certificate
}

fn order(number: usize, key: &PrivateKey) -> CertificateOrder {
    CertificateOrder {
        institution: code(),
        order_id: format!("order-{number}"),
        terminal_name: TERMINAL.to_owned(),
        uses: CertificateUses::Eligibility,
        key: key.public_key().clone(),
        predecessor: None,
        retrieval_number: None,
        actor: "letter".to_owned(),
    }
}

/// A desk as another process has it: its own connections to the same database, nothing remembered.
async fn another_process(site: &Site) -> Desk {
    let store = Store::open(site.system.database_url(), Options::default()).await.expect("opens");
    let folder = site.system.folder().join("ca");
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).expect("a file");
        pki::pem::decode(pki::pem::CERTIFICATE, &text).expect("a certificate")
    };
    let key = PrivateKey::load(&folder.join(pki::authority::ISSUING_KEY_FILE)).expect("a key");
    let issuing = read(pki::authority::ISSUING_CERTIFICATE_FILE);
    let root = read(pki::authority::ROOT_CERTIFICATE_FILE);
    let authority = pki::issuing::IssuingAuthority::open(Box::new(key), issuing, root, None).expect("opens");
    let signing = Arc::new(Signing::new(authority));
    Desk::new(store, site.system.clock.clone(), signing, SecretHasher::new(&[1; 32]), Arc::default())
}

async fn a_cut_between_any_two_steps_loses_and_doubles_nothing(engine: Engine) {
    let site = Site::open(engine).await;
    let mut given = Vec::new();
    for cut_after in 0..4 {
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let desk = another_process(&site).await;
        // The steps up to the cut; what they made is gone with the process.
        if cut_after > 0 {
            let begun = desk.begin(order(cut_after, &key)).await.expect("begins");
            if cut_after > 1 {
                let signed = desk.sign(begun).await.expect("signs");
                if cut_after > 2 {
                    given.push(desk.keep(signed).await.expect("keeps").certificate.serial);
                }
            }
        }
        drop(desk);
        let after = another_process(&site).await;
        let issued = after.issue(order(cut_after, &key)).await.expect("issues");
        let again = after.issue(order(cut_after, &key)).await.expect("gives it again");
        assert_eq!(issued.der, again.der);
        if cut_after == 3 {
            assert_eq!(
                given.pop(),
                Some(issued.certificate.serial.clone()),
                "what was kept is given, not made anew"
            );
        }
        let found = after.store().certificate_of_order(&code(), &format!("order-{cut_after}")).await;
        assert_eq!(found.expect("reads").expect("there").serial, issued.certificate.serial);
        given.push(issued.certificate.serial);
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 4, "no number twice");
    let all = site.system.store().certificates_of(&code()).await.expect("reads");
    assert_eq!(all.len(), 4, "one certificate for each order");
    let logged = site.system.store().log_entries(0, 100).await.expect("reads");
    for serial in &given {
        assert_eq!(logged.iter().filter(|entry| entry.serial == *serial).count(), 1, "one leaf for each");
    }
    site.system.stop().await;
}

async fn one_order_in_many_places_at_once_has_one_certificate(engine: Engine) {
    let site = Site::open(engine).await;
    let desks = [Arc::new(another_process(&site).await), Arc::new(another_process(&site).await)];
    let mut tries = Vec::new();
    for number in 0..16 {
        let desk = Arc::clone(&desks[number % 2]);
        tries.push(tokio::spawn(async move {
            let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
            desk.issue(order(0, &key)).await
        }));
    }
    let mut issued = 0;
    for one in tries {
        match one.await.expect("runs") {
            Ok(_) => issued += 1,
            Err(NotIssued::Refused(Refusal::OrderDone)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(issued, 1);
    assert_eq!(site.system.store().certificates_of(&code()).await.expect("reads").len(), 1);
    site.system.stop().await;
}
