//! A centre whose answers and receipts do not agree: nothing it says reaches the receipt computer.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::insurer::InsurerNumber;
use rustls::{ServerConnection, StreamOwned};
use terminal::central::{Central, CentralError, HttpsCentral};
use wire::terminal_api::{CheckAnswer, NumberCheckRequest, RECEIPT_KEYS_PATH, answer_text};

use crate::{
    centre::answer,
    cut_line::{authority, server, terminal},
    fuzz_seeds::receipt_of,
};

/// What a centre says, and what it has signed.
struct Centre {
    shown: CheckAnswer,
    /// What the receipt was made for.
    proven: CheckAnswer,
    claims: String,
    /// The key set at the terminal, made from the one that signed.
    pinned: Option<fn(&str) -> String>,
}

/// What became of its answer, and how often it was asked for its keys.
struct Verdict {
    outcome: Result<CheckAnswer, CentralError>,
    keys_asked: usize,
}

fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

fn question() -> NumberCheckRequest {
    NumberCheckRequest {
        request_id: "1".into(),
        as_of: jiff::civil::date(2026, 11, 22),
        insurer_number: InsurerNumber::parse("06139996").expect("a number"),
        insured_symbol: None,
        insured_number: "345".into(),
        branch_number: None,
        birthdate: jiff::civil::date(1982, 5, 14),
        ceiling_consent: false,
    }
}

/// What the receipt of an honest answer claims, for a receipt made now.
fn claims(asked: &NumberCheckRequest) -> String {
    let now = jiff::Timestamp::now().as_second();
    let until = now + 3_600;
    let question = sha256(&serde_json::to_vec(asked).expect("JSON"));
    format!(
        r#"{{"iss":"urn:shikaku:test","aud":"1319990012","jti":"1","iat":{now},"exp":{until},"question":"{question}","answer":"ANSWER","method":"2","as_of":"2026-11-22","validity":"1","coverages":[{{"insurer_number":"06139996","number":"345"}}]}}"#
    )
}

impl Centre {
    fn honest() -> Self {
        Self { shown: answer("345"), proven: answer("345"), claims: claims(&question()), pinned: None }
    }

    /// What the terminal makes of it.
    async fn judged(self) -> Verdict {
        let dir = tempfile::tempdir().expect("a folder");
        let ours = authority(&dir.path().join("ca"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut config = terminal(&ours, dir.path(), listener.local_addr().expect("an address").port());
        let tls = server(&ours, Some(&ours));
        let proven = serde_json::to_string(&self.proven).expect("JSON");
        let digest = sha256(answer_text(&proven).expect("the form").as_bytes());
        let (keys, receipt) = receipt_of(&self.claims.replace("ANSWER", &digest));
        let body = serde_json::to_string(&CheckAnswer { receipt, ..self.shown }).expect("JSON");
        if let Some(pinned) = self.pinned {
            let file = dir.path().join("receipt-keys.json");
            std::fs::write(&file, pinned(&keys)).expect("writes");
            config.central.receipt_keys_file = Some(file);
        }
        let keys_asked = Arc::new(AtomicUsize::new(0));
        let asked = Arc::clone(&keys_asked);
        // Ends with the process: how often it is asked depends on what the terminal believes.
        std::thread::spawn(move || {
            for line in listener.incoming() {
                let tls = ServerConnection::new(Arc::clone(&tls)).expect("a connection");
                let mut line = BufReader::new(StreamOwned::new(tls, line.expect("a question")));
                let said = if is_for_keys(&mut line) {
                    asked.fetch_add(1, Ordering::SeqCst);
                    &keys
                } else {
                    &body
                };
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n";
                let text = format!("{head}content-length: {}\r\n\r\n{said}", said.len());
                line.get_mut().write_all(text.as_bytes()).expect("answers");
                line.get_mut().conn.send_close_notify();
                line.get_mut().flush().expect("answers");
            }
        });
        let outcome = HttpsCentral::new(&config).expect("a client").check_number(question()).await;
        Verdict { outcome, keys_asked: keys_asked.load(Ordering::SeqCst) }
    }

    async fn must_be_refused(self, what: &str) -> Verdict {
        let verdict = self.judged().await;
        let Err(error) = &verdict.outcome else { panic!("another {what} was believed") };
        assert!(matches!(error, CentralError::Unproven(why) if why.contains(what)), "{what}: {error:?}");
        assert_eq!(error.code(), "OQSA9109E");
        assert!(!error.is_passing() && error.is_trouble() && !error.message().is_empty());
        verdict
    }
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
    let Verdict { outcome, keys_asked } = Centre::honest().judged().await;
    assert_eq!(outcome.expect("proven").answer.body.results[0].name, "𠮷田　太郎");
    assert_eq!(keys_asked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_its_receipt_does_not_prove_is_not_used() {
    let said = claims(&question());
    for (what, claims) in [
        ("validity", said.replace(r#""validity":"1""#, r#""validity":"2""#)),
        ("question", said.replace("2026-11-22", "2026-11-21")),
        ("question", said.replace(r#""method":"2""#, r#""method":"1""#)),
        ("coverage", said.replace(r#""number":"345""#, r#""number":"346""#)),
        ("coverage", said.replace("06139996", "06130011")),
        ("coverage", said.replace(r#""number":"345""#, r#""number":"345","branch":"01""#)),
        ("number of coverages", said.replace(r#"{"insurer_number":"06139996","number":"345"}"#, "")),
        ("institution", said.replace("1319990012", "2712345678")),
        ("issuer", said.replace("urn:shikaku:test", "urn:shikaku:other")),
    ] {
        assert_ne!(claims, said);
        Centre { claims, ..Centre::honest() }.must_be_refused(what).await;
    }
    let mut strange = answer("345");
    strange.answer.header.qualification_confirmation_date = None;
    Centre { shown: strange.clone(), proven: strange, ..Centre::honest() }.must_be_refused("date").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_an_earlier_time_is_not_used_and_is_no_forgery() {
    let (hour, now) = (3_600, jiff::Timestamp::now().as_second());
    let until = |end: i64| claims(&question()).replace(&format!("{}", now + hour), &format!("{end}"));
    let old = Centre { claims: until(now - hour), ..Centre::honest() }.judged().await;
    assert_eq!(old.outcome.expect_err("over"), CentralError::Outdated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_receipt_proves_its_own_question_and_answer_only() {
    // What the centre answered to somebody else's question, on the same day, at the same institution.
    let mut other = question();
    other.birthdate = jiff::civil::date(1982, 5, 15);
    Centre { claims: claims(&other), ..Centre::honest() }.must_be_refused("question").await;
    let mut repeated = question();
    repeated.request_id = "2".into();
    Centre { claims: claims(&repeated), ..Centre::honest() }.must_be_refused("question").await;
    // Things that no claim names one by one.
    let mut name = answer("345");
    name.answer.body.results[0].name = "別人　太郎".into();
    Centre { shown: name, ..Centre::honest() }.must_be_refused("answer").await;
    let mut insurer = answer("345");
    insurer.answer.body.results[0].insurer_name = "別の健康保険組合".into();
    Centre { shown: insurer, ..Centre::honest() }.must_be_refused("answer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_keys_of_its_own_a_terminal_believes_no_others_and_asks_for_none() {
    let honest = Centre { pinned: Some(str::to_owned), ..Centre::honest() }.judged().await;
    assert!(honest.outcome.is_ok(), "{:?}", honest.outcome);
    assert_eq!(honest.keys_asked, 0);
    // Whoever holds the key of the centre's certificate signs with a key of their own, under the same name or another.
    let same_name: fn(&str) -> String = |_| receipt_of("{}").0;
    let other_name: fn(&str) -> String = |_| receipt_of("{}").0.replace("k1", "k2");
    for (what, pinned) in [("signature", same_name), ("key", other_name)] {
        let verdict = Centre { pinned: Some(pinned), ..Centre::honest() }.must_be_refused(what).await;
        assert_eq!(verdict.keys_asked, 0, "{what}");
    }
}
