//! Peers that open a connection and hold back what should come, at every door but the terminals' (see `limits`); and
//! how many connections one network gets. Times are set short by configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hyper::Method;
use server::config::{Config, WebSite};
use server::terminal_api::status::STATUS_PATH;
use testkit::authority::with_authority;
use testkit::client::{Http, connect_from, open_tls};
use testkit::system::{Engine, INSTITUTION, TestSystem, line_authentication};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::ops::get;
use crate::portal_support::site;

/// Far more than every time that is set here; reaching it is a failure with words.
const PATIENCE: Duration = Duration::from_secs(200);
const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
const SETTINGS: &str = "\0\0\0\u{4}\0\0\0\0\0";

fn short(config: &mut Config) {
    config.limits.handshake_s = 3;
    config.limits.header_s = 3;
    config.limits.body_s = 3;
    config.limits.idle_s = 4;
}

fn surfaces(system: &TestSystem) -> Vec<(&'static str, SocketAddr)> {
    let server = &system.server;
    let authority = server.authority().expect("an authority");
    vec![
        ("portal", server.portal().expect("a portal").address),
        ("operator", server.operator().expect("the operator's side").address),
        ("line authentication", server.line_authentication().expect("the page")),
        ("authority", authority.address),
        ("distribution", authority.distribution.expect("its own listener")),
        ("ops", server.ops()),
        ("simulated J-LIS", server.simulated_jlis().expect("one").address),
    ]
}

/// Says something, then nothing more, and reads until the server ends the connection.
async fn then_silent<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, said: &str, what: &str) -> String {
    // A door may close before everything is said.
    let _ = stream.write_all(said.as_bytes()).await;
    let _ = stream.flush().await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "{what}: still open after {said:?}");
    String::from_utf8_lossy(&answer).into_owned()
}

/// What peers say before they fall silent: nothing, half a header, a header with half a body, the beginnings of
/// HTTP/2, and a whole request.
fn openings(host: &str) -> Vec<String> {
    let head = |line: &str| format!("{line} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\n");
    let body = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\nhalf=";
    vec![
        String::new(),
        "G".to_owned(),
        head("GET /"),
        head("POST /login") + body,
        head("POST /choice") + body,
        head("POST /certificate") + body,
        head("POST /ocsp") + &body.replace("x-www-form-urlencoded", "ocsp-request"),
        PREFACE[..8].to_owned(),
        PREFACE.to_owned(),
        format!("{PREFACE}{SETTINGS}"),
        head("GET /") + "\r\n",
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_surface_sends_away_who_holds_something_back() {
    let system = TestSystem::start_with(Engine::Sqlite, |config| {
        short(config);
        with_authority(config);
        config.portal = Some(site());
        config.operator = Some(site());
        config.line_authentication = Some(line_authentication());
    })
    .await;
    let mut peers = JoinSet::new();
    for (name, address) in surfaces(&system) {
        for host in [format!("localhost:{}", address.port()), address.to_string()] {
            for said in openings(&host) {
                peers.spawn(async move {
                    let stream = TcpStream::connect(address).await.expect("a connection");
                    then_silent(stream, &said, name).await
                });
            }
        }
    }
    peers.join_all().await;
    for (name, address) in surfaces(&system) {
        let path = if name == "ops" { "/readyz" } else { "/" };
        assert_ne!(get(address, path).await.0, 0, "{name} answers");
    }
    assert_eq!(get(system.server.ops(), "/readyz").await.0, 200);
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_with_tls_sends_away_who_holds_something_back() {
    let system = TestSystem::start_with(Engine::Sqlite, |config| {
        short(config);
        let folder = config.terminal_api.certificate.parent().expect("a folder").to_owned();
        config.operator = Some(WebSite {
            origin: Some("https://localhost".to_owned()),
            certificate: Some(folder.join("server.pem")),
            key: Some(folder.join("server.key")),
            ..site()
        });
    })
    .await;
    let address = system.server.operator().expect("the operator's side").address;
    let tls = system.client_tls(None);
    // Before TLS: nothing, and a handshake that is only begun.
    for said in ["", "\u{16}\u{3}\u{1}"] {
        then_silent(TcpStream::connect(address).await.expect("a connection"), said, "before TLS").await;
    }
    let mut peers = JoinSet::new();
    for (http, name) in [(Http::One, "HTTP/1.1"), (Http::Two, "HTTP/2")] {
        for said in openings("localhost") {
            let tls = tls.clone();
            peers.spawn(async move {
                let stream = open_tls(address, &tls, http).await.expect("a connection");
                then_silent(stream, &said, name).await
            });
        }
    }
    let answers = peers.join_all().await;
    assert!(answers.iter().any(|answer| answer.starts_with("HTTP/1.1 303")), "who asks is answered");
    system.stop().await;
}

/// A connection that certainly has its place: the server answered on it, and it was not given back. `None`: the server
/// closed it instead.
async fn answered_and_kept(mut stream: TcpStream, host: &str) -> Option<TcpStream> {
    let asking = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
    // A refused one may be closed before everything is said.
    let _ = stream.write_all(asking.as_bytes()).await;
    let mut answer = [0; 12];
    let read =
        tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer or an end");
    read.is_ok().then(|| {
        assert_eq!(&answer, b"HTTP/1.1 200");
        stream
    })
}

/// Opens anew until the server keeps the connection.
async fn while_refused(open: impl AsyncFn() -> Option<TcpStream>) -> TcpStream {
    let kept = async {
        loop {
            if let Some(stream) = open().await {
                return stream;
            }
        }
    };
    tokio::time::timeout(PATIENCE, kept).await.expect("a place")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_network_takes_its_own_places_only_and_a_crowd_at_a_site_shuts_that_site_only() {
    let system = TestSystem::start_with(Engine::Sqlite, |config| {
        config.portal = Some(site());
        config.limits.site_connections = 5;
        config.limits.site_network_connections = 3;
        // Nobody is sent away for his silence meanwhile.
        config.limits.header_s = 60;
        config.limits.idle_s = 600;
    })
    .await;
    let portal = system.server.portal().expect("a portal").address;
    let from = |last: u8| IpAddr::from(Ipv4Addr::new(127, 0, 0, last));
    let connect = async |last| connect_from(from(last), portal).await.expect("a connection");
    let host = format!("localhost:{}", portal.port());
    let asking = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let ask = async |last| then_silent(connect(last).await, &asking, "asking").await;
    let hold = async |last| while_refused(async || answered_and_kept(connect(last).await, &host).await).await;
    let mut held = vec![hold(2).await, hold(2).await, hold(2).await];
    assert_eq!(ask(2).await, "", "a fourth of one network");
    assert!(ask(3).await.starts_with("HTTP/1.1 200"), "another network comes in");
    // The place of the one before comes back a moment after its answer was read.
    let mut others = vec![hold(4).await, hold(4).await];
    assert_eq!(ask(3).await, "", "the site has no place left");
    let metrics = get(system.server.ops(), "/metrics").await.1;
    for why in ["network", "all"] {
        assert!(
            metrics.contains(&format!("shikaku_connections_refused_total{{why=\"{why}\"}}")),
            "{metrics}"
        );
    }
    // Everything else goes on.
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let connection = terminal.connect(Http::Two).await.expect("a connection");
    assert_eq!(connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status, 200);
    assert_eq!(get(system.server.ops(), "/readyz").await.0, 200);
    // The places come back.
    others.clear();
    held.clear();
    while !ask(2).await.starts_with("HTTP/1.1 200") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    system.stop().await;
}
