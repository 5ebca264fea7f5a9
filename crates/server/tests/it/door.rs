//! Who may come in: the certificate decides, for every request, also on connections that are open already.

use std::time::Duration;

use hyper::Method;
use pki::Validity;
use pki::authority::InstitutionAuthority;
use serde_json::json;
use testkit::client::{Connection, Http};
use testkit::people;
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal};
use wire::facility::SETTINGS_PATH;
use wire::institution_certificate::{RENEWAL_PATH, STANDING_PATH};
use wire::terminal_api::{
    CARD_VERIFICATIONS_PATH, NONCES_PATH, NUMBER_VERIFICATIONS_PATH, RECEIPT_KEYS_PATH,
};

use crate::on_both_engines;
use crate::support::{Desk, body, card_question, insurer, number_question, validity};

on_both_engines! {
    every_route_follows_the_policy_of_identities
    strangers_do_not_pass_the_handshake
    revocation_acts_on_open_connections
    an_expired_certificate_ends_open_connections_and_new_ones
    a_body_cannot_name_another_institution
}

/// The answer where there is no such route.
const NOWHERE: (u16, &str) = (404, "OQSA9007E");
/// The answer to what is no question of the route.
const UNREADABLE: (u16, &str) = (400, "OQSA9004E");
const STATUS_PATH: &str = server::terminal_api::status::STATUS_PATH;

/// Every route, asked in a way that a registered terminal gets an answer to.
async fn ask(connection: &Connection, route: &server::terminal_api::router::Route) -> (u16, String) {
    let body = match route.path {
        NONCES_PATH => Some(json!({ "count": 1 })),
        _ if asks_something(route) => Some(json!({})),
        _ => None,
    };
    let reply = connection.send(route.method.clone(), route.path, body.as_ref()).await.expect("an answer");
    (reply.status, reply.code())
}

/// Whether a question belongs to the route: an empty one fails later than the gate.
fn asks_something(route: &server::terminal_api::router::Route) -> bool {
    route.method == Method::POST && ![NONCES_PATH, RENEWAL_PATH].contains(&route.path)
}

async fn every_route_follows_the_policy_of_identities(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let registered = system.terminal(INSTITUTION, "registered").await;
    let unknown = system.unregistered_terminal(INSTITUTION, "unknown");
    let revoked = system.terminal(INSTITUTION, "revoked").await;
    system
        .store()
        .revoke_terminal_certificate(&revoked.institution, &revoked.fingerprint, system.clock.now())
        .await
        .expect("a revocation");
    system.server.refresh_terminals().await.expect("the server reads the terminals");
    for route in &server::terminal_api::router::ROUTES {
        // A registered terminal's empty question comes to the route itself, which says what it is not.
        let passes = match route.path {
            SETTINGS_PATH => (200, ""),
            _ if asks_something(route) => UNREADABLE,
            _ => (200, ""),
        };
        // Where the server has no authority there is nothing to renew and nobody to say how a certificate stands; who
        // is refused for his certificate may ask for the latter.
        let (passes, unknown_gets, revoked_gets) = match route.path {
            STANDING_PATH => (NOWHERE, NOWHERE, NOWHERE),
            RENEWAL_PATH => (NOWHERE, (403, "OQSA9105E"), (403, "OQSA9103E")),
            _ => (passes, (403, "OQSA9105E"), (403, "OQSA9103E")),
        };
        let cases: [(&TestTerminal, (u16, &str)); 3] =
            [(&registered, passes), (&unknown, unknown_gets), (&revoked, revoked_gets)];
        for (terminal, expected) in cases {
            for http in [Http::One, Http::Two] {
                let connection = terminal.connect(http).await.expect("our root's certificates come in");
                let (status, code) = ask(&connection, route).await;
                assert_eq!((status, code.as_str()), expected, "{} over {http:?}", route.name);
            }
        }
    }
    system.stop().await;
}

async fn strangers_do_not_pass_the_handshake(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let now = system.clock.now();
    let usual = system.terminal(INSTITUTION, "front-1").await;
    let mut without = usual.clone();
    without.tls = system.client_tls(None);
    let folder = tempfile::tempdir().expect("a folder");
    let foreign = InstitutionAuthority::create(folder.path(), now).expect("another root of the same name");
    let validity = Validity::of_terminal(now).expect("a period");
    let foreign = system.terminal_of(&foreign, INSTITUTION, "front-1", validity);
    for (who, terminal) in [("no certificate", without), ("a foreign root", foreign)] {
        for http in [Http::One, Http::Two] {
            // With TLS 1.3 the client learns of the refusal on its first use of the connection.
            let refused = match terminal.connect(http).await {
                Err(_) => true,
                Ok(connection) => connection.send(Method::GET, STATUS_PATH, None).await.is_err(),
            };
            assert!(refused, "{who} was let in over {http:?}");
        }
    }
    assert!(speaks_tls12(usual.address()).await.is_none(), "TLS 1.2 was accepted");
    system.stop().await;
}

fn without_resumption(tls: &std::sync::Arc<rustls::ClientConfig>) -> std::sync::Arc<rustls::ClientConfig> {
    let mut config = rustls::ClientConfig::clone(tls);
    config.resumption = rustls::client::Resumption::disabled();
    std::sync::Arc::new(config)
}

/// Offers only TLS 1.2; gives the server's first handshake record when it agrees.
async fn speaks_tls12(address: std::net::SocketAddr) -> Option<()> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("TLS 1.2")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    match testkit::client::open_tls(address, &std::sync::Arc::new(config), Http::One).await {
        Ok(_) => Some(()),
        // A peer that speaks 1.2 would show its certificate, which then fails for want of a root.
        Err(error) => error.to_string().contains("certificate").then_some(()),
    }
}

async fn revocation_acts_on_open_connections(engine: Engine) {
    let desk = Desk::open(engine).await;
    let http1 = desk.terminal.connect(Http::One).await.expect("a connection");
    assert_eq!(http1.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status, 200);
    assert_eq!(desk.get(STATUS_PATH).await.status, 200);
    let system = &desk.system;
    let revoked = system
        .store()
        .revoke_terminal_certificate(
            &desk.terminal.institution,
            &desk.terminal.fingerprint,
            system.clock.now(),
        )
        .await;
    assert_eq!(revoked, Ok(true));
    // The server notices by itself, at its next reading: here after a second.
    let mut replies = Vec::new();
    for _ in 0..4_000 {
        let reply = desk.get(STATUS_PATH).await;
        replies.push(reply.status);
        if reply.status != 200 {
            assert_eq!((reply.status, reply.code().as_str()), (403, "OQSA9103E"));
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(replies.last(), Some(&403), "the revocation was never noticed");
    let reply = http1.send(Method::GET, STATUS_PATH, None).await.expect("a last answer");
    assert_eq!(reply.status, 403);
    assert_eq!(reply.headers.get("connection").map(|value| value.as_bytes()), Some(b"close".as_slice()));
    desk.system.stop().await;
}

async fn an_expired_certificate_ends_open_connections_and_new_ones(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let now = system.clock.now();
    let hour = Validity::new(eligibility::Instant(now.0 - 60_000), eligibility::Instant(now.0 + 3_600_000));
    let terminal = system.terminal_of(&system.authority, INSTITUTION, "short", hour.expect("a period"));
    system.register(&terminal, "short").await;
    let connection = terminal.connect(Http::Two).await.expect("a connection");
    assert_eq!(connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status, 200);
    system.advance(Duration::from_secs(3_700)).await;
    let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
    assert_eq!((reply.status, reply.code().as_str()), (403, "OQSA9104E"));
    // A new session fails in the handshake; one that resumes the old session still meets the gate.
    for tls in [terminal.tls.clone(), without_resumption(&terminal.tls)] {
        let mut terminal = terminal.clone();
        terminal.tls = tls;
        let refused = match terminal.connect(Http::One).await {
            Err(_) => true,
            Ok(connection) => {
                connection.send(Method::GET, STATUS_PATH, None).await.map_or(true, |r| r.status == 403)
            }
        };
        assert!(refused, "an expired certificate was let in");
    }
    system.stop().await;
}

async fn a_body_cannot_name_another_institution(engine: Engine) {
    let desk = Desk::open(engine).await;
    let today = desk.system.today();
    let born = eligibility::Date::constant(1980, 2, 17);
    let person = people::coverage(&insurer(), "p", "401", "試験　花子", born);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;

    let mut question = number_question("q-1", &insurer(), "401", None, born, today);
    question["institution_code"] = json!("1311111111");
    assert_eq!(desk.check_number(&question).await.status, 400);

    let card = desk.system.card_of("p").await;
    let mut elsewhere = desk.terminal.clone();
    elsewhere.institution = eligibility::institution::InstitutionCode::parse("1311111111").expect("a code");
    let nonce = desk.nonce().await;
    let reply = desk.post(CARD_VERIFICATIONS_PATH, &card_question(&elsewhere, &card, &nonce, today)).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "OQSA9204E"), "a proof for another institution");

    // Headers that proxies use to name a client change nothing.
    let other = desk.system.terminal("1311111111", "other").await;
    let mut request = hyper::Request::get(STATUS_PATH).body(Default::default()).expect("a request");
    for name in [
        "x-client-cert",
        "x-ssl-client-s-dn",
        "x-forwarded-client-cert",
        "ssl-client-subject-dn",
        "x-institution",
    ] {
        request.headers_mut().insert(name, other.institution.as_str().parse().expect("a header"));
    }
    let reply = desk.connection.request(request).await.expect("an answer");
    assert_eq!(reply.json()["institution_code"], INSTITUTION);

    // What one institution was given is nothing to another: the same nonce, the same request id.
    let theirs = other.connect(Http::Two).await.expect("a connection");
    let nonce = desk.nonce().await;
    let stolen = card_question(&desk.terminal, &card, &nonce, today);
    let reply = theirs.send(Method::POST, CARD_VERIFICATIONS_PATH, Some(&stolen)).await.expect("an answer");
    assert_eq!((reply.status, reply.code().as_str()), (400, "OQSA9201E"));
    let question = number_question("shared-id", &insurer(), "401", None, born, today);
    assert_eq!(validity(&desk.check_number(&question).await), "1");
    let reply =
        theirs.send(Method::POST, NUMBER_VERIFICATIONS_PATH, Some(&question)).await.expect("an answer");
    assert_eq!(body(&reply)["QualificationValidity"], "1");
    assert_eq!(reply.json()["answer"]["XmlMsg"]["MessageHeader"]["MedicalInstitutionCode"], "1311111111");
    assert_eq!(desk.get(RECEIPT_KEYS_PATH).await.status, 200);
    desk.system.stop().await;
}
