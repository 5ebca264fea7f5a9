//! What a peer may take: bytes, time, places. Times are set short by configuration, never measured.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use serde_json::json;
use testkit::client::{Http, open_tls};
use testkit::system::{Engine, INSTITUTION, TestSystem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::terminal_api::{CARD_VERIFICATIONS_PATH, NONCES_PATH};

use crate::on_both_engines;
use crate::support::Desk;

on_both_engines! { bodies_have_a_size_a_kind_and_a_form slow_headers_slow_bodies_and_silent_connections_are_closed connections_over_the_limit_are_refused_and_places_come_back a_terminal_has_a_limited_number_of_requests_at_once }

async fn bodies_have_a_size_a_kind_and_a_form(engine: Engine) {
    let desk = Desk::open(engine).await;
    let send = async |media_type: &'static str, body: Vec<u8>| {
        let request = Request::post(CARD_VERIFICATIONS_PATH)
            .header("content-type", media_type)
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let reply = desk.connection.request(request).await.expect("an answer");
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.headers["cache-control"], "no-store");
        (reply.status, reply.code())
    };
    let json = "application/json";
    assert_eq!(send(json, vec![b' '; 64 * 1024 + 1]).await, (413, "OQSA9003E".to_owned()));
    assert_eq!(send("text/plain", b"{}".to_vec()).await, (415, "OQSA9004E".to_owned()));
    for malformed in
        ["", "{", "[]", "null", "{\"nonce\":1}", "\u{feff}{}", "{\"nonce\":\"a\",\"nonce\":\"b\"}"]
    {
        assert_eq!(send(json, malformed.into()).await, (400, "OQSA9004E".to_owned()), "{malformed:?}");
    }
    let deep = "[".repeat(30_000);
    assert_eq!(send(json, deep.into_bytes()).await, (400, "OQSA9004E".to_owned()));
    for count in [0, 65, 1_000_000] {
        let reply = desk.post(NONCES_PATH, &json!({ "count": count })).await;
        assert_eq!((reply.status, reply.code().as_str()), (422, "OQSA9001E"));
    }
    let reply = desk.get(NONCES_PATH).await;
    assert_eq!((reply.status, reply.code().as_str()), (405, "OQSA9007E"));
    let reply = desk.get("/v1/../etc/passwd").await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "OQSA9007E"));
    desk.system.stop().await;
}

async fn slow_headers_slow_bodies_and_silent_connections_are_closed(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| {
        // Short, yet long enough for a busy machine to bring what is not held back on purpose.
        config.limits.header_s = 3;
        config.limits.body_s = 3;
        config.limits.idle_s = 4;
        config.limits.handshake_s = 8;
    })
    .await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    // Nothing after the handshake; a header that never ends; a kept-alive connection at rest.
    for said in
        ["", "GET /v1/status HTTP/1.1\r\nhost: local", "GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n"]
    {
        let mut stream = open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
        stream.write_all(said.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        // Ends only because the server closes: otherwise the test runner's time limit reports it.
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer.starts_with(b"HTTP/1.1 200"), said.ends_with("\r\n\r\n"), "{said:?}");
    }
    let mut stream = open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
    let slow = "POST /v1/nonces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 12\r\n\r\n{";
    stream.write_all(slow.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    // A peer that never begins its handshake.
    let mut silent = tokio::net::TcpStream::connect(terminal.address()).await.expect("a connection");
    let _ = silent.read_to_end(&mut Vec::new()).await;
    // Working connections are not disturbed by any of it.
    let connection = terminal.connect(Http::Two).await.expect("a connection");
    assert_eq!(connection.send(Method::GET, "/v1/status", None).await.expect("an answer").status, 200);
    system.stop().await;
}

async fn connections_over_the_limit_are_refused_and_places_come_back(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| config.limits.connections = 3).await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let connection = terminal.connect(Http::Two).await.expect("a connection");
        assert_eq!(connection.send(Method::GET, "/v1/status", None).await.expect("an answer").status, 200);
        open.push(connection);
    }
    assert!(terminal.connect(Http::Two).await.is_err(), "a fourth connection was taken");
    open.clear();
    loop {
        // The place comes back when the server has seen the end of a connection.
        if let Ok(connection) = terminal.connect(Http::Two).await {
            assert_eq!(
                connection.send(Method::GET, "/v1/status", None).await.expect("an answer").status,
                200
            );
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    system.stop().await;
}

async fn a_terminal_has_a_limited_number_of_requests_at_once(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| {
        config.limits.terminal_concurrency = 8;
        // However slow the machine is, the held requests keep their places until the test lets them go.
        config.limits.body_s = 600;
    })
    .await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let connection = Arc::new(terminal.connect(Http::Two).await.expect("a connection"));
    // Eight requests whose bodies do not end hold eight places.
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
        let begun = "POST /v1/nonces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                     content-length: 12\r\n\r\n{";
        stream.write_all(begun.as_bytes()).await.expect("written");
        held.push(stream);
    }
    loop {
        let reply = connection.send(Method::GET, "/v1/status", None).await.expect("an answer");
        if reply.status != 200 {
            assert_eq!((reply.status, reply.code().as_str()), (429, "OQSA9106E"));
            assert_eq!(reply.headers["retry-after"], "1");
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let other = system.terminal(INSTITUTION, "front-2").await;
    let other = other.connect(Http::Two).await.expect("a connection");
    assert_eq!(other.send(Method::GET, "/v1/status", None).await.expect("an answer").status, 200);
    for stream in &mut held {
        stream.write_all(b"\"count\": 1}\n").await.expect("written");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    assert_eq!(connection.send(Method::GET, "/v1/status", None).await.expect("an answer").status, 200);
    drop(held);
    system.stop().await;
}
