//! What the network fetches, judged by OpenSSL: lists in shards, answers, authorities, the public log.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eligibility::institution_certificate::RevocationReason;
use eligibility::merkle::{self, Hash};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use pki::keys::PublicKey;
use pki::transparency::SignedHead;
use serde_json::Value;
use server::ca::distribution::CACHED_MAX_S;
use testkit::system::Engine;

use crate::ca_support::{Bench, DAY, Site, Terminal, code, fetch, fetch_json, send};
use crate::on_both_engines;

on_both_engines! {
    lists_and_answers_are_fetched_and_verified
    whoever_has_a_list_or_an_answer_gets_another_one_only_when_it_is_another
    the_log_proves_what_was_issued_and_that_it_grew
    only_what_is_meant_for_everybody_is_given_out
}

/// The path of an address in a certificate.
pub(crate) fn path_in(bench: &Bench, kind: &str) -> String {
    let (_, text) = bench.openssl(&["x509", "-in", "leaf.pem", "-noout", "-text"]);
    let line = text.lines().find(|line| line.contains(kind)).unwrap_or_else(|| panic!("{kind}: {text}"));
    line.split("http://crl.example").nth(1).expect("an address").trim().to_owned()
}

/// The path of OpenSSL's question about the leaf (GET).
pub(crate) fn question_path(bench: &Bench) -> String {
    let ask = ["ocsp", "-issuer", "issuing.pem", "-cert", "leaf.pem", "-no_nonce", "-reqout", "q.der"];
    assert!(bench.openssl(&ask).0);
    let text = STANDARD.encode(bench.read("q.der")).replace('+', "%2B").replace('=', "%3D");
    format!("/ocsp/{text}")
}

/// One conditional request: whether the file is another than the one with this tag, and its tag now.
pub(crate) async fn fetch_unless(address: SocketAddr, path: &str, tag: &str) -> (u16, String, Bytes) {
    let request = Request::get(path).header("host", address.to_string()).header("if-none-match", tag);
    let (status, headers, body) = send(address, request.body(Full::default()).expect("a request")).await;
    let said = headers.get("etag").map(|tag| tag.to_str().expect("text").to_owned());
    (status, said.unwrap_or_default(), body)
}

/// Asks as OpenSSL does; what it read in the answer.
async fn ocsp(site: &Site, bench: &Bench, by_get: bool) -> String {
    let path = question_path(bench);
    let question = bench.read("q.der");
    let address = site.distribution();
    let host = address.to_string();
    let request = if by_get {
        Request::get(path).header("host", host).body(Full::default())
    } else {
        let request = Request::post("/ocsp").header("host", host);
        request.header("content-type", "application/ocsp-request").body(Full::from(question))
    };
    let (status, headers, answer) = send(address, request.expect("a request")).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (200, &"application/ocsp-response".parse().expect("a header"))
    );
    if answer.len() > 5 {
        let caching = headers["cache-control"].to_str().expect("text");
        // Good for half a day, and asked for again so soon that a revocation is known within a minute.
        let soon = format!("max-age={CACHED_MAX_S},");
        assert!(caching.starts_with(&soon) && caching.contains("no-transform"), "{caching}");
        assert!(headers["expires"].to_str().expect("text").ends_with("GMT"));
        assert!(headers["last-modified"].to_str().expect("text").ends_with("GMT"));
    }
    bench.file("a.der", &answer);
    let time = (site.system.clock.now().0 / 1000).to_string();
    let read = [
        "ocsp",
        "-respin",
        "a.der",
        "-issuer",
        "issuing.pem",
        "-cert",
        "leaf.pem",
        "-no_nonce",
        "-CAfile",
        "root.pem",
        "-verify_other",
        "issuing.pem",
        "-attime",
        &time,
    ];
    bench.openssl(&read).1
}

async fn whoever_has_a_list_or_an_answer_gets_another_one_only_when_it_is_another(engine: Engine) {
    let site = Site::open(engine).await;
    let (terminal, bench) = (site.terminal("o1").await, Bench::new(&site));
    bench.certificate("leaf.pem", &terminal.chain[0]);
    site.parts().publication.run().await.expect("publishes");
    let address = site.distribution();
    let paths = [path_in(&bench, "/crl/"), question_path(&bench)];
    let mut tags = Vec::new();
    for path in &paths {
        let (status, headers, body) = fetch(address, path).await;
        assert_eq!(status, 200, "{path}");
        let caching = headers["cache-control"].to_str().expect("text");
        assert!(caching.starts_with(&format!("max-age={CACHED_MAX_S},")), "{path}: {caching}");
        let tag = headers["etag"].to_str().expect("text").to_owned();
        for said in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let (status, again, body) = fetch_unless(address, path, &said).await;
            assert_eq!((status, &again, body.len()), (304, &tag, 0), "{path} with {said}");
        }
        let (status, _, whole) = fetch_unless(address, path, "\"other\"").await;
        assert_eq!((status, whole), (200, body), "{path}");
        tags.push(tag);
    }
    // A minute after which nobody may believe what they have: the day it is good for does not matter.
    const { assert!(CACHED_MAX_S < 60) };
    let reason = RevocationReason::KeyCompromise;
    site.desk().revoke(&code(), &terminal.serial, reason, "operator:o1", None).await.expect("revokes");
    site.parts().publication.run().await.expect("publishes");
    for (path, tag) in paths.iter().zip(&tags) {
        let (status, now, body) = fetch_unless(address, path, tag).await;
        assert!(status == 200 && now != *tag && !body.is_empty(), "{path}: what changed comes at once");
        // By its second alone the answer after is not told from the one before: nobody hears "unchanged" of it.
        let later = "Fri, 01 Jan 2100 00:00:00 GMT";
        let request = Request::get(path).header("host", address.to_string());
        let request = request.header("if-modified-since", later).body(Full::default());
        assert_eq!(send(address, request.expect("a request")).await.0, 200, "{path}");
    }
    site.system.stop().await;
}

/// A number that was never issued here: not "good", and not signed either (RFC 6960, unauthorized).
async fn an_unknown_number_is_not_called_good(site: &Site, bench: &Bench) {
    let serial = format!("0x{}", "5a".repeat(19));
    let ask = ["ocsp", "-issuer", "issuing.pem", "-serial", &serial, "-no_nonce", "-reqout", "q.der"];
    assert!(bench.openssl(&ask).0);
    let address = site.distribution();
    let request = Request::post("/ocsp")
        .header("host", address.to_string())
        .header("content-type", "application/ocsp-request")
        .body(Full::from(bench.read("q.der")));
    let (status, _, answer) = send(address, request.expect("a request")).await;
    assert_eq!((status, answer.as_ref()), (200, [0x30, 3, 0x0a, 1, 6].as_slice()));
}

async fn lists_and_answers_are_fetched_and_verified(engine: Engine) {
    let site = Site::open(engine).await;
    let (terminal, bench) = (site.terminal("o1").await, Bench::new(&site));
    bench.certificate("leaf.pem", &terminal.chain[0]);
    site.parts().publication.run().await.expect("publishes");
    let (status, headers, root) = fetch(site.distribution(), "/root.cer").await;
    assert_eq!((status, headers["content-type"].as_bytes()), (200, b"application/pkix-cert".as_slice()));
    assert_eq!(root, site.desk().signing().authority().root_der());
    let (_, _, issuer) = fetch(site.distribution(), &path_in(&bench, "/issuer/")).await;
    assert_eq!(issuer, site.desk().signing().authority().certificate_der());
    let crl_path = path_in(&bench, "/crl/");
    let verify = async || {
        let (status, headers, list) = fetch(site.distribution(), &crl_path).await;
        assert_eq!((status, headers["content-type"].as_bytes()), (200, b"application/pkix-crl".as_slice()));
        bench.file("list.der", &list);
        let (right, said) = bench.openssl(&[
            "crl",
            "-inform",
            "DER",
            "-in",
            "list.der",
            "-CAfile",
            "issuing.pem",
            "-out",
            "list.pem",
        ]);
        assert!(right && said.contains("verify OK"), "{said}");
        bench.openssl(&[
            "verify",
            "-crl_check",
            "-extended_crl",
            "-CRLfile",
            "list.pem",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "issuing.pem",
            "leaf.pem",
        ])
    };
    assert!(verify().await.0);
    for by_get in [false, true] {
        let said = ocsp(&site, &bench, by_get).await;
        assert!(said.contains("Response verify OK") && said.contains("leaf.pem: good"), "{said}");
    }
    let reason = RevocationReason::KeyCompromise;
    site.desk().revoke(&code(), &terminal.serial, reason, "operator:o1", None).await.expect("revokes");
    site.parts().publication.run().await.expect("publishes");
    let (good, said) = verify().await;
    assert!(!good && said.contains("certificate revoked"), "{said}");
    for by_get in [false, true] {
        let said = ocsp(&site, &bench, by_get).await;
        assert!(said.contains("leaf.pem: revoked") && said.contains("keyCompromise"), "{said}");
    }
    // Lists and answers are made anew on time: after eight days they are as good as today.
    site.system.hands.advance(DAY * 8);
    site.parts().publication.run().await.expect("publishes");
    let (_, _, list) = fetch(site.distribution(), &crl_path).await;
    let issuing = site.desk().signing().authority().certificate_der();
    let address = format!("http://crl.example{crl_path}");
    let now = site.system.clock.now();
    let read = pki::crl::VerifiedCrl::verify_shard(&list, issuing, now, &address).expect("current");
    assert!(read.is_revoked(&terminal.serial) && read.number > 1);
    // OpenSSL judges an answer's times by its own clock, which is eight days behind.
    let said = ocsp(&site, &bench, true).await;
    assert!(said.contains("Response verify OK") && said.contains("keyCompromise"), "{said}");
    an_unknown_number_is_not_called_good(&site, &bench).await;
    site.system.stop().await;
}

fn hash(value: &Value) -> Hash {
    let bytes = STANDARD.decode(value.as_str().expect("base64")).expect("base64");
    bytes.try_into().expect("32 bytes")
}

fn path_of(value: &Value) -> Vec<Hash> {
    value.as_array().expect("a path").iter().map(hash).collect()
}

/// The newest head, its signature checked.
async fn head(site: &Site) -> SignedHead {
    site.parts().publication.run().await.expect("publishes");
    let address = site.distribution();
    let (_, _, pem) = fetch(address, "/log/key").await;
    let der = pki::pem::decode("PUBLIC KEY", std::str::from_utf8(&pem).expect("PEM")).expect("PEM");
    let key = PublicKey::from_spki_der(&der).expect("a key");
    let heads = fetch_json(address, "/log/heads").await;
    let newest = &heads["heads"][0];
    let head = SignedHead {
        size: newest["tree_size"].as_u64().expect("a size"),
        root: hash(&newest["root_hash"]),
        signed_at: eligibility::Instant(newest["timestamp"].as_i64().expect("a time")),
        signature: STANDARD.decode(newest["signature"].as_str().expect("base64")).expect("base64"),
    };
    head.verify(&key).expect("the log signed it");
    head
}

async fn the_log_proves_what_was_issued_and_that_it_grew(engine: Engine) {
    let site = Site::open(engine).await;
    let first: Terminal = site.terminal("o1").await;
    let earlier = head(&site).await;
    for order in ["o2", "o3", "o4"] {
        site.terminal(order).await;
    }
    let later = head(&site).await;
    // Four terminals and the signer of answers.
    assert_eq!(later.size, 5);
    let address = site.distribution();
    let place =
        fetch_json(address, &format!("/log/inclusion?serial={}&size={}", first.serial, later.size)).await;
    let index = place["leaf_index"].as_u64().expect("an index");
    let entries = fetch_json(address, &format!("/log/entries?from={index}&count=1")).await;
    let leaf =
        STANDARD.decode(entries["entries"][0]["leaf_input"].as_str().expect("a leaf")).expect("base64");
    assert!(leaf.windows(first.chain[0].len()).any(|part| part == first.chain[0]), "the whole certificate");
    let proof = path_of(&place["audit_path"]);
    assert!(merkle::verify_inclusion(&merkle::leaf(&leaf), index, later.size, &later.root, &proof));
    let grown = format!("/log/consistency?first={}&second={}", earlier.size, later.size);
    let proof = path_of(&fetch_json(address, &grown).await["consistency"]);
    assert!(merkle::verify_consistency((earlier.size, &earlier.root), (later.size, &later.root), &proof));
    for path in ["/log/inclusion?serial=00ff", "/log/consistency?first=2&second=99"] {
        assert_eq!(fetch(address, path).await.0, 404, "{path}");
    }
    // All of it again from the start gives the same root.
    let all = fetch_json(address, "/log/entries?from=0&count=100").await;
    let mut tree = merkle::Tree::default();
    for entry in all["entries"].as_array().expect("entries") {
        tree.push(merkle::leaf(
            &STANDARD.decode(entry["leaf_input"].as_str().expect("a leaf")).expect("base64"),
        ));
    }
    assert_eq!(tree.root(), later.root);
    site.system.stop().await;
}

async fn only_what_is_meant_for_everybody_is_given_out(engine: Engine) {
    let site = Site::open(engine).await;
    let address = site.distribution();
    for path in ["/", "/certificate", "/v1/certificates/retrieval", "/crl/ffff/0.crl", "/issuer/ffff.cer"] {
        assert_eq!(fetch(address, path).await.0, 404, "{path}");
    }
    let (_, _, malformed) = fetch(address, "/ocsp/AAAA").await;
    assert_eq!(malformed.as_ref(), [0x30, 3, 10, 1, 1]);
    // Under another name the pages are not there; what is signed is the same wherever it comes from.
    let request = Request::get("/certificate").header("host", "evil.example").body(Full::default());
    assert_eq!(send(site.address(), request.expect("a request")).await.0, 421);
    let request = Request::post("/certificate")
        .header("host", site.address().to_string())
        .header("origin", "http://evil.example")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from("retrieval_number=1"));
    assert_eq!(send(site.address(), request.expect("a request")).await.0, 403);
    site.system.stop().await;
}
