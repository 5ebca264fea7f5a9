//! Another vendor's terminal: card checks straight at the terminal API, over mutual TLS.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use card::simulator::SharedCard;
use eligibility::institution::InstitutionCode;
use hyper::Method;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use server::clock::Clock;
use testkit::client::{Connection, Http};
use tokio::runtime::Runtime;
use wire::{
    reader_link::{ReaderCardCheck, ReaderNonce},
    terminal_api::{CARD_VERIFICATIONS_PATH, CardCheckRequest, NONCES_PATH, NonceAnswer},
};

use super::{GLANCE, PATIENCE, blows::Traffic, cards, site::Site};

/// Each so many checks one is asked once more after its answer.
const AGAIN_EACH: usize = 8;

pub(super) struct Direct {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    http: Http,
    institution: InstitutionCode,
    fingerprint: String,
    card: SharedCard,
    /// The verification's id that was told for each nonce.
    ledger: Mutex<BTreeMap<String, String>>,
    traffic: Traffic,
}

impl Direct {
    pub(super) fn new(site: &Site, card: SharedCard, http: Http) -> Self {
        let settings = server::Config::load(&site.server_settings).expect("settings");
        let keys = site.data.join("keys");
        let chain: Vec<_> = CertificateDer::pem_file_iter(keys.join("terminal.cert.pem"))
            .and_then(Iterator::collect)
            .expect("certificates");
        let fingerprint = pki::profile::fingerprint(&chain[0]);
        let tls = Arc::new(client_tls(&site.data.join("ca/root.cert.pem"), chain, &keys));
        let institution = InstitutionCode::parse(population::DEMO_INSTITUTION).expect("a code");
        let address = settings.terminal_api.listen;
        let (ledger, traffic) = Default::default();
        Self { address, tls, http, institution, fingerprint, card, ledger, traffic }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.ledger.lock().expect("nobody panicked")
    }

    pub(super) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    pub(super) fn told(&self) -> usize {
        self.ledger().len()
    }

    /// Checks until `closing`. A question once signed is sent until it has its answer.
    pub(super) fn work(&self, closing: &AtomicBool) {
        let runtime = Runtime::new().expect("a runtime");
        let mut line = Line { direct: self, runtime, open: None };
        while !closing.load(Ordering::Relaxed) {
            let nonces = line.ask(NONCES_PATH, &json!({"count": 1}));
            let nonces: NonceAnswer = serde_json::from_value(nonces).expect("nonces");
            let nonce = nonces.nonces.into_iter().next().expect("one nonce");
            let question = self.question(&nonce);
            let answer = line.ask(CARD_VERIFICATIONS_PATH, &question);
            let known = self.ledger().insert(nonce, verification(&answer));
            assert_eq!(known, None, "a nonce was given out twice");
            if self.told().is_multiple_of(AGAIN_EACH) {
                let again = line.ask(CARD_VERIFICATIONS_PATH, &question);
                assert_eq!(again["receipt"], answer["receipt"], "one nonce, two answers");
            }
        }
    }

    fn question(&self, nonce: &str) -> Value {
        let to_sign = ReaderNonce {
            asked: None,
            nonce: nonce.to_owned(),
            institution_code: self.institution.clone(),
            terminal_fingerprint: self.fingerprint.clone(),
            as_of: Clock::system().today(),
            expires_in_s: 0,
        };
        let ReaderCardCheck {
            nonce, certificate, signature, proof_method, as_of, consents, care_form, ..
        } = cards::sign(&self.card, &to_sign);
        let question = CardCheckRequest {
            nonce,
            certificate,
            signature,
            proof_method,
            as_of,
            consents,
            care_form,
            prescription_issue_select: None,
            visual_check: None,
        };
        serde_json::to_value(question).expect("JSON")
    }
}

/// The connection, made anew whenever the server was killed.
struct Line<'a> {
    direct: &'a Direct,
    runtime: Runtime,
    open: Option<Connection>,
}

impl Line<'_> {
    fn ask(&mut self, path: &str, body: &Value) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = self.try_once(path, body) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path}: no answer within {PATIENCE:?}");
            std::thread::sleep(GLANCE);
        }
    }

    /// `None` when the server was killed meanwhile, or is only just starting.
    fn try_once(&mut self, path: &str, body: &Value) -> Option<Value> {
        if self.open.is_none() {
            let Direct { address, tls, http, .. } = self.direct;
            self.open = self.runtime.block_on(Connection::open(*address, tls, *http)).ok();
        }
        let (runtime, open) = (&self.runtime, self.open.as_ref()?);
        let sent = self.direct.traffic.send(|| runtime.block_on(open.send(Method::POST, path, Some(body))));
        let Ok(reply) = sent else {
            self.open = None;
            return None;
        };
        if reply.status == 503 {
            return None;
        }
        assert_eq!(reply.status, 200, "{path}: {}", reply.code());
        Some(reply.json())
    }
}

/// The verification's id, as the answer's receipt has it.
fn verification(answer: &Value) -> String {
    let receipt = answer["receipt"].as_str().expect("a receipt");
    claims(receipt).expect("claims")["jti"].as_str().expect("an id").to_owned()
}

/// What a receipt claims; `None` when it is none.
pub(super) fn claims(receipt: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD.decode(receipt.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

fn client_tls(root: &Path, chain: Vec<CertificateDer<'static>>, keys: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).expect("a root")).expect("a root");
    let key = PrivateKeyDer::from_pem_file(keys.join("terminal.key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .expect("a client certificate")
}
