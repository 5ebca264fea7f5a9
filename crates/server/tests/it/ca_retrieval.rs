//! 電子証明書取得サイト, by page and by terminal: what a letter opens, and what it does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::{Method, Request};
use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::{Value, json};
use server::terminal_api::status::STATUS_PATH;
use testkit::system::Engine;

use crate::ca_support::{
    Bench, Codes, DAY, PASSWORD, Site, TERMINAL, code, fetch, form_id, request_of, send,
};
use crate::on_both_engines;

on_both_engines! {
    a_letter_becomes_a_certificate_that_a_terminal_works_with
    a_page_gives_a_file_that_openssl_opens
    however_often_one_form_comes_the_letter_gives_one_file
    lines_that_are_cut_use_up_no_try
    sixty_four_guesses_at_once_get_no_more_than_five_comparisons
    each_reason_for_a_refusal_has_its_name
    a_letter_ends_after_its_days
    a_lost_answer_is_given_again_to_the_same_key_only
    new_terminals_that_come_at_once_are_all_taken
}

fn new_key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::P256).expect("a key")
}

async fn a_letter_becomes_a_certificate_that_a_terminal_works_with(engine: Engine) {
    let site = Site::open(engine).await;
    let codes = site.letter("o1").await;
    let (status, about) = site.retrieve(&codes, json!({})).await;
    assert_eq!(status, 200, "{about}");
    assert_eq!(about["subject"]["terminal_name"], TERMINAL);
    assert_eq!(about["subject"]["institution_code"], code().as_str());
    let key = new_key();
    let (status, answer) = site.retrieve(&codes, json!({ "request_pem": request_of(TERMINAL, &key) })).await;
    assert_eq!(status, 200, "{answer}");
    let terminal = site.with_chain(answer["chain_pem"].as_str().expect("a chain"), key);
    // No restart, no waiting: the certificate is admitted.
    let connection = terminal.connect().await.expect("a connection");
    let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
    assert_eq!((reply.status, reply.json()["terminal_name"].as_str()), (200, Some(TERMINAL)));
    let bench = Bench::new(&site);
    bench.certificate("leaf.pem", &terminal.chain[0]);
    let verify = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "root.pem", "-untrusted"];
    let (right, said) = bench.openssl(&[&verify[..], &["issuing.pem", "leaf.pem"]].concat());
    assert!(right, "{said}");
    let (_, shown) =
        bench.openssl(&["x509", "-in", "leaf.pem", "-noout", "-subject", "-enddate", "-nameopt", "utf8"]);
    assert!(
        shown.contains("架空髙﨑内科") && shown.contains("14:59:59"),
        "ends at midnight in Tokyo: {shown}"
    );
    site.system.stop().await;
}

async fn new_terminals_that_come_at_once_are_all_taken(engine: Engine) {
    let site = Site::open(engine).await;
    for order in ["o1", "o2"] {
        let terminal = site.terminal(order).await;
        let first_question = async || {
            let connection = terminal.connect().await.expect("a connection");
            connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer").status
        };
        let taken = tokio::join!(first_question(), first_question(), first_question());
        assert_eq!(taken, (200, 200, 200), "{order}");
    }
    site.system.stop().await;
}

fn form(codes: &Codes, password: &str, again: &str) -> String {
    let pairs = [
        ("retrieval_number", codes.number.as_str()),
        ("secret", &codes.secret),
        ("password", password),
        ("password_again", again),
    ];
    pairs.map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).join("&")
}

async fn hand_in(site: &Site, body: String) -> (u16, hyper::HeaderMap, hyper::body::Bytes) {
    let address = site.address();
    let request = Request::post("/certificate")
        .header("host", address.to_string())
        .header("origin", format!("http://{address}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(body))
        .expect("a request");
    send(address, request).await
}

async fn a_page_gives_a_file_that_openssl_opens(engine: Engine) {
    let site = Site::open(engine).await;
    let codes = site.letter("o1").await;
    let (status, headers, page) = fetch(site.address(), "/certificate").await;
    let page = String::from_utf8_lossy(&page).into_owned();
    assert_eq!((status, headers["cache-control"].to_str().expect("text")), (200, "no-store"));
    for label in ["電子証明書取得サイト", "リファレンスナンバー", "認証ID", "取扱パスワード", ">取得<"]
    {
        assert!(page.contains(label), "{label}");
    }
    // A short password is told before anything is counted.
    for _ in 0..7 {
        let (status, _, page) = hand_in(&site, form(&codes, "short", "short")).await;
        assert_eq!(status, 422);
        assert!(String::from_utf8_lossy(&page).contains("取扱パスワードが短すぎます。"));
    }
    let spaced = Codes { number: codes.number.clone(), secret: codes.secret.to_lowercase() };
    let (status, headers, file) = hand_in(&site, form(&spaced, PASSWORD, PASSWORD)).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&file));
    assert_eq!(headers["content-type"], "application/x-pkcs12");
    let bench = Bench::new(&site);
    bench.file("certificate.p12", &file);
    let password = format!("pass:{PASSWORD}");
    let read = ["pkcs12", "-in", "certificate.p12", "-passin", &password, "-nodes", "-out", "all.pem"];
    let (right, said) = bench.openssl(&read);
    assert!(right, "{said}");
    let (_, said) =
        bench.openssl(&["pkcs12", "-in", "certificate.p12", "-passin", &password, "-info", "-noout"]);
    assert!(said.contains("AES-256-CBC") && !said.contains("RC2"), "{said}");
    let (right, said) =
        bench.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "all.pem"]);
    assert!(right, "{said}");
    // Neither the key nor the secret stays anywhere.
    let (status, _, page) = hand_in(&site, form(&codes, PASSWORD, PASSWORD)).await;
    assert_eq!(status, 409);
    assert!(String::from_utf8_lossy(&page).contains("この電子証明書は取得済みです。"));
    assert!(!String::from_utf8_lossy(&page).contains(PASSWORD));
    site.system.stop().await;
}

async fn however_often_one_form_comes_the_letter_gives_one_file(engine: Engine) {
    let site = std::sync::Arc::new(Site::open(engine).await);
    let codes = site.letter("o1").await;
    let (_, _, page) = fetch(site.address(), "/certificate").await;
    let id = form_id(&String::from_utf8_lossy(&page));
    let same = format!("{}&form_id={id}", form(&codes, PASSWORD, PASSWORD));
    let mut files = Vec::new();
    for times in [2, 16] {
        let press = |_| {
            let (site, same) = (site.clone(), same.clone());
            tokio::spawn(async move { hand_in(&site, same).await })
        };
        let presses: Vec<_> = (0..times).map(press).collect();
        for press in presses {
            let (status, headers, file) = press.await.expect("runs");
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&file));
            assert_eq!(headers["content-type"], "application/x-pkcs12");
            files.push(file);
        }
    }
    assert!(files.iter().all(|file| *file == files[0]), "one file");
    assert_eq!(site.system.store().certificates_of(&code()).await.expect("reads").len(), 1);
    // Not for another form, not for another password, not with another secret, and not for long.
    let other_form = same.replace(&id, &"0".repeat(id.len()));
    let other_password = same.replace(PASSWORD, "another-horse-9");
    for other in [&other_form, &other_password, &form(&codes, PASSWORD, PASSWORD)] {
        let (status, _, page) = hand_in(&site, other.clone()).await;
        assert_eq!(status, 409, "{}", String::from_utf8_lossy(&page));
    }
    let wrong = Codes { secret: "0".repeat(16), ..codes.clone() };
    let guessed = format!("{}&form_id={id}", form(&wrong, PASSWORD, PASSWORD));
    assert_eq!(hand_in(&site, guessed).await.0, 403);
    site.system.hands.advance(std::time::Duration::from_secs(11 * 60));
    assert_eq!(hand_in(&site, same).await.0, 409);
}

async fn lines_that_are_cut_use_up_no_try(engine: Engine) {
    use tokio::io::AsyncWriteExt as _;
    let site = Site::open(engine).await;
    let codes = site.letter("o1").await;
    let body = form(&codes, PASSWORD, PASSWORD);
    let address = site.address();
    let request = format!(
        "POST /certificate HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for _ in 0..12 {
        let mut line = tokio::net::TcpStream::connect(address).await.expect("connects");
        line.write_all(request.as_bytes()).await.expect("sends");
        line.flush().await.expect("sends");
        drop(line);
    }
    // The letter is not locked: it was fetched by one of them, or can be fetched now.
    let (status, answer) = site.retrieve(&codes, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    site.system.stop().await;
}

async fn sixty_four_guesses_at_once_get_no_more_than_five_comparisons(engine: Engine) {
    let site = std::sync::Arc::new(Site::open(engine).await);
    let codes = site.letter("o1").await;
    let guesses = (0..64).map(|guess| {
        let (site, mut codes) = (std::sync::Arc::clone(&site), codes.clone());
        codes.secret = format!("{:0>16}", guess);
        tokio::spawn(async move { site.retrieve(&codes, json!({})).await })
    });
    let guesses: Vec<_> = guesses.collect();
    let (mut compared, mut held) = (0, 0);
    for guess in guesses {
        let (status, answer) = guess.await.expect("runs");
        match answer["code"].as_str().unwrap_or_default() {
            "retrieval-wrong" => compared += 1,
            "retrieval-used-up" | "retrieval-too-many-tries" => held += 1,
            other => panic!("{status} {other}"),
        }
    }
    assert_eq!((compared, held), (5, 59));
    // Locked, with words and a remedy, also for who has the right secret.
    site.system.hands.advance(DAY);
    let (status, answer) = site.retrieve(&codes, json!({})).await;
    assert_eq!((status, answer["code"].as_str()), (403, Some("retrieval-used-up")));
    assert!(answer["title"].as_str().is_some_and(|text| text.contains("使えません")), "{answer}");
    assert!(answer["detail"].as_str().is_some_and(|text| text.contains("電子証明書発行申請")), "{answer}");
    // A number that no letter has is counted in the same way.
    let nobody = Codes { number: "000000000000".to_owned(), secret: "0000000000000000".to_owned() };
    let mut said = Vec::new();
    for _ in 0..6 {
        said.push(site.retrieve(&nobody, json!({})).await.1["code"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(said[..5], ["retrieval-wrong"; 5]);
    assert_eq!(said[5], "retrieval-used-up");
}

async fn refusal(site: &Site, codes: &Codes, request: &str) -> (u16, String) {
    let (status, answer) = site.retrieve(codes, json!({ "request_pem": request })).await;
    (status, answer["title"].as_str().unwrap_or_default().to_owned())
}

fn made_by_openssl(bench: &Bench, kind: &[&str]) -> String {
    let subject = format!("/C=JP/O={}/CN={TERMINAL}", code());
    let mut command =
        vec!["req", "-new", "-nodes", "-utf8", "-keyout", "k.pem", "-out", "r.pem", "-subj", &subject];
    command.extend(kind);
    let (made, said) = bench.openssl(&command);
    assert!(made, "{said}");
    String::from_utf8(bench.read("r.pem")).expect("PEM")
}

async fn each_reason_for_a_refusal_has_its_name(engine: Engine) {
    let site = Site::open(engine).await;
    let (codes, bench) = (site.letter("o1").await, Bench::new(&site));
    let curve = |name: &'static str| ["-newkey", "ec", "-pkeyopt", name];
    for (kind, words) in [
        (&["-newkey", "rsa:1024"][..], "鍵（RSA-1024）が弱すぎます"),
        (&["-newkey", "rsa:5120"][..], "鍵（RSA-5120）が大きすぎます"),
        (&["-newkey", "rsa:2048"][..], "鍵（RSA-2048）は使えません"),
        (&curve("ec_paramgen_curve:P-224")[..], "鍵（P-224）が弱すぎます"),
        (&curve("ec_paramgen_curve:P-384")[..], "鍵（P-384）は使えません"),
        (&["-newkey", "ed25519"][..], "鍵（Ed25519）は使えません"),
    ] {
        let (status, said) = refusal(&site, &codes, &made_by_openssl(&bench, kind)).await;
        assert!(status == 400 && said.starts_with(words), "{kind:?}: {said}");
    }
    let key = new_key();
    let (_, said) = refusal(&site, &codes, &request_of("別の端末", &key)).await;
    assert!(said.contains("名義が、医療機関コードと端末名称に一致しません"), "{said}");
    assert!(refusal(&site, &codes, "no request").await.1.contains("PKCS#10"));
    assert!(refusal(&site, &codes, &"x".repeat(17_000)).await.1.contains("大きすぎます"));
    // Asking whom the letter is for is no guess either, however often the line is cut afterwards.
    for _ in 0..6 {
        assert_eq!(site.retrieve(&codes, json!({})).await.0, 200);
    }
    // So many tries with the right secret, none of them lost.
    let (status, _) = refusal(&site, &codes, &request_of(TERMINAL, &key)).await;
    assert_eq!(status, 200);
    let other = site.letter_for("o2", TERMINAL).await;
    let (_, said) = refusal(&site, &other, &request_of(TERMINAL, &key)).await;
    assert!(said.contains("すでに電子証明書が発行されています"), "{said}");
    let lost = new_key();
    site.system.store().mark_key_compromised(&lost.public_key().fingerprint()).await.expect("marks");
    assert!(refusal(&site, &other, &request_of(TERMINAL, &lost)).await.1.contains("漏えい"));
    let both = json!({ "request_pem": request_of(TERMINAL, &new_key()), "pkcs12_password": PASSWORD });
    assert_eq!(site.retrieve(&other, both).await.0, 400);
    let (status, answer) = site.retrieve(&other, json!({ "pkcs12_password": PASSWORD })).await;
    assert_eq!(status, 200, "{answer}");
    let file = STANDARD.decode(answer["pkcs12_base64"].as_str().expect("a file")).expect("base64");
    bench.file("c.p12", file);
    let (right, said) =
        bench.openssl(&["pkcs12", "-in", "c.p12", "-passin", &format!("pass:{PASSWORD}"), "-noout"]);
    assert!(right, "{said}");
    site.system.stop().await;
}

async fn a_letter_ends_after_its_days(engine: Engine) {
    let site = Site::open(engine).await;
    let codes = site.letter("o1").await;
    site.system.hands.advance(DAY * 180);
    assert_eq!(site.retrieve(&codes, json!({})).await.0, 200, "the last day");
    site.system.hands.advance(DAY);
    let (status, answer) = site.retrieve(&codes, json!({})).await;
    assert_eq!((status, answer["code"].as_str()), (410, Some("retrieval-expired")), "{answer}");
    site.system.stop().await;
}

async fn a_lost_answer_is_given_again_to_the_same_key_only(engine: Engine) {
    let site = Site::open(engine).await;
    let codes = site.letter("o1").await;
    let request = json!({ "request_pem": request_of(TERMINAL, &new_key()) });
    let (_, first) = site.retrieve(&codes, request.clone()).await;
    for _ in 0..6 {
        let (status, again) = site.retrieve(&codes, request.clone()).await;
        assert_eq!((status, &again["chain_pem"]), (200, &first["chain_pem"]));
    }
    let (status, other) =
        site.retrieve(&codes, json!({ "request_pem": request_of(TERMINAL, &new_key()) })).await;
    assert_eq!((status, other["code"].as_str()), (409, Some("retrieval-already-done")));
    assert_eq!(other["chain_pem"], Value::Null);
    assert_eq!(site.system.store().certificates_of(&code()).await.expect("reads").len(), 1);
    site.system.stop().await;
}
