//! How many connections a terminal may have, and that trickling bytes buys no time. Times are set short by
//! configuration; whatever is not closed by the server never ends, and the test runner's time limit reports it.

use std::time::Duration;

use hyper::Method;
use server::terminal_api::status::STATUS_PATH;
use testkit::client::{Http, open_tls};
use testkit::system::{Engine, INSTITUTION, TestSystem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::on_both_engines;
use crate::ops::get;

on_both_engines! {
    one_terminals_connections_are_capped_and_one_more_is_told_so
    a_trickle_of_bytes_ends_with_the_time_for_the_whole
}

/// Pause between two bytes of a trickle: far below every limit.
const TRICKLE: Duration = Duration::from_millis(20);

async fn one_terminals_connections_are_capped_and_one_more_is_told_so(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| config.limits.terminal_connections = 3).await;
    let (one, other) =
        (system.terminal(INSTITUTION, "front-1").await, system.terminal(INSTITUTION, "front-2").await);
    let mut open = Vec::new();
    for http in [Http::One, Http::Two, Http::Two] {
        let connection = one.connect(http).await.expect("a connection");
        assert_eq!(connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status, 200);
        open.push(connection);
    }
    for http in [Http::One, Http::Two] {
        let connection = one.connect(http).await.expect("a connection that is told");
        let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("a refusal");
        assert_eq!((reply.status, reply.code().as_str()), (429, "OQSA9106E"));
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.headers["retry-after"], "1");
        assert!(connection.send(Method::GET, STATUS_PATH, None).await.is_err(), "it was closed after that");
    }
    // One that asks nothing is closed as well.
    let mut silent = open_tls(one.address(), &one.tls, Http::One).await.expect("a connection");
    let _ = silent.read_to_end(&mut Vec::new()).await;
    // Those that were there, and other terminals of the same institution, notice nothing.
    for connection in &open {
        assert_eq!(connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status, 200);
    }
    let theirs = other.connect(Http::Two).await.expect("a connection");
    assert_eq!(theirs.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status, 200);
    let metrics = get(system.server.ops(), "/metrics").await.1;
    assert!(metrics.contains("shikaku_terminal_connections_refused_total"), "{metrics}");
    // The places come back when the server has seen the end of a connection.
    open.clear();
    loop {
        let connection = one.connect(Http::Two).await.expect("a connection");
        if connection.send(Method::GET, STATUS_PATH, None).await.is_ok_and(|reply| reply.status == 200) {
            break;
        }
        tokio::time::sleep(TRICKLE).await;
    }
    system.stop().await;
}

/// Writes one byte after the other until the peer ends the connection; answers what it said.
async fn trickle<S>(stream: S, begun: &[u8], byte: u8) -> Vec<u8>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
{
    let (mut from, mut to) = tokio::io::split(stream);
    let begun = begun.to_vec();
    let writing = tokio::spawn(async move {
        let _ = to.write_all(&begun).await;
        while to.write_all(&[byte]).await.is_ok() && to.flush().await.is_ok() {
            tokio::time::sleep(TRICKLE).await;
        }
    });
    let mut said = Vec::new();
    let _ = from.read_to_end(&mut said).await;
    writing.abort();
    said
}

async fn a_trickle_of_bytes_ends_with_the_time_for_the_whole(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| {
        config.limits.header_s = 2;
        config.limits.body_s = 2;
        config.limits.handshake_s = 8;
    })
    .await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let connect =
        async || open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
    let header = b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\nx-slow: ";
    assert_eq!(trickle(connect().await, header, b'a').await, b"", "a header without end gets no answer");
    // The same after a request was answered: resting before it buys no time either.
    let again = [b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n".as_slice(), header].concat();
    let said = trickle(connect().await, &again, b'a').await;
    assert_eq!(said.windows(12).filter(|part| part == b"HTTP/1.1 200").count(), 1);
    let body = b"POST /v1/nonces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: 60000\r\n\r\n{";
    let said = trickle(connect().await, body, b' ').await;
    assert!(said.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&said));
    // A handshake record of 16 KiB, byte by byte.
    let stream = TcpStream::connect(terminal.address()).await.expect("a connection");
    trickle(stream, &[0x16, 0x03, 0x01, 0x40, 0x00, 0x01], 0).await;
    let connection = terminal.connect(Http::Two).await.expect("a connection");
    assert_eq!(connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status, 200);
    system.stop().await;
}
