//! The HTTPS client: mutual TLS 1.3, kept connections, bounded times and sizes.

use std::{
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::{Date, codes::InquiryMethod, institution::InstitutionCode};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header::CONTENT_TYPE};
use serde::{Serialize, de::DeserializeOwned};
use wire::receipt::ReceiptClaims;
use wire::terminal_api::{
    CARD_VERIFICATIONS_PATH, CardCheckRequest, CheckAnswer, JwkSet, NONCE_HEADER, NONCES_PATH,
    NUMBER_VERIFICATIONS_PATH, NonceAnswer, NonceRequest, NumberCheckRequest, Problem, RECEIPT_KEYS_PATH,
    answer_text,
};

use super::{
    Central, CentralError, FreshNonce, Identity, IdentityError, ReceiptError, ReceiptKeys, ReceiptKeysError,
    nonces::Nonces, probe::Probe, receipts::ReceiptFile,
};
use crate::{clock, config::Config};

/// Time to connect and shake hands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Time for one question with its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// How long an idle connection is kept.
const KEEP_IDLE: Duration = Duration::from_secs(90);
/// Nonces fetched at once.
const NONCES_AT_ONCE: u32 = 4;
/// Longest answer read, bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The central system over HTTPS.
#[derive(Debug)]
pub struct HttpsCentral {
    client: Client,
    base: String,
    institution: InstitutionCode,
    fingerprint: String,
    nonces: Nonces,
    keys: RwLock<ReceiptKeys>,
    /// Where the only keys come from that count, if not from the centre.
    pinned: Option<PathBuf>,
    issuer: String,
    receipts: ReceiptFile,
    probe: Option<Probe>,
}

/// What was asked, as far as a receipt repeats it.
struct Asked {
    method: InquiryMethod,
    as_of: Date,
}

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The terminal's certificate or key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The HTTP library refused its settings.
    #[error("the HTTPS client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
    /// The receipt keys that were brought here.
    #[error("central.receipt_keys_file: {0}")]
    ReceiptKeys(#[from] ReceiptKeysError),
    /// The state folder.
    #[error("the state folder cannot be used: {0}")]
    State(#[from] std::io::Error),
}

impl HttpsCentral {
    /// A client for the centre in `config`. Connects only when asked something.
    ///
    /// # Errors
    /// [`ClientError`] when certificate, key or state folder cannot be used.
    pub fn new(config: &Config) -> Result<Self, ClientError> {
        let identity = Identity::load(&config.central)?;
        Self::with_identity(config, &identity, &config.state)
    }

    fn with_identity(config: &Config, identity: &Identity, state: &Path) -> Result<Self, ClientError> {
        let tls = identity.tls()?;
        let pinned = config.central.receipt_keys_file.clone();
        let probe = Probe::new(tls.clone(), &config.central.url);
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(KEEP_IDLE)
            .build()?;
        Ok(Self {
            client,
            base: config.central.url.trim_end_matches('/').to_owned(),
            institution: config.institution_code.clone(),
            fingerprint: identity.fingerprint().to_owned(),
            nonces: Nonces::default(),
            keys: RwLock::new(pinned.as_deref().map(ReceiptKeys::load).transpose()?.unwrap_or_default()),
            pinned,
            issuer: config.central.receipt_issuer.clone(),
            receipts: ReceiptFile::open(state)?,
            probe,
        })
    }

    /// Asks for a check. The answer is used when its receipt proves it, for this question and byte for byte.
    async fn check(
        &self,
        path: &str,
        request: &impl Serialize,
        asked: Asked,
    ) -> Result<CheckAnswer, CentralError> {
        let question = serde_json::to_vec(request)
            .map_err(|_| CentralError::NotUnderstood("the question cannot be written".into()))?;
        let digest = base64_digest(&question);
        let request = self.client.post(format!("{}{path}", self.base)).body(question);
        let body = self.body_of(request.header(CONTENT_TYPE, "application/json")).await?;
        let answer: CheckAnswer = understood(&body)?;
        let text = std::str::from_utf8(&body).ok().and_then(answer_text).map(str::as_bytes);
        self.accept(answer, &asked, &digest, text.map(base64_digest).as_deref()).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, CentralError> {
        self.send(self.client.post(format!("{}{path}", self.base)).json(body)).await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CentralError> {
        understood(&self.body_of(request).await?)
    }

    /// The body of a successful answer.
    async fn body_of(&self, request: RequestBuilder) -> Result<Vec<u8>, CentralError> {
        let error = match request.send().await {
            Ok(response) => return self.read(response).await,
            Err(error) => error,
        };
        // Whoever is not admitted may only see the line cut: ask in a way that shows why.
        if was_cut(&error)
            && let Some(probe) = &self.probe
            && let Some(objection) = probe.objection().await
        {
            return Err(tls_trouble(&objection));
        }
        Err(trouble(&error))
    }

    async fn read(&self, response: Response) -> Result<Vec<u8>, CentralError> {
        if let Some(nonce) = response.headers().get(NONCE_HEADER).and_then(|value| value.to_str().ok()) {
            self.nonces.put_next(nonce.to_owned());
        }
        let status = response.status();
        let body = read_body(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        Err(refusal(status, &body))
    }

    /// Checks and keeps the receipt; an answer that it does not prove is not passed on.
    async fn accept(
        &self,
        answer: CheckAnswer,
        asked: &Asked,
        question_digest: &str,
        answer_digest: Option<&str>,
    ) -> Result<CheckAnswer, CentralError> {
        let mut verdict = self.verify(&answer.receipt);
        if verdict.as_ref().is_err_and(|error| *error == ReceiptError::UnknownKey) {
            self.renew_keys().await?;
            verdict = self.verify(&answer.receipt);
        }
        let proof = verdict.map_err(|error| error.to_string()).and_then(|claims| {
            if claims.iss != self.issuer {
                return Err("its receipt is of another issuer".to_owned());
            }
            if (claims.method, claims.as_of) != (asked.method, asked.as_of)
                || claims.question != question_digest
            {
                return Err("its receipt is about another question".to_owned());
            }
            if let Some(what) = claims.disagreement_with(&answer.answer) {
                return Err(format!("its receipt says another {what}"));
            }
            match answer_digest == Some(claims.answer.as_str()) {
                true => Ok(()),
                false => Err("its receipt is about another answer".to_owned()),
            }
        });
        if let Err(why) = proof {
            tracing::error!(alarm = "answer", why, "an answer of the centre is not proven and is not used");
            return Err(CentralError::Unproven(why));
        }
        self.receipts.keep(answer.receipt.clone());
        Ok(answer)
    }

    fn verify(&self, receipt: &str) -> Result<ReceiptClaims, ReceiptError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.verify(receipt, self.institution.as_str(), clock::now_ms() / 1000)
    }

    /// A receipt names a key that is not known: the file with the keys was replaced, or the centre signs with a new one.
    async fn renew_keys(&self) -> Result<(), CentralError> {
        let keys = match &self.pinned {
            // A file that is being replaced is no reason to forget the keys that it had.
            Some(file) => match ReceiptKeys::load(file) {
                Ok(keys) => keys,
                Err(error) => {
                    tracing::warn!(%error, "the file of receipt keys cannot be read");
                    return Ok(());
                }
            },
            None => {
                let path = format!("{}{RECEIPT_KEYS_PATH}", self.base);
                ReceiptKeys::new(&self.send::<JwkSet>(self.client.get(path)).await?)
            }
        };
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if *known != ReceiptKeys::default() && *known != keys {
            tracing::warn!(
                pinned = self.pinned.is_some(),
                "the keys that sign receipts have changed: ask whoever runs the centre whether they were renewed"
            );
        }
        *known = keys;
        Ok(())
    }
}

impl Central for HttpsCentral {
    async fn check_number(&self, request: NumberCheckRequest) -> Result<CheckAnswer, CentralError> {
        let asked = Asked { method: InquiryMethod::Number, as_of: request.as_of };
        self.check(NUMBER_VERIFICATIONS_PATH, &request, asked).await
    }

    async fn check_card(&self, request: CardCheckRequest) -> Result<CheckAnswer, CentralError> {
        let asked = Asked { method: InquiryMethod::Card, as_of: request.as_of };
        self.check(CARD_VERIFICATIONS_PATH, &request, asked).await
    }

    async fn nonce(&self) -> Result<FreshNonce, CentralError> {
        if let Some(nonce) = self.nonces.take() {
            return Ok(nonce);
        }
        let answer: NonceAnswer = self.post(NONCES_PATH, &NonceRequest { count: NONCES_AT_ONCE }).await?;
        self.nonces.put(answer.nonces, Duration::from_secs(answer.expires_in_s.into()));
        self.nonces.take().ok_or_else(|| CentralError::NotUnderstood("no nonce in the answer".into()))
    }

    fn terminal_fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// SHA-256, base64url: as a receipt holds it.
fn base64_digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

fn understood<T: DeserializeOwned>(body: &[u8]) -> Result<T, CentralError> {
    serde_json::from_slice(body).map_err(|_| CentralError::NotUnderstood("unexpected body".into()))
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, CentralError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| trouble(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(CentralError::NotUnderstood("the answer is too large".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn refusal(status: StatusCode, body: &[u8]) -> CentralError {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        // What the body says about the status is not relied on: retries hang on it.
        return CentralError::Refused(Box::new(Problem { status: status.as_u16(), ..problem }));
    }
    let what = format!("status {}", status.as_u16());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CentralError::NotAdmitted(what),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => CentralError::Unreachable(what),
        _ if status.is_server_error() => CentralError::Unreachable(what),
        _ => CentralError::NotUnderstood(what),
    }
}

/// Tells certificate trouble from network trouble. The address is left out: it may hold nothing personal today,
/// but errors are logged.
fn trouble(error: &reqwest::Error) -> CentralError {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(tls) = tls_error(cause) {
            return tls_trouble(tls);
        }
        next = cause.source();
    }
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    CentralError::Unreachable(what.into())
}

fn tls_trouble(tls: &rustls::Error) -> CentralError {
    match tls {
        rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_) => {
            CentralError::NotAdmitted(tls.to_string())
        }
        _ => CentralError::Unreachable(tls.to_string()),
    }
}

/// Whether a connection that stood was cut, and not for a reason that TLS gave.
fn was_cut(error: &reqwest::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let mut io = None;
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if tls_error(cause).is_some() {
            return false;
        }
        io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(io);
        next = cause.source();
    }
    let is_cut = matches!(io, Some(BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof));
    !error.is_timeout() && (is_cut || !error.is_connect())
}

/// A TLS error as it is, or inside the I/O errors it usually travels in (whose `source` would skip over it).
fn tls_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    match cause.downcast_ref::<std::io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => cause.downcast_ref(),
    }
}
