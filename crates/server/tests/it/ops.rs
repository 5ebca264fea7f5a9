//! What operators see, the simulated authority, and what happens when its list grows old.

use std::net::SocketAddr;
use std::time::Duration;

use eligibility::Date;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use testkit::client::{Http, open_tls};
use testkit::people;
use testkit::system::{Engine, INSTITUTION, TestSystem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::on_both_engines;
use crate::support::{Desk, insurer, number_question, validity};

on_both_engines! {
    an_old_revocation_list_stops_card_checks_only
    the_operators_listener_answers_to_its_own_name_only
    the_simulated_authority_says_that_it_is_simulated
    a_stop_lets_open_requests_finish_and_takes_no_more
}

const BORN: Date = Date::constant(1980, 2, 17);

/// One request over a connection of its own, without TLS.
pub(crate) async fn send(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> (u16, hyper::HeaderMap, Bytes) {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    let response = sender.send_request(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    (parts.status.as_u16(), parts.headers, body.collect().await.expect("a body").to_bytes())
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let request =
        Request::get(path).header("host", address.to_string()).body(Full::default()).expect("a request");
    let (status, _, body) = send(address, request).await;
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn an_old_revocation_list_stops_card_checks_only(engine: Engine) {
    let desk = Desk::open(engine).await;
    let person = people::coverage(&insurer(), "p", "901", "試験　花子", BORN);
    desk.system.load_insurer(&insurer(), "試験健康保険組合", vec![person]).await;
    let (ops, card) = (desk.system.server.ops(), desk.system.card_of("p").await);
    assert_eq!(get(ops, "/readyz").await.0, 200, "{}", get(ops, "/readyz").await.1);
    assert_eq!(validity(&desk.check_card(&card, desk.system.today()).await), "1");
    // Eight days pass without a new list; the last one was good for seven.
    desk.system.hands.advance(Duration::from_secs(8 * 86_400));
    let today = desk.system.today();
    let reply = desk.check_card(&card, today).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "OQSA9209E"));
    let (status, body) = get(ops, "/readyz").await;
    assert_eq!(status, 503);
    assert!(
        body.contains(r#""card_revocation_list":false"#) && body.contains(r#""database":true"#),
        "{body}"
    );
    assert_eq!(get(ops, "/healthz").await, (200, "ok\n".to_owned()));
    let by_number = number_question("n", &insurer(), "901", None, BORN, today);
    assert_eq!(validity(&desk.check_number(&by_number).await), "1", "numbers need no list");
    desk.system.advance(Duration::ZERO).await;
    assert_eq!(validity(&desk.check_card(&card, today).await), "1", "a new list came");
    let metrics = get(ops, "/metrics").await.1;
    for name in ["shikaku_requests_total", "shikaku_request_seconds_bucket", "shikaku_store_writes_total"] {
        assert!(metrics.contains(name), "{name} is missing");
    }
    desk.system.stop().await;
}

async fn the_operators_listener_answers_to_its_own_name_only(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let ops = system.server.ops();
    let own = [ops.to_string(), format!("localhost:{}", ops.port()), format!("LocalHost:{}", ops.port())];
    let foreign = ["evil.example".to_owned(), format!("evil.example:{}", ops.port()), "localhost".to_owned()];
    for path in ["/healthz", "/readyz", "/metrics", "/nothing"] {
        for (names, misdirected) in [(own.as_slice(), false), (foreign.as_slice(), true)] {
            for name in names {
                let request = Request::get(path).header("host", name).body(Full::default());
                let (status, _, body) = send(ops, request.expect("a request")).await;
                assert_eq!(status == 421, misdirected, "{path} as {name}: {status}");
                assert!(!misdirected || body.len() < 64, "nothing is told");
            }
        }
    }
    // One that says two names at once, or none, is no friend either.
    for hosts in [vec![own[0].as_str(), "evil.example"], vec![own[0].as_str(), own[0].as_str()], vec![]] {
        let mut request = Request::get("/metrics");
        for host in &hosts {
            request = request.header("host", *host);
        }
        let (status, _, _) = send(ops, request.body(Full::default()).expect("a request")).await;
        assert_eq!(status, 421, "{hosts:?}");
    }
    system.stop().await;
}

async fn the_simulated_authority_says_that_it_is_simulated(engine: Engine) {
    let system = TestSystem::start(engine).await;
    let jlis = system.server.simulated_jlis().expect("a simulated J-LIS").address;
    let path = format!("{}1.crl", server::simulated_jlis::CRL_PATH);
    let request = Request::get(&path).header("host", "localhost").body(Full::default()).expect("a request");
    let (status, headers, body) = send(jlis, request).await;
    assert_eq!(status, 200);
    assert_eq!(headers["shikaku-simulation"], "simulated J-LIS");
    assert_eq!(headers["content-type"], "application/pkix-crl");
    assert_eq!(body.first(), Some(&0x30), "a DER sequence");
    assert_eq!(get(jlis, &path.replace("1.crl", "2.crl")).await.0, 404);
    assert_eq!(get(jlis, &path.replace("1.crl", "0.crl")).await.0, 404);
    let request = Request::post(server::simulated_jlis::OCSP_PATH)
        .header("host", "localhost")
        .body(Full::new(Bytes::from_static(b"nonsense")))
        .expect("a request");
    let (status, headers, body) = send(jlis, request).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/ocsp-response");
    // OCSPResponse { responseStatus malformedRequest (1) }
    assert_eq!(body.as_ref(), [0x30, 0x03, 0x0a, 0x01, 0x01]);
    system.stop().await;
}

async fn a_stop_lets_open_requests_finish_and_takes_no_more(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| {
        config.limits.drain_s = 600;
        config.limits.body_s = 600;
    })
    .await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let mut open = open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
    let begun = "POST /v1/nonces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: 12\r\nexpect: 100-continue\r\n\r\n";
    open.write_all(begun.as_bytes()).await.expect("written");
    let mut go_on = [0; 25];
    open.read_exact(&mut go_on).await.expect("the server waits for the body");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    let stopping = tokio::spawn(system.stop());
    while TcpStream::connect(terminal.address()).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!stopping.is_finished(), "the open request was cut");
    open.write_all(b"{\"count\": 1}").await.expect("written");
    let mut answer = Vec::new();
    let _ = open.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    stopping.await.expect("the server stops");
}
