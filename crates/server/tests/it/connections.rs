//! How many connections a terminal may have, and that trickling bytes buys no time. Times are set short by
//! configuration; whatever is not closed by the server never ends, and the test runner's time limit reports it.

use std::time::Duration;

use hyper::Method;
use server::terminal_api::status::STATUS_PATH;
use testkit::client::{Http, open_tls};
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::terminal_api::{NONCES_PATH, NUMBER_VERIFICATIONS_PATH};

use crate::on_both_engines;
use crate::ops::get;
use crate::support::{insurer, number_question};

on_both_engines! {
    one_terminals_connections_are_capped_and_one_more_is_told_so
    a_trickle_of_bytes_ends_with_the_time_for_the_whole
    a_terminal_revoked_while_its_question_arrives_gets_no_answer
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
        // It is closed after that; what reaches the server before, is told the same.
        while let Ok(reply) = connection.send(Method::GET, STATUS_PATH, None).await {
            assert_eq!(reply.status, 429);
        }
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

/// The head of a question whose body is still to come, admitted: the server asks for the body.
async fn admitted(terminal: &TestTerminal, path: &str, bytes: usize) -> impl AsyncRead + AsyncWrite + Unpin {
    let mut stream = open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {bytes}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.expect("the server waits for the body");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

async fn a_terminal_revoked_while_its_question_arrives_gets_no_answer(engine: Engine) {
    // The question's end is held back on purpose, for as long as the revocation takes.
    let system = TestSystem::start_with(engine, |config| config.limits.body_s = 300).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let other = system.terminal(INSTITUTION, "front-2").await;
    let (born, today) = (eligibility::Date::constant(1980, 2, 17), system.today());
    let question = number_question("r-1", &insurer(), "901", None, born, today).to_string();
    let questions = [(NONCES_PATH, "{\"count\": 1}".to_owned()), (NUMBER_VERIFICATIONS_PATH, question)];
    let mut open = Vec::new();
    for (path, body) in &questions {
        open.push((admitted(&terminal, path, body.len()).await, body, "403"));
        open.push((admitted(&other, path, body.len()).await, body, "200"));
    }
    let now = system.clock.now();
    let revoked =
        system.store().revoke_terminal_certificate(&terminal.institution, &terminal.fingerprint, now).await;
    assert_eq!(revoked, Ok(true));
    system.server.refresh_terminals().await.expect("the server reads the terminals");
    for (mut stream, body, expected) in open {
        stream.write_all(body.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{answer}");
        assert_eq!(answer.contains("OQSA9103E"), expected == "403", "{answer}");
    }
    system.stop().await;
}
