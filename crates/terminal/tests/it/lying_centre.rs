//! A centre whose answers and receipts do not agree: nothing it says reaches the receipt computer.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::Arc,
};

use eligibility::insurer::InsurerNumber;
use rustls::{ServerConnection, StreamOwned};
use terminal::central::{Central, CentralError, HttpsCentral};
use wire::terminal_api::{CheckAnswer, NumberCheckRequest, RECEIPT_KEYS_PATH};

use crate::{
    centre::answer,
    cut_line::{authority, server, terminal},
    fuzz_seeds::receipt_of,
};

/// What the receipt of an honest answer claims, for a receipt made now.
fn claims() -> String {
    let now = jiff::Timestamp::now().as_second();
    let until = now + 3_600;
    format!(
        r#"{{"iss":"t","aud":"1319990012","jti":"1","iat":{now},"exp":{until},"method":"2","as_of":"2026-11-22","validity":"1","coverages":[{{"insurer_number":"06139996","number":"345"}}]}}"#
    )
}

/// What the terminal makes of this answer under a receipt with these claims.
async fn verdict(answer: CheckAnswer, claims: &str) -> Result<CheckAnswer, CentralError> {
    let dir = tempfile::tempdir().expect("a folder");
    let ours = authority(&dir.path().join("ca"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let config = terminal(&ours, dir.path(), listener.local_addr().expect("an address").port());
    let tls = server(&ours, Some(&ours));
    let (keys, receipt) = receipt_of(claims);
    let answer = serde_json::to_string(&CheckAnswer { receipt, ..answer }).expect("JSON");
    // The question, and the keys that the terminal does not know yet.
    let centre = std::thread::spawn(move || {
        for _ in 0..2 {
            let line = listener.accept().expect("a question").0;
            let tls = ServerConnection::new(Arc::clone(&tls)).expect("a connection");
            let mut line = BufReader::new(StreamOwned::new(tls, line));
            let body = if is_for_keys(&mut line) { &keys } else { &answer };
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n";
            let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            line.get_mut().write_all(text.as_bytes()).expect("answers");
            line.get_mut().conn.send_close_notify();
            line.get_mut().flush().expect("answers");
        }
    });
    let question = NumberCheckRequest {
        request_id: "1".into(),
        as_of: jiff::civil::date(2026, 11, 22),
        insurer_number: InsurerNumber::parse("06139996").expect("a number"),
        insured_symbol: None,
        insured_number: "345".into(),
        branch_number: None,
        birthdate: jiff::civil::date(1982, 5, 14),
        ceiling_consent: false,
    };
    let outcome = HttpsCentral::new(&config).expect("a client").check_number(question).await;
    centre.join().expect("no panics");
    outcome
}

/// Reads one request whole; whether it asks for the keys.
fn is_for_keys(line: &mut impl BufRead) -> bool {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        line.read_line(&mut head).expect("a line");
        let lower = head[from..].to_ascii_lowercase();
        if let Some(number) = lower.strip_prefix("content-length:") {
            length = number.trim().parse().expect("a number");
        }
    }
    line.read_exact(&mut vec![0; length]).expect("a body");
    head.starts_with(&format!("GET {RECEIPT_KEYS_PATH} "))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_its_receipt_proves_is_used() {
    let found = verdict(answer("345"), &claims()).await.expect("proven");
    assert_eq!(found.answer.body.results[0].name, "𠮷田　太郎");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_its_receipt_does_not_prove_is_not_used() {
    let said = claims();
    for (what, claims) in [
        ("validity", said.replace(r#""validity":"1""#, r#""validity":"2""#)),
        ("question", said.replace("2026-11-22", "2026-11-21")),
        ("question", said.replace(r#""method":"2""#, r#""method":"1""#)),
        ("coverage", said.replace("345", "346")),
        ("coverage", said.replace("06139996", "06130011")),
        ("coverage", said.replace(r#""number":"345""#, r#""number":"345","branch":"01""#)),
        ("number of coverages", said.replace(r#"{"insurer_number":"06139996","number":"345"}"#, "")),
        ("institution", said.replace("1319990012", "2712345678")),
    ] {
        let error = verdict(answer("345"), &claims).await.expect_err(what);
        assert!(matches!(&error, CentralError::Unproven(why) if why.contains(what)), "{what}: {error:?}");
        assert_eq!(error.code(), "OQSA9109E");
        assert!(!error.is_passing() && error.is_trouble() && !error.message().is_empty());
    }
    let mut strange = answer("345");
    strange.answer.header.qualification_confirmation_date = None;
    let error = verdict(strange, &said).await.expect_err("another day");
    assert!(matches!(&error, CentralError::Unproven(why) if why.contains("date")), "{error:?}");
}
