//! The institution web: who the connection's certificate says, and nobody whose certificate may not be used.

use std::net::SocketAddr;
use std::time::Duration;

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use eligibility::line::{AddressPrefix, CircuitKind, CustomerId};
use http_body_util::Full;
use hyper::{Method, Request, body::Bytes, header::HOST};
use pki::profile::Validity;
use store::{DENIALS_WRITTEN, NewLine};
use testkit::{
    client::{Connection, Http, Reply},
    system::{Engine, INSTITUTION, TestSystem, TestTerminal, line_authentication, open_lines},
};
use wire::institution_certificate::CODE_HEADER;

use crate::on_both_engines;
use crate::support::audit_entries;

on_both_engines! {
    the_first_page_says_who_came_and_how_long_the_certificate_is_good
    a_revoked_certificate_gets_no_further_on_an_open_connection
    without_a_line_there_is_a_network_error
    a_refused_browser_is_recorded_as_a_refused_terminal_is
}

async fn system(engine: Engine, lines: bool) -> (TestSystem, SocketAddr) {
    let system = TestSystem::start_with(engine, |config| {
        config.institution_web = Some(crate::support::institution_web());
        config.line_authentication = Some(if lines { line_authentication() } else { open_lines() });
    })
    .await;
    let address = system.server.institution_web().expect("it answers");
    (system, address)
}

async fn open(address: SocketAddr, terminal: &TestTerminal, http: Http, host: &str) -> Reply {
    let connection = Connection::open(address, &terminal.tls, http).await.expect("a connection");
    ask(&connection, address, host).await
}

async fn ask(connection: &Connection, address: SocketAddr, host: &str) -> Reply {
    let request = Request::builder()
        .method(Method::GET)
        .uri("/")
        .header(HOST, format!("{host}:{}", address.port()))
        .body(Full::new(Bytes::new()))
        .expect("a request");
    connection.request(request).await.expect("an answer")
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.bytes.to_vec()).expect("UTF-8")
}

async fn the_first_page_says_who_came_and_how_long_the_certificate_is_good(engine: Engine) {
    let (system, address) = system(engine, false).await;
    let terminal = system.terminal(INSTITUTION, "受付1").await;
    let reply = open(address, &terminal, Http::One, "localhost").await;
    let page = text(&reply);
    assert_eq!(reply.status, 200, "{page}");
    for shown in ["オンライン資格確認等システム", "初期画面", "試験診療所", INSTITUTION, "受付1", "あと"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert!(reply.headers.contains_key("content-security-policy"));
    let other = system.terminal("2712345678", "受付9").await;
    let page = text(&open(address, &other, Http::One, "localhost").await);
    assert!(page.contains("2712345678") && !page.contains(INSTITUTION), "{page}");
    let foreign = open(address, &terminal, Http::One, "clinic.example").await;
    assert_eq!(foreign.status, 421);
    system.stop().await;
}

async fn a_revoked_certificate_gets_no_further_on_an_open_connection(engine: Engine) {
    let (system, address) = system(engine, false).await;
    let terminal = system.terminal(INSTITUTION, "受付1").await;
    let connection = Connection::open(address, &terminal.tls, Http::One).await.expect("a connection");
    assert_eq!(ask(&connection, address, "localhost").await.status, 200);
    let now = system.clock.now();
    system
        .store()
        .revoke_terminal_certificate(&terminal.institution, &terminal.fingerprint, now)
        .await
        .expect("revoked");
    system.server.refresh_terminals().await.expect("read");
    let reply = ask(&connection, address, "localhost").await;
    let code = eligibility::errors::ErrorCode::InstitutionCertificateRevoked;
    assert_eq!((reply.status, reply.headers[CODE_HEADER].as_bytes()), (403, code.code().as_bytes()));
    assert!(text(&reply).contains("失効"), "{}", text(&reply));
    let stranger = system.unregistered_terminal(INSTITUTION, "受付2");
    let reply = open(address, &stranger, Http::One, "localhost").await;
    assert_eq!(reply.status, 403);
    assert!(!text(&reply).contains("失効しました"), "{}", text(&reply));
    system.stop().await;
}

async fn without_a_line_there_is_a_network_error(engine: Engine) {
    let (system, address) = system(engine, true).await;
    let terminal = system.terminal(INSTITUTION, "受付1").await;
    let reply = open(address, &terminal, Http::One, "localhost").await;
    let code = eligibility::errors::ErrorCode::LineNotConnected;
    assert_eq!(reply.headers[CODE_HEADER].as_bytes(), code.code().as_bytes());
    let page = text(&reply);
    assert!(page.contains("ネットワークエラー") && page.contains("https://www.lineauth.mnw"), "{page}");
    system.stop().await;
}

async fn a_refused_browser_is_recorded_as_a_refused_terminal_is(engine: Engine) {
    let (system, address) = system(engine, true).await;
    // This machine's line is another institution's.
    let line = NewLine {
        institution_code: InstitutionCode::parse("2712345678").expect("a code"),
        circuit: CircuitKind::IpVpnNtt,
        customer_id: Some(CustomerId::parse("CAF2712345678").expect("a customer id")),
        prefixes: Some(vec![AddressPrefix::parse("127.0.0.0/24").expect("a prefix")]),
        shared: false,
    };
    system.store().register_line(line, "operator:o1", system.clock.now()).await.expect("registered");
    let now = system.clock.now();
    let hour = Validity::new(Instant(now.0 - 60_000), Instant(now.0 + 3_600_000)).expect("a period");
    let short = system.terminal_of(&system.authority, INSTITUTION, "short", hour);
    system.register(&short, "short").await;
    let expiring = Connection::open(address, &short.tls, Http::One).await.expect("a connection");
    let (good, revoked) =
        (system.terminal(INSTITUTION, "good").await, system.terminal(INSTITUTION, "revoked").await);
    system
        .store()
        .revoke_terminal_certificate(&revoked.institution, &revoked.fingerprint, now)
        .await
        .expect("revoked");
    system.server.refresh_terminals().await.expect("read");
    system.server.refresh_lines().await.expect("read");
    let stranger = system.unregistered_terminal(INSTITUTION, "stranger");
    for terminal in [&revoked, &stranger, &good] {
        assert_eq!(open(address, terminal, Http::One, "localhost").await.status, 403);
    }
    system.advance(Duration::from_secs(3_700)).await;
    assert_eq!(ask(&expiring, address, "localhost").await.status, 403);
    let denied = async || {
        let entries = audit_entries(&system).await;
        let told = entries.into_iter().filter(|entry| entry.action == "institution_web");
        told.map(|entry| (entry.actor, entry.outcome, entry.object, entry.institution_code))
            .collect::<Vec<_>>()
    };
    let entry = |name: &str, reason: &str, terminal: &TestTerminal| {
        let object = format!("certificate:{}", terminal.fingerprint);
        (format!("terminal:{name}"), format!("denied:{reason}"), object, INSTITUTION.to_owned())
    };
    let expected = [
        entry("revoked", "InstitutionCertificateRevoked", &revoked),
        entry("stranger", "InstitutionCertificateUnknown", &stranger),
        entry("good", "LineNotConnected", &good),
        entry("short", "InstitutionCertificateExpired", &short),
    ];
    assert_eq!(denied().await, expected);
    // A flood fills nothing: both doors count as one.
    let connection = Connection::open(address, &revoked.tls, Http::One).await.expect("a connection");
    for _ in 0..DENIALS_WRITTEN + 15 {
        assert_eq!(ask(&connection, address, "localhost").await.status, 403);
    }
    let of_revoked = denied().await.into_iter().filter(|entry| entry.0 == "terminal:revoked").count();
    assert!(i64::try_from(of_revoked).expect("few") <= DENIALS_WRITTEN + 1, "{of_revoked}");
    system.stop().await;
}
