//! Requests that two readers could understand differently: each gets one answer or none, and the connection
//! never yields a second answer to what was hidden in a body.

use testkit::client::{Http, open_tls};
use testkit::system::{Engine, INSTITUTION, TestSystem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::on_both_engines;

on_both_engines! { ambiguous_requests_yield_no_second_answer }

const HIDDEN: &str = "GET /v1/receipt-keys HTTP/1.1\r\nhost: localhost\r\n\r\n";

async fn ambiguous_requests_yield_no_second_answer(engine: Engine) {
    let system = TestSystem::start_with(engine, |config| {
        config.limits.header_s = 1;
        config.limits.body_s = 1;
        config.limits.idle_s = 1;
    })
    .await;
    let terminal = system.terminal(INSTITUTION, "front-1").await;
    let post = "POST /v1/nonces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let ambiguous = [
        format!("{post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{post}content-length: 4\r\ncontent-length: 60\r\n\r\n{{}}  {HIDDEN}"),
        format!("{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{post}transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{post}x: a\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{post}content-length: +4\r\n\r\n{{}}  {HIDDEN}"),
        format!("{post}content-length: 4\0\r\n\r\n{{}}  {HIDDEN}"),
        format!("{post}content-length: 4\r\nx: \0\r\n\r\n{{}}  {HIDDEN}"),
    ];
    for request in ambiguous {
        let mut stream = open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.contains("\"keys\""), "the hidden request was answered: {request:?} {answer}");
    }
    // The same hidden request in a body that is honestly announced is a body.
    let honest = format!("{post}content-length: {}\r\n\r\n{HIDDEN}", HIDDEN.len());
    let mut stream = open_tls(terminal.address(), &terminal.tls, Http::One).await.expect("a connection");
    stream.write_all(honest.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 400") && !answer.contains("\"keys\""), "{answer}");
    system.stop().await;
}
