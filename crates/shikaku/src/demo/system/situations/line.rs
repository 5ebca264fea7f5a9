//! A bare line to the centre, as a program of one's own would open it: mutual TLS 1.3 with a terminal's certificate.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::Value;
use wire::terminal_api::{NONCES_PATH, NonceAnswer, Problem};

/// Time for one question with its answer: only a centre that will never answer takes it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Who calls whom.
pub(super) struct Caller<'a> {
    /// The authority that signs the centre's certificate, PEM.
    pub(super) root: &'a Path,
    /// The terminal's certificate, PEM.
    pub(super) certificate: &'a Path,
    /// Its key, PEM.
    pub(super) key: &'a Path,
    /// `host:port` of the centre.
    pub(super) centre: &'a str,
}

/// An open line.
#[derive(Clone)]
pub(super) struct Line {
    http: reqwest::Client,
    base: String,
}

/// What came back.
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Line {
    /// Connects when first asked something.
    pub(super) fn open(caller: &Caller<'_>) -> Result<Self> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(caller)?)
            .https_only(true)
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .build()?;
        Ok(Self { http, base: format!("https://{}", caller.centre) })
    }

    /// Asks.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Heard> {
        let answer = self.http.post(format!("{}{path}", self.base)).json(body).send().await?;
        Ok(Heard { status: answer.status().as_u16(), body: answer.text().await? })
    }

    /// Passes a question on as it is; without a body it is a GET.
    pub(super) async fn pass_on(&self, path: &str, body: Option<hyper::body::Bytes>) -> Result<Heard> {
        let address = format!("{}{path}", self.base);
        let request = match body {
            Some(body) => self.http.post(address).header("content-type", "application/json").body(body),
            None => self.http.get(address),
        };
        let answer = request.send().await?;
        Ok(Heard { status: answer.status().as_u16(), body: answer.text().await? })
    }

    /// Opens a page with a cookie, and whatever page it leads to.
    pub(super) async fn get_as(&self, path: &str, cookie: &str) -> Result<Heard> {
        let answer = self.http.get(format!("{}{path}", self.base)).header("cookie", cookie).send().await?;
        Ok(Heard { status: answer.status().as_u16(), body: answer.text().await? })
    }

    /// Begins a request whose body never ends.
    pub(super) async fn begin(&self, path: &str) -> Result<()> {
        let request = self.http.post(format!("{}{path}", self.base));
        let body = reqwest::Body::wrap(Endless);
        request.header("content-type", "application/json").body(body).send().await?;
        Ok(())
    }

    /// A nonce for a card to sign.
    pub(super) async fn nonce(&self) -> Result<String> {
        let heard = self.post(NONCES_PATH, &serde_json::json!({"count": 1})).await?;
        ensure!(heard.status == 200, "no nonce: {}", heard.body);
        let answer: NonceAnswer = serde_json::from_str(&heard.body)?;
        answer.nonces.into_iter().next().context("no nonce in the answer")
    }
}

impl Heard {
    /// The refusal, if it is one.
    pub(super) fn problem(&self) -> Option<Problem> {
        serde_json::from_str(&self.body).ok()
    }
}

/// A body of which nothing ever comes.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = hyper::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

fn tls(caller: &Caller<'_>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(caller.root)? {
        roots.add(authority)?;
    }
    let key = PrivateKeyDer::from_pem_file(caller.key)
        .with_context(|| format!("cannot read {}", caller.key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates(caller.certificate)?, key)?;
    // Many requests on one connection.
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    found.with_context(|| format!("cannot read {}", path.display()))
}
