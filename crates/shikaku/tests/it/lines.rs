//! Lines, between real processes: a reader, a terminal and a centre without a connected line, and a server whose gate
//! somebody opened.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
    time::Duration,
};

use reqwest::{Certificate, Client, header};

use crate::{
    beside_a_demo::{insert, tried},
    demo::once,
    program::{RunningDemo, free_port_base, shikaku, succeed},
};

const INSTITUTION: &str = "1319990012";
const CUSTOMER_ID: &str = "CAF0000000012";
const PREFIX: &str = "127.0.0.1/32";
const CODE: &str = "OQSA9110E";
const NAME: &str = "www.lineauth.mnw";
/// Longest wait for what another process says; reaching it is a failure.
const LOOKS: usize = 600;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// What the reader hears at the end of a card session: code and words.
async fn heard(demo: &RunningDemo, data: &Path) -> (Option<String>, String) {
    let (playing, reader) = insert("hanako", data);
    let ended = tried(demo, data, reader).await;
    drop(playing);
    match ended {
        Ok(outcome) => (outcome.code, outcome.message.unwrap_or_default()),
        Err(trouble) => (Some(trouble.code().to_owned()), trouble.for_staff()),
    }
}

fn browser(data: &Path, centre: u16) -> Client {
    let root = std::fs::read(data.join("ca/root.cert.pem")).expect("the root");
    let root = Certificate::from_pem(&root).expect("a certificate");
    let here = ([127, 0, 0, 1], centre).into();
    Client::builder().no_proxy().tls_certs_only([root]).resolve(NAME, here).build().expect("a client")
}

/// The page of the terminal, asked anew.
async fn state_page(demo: &RunningDemo) -> String {
    let gateway = demo.announcement["gateway"].as_str().expect("an address");
    let client = Client::builder().no_proxy().build().expect("a client");
    let asked = client.post(format!("{gateway}/terminal/")).header(header::ORIGIN, gateway);
    asked.send().await.expect("answers").text().await.expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_taken_away_is_told_at_the_reader_and_at_the_terminal_until_somebody_wishes() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let demo = RunningDemo::start(data);
    let text = data.to_str().expect("UTF-8");
    assert_eq!(heard(&demo, data).await.0, None, "with its line it works");
    let line = ["--prefix", PREFIX, "--data", text];
    succeed(["line", "withdraw", INSTITUTION].into_iter().chain(line));

    // Another process took it: the running centre learns of it within seconds.
    let mut told = (None, String::new());
    for _ in 0..LOOKS {
        told = heard(&demo, data).await;
        if told.0.as_deref() == Some(CODE) {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    assert_eq!(told.0.as_deref(), Some(CODE), "{}", told.1);
    assert!(told.1.contains("ネットワークエラー") && told.1.contains("回線認証"), "{}", told.1);
    let port = demo.address.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).expect("a port") + 7;
    let page = state_page(&demo).await;
    let own_page = format!("https://{NAME}:{port}");
    for words in ["ネットワークエラー", "回線認証", CODE, &own_page] {
        assert!(page.contains(words), "{words}: {page}");
    }

    let again = ["--customer-id", CUSTOMER_ID, "--shared", "--prefix", PREFIX, "--data", text];
    succeed(["line", "add", INSTITUTION].into_iter().chain(again));
    let pressed = browser(data, port)
        .post(format!("{own_page}/choice"))
        .header(header::ORIGIN, &own_page)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("choice=connect");
    let answer = pressed.send().await.expect("answers").text().await.expect("a text");
    assert!(answer.contains("回線認証接続済み"), "{answer}");
    assert_eq!(heard(&demo, data).await.0, None, "「希望する」 is enough");
}

/// What a server said while it started with these settings of its gate.
fn said_at_start(data: &Path, gate: &str) -> String {
    let settings = std::fs::read_to_string(data.join("server.toml")).expect("settings");
    // On other ports than a demo that runs meanwhile.
    let mut ports = free_port_base()..;
    let moved = settings.lines().map(|line| match line {
        _ if line.starts_with("listen = ") => {
            format!("listen = \"127.0.0.1:{}\"\n", ports.next().expect("a port"))
        }
        "required = true" => format!("{gate}\n"),
        _ => format!("{line}\n"),
    });
    let config = data.join("moved.toml");
    std::fs::write(&config, moved.collect::<String>()).expect("written");
    let mut server = shikaku(["serve", "--config"]);
    server.arg(&config).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = server.spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().expect("piped")).read_line(&mut line).expect("it says something");
    server.kill().expect("ended");
    let said = server.wait_with_output().expect("waited for");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(line.contains("terminals: https://"), "{line}{said}");
    said
}

#[test]
fn whoever_opens_the_gate_is_warned_at_each_start_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    once(&data, &["--json"]);
    let warning = "LINES ARE NOT DEMANDED";
    assert!(said_at_start(&data, "required = false").contains(warning));
    for demanded in ["required = true", ""] {
        let said = said_at_start(&data, demanded);
        assert!(!said.contains(warning), "{said}");
    }
}
