//! Certificate requests that are refused by name, at both doors that take them: 電子証明書取得サイト with a letter, and
//! the renewal of a certificate that is in use.

use hyper::Method;
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::{TerminalName, TerminalSubject, csr};
use serde_json::json;
use testkit::client::Connection;
use testkit::system::Engine;
use wire::institution_certificate::{RENEWAL_PATH, REQUEST_REFUSED};

use crate::ca_support::{Bench, Codes, DAY, Site, TERMINAL, code, request_of};
use crate::chain_support::code_of;
use crate::on_both_engines;

on_both_engines! { every_wrong_request_is_refused_by_name_at_both_doors }

/// One value in DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut value = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => value.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let long = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
            value.push(0x80 | u8::try_from(long.len()).expect("short"));
            value.extend(long);
        }
    }
    value.extend(content);
    value
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// rsaEncryption.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// sha256WithRSAEncryption.
const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];

/// A request with an RSA key of any size: it takes minutes to make a real one, and nobody should look that far.
fn oversized(bits: usize) -> String {
    let mut modulus = vec![0xff; bits / 8 + 1];
    modulus[0] = 0;
    let key = sequence(&[der(0x02, &modulus), der(0x02, &[1, 0, 1])]);
    let bit_string = |content: &[u8]| der(0x03, &[&[0], content].concat());
    let algorithm = |name: &[u8]| sequence(&[der(0x06, name), der(0x05, &[])]);
    let spki = sequence(&[algorithm(RSA), bit_string(&key)]);
    let part = |attribute: u8, tag: u8, text: &str| {
        der(0x31, &sequence(&[der(0x06, &[0x55, 0x04, attribute]), der(tag, text.as_bytes())]))
    };
    let name = sequence(&[part(6, 0x13, "JP"), part(10, 0x0c, code().as_str()), part(3, 0x0c, TERMINAL)]);
    let info = sequence(&[der(0x02, &[0]), name, spki, der(0xa0, &[])]);
    let request = sequence(&[info, algorithm(RSA_SHA256), bit_string(&vec![1; bits / 8])]);
    pki::pem::encode(pki::pem::CERTIFICATE_REQUEST, &request).expect("PEM")
}

fn by_openssl(bench: &Bench, kind: &[&str]) -> String {
    let subject = format!("/C=JP/O={}/CN={TERMINAL}", code());
    let begin = ["req", "-new", "-nodes", "-utf8", "-keyout", "k.pem", "-out", "r.pem", "-subj", &subject];
    let (made, said) = bench.openssl(&[&begin[..], kind].concat());
    assert!(made, "{said}");
    String::from_utf8(bench.read("r.pem")).expect("PEM")
}

fn new_key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::P256).expect("a key")
}

fn of_institution(institution: &str) -> String {
    let terminal = TerminalName::parse(TERMINAL).expect("a name");
    let subject = TerminalSubject { institution: code_of(institution), terminal };
    csr::create_pem(&subject, &new_key()).expect("a request")
}

/// A good request with one byte changed, counted from its end, and the number's neighbours left alone.
fn changed(find: impl Fn(&[u8]) -> usize) -> String {
    let good = request_of(TERMINAL, &new_key());
    let mut bytes = pki::pem::decode(pki::pem::CERTIFICATE_REQUEST, &good).expect("PEM");
    let at = find(&bytes);
    bytes[at] ^= 1;
    pki::pem::encode(pki::pem::CERTIFICATE_REQUEST, &bytes).expect("PEM")
}

/// The last byte of the point: it is on the curve no more.
fn in_the_point(request: &[u8]) -> usize {
    // An uncompressed point of P-256 in its BIT STRING.
    let begin = [0x03, 0x42, 0x00, 0x04];
    request.windows(4).position(|four| four == begin).expect("a point") + 4 + 63
}

/// Each wrong request, and what it is called.
async fn wrong(site: &Site, bench: &Bench, used: &PrivateKey) -> Vec<(&'static str, String, &'static str)> {
    let lost = new_key();
    site.system.store().mark_key_compromised(&lost.public_key().fingerprint()).await.expect("marks");
    let curve = |name: &'static str| ["-newkey", "ec", "-pkeyopt", name];
    vec![
        ("RSA-1024", by_openssl(bench, &["-newkey", "rsa:1024"]), "鍵（RSA-1024）が弱すぎます"),
        ("RSA-2048", by_openssl(bench, &["-newkey", "rsa:2048"]), "鍵（RSA-2048）は使えません"),
        ("RSA-16384", oversized(16_384), "鍵（RSA-16384）が大きすぎます"),
        ("P-224", by_openssl(bench, &curve("ec_paramgen_curve:P-224")), "鍵（P-224）が弱すぎます"),
        ("P-521", by_openssl(bench, &curve("ec_paramgen_curve:P-521")), "鍵（P-521）は使えません"),
        ("Ed25519", by_openssl(bench, &["-newkey", "ed25519"]), "鍵（Ed25519）は使えません"),
        ("no point", changed(in_the_point), "鍵がP-256の正しい鍵ではありません"),
        ("another institution", of_institution("1319990020"), "医療機関コードと端末名称に一致しません"),
        ("another terminal", request_of("別の端末", &new_key()), "医療機関コードと端末名称に一致しません"),
        ("signature", changed(|request| request.len() - 1), "その鍵で署名されていません"),
        ("reused key", request_of(TERMINAL, used), "すでに電子証明書が発行されています"),
        ("compromised key", request_of(TERMINAL, &lost), "漏えいしたもの"),
        ("no request", "-----BEGIN NOTHING-----".to_owned(), "PKCS#10"),
        ("too long", "x".repeat(20_000), "大きすぎます"),
    ]
}

async fn at_the_letters_door(site: &Site, codes: &Codes, request: &str) -> (u16, String, String) {
    let (status, answer) = site.retrieve(codes, json!({ "request_pem": request })).await;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (status, text("code"), text("title"))
}

async fn at_the_renewals_door(connection: &Connection, request: &str) -> (u16, String, String) {
    let wish = json!({ "request_pem": request });
    let reply = connection.send(Method::POST, RENEWAL_PATH, Some(&wish)).await.expect("an answer");
    let title = reply.json()["title"].as_str().unwrap_or_default().to_owned();
    (reply.status, reply.code(), title)
}

async fn serials(site: &Site) -> Vec<String> {
    let issued = site.system.store().certificates_of(&code()).await.expect("reads");
    issued.into_iter().map(|certificate| certificate.serial).collect()
}

async fn every_wrong_request_is_refused_by_name_at_both_doors(engine: Engine) {
    let site = Site::open(engine).await;
    let bench = Bench::new(&site);
    let old = site.terminal("o1").await;
    let read = pki::profile::TerminalIdentity::read(&old.chain[0]).expect("a certificate");
    let last = eligibility::calendar::tokyo_date(read.validity.not_after);
    let days = eligibility::calendar::days_between(site.system.today(), last);
    site.system.hands.advance(DAY * u32::try_from(days - 60).expect("days"));
    let codes = site.letter("o2").await;
    let connection = old.connect().await.expect("a connection");
    let before = serials(&site).await;
    for (what, request, words) in wrong(&site, &bench, &old.key).await {
        for (door, (status, code, title)) in [
            ("letter", at_the_letters_door(&site, &codes, &request).await),
            ("renewal", at_the_renewals_door(&connection, &request).await),
        ] {
            assert_eq!((status, &*code), (400, REQUEST_REFUSED), "{what}, {door}: {title}");
            assert!(title.contains(words), "{what}, {door}: {title}");
        }
    }
    assert_eq!(serials(&site).await, before, "nothing was issued");
    // None of it was a guess: the letter opens, and so does the renewal; each with a key of its own.
    let key = new_key();
    assert_eq!(at_the_letters_door(&site, &codes, &request_of(TERMINAL, &key)).await.0, 200);
    let (status, code, title) = at_the_renewals_door(&connection, &request_of(TERMINAL, &key)).await;
    assert_eq!((status, &*code), (400, REQUEST_REFUSED), "the letter's key is not the renewal's: {title}");
    assert_eq!(at_the_renewals_door(&connection, &request_of(TERMINAL, &new_key())).await.0, 200);
    site.system.stop().await;
}
