//! The OCSP responder, asked by OpenSSL over HTTP on the loopback interface.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use eligibility::Instant;
use pki::crl::RevocationReason;
use pki::jlis::{CardAuthorityKind, CardSubject, MAX_OCSP_REQUEST_BYTES, OcspResponder, SimulatedJlis};

use crate::bench::{Bench, Verdict, card_keys, days_from_now, now, validity};

const AUTHENTICATION: CardAuthorityKind = CardAuthorityKind::Authentication;
/// DER of OCSPResponse { malformedRequest } and { unauthorized }.
const MALFORMED: [u8; 5] = [0x30, 0x03, 0x0a, 0x01, 0x01];
const UNAUTHORIZED: [u8; 5] = [0x30, 0x03, 0x0a, 0x01, 0x06];

fn world(generations: u8) -> (Bench, SimulatedJlis) {
    let bench = Bench::new();
    let jlis = bench.jlis(generations);
    for (index, authority) in (1..).zip(jlis.generations(AUTHENTICATION)) {
        bench.file(&format!("root{index}.pem"), authority.certificate_pem().unwrap());
        let serial = 100 * index;
        let subject = CardSubject::of_serial("13104", serial).unwrap();
        let key = card_keys().key_of(serial).public_key();
        let issued = authority.issue_card(&subject, serial, key, validity(-10, 10)).unwrap();
        bench.file(&format!("card{index}.pem"), issued.pem().unwrap());
    }
    (bench, jlis)
}

/// Answers one HTTP request, as little of HTTP as `openssl ocsp` needs.
fn serve_one(stream: &mut TcpStream, responder: &OcspResponder) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a request head");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("a text head").to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).expect("a length");
    let mut body = vec![0; length.trim().parse().expect("a number")];
    stream.read_exact(&mut body).expect("a request body");
    let answer = responder.answer(&body, now());
    let head = format!(
        "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: {}\r\n\r\n",
        answer.len()
    );
    stream.write_all(&[head.into_bytes(), answer].concat()).expect("send the answer");
}

fn ask(bench: &Bench, responder: &OcspResponder, arguments: &[&str]) -> Verdict {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::scope(|scope| {
        scope.spawn(|| serve_one(&mut listener.accept().expect("a client").0, responder));
        bench.openssl(&[&["ocsp", "-url", &url], arguments].concat())
    })
}

fn ask_about(bench: &Bench, responder: &OcspResponder, what: &[&str]) -> Verdict {
    ask(bench, responder, &[&["-CAfile", "root1.pem", "-issuer", "root1.pem"], what].concat())
}

#[test]
fn an_issued_card_is_good_until_revoked() {
    let (bench, jlis) = world(1);
    let responder = jlis.responder(AUTHENTICATION, now()).unwrap();
    for digest in ["-sha1", "-sha256"] {
        let said = ask_about(&bench, &responder, &[digest, "-cert", "card1.pem"]);
        said.accepts().says("Response verify OK").says("card1.pem: good").says("Next Update");
        assert!(!said.text.contains("WARNING"), "the nonce comes back:\n{}", said.text);
    }
    jlis.revoke(AUTHENTICATION, 100, RevocationReason::AffiliationChanged, days_from_now(-1)).unwrap();
    let said = ask_about(&bench, &responder, &["-cert", "card1.pem"]);
    said.says("Response verify OK").says("card1.pem: revoked").says("Reason: affiliationChanged");
}

#[test]
fn a_card_never_issued_is_unknown_and_not_good() {
    let (bench, jlis) = world(1);
    let responder = jlis.responder(AUTHENTICATION, now()).unwrap();
    for serial in ["0x65", "0xffffffffffffffffffff", "0x80000064", "0x0", "-0x1"] {
        let said = ask_about(&bench, &responder, &["-serial", serial]);
        said.says("Response verify OK").says(": unknown");
    }
}

#[test]
fn one_request_may_ask_about_several() {
    let (bench, jlis) = world(1);
    let responder = jlis.responder(AUTHENTICATION, now()).unwrap();
    let said = ask_about(&bench, &responder, &["-cert", "card1.pem", "-serial", "7"]);
    said.says("Response verify OK").says("card1.pem: good").says("7: unknown");
    let many: Vec<String> = (1..=33).map(|serial| serial.to_string()).collect();
    let many: Vec<&str> = many.iter().flat_map(|serial| ["-serial", serial.as_str()]).collect();
    ask_about(&bench, &responder, &many).says("malformedrequest (1)");
}

#[test]
fn each_generation_answers_with_its_own_key() {
    let (bench, jlis) = world(2);
    let responder = jlis.responder(AUTHENTICATION, now()).unwrap();
    for (root, card) in [("root1.pem", "card1.pem"), ("root2.pem", "card2.pem")] {
        let said = ask(&bench, &responder, &["-CAfile", root, "-issuer", root, "-cert", card]);
        said.says("Response verify OK").says(": good");
    }
    // The serial exists, but under the other key.
    ask_about(&bench, &responder, &["-serial", "200"]).says("200: unknown");
}

#[test]
fn strangers_are_told_nothing() {
    let (bench, jlis) = world(1);
    let responder = jlis.responder(AUTHENTICATION, now()).unwrap();
    bench.authority();
    let said = ask(&bench, &responder, &["-CAfile", "root1.pem", "-issuer", "root.pem", "-serial", "1"]);
    said.says("unauthorized (6)");
    let said = ask_about(&bench, &responder, &["-sha512", "-serial", "100"]);
    said.says("unauthorized (6)");
}

#[test]
fn an_answer_is_of_its_time_only() {
    let (bench, jlis) = world(1);
    let responder = jlis.responder(AUTHENTICATION, now()).unwrap();
    let base = ["ocsp", "-CAfile", "root1.pem", "-issuer", "root1.pem", "-cert", "card1.pem"];
    bench.openssl(&[&base[..], &["-no_nonce", "-reqout", "request.der"]].concat());
    let request = std::fs::read(bench.path("request.der")).unwrap();
    let read = |at: Instant| {
        bench.file("response.der", responder.answer(&request, at));
        bench.openssl(&[&base[..], &["-no_nonce", "-respin", "response.der"]].concat())
    };
    let fresh = read(now());
    fresh.says("card1.pem: good");
    assert!(!fresh.text.contains("WARNING"));
    read(days_from_now(-1)).says("WARNING: Status times invalid");
}

#[test]
fn requests_beyond_the_limits_are_malformed() {
    let (bench, jlis) = world(1);
    let responder = jlis.responder(AUTHENTICATION, now()).unwrap();
    assert_eq!(responder.answer(&[], now()), MALFORMED);
    assert_eq!(responder.answer(&vec![0x30; MAX_OCSP_REQUEST_BYTES + 1], now()), MALFORMED);
    assert_eq!(responder.answer(&[0x30, 0x02, 0x30, 0x00], now()), MALFORMED);
    let base = ["ocsp", "-CAfile", "root1.pem", "-issuer", "root1.pem", "-cert", "card1.pem"];
    bench.openssl(&[&base[..], &["-reqout", "request.der"]].concat());
    let mut request = std::fs::read(bench.path("request.der")).unwrap();
    assert!(responder.answer(&request, now()).len() > 100);
    request.push(0);
    assert_eq!(responder.answer(&request, now()), MALFORMED, "bytes after the end");
    let other = jlis.responder(CardAuthorityKind::Signature, now()).unwrap();
    request.pop();
    assert_eq!(other.answer(&request, now()), UNAUTHORIZED);
}
