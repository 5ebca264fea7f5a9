//! A central side with a certificate authority, letters read from their paper, certificates judged by OpenSSL.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::CertificateUses;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use pki::keys::{KeyAlgorithm, PrivateKey};
use pki::{TerminalName, TerminalSubject, csr};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use server::Clock;
use server::ca::{Desk, LetterDesk, LetterFor, Parts, Written, opened_letter};
use server::config::Config;
use store::{Institution, InstitutionAddress};
use testkit::authority::{letters, with_authority};
use testkit::client::{Connection, Http, NoReply};
use testkit::system::{Engine, INSTITUTION, TestSystem};
use wire::institution_certificate::RETRIEVAL_PATH;

pub(crate) use crate::ops::send;
use crate::sites::seal;

/// 端末名称 of most letters here.
pub(crate) const TERMINAL: &str = "受付1号機（葛\u{E0100}城）";
/// A 取扱パスワード.
pub(crate) const PASSWORD: &str = "correct-horse-9";
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// The codes of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Codes {
    pub(crate) number: String,
    pub(crate) secret: String,
}

/// A system whose server has the authority.
pub(crate) struct Site {
    pub(crate) system: TestSystem,
    pub(crate) letters: LetterDesk,
    first_day: Clock,
}

pub(crate) fn code() -> InstitutionCode {
    InstitutionCode::parse(INSTITUTION).expect("a code")
}

impl Site {
    pub(crate) async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    pub(crate) async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let system = TestSystem::start_with(engine, |config| {
            with_authority(config);
            change(config);
        })
        .await;
        let institution = Institution { code: code(), name: "架空髙﨑内科".to_owned() };
        system.store().put_institution(institution).await.expect("an institution");
        let address = InstitutionAddress {
            postal_code: "1310045".to_owned(),
            first_line: "東京都墨田区架空一丁目2番3号".to_owned(),
            second_line: Some("架空ビルディング4階".to_owned()),
        };
        system.store().put_institution_address(&code(), address).await.expect("an address");
        let first_day = Clock::driven(system.clock.now()).0;
        Self { system, letters: LetterDesk::new(&letters(), seal()).expect("fonts"), first_day }
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.system.server.authority().expect("an authority").parts
    }

    pub(crate) fn desk(&self) -> &Arc<Desk> {
        &self.parts().desk
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.system.server.authority().expect("an authority").address
    }

    pub(crate) fn distribution(&self) -> SocketAddr {
        self.system.server.authority().and_then(|running| running.distribution).expect("a plain listener")
    }

    /// Writes a letter, posts it, and reads its codes off the paper.
    pub(crate) async fn letter(&self, order: &str) -> Codes {
        self.letter_for(order, TERMINAL).await
    }

    pub(crate) async fn letter_for(&self, order: &str, terminal_name: &str) -> Codes {
        let (letter_id, codes) = self.unposted(order, terminal_name).await;
        let (store, now) = (self.system.store(), self.system.clock.now());
        let posted = store.post_letter(&code(), &letter_id, "123-45-67890-1", "yubin", now).await;
        assert_eq!(posted, Ok(true));
        codes
    }

    /// A letter that lies at the operator: its id and its codes.
    pub(crate) async fn unposted(&self, order: &str, terminal_name: &str) -> (String, Codes) {
        let letter = LetterFor {
            institution: code(),
            order_id: order.to_owned(),
            application: None,
            in_place_of: None,
            terminal_name: terminal_name.to_owned(),
            uses: CertificateUses::EligibilityAndBilling,
        };
        assert_eq!(self.letters.write(self.desk(), &letter).await.expect("a letter"), Written::Filed);
        let waiting = self.system.store().letters_to_post().await.expect("letters");
        let letter = waiting.iter().find(|letter| letter.order_id == order).expect("the letter");
        let sealed = self.system.store().sealed_letter(&code(), &letter.letter_id).await.expect("reads");
        let pdf = opened_letter(&seal(), (&code(), &letter.letter_id), &sealed.expect("a letter"));
        (letter.letter_id.clone(), codes(&pdf.expect("ours")))
    }

    pub(crate) async fn retrieve(&self, codes: &Codes, more: Value) -> (u16, Value) {
        retrieve_at(self.address(), codes, more).await
    }

    /// A terminal that fetched its certificate with a letter, and its key.
    pub(crate) async fn terminal(&self, order: &str) -> Terminal {
        let codes = self.letter(order).await;
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let (status, answer) =
            self.retrieve(&codes, json!({ "request_pem": request_of(TERMINAL, &key) })).await;
        assert_eq!(status, 200, "{answer}");
        self.with_chain(answer["chain_pem"].as_str().expect("a chain"), key)
    }

    pub(crate) fn with_chain(&self, chain_pem: &str, key: PrivateKey) -> Terminal {
        // The server's own certificate is not what these tests are about: the terminal judges it by the first day.
        terminal_by(&self.first_day, &self.system, chain_pem, key)
    }
}

/// POST to 電子証明書取得サイト as a terminal does.
pub(crate) async fn retrieve_at(address: SocketAddr, codes: &Codes, more: Value) -> (u16, Value) {
    let mut body = json!({ "retrieval_number": codes.number, "secret": codes.secret });
    if let (Some(all), Some(more)) = (body.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    let request = Request::post(RETRIEVAL_PATH)
        .header("host", address.to_string())
        .header("content-type", "application/json")
        .body(Full::from(body.to_string()))
        .expect("a request");
    let (status, _, body) = send(address, request).await;
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// A terminal with this certificate, whose own clock is given.
pub(crate) fn terminal_by(clock: &Clock, system: &TestSystem, chain_pem: &str, key: PrivateKey) -> Terminal {
    let chain: Vec<Vec<u8>> = chain_pem
        .split_inclusive("-----END CERTIFICATE-----\n")
        .map(|pem| pki::pem::decode(pki::pem::CERTIFICATE, pem).expect("a certificate"))
        .collect();
    let identity = pki::profile::TerminalIdentity::read(&chain[0]).expect("a terminal's certificate");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(system.authority.certificate_der().to_vec())).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_details(provider, Arc::new(clock.clone()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_client_auth_cert(
            chain.iter().map(|der| CertificateDer::from(der.clone())).collect(),
            PrivateKeyDer::try_from(key.pkcs8_der().to_vec()).expect("a key"),
        )
        .expect("a client certificate");
    Terminal {
        chain,
        key,
        serial: identity.serial,
        fingerprint: identity.fingerprint,
        tls: Arc::new(config),
        address: system.server.terminal_api(),
    }
}

/// A terminal with a certificate of this authority.
pub(crate) struct Terminal {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) key: PrivateKey,
    pub(crate) serial: String,
    pub(crate) fingerprint: String,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) address: SocketAddr,
}

impl Terminal {
    pub(crate) async fn connect(&self) -> Result<Connection, NoReply> {
        Connection::open(self.address, &self.tls, Http::Two).await
    }
}

/// A request for the usual institution.
pub(crate) fn request_of(terminal: &str, key: &PrivateKey) -> String {
    let terminal = TerminalName::of_certificate(terminal).expect("a name");
    csr::create_pem(&TerminalSubject { institution: code(), terminal }, key).expect("a request")
}

/// One plain request.
pub(crate) async fn fetch(address: SocketAddr, path: &str) -> (u16, HeaderMap, Bytes) {
    let request = Request::get(path).header("host", address.to_string()).body(Full::default());
    send(address, request.expect("a request")).await
}

pub(crate) async fn fetch_json(address: SocketAddr, path: &str) -> Value {
    let (status, _, body) = fetch(address, path).await;
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

/// The text of a PDF as it is printed.
pub(crate) fn printed(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("letter.pdf");
    std::fs::write(&file, pdf).expect("a file");
    let output = Command::new("pdftotext").args(["-layout"]).arg(&file).arg("-").output();
    String::from_utf8(output.expect("apt-get install poppler-utils").stdout).expect("UTF-8")
}

/// The codes as they stand on the paper, in groups of four.
pub(crate) fn codes(pdf: &[u8]) -> Codes {
    let text = printed(pdf);
    let group =
        |word: &&str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let groups = |line: &str, count: usize| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.windows(count).find(|run| run.iter().all(&group)).map(<[&str]>::concat)
    };
    let digits = |code: &String| code.bytes().all(|b| b.is_ascii_digit());
    let number = text.lines().find_map(|line| groups(line, 3).filter(digits));
    let secret = text.lines().find_map(|line| groups(line, 4));
    Codes { number: number.expect("a number"), secret: secret.expect("a secret") }
}

/// A folder in which OpenSSL works.
pub(crate) struct Bench(tempfile::TempDir);

impl Bench {
    pub(crate) fn new(site: &Site) -> Self {
        let bench = Self(tempfile::tempdir().expect("a folder"));
        let authority = site.desk().signing().authority();
        let pem = |der: &[u8]| pki::pem::encode(pki::pem::CERTIFICATE, der).expect("PEM");
        bench.file("root.pem", pem(authority.root_der()));
        bench.file("issuing.pem", pem(authority.certificate_der()));
        bench
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub(crate) fn certificate(&self, name: &str, der: &[u8]) {
        self.file(name, pki::pem::encode(pki::pem::CERTIFICATE, der).expect("PEM"));
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).expect("a file")
    }

    /// Whether OpenSSL was content, and what it said.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path()).output();
        let output = output.expect("apt-get install openssl");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// The one-time id in a page's form.
pub(crate) fn form_id(page: &str) -> String {
    let rest = page.split("name=\"form_id\" value=\"").nth(1).expect("a form with an id");
    rest.split('"').next().unwrap_or_default().to_owned()
}
