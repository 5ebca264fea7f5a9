//! The three questions over HTTPS, and the proof that an answer is the centre's.

use std::{
    path::PathBuf,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eligibility::{Date, codes::InquiryMethod, institution::InstitutionCode};
use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use serde::{Serialize, de::DeserializeOwned};
use wire::receipt::ReceiptClaims;
use wire::terminal_api::{
    CARD_VERIFICATIONS_PATH, CardCheckRequest, CheckAnswer, JwkSet, NONCE_HEADER, NONCES_PATH,
    NUMBER_VERIFICATIONS_PATH, NonceAnswer, NonceRequest, NumberCheckRequest, RECEIPT_KEYS_PATH, answer_text,
};

use super::{
    Central, CentralError, FreshNonce, Identity, IdentityError, ReceiptError, ReceiptKeys, ReceiptKeysError,
    connected::{Connected, Connections},
    receipts::ReceiptFile,
    trouble::{read_body, refusal},
};
use crate::{certificate::IdentitySlot, clock, config::Config};

/// Nonces fetched at once.
const NONCES_AT_ONCE: u32 = 4;

/// The central system over HTTPS.
#[derive(Debug)]
pub struct HttpsCentral {
    connections: Connections,
    base: String,
    institution: InstitutionCode,
    keys: RwLock<ReceiptKeys>,
    /// Where the only keys come from that count, if not from the centre.
    pinned: Option<PathBuf>,
    issuer: String,
    receipts: ReceiptFile,
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
    /// A client for the centre in `config`. Connects only when asked something. Without a certificate it works only
    /// where the terminal has pages to install one with, and asks nothing until then.
    ///
    /// # Errors
    /// [`ClientError`] when certificate, key or state folder cannot be used.
    pub fn new(config: &Config) -> Result<Self, ClientError> {
        let identity = match Identity::load(config) {
            Ok(identity) => Some(identity),
            // The pages say what is wrong with it and take another one.
            Err(error) if config.gateway.is_some() => {
                let institution = config.institution_code.as_str();
                tracing::warn!(
                    institution, %error,
                    "this terminal has no certificate to work with, and asks the centre nothing until one is installed: \
                     on its own page, or with `shikaku terminal certificate install`"
                );
                None
            }
            Err(error) => return Err(error.into()),
        };
        let base = config.central.url.trim_end_matches('/').to_owned();
        let pinned = config.central.receipt_keys_file.clone();
        Ok(Self {
            connections: Connections::new(
                IdentitySlot::new(identity),
                base.clone(),
                config.central.local_address,
            ),
            base,
            institution: config.institution_code.clone(),
            keys: RwLock::new(pinned.as_deref().map(ReceiptKeys::load).transpose()?.unwrap_or_default()),
            pinned,
            issuer: config.central.receipt_issuer.clone(),
            receipts: ReceiptFile::open(&config.state)?,
        })
    }

    /// Asks for a check. The answer is used when its receipt proves it, for this question and byte for byte.
    async fn check(
        &self,
        connected: &Connected,
        path: &str,
        request: &impl Serialize,
        asked: Asked,
    ) -> Result<CheckAnswer, CentralError> {
        let question = serde_json::to_vec(request)
            .map_err(|_| CentralError::NotUnderstood("the question cannot be written".into()))?;
        let digest = base64_digest(&question);
        let request = connected.client.post(format!("{}{path}", self.base)).body(question);
        let body = body_of(connected, request.header(CONTENT_TYPE, "application/json")).await?;
        let answer: CheckAnswer = understood(&body)?;
        let text = std::str::from_utf8(&body).ok().and_then(answer_text).map(str::as_bytes);
        self.accept(answer, &asked, &digest, text.map(base64_digest).as_deref()).await
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
        if verdict.as_ref().is_err_and(|error| *error == ReceiptError::Outdated) {
            return Err(CentralError::Outdated);
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
                let connected = self.connections.current()?;
                let body = body_of(&connected, connected.client.get(path)).await?;
                ReceiptKeys::new(&understood::<JwkSet>(&body)?)
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
        self.check(&*self.connections.current()?, NUMBER_VERIFICATIONS_PATH, &request, asked).await
    }

    async fn check_card(&self, request: CardCheckRequest) -> Result<CheckAnswer, CentralError> {
        let asked = Asked { method: InquiryMethod::Card, as_of: request.as_of };
        let connected = self.connections.of_nonce(&request.nonce)?;
        self.check(&connected, CARD_VERIFICATIONS_PATH, &request, asked).await
    }

    async fn nonce(&self) -> Result<FreshNonce, CentralError> {
        let connected = self.connections.current()?;
        let terminal_fingerprint = connected.fingerprint.clone();
        if let Some((nonce, expires_in_s)) = connected.nonces.take() {
            return Ok(FreshNonce { nonce, expires_in_s, terminal_fingerprint });
        }
        let request = connected.client.post(format!("{}{NONCES_PATH}", self.base));
        let body = body_of(&connected, request.json(&NonceRequest { count: NONCES_AT_ONCE })).await?;
        let answer: NonceAnswer = understood(&body)?;
        connected.nonces.put(answer.nonces, Duration::from_secs(answer.expires_in_s.into()));
        let (nonce, expires_in_s) = connected
            .nonces
            .take()
            .ok_or_else(|| CentralError::NotUnderstood("no nonce in the answer".into()))?;
        Ok(FreshNonce { nonce, expires_in_s, terminal_fingerprint })
    }

    async fn post(&self, path: &'static str, question: Vec<u8>) -> Result<Vec<u8>, CentralError> {
        let connected = self.connections.current()?;
        let request = connected.client.post(format!("{}{path}", self.base)).body(question);
        body_of(&connected, request.header(CONTENT_TYPE, "application/json")).await
    }

    fn identity(&self) -> Option<IdentitySlot> {
        Some(self.connections.slot().clone())
    }
}

/// The body of a successful answer; a nonce that comes with it is kept.
async fn body_of(connected: &Connected, request: RequestBuilder) -> Result<Vec<u8>, CentralError> {
    let response = connected.send(request).await?;
    if let Some(nonce) = response.headers().get(NONCE_HEADER).and_then(|value| value.to_str().ok()) {
        connected.nonces.put_next(nonce.to_owned());
    }
    let status = response.status();
    let body = read_body(response).await?;
    if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
}

/// SHA-256, base64url: as a receipt holds it.
fn base64_digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

fn understood<T: DeserializeOwned>(body: &[u8]) -> Result<T, CentralError> {
    serde_json::from_slice(body).map_err(|_| CentralError::NotUnderstood("unexpected body".into()))
}
