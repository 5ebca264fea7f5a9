//! Renewal, overlap, revocation, expiry: on connections that are open, kept and resumed.

use std::time::Duration;

use eligibility::institution_certificate::RevocationReason;
use hyper::Method;
use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::{Value, json};
use server::terminal_api::status::STATUS_PATH;
use store::Revoked;
use testkit::client::{Connection, Http};
use testkit::system::Engine;
use wire::institution_certificate::{RENEWAL_PATH, STANDING_PATH};

use crate::ca_support::{Bench, DAY, Site, TERMINAL, Terminal, code, request_of};
use crate::on_both_engines;

on_both_engines! {
    renewal_opens_ninety_days_before_the_end_and_both_are_taken_for_fourteen
    a_revocation_acts_on_open_and_resumed_connections
    what_a_thief_renewed_ends_with_the_stolen_certificate
    an_expired_certificate_is_told_from_a_revoked_one
    two_renewals_at_once_make_one_successor
    a_name_of_a_former_release_works_and_is_renewed
}

/// Days from the issue to the last day: three years and three months, leap years included.
fn days_to_the_end(terminal: &Terminal, site: &Site) -> i32 {
    let read = pki::profile::TerminalIdentity::read(&terminal.chain[0]).expect("a certificate");
    let last = eligibility::calendar::tokyo_date(read.validity.not_after);
    eligibility::calendar::days_between(site.system.today(), last)
}

async fn ask(connection: &Connection, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let reply = connection.send(method, path, body).await.expect("an answer");
    (reply.status, reply.json())
}

async fn standing(connection: &Connection) -> Value {
    let (status, answer) = ask(connection, Method::GET, STANDING_PATH, None).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn new_key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::P256).expect("a key")
}

async fn renewal_opens_ninety_days_before_the_end_and_both_are_taken_for_fourteen(engine: Engine) {
    let site = Site::open(engine).await;
    let old = site.terminal("o1").await;
    let connection = old.connect().await.expect("a connection");
    let key = new_key();
    let wish = json!({ "request_pem": request_of(TERMINAL, &key) });
    let (status, early) = ask(&connection, Method::POST, RENEWAL_PATH, Some(&wish)).await;
    assert_eq!((status, early["code"].as_str()), (409, Some("certificate-renewal-not-open")));
    assert!(early["title"].as_str().is_some_and(|text| text.contains("90日前から")), "{early}");
    let days = u32::try_from(days_to_the_end(&old, &site)).expect("days");
    assert!((1185..=1188).contains(&days), "{days}");
    site.system.hands.advance(DAY * (days - 91));
    assert_eq!(standing(&connection).await["stage"], "valid");
    site.system.hands.advance(DAY);
    let open = standing(&connection).await;
    assert_eq!((open["stage"].as_str(), open["days_left"].as_i64()), (Some("renewal_open"), Some(90)));
    // Not with another's name, not with the old key.
    let foreign = json!({ "request_pem": request_of("別の端末", &key) });
    assert_eq!(ask(&connection, Method::POST, RENEWAL_PATH, Some(&foreign)).await.0, 400);
    let reused = json!({ "request_pem": request_of(TERMINAL, &old.key) });
    let (_, reused) = ask(&connection, Method::POST, RENEWAL_PATH, Some(&reused)).await;
    assert!(reused["title"].as_str().is_some_and(|text| text.contains("すでに電子証明書が")), "{reused}");
    let (status, renewed) = ask(&connection, Method::POST, RENEWAL_PATH, Some(&wish)).await;
    assert_eq!(status, 200, "{renewed}");
    let again = ask(&connection, Method::POST, RENEWAL_PATH, Some(&wish)).await;
    assert_eq!(again, (200, renewed.clone()), "a lost answer is given again");
    let other = json!({ "request_pem": request_of(TERMINAL, &new_key()) });
    let (status, other) = ask(&connection, Method::POST, RENEWAL_PATH, Some(&other)).await;
    assert_eq!((status, other["code"].as_str()), (409, Some("certificate-renewed-before")));
    // A period of its own, nothing left over is added; both work.
    let new = site.with_chain(renewed["chain_pem"].as_str().expect("a chain"), key);
    assert!((1185..=1188).contains(&days_to_the_end(&new, &site)));
    site.system.server.refresh_terminals().await.expect("reads");
    let successor = new.connect().await.expect("a connection");
    let overlap = standing(&connection).await;
    assert_eq!(
        (overlap["stage"].as_str(), overlap["successor"]["serial"].as_str()),
        (Some("overlap"), Some(&*new.serial))
    );
    for connection in [&connection, &successor] {
        assert_eq!(ask(connection, Method::GET, STATUS_PATH, None).await.0, 200);
    }
    site.system.server.refresh_terminals().await.expect("reads");
    site.system.hands.advance(DAY * 14);
    assert_eq!(ask(&connection, Method::GET, STATUS_PATH, None).await.0, 200, "the last day of the overlap");
    site.system.hands.advance(DAY);
    let (status, refused) = ask(&connection, Method::GET, STATUS_PATH, None).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("OQSA9111E")), "{refused}");
    assert_eq!(standing(&connection).await["stage"], "superseded");
    assert_eq!(ask(&successor, Method::GET, STATUS_PATH, None).await.0, 200);
    site.system.stop().await;
}

async fn a_revocation_acts_on_open_and_resumed_connections(engine: Engine) {
    let site = Site::open(engine).await;
    let (lost, kept) = (site.terminal("o1").await, site.terminal("o2").await);
    let http2 = lost.connect().await.expect("a connection");
    let http1 = Connection::open(lost.address, &lost.tls, Http::One).await.expect("a connection");
    for connection in [&http1, &http2] {
        assert_eq!(ask(connection, Method::GET, STATUS_PATH, None).await.0, 200);
    }
    let revoke = async |serial: &str| {
        let reason = RevocationReason::KeyCompromise;
        site.desk().revoke(&code(), serial, reason, "operator:o1", None).await.expect("revokes")
    };
    assert_eq!(revoke(&lost.serial).await, Revoked::Now);
    assert!(matches!(revoke(&lost.serial).await, Revoked::Before(_)));
    assert_eq!(revoke("00ff").await, Revoked::Unknown);
    // The server notices by itself, at its next reading.
    for (tries, connection) in [(4_000, &http2), (1, &http1)] {
        let mut said = (200, Value::Null);
        for _ in 0..tries {
            said = ask(connection, Method::GET, STATUS_PATH, None).await;
            if said.0 != 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!((said.0, said.1["code"].as_str()), (403, Some("OQSA9103E")), "{}", said.1);
    }
    // The same TLS configuration resumes the session; another makes a new one.
    let resumed = Connection::open(lost.address, &lost.tls, Http::One).await.expect("a connection");
    assert_eq!(ask(&resumed, Method::GET, STATUS_PATH, None).await.0, 403);
    // Who may not ask is sent away; how it stands is told all the same.
    let asking = lost.connect().await.expect("a connection");
    let told = standing(&asking).await;
    assert_eq!(told["stage"], "revoked");
    assert!(
        told["words"]["sentence"].as_str().is_some_and(|text| text.contains("有効期限切れではありません"))
    );
    let connection = kept.connect().await.expect("a connection");
    assert_eq!(ask(&connection, Method::GET, STATUS_PATH, None).await.0, 200);
    // A revoked certificate renews nothing.
    let wish = json!({ "request_pem": request_of(TERMINAL, &new_key()) });
    assert_eq!(ask(&http2, Method::POST, RENEWAL_PATH, Some(&wish)).await.0, 403);
    site.system.stop().await;
}

async fn what_a_thief_renewed_ends_with_the_stolen_certificate(engine: Engine) {
    let site = Site::open(engine).await;
    let stolen = site.terminal("o1").await;
    let days = u32::try_from(days_to_the_end(&stolen, &site)).expect("days");
    site.system.hands.advance(DAY * (days - 90));
    let key = new_key();
    let wish = json!({ "request_pem": request_of(TERMINAL, &key) });
    let connection = stolen.connect().await.expect("a connection");
    let (status, renewed) = ask(&connection, Method::POST, RENEWAL_PATH, Some(&wish)).await;
    assert_eq!(status, 200, "{renewed}");
    let thief = site.with_chain(renewed["chain_pem"].as_str().expect("a chain"), key);
    site.system.server.refresh_terminals().await.expect("reads");
    let thief = thief.connect().await.expect("a connection");
    assert_eq!(ask(&thief, Method::GET, STATUS_PATH, None).await.0, 200);
    // The clinic knows of the stolen one only.
    let reason = RevocationReason::KeyCompromise;
    let revoked = site.desk().revoke(&code(), &stolen.serial, reason, "application:a1", None).await;
    assert_eq!(revoked.expect("revokes"), Revoked::Now);
    site.system.server.refresh_terminals().await.expect("reads");
    let (status, refused) = ask(&thief, Method::GET, STATUS_PATH, None).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("OQSA9103E")), "{refused}");
    site.system.stop().await;
}

async fn an_expired_certificate_is_told_from_a_revoked_one(engine: Engine) {
    let site = Site::open(engine).await;
    let terminal = site.terminal("o1").await;
    let open = terminal.connect().await.expect("a connection");
    assert_eq!(ask(&open, Method::GET, STATUS_PATH, None).await.0, 200);
    let days = u32::try_from(days_to_the_end(&terminal, &site)).expect("days");
    site.system.hands.advance(DAY * days);
    // The server's own certificate has ended too by then: a new one would be installed. Old connections go on.
    assert_eq!(ask(&open, Method::GET, STATUS_PATH, None).await.0, 200, "the whole last day");
    site.system.hands.advance(DAY);
    let (status, refused) = ask(&open, Method::GET, STATUS_PATH, None).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("OQSA9104E")), "{refused}");
    let told = standing(&open).await;
    assert_eq!(told["stage"], "expired");
    assert!(told["words"]["sentence"].as_str().is_some_and(|text| text.contains("切れています")), "{told}");
    assert!(
        told["words"]["remedy"].as_str().is_some_and(|text| text.contains("電子証明書発行申請")),
        "{told}"
    );
    site.system.stop().await;
}

async fn two_renewals_at_once_make_one_successor(engine: Engine) {
    let site = std::sync::Arc::new(Site::open(engine).await);
    let old = site.terminal("o1").await;
    let days = u32::try_from(days_to_the_end(&old, &site)).expect("days");
    site.system.hands.advance(DAY * (days - 30));
    let wishes = (0..8).map(|_| {
        let (site, print) = (std::sync::Arc::clone(&site), old.fingerprint.clone());
        tokio::spawn(async move {
            site.desk().renew(&code(), &print, &request_of(TERMINAL, &new_key())).await.is_ok()
        })
    });
    let wishes: Vec<_> = wishes.collect();
    let mut renewed = 0;
    for wish in wishes {
        renewed += usize::from(wish.await.expect("runs"));
    }
    assert_eq!(renewed, 1);
    let all = site.system.store().certificates_of(&code()).await.expect("reads");
    assert_eq!(all.len(), 2);
    let bench = Bench::new(&site);
    let entries = site.system.store().log_entries(0, 100).await.expect("reads");
    for entry in &entries {
        bench.certificate("one.pem", &entry.certificate);
        let time = (site.system.clock.now().0 / 1000).to_string();
        let verify =
            ["verify", "-attime", &time, "-CAfile", "root.pem", "-untrusted", "issuing.pem", "one.pem"];
        let (right, said) = bench.openssl(&verify);
        assert!(right || said.contains("has expired"), "{said}");
    }
}

async fn a_name_of_a_former_release_works_and_is_renewed(engine: Engine) {
    let site = Site::open(engine).await;
    // Longer than new names may be, and not in composed form.
    let name = format!("\u{FA19}社{}", "長".repeat(62));
    let (codes, key) = (site.letter_for("o1", &name).await, new_key());
    let wish = json!({ "request_pem": request_of(&name, &key) });
    let (status, answer) = site.retrieve(&codes, wish).await;
    assert_eq!(status, 200, "{answer}");
    let old = site.with_chain(answer["chain_pem"].as_str().expect("a chain"), key);
    let days = u32::try_from(days_to_the_end(&old, &site)).expect("days");
    site.system.hands.advance(DAY * (days - 30));
    let connection = old.connect().await.expect("a connection");
    assert_eq!(ask(&connection, Method::GET, STATUS_PATH, None).await.0, 200);
    let wish = json!({ "request_pem": request_of(&name, &new_key()) });
    let (status, renewed) = ask(&connection, Method::POST, RENEWAL_PATH, Some(&wish)).await;
    assert_eq!(status, 200, "{renewed}");
    assert_eq!(standing(&connection).await["subject"]["terminal_name"], name);
    site.system.stop().await;
}
