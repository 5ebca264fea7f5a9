//! The way to the terminal on the same machine.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use eligibility::{
    Date,
    errors::ErrorCode,
    reader::{ReaderMode, ReaderSerial},
};
use reqwest::{Client, RequestBuilder, StatusCode, header::HeaderValue};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wire::{
    reader_link::{
        CARD_CHECKS_PATH, MODE_PATH, NONCE_PATH, READER_SERIAL_HEADER, ReaderCardCheck, ReaderModeAnswer,
        ReaderNonce, ReaderOutcome,
    },
    terminal_api::Problem,
};
use zeroize::Zeroizing;

use crate::clock;

/// Longer than the terminal itself tries to reach the centre, so that its words arrive instead of a timeout here.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Time a connection is kept for the next request: shorter than the terminal keeps it, so that none is lost on one that
/// is just being closed.
const REST_TIMEOUT: Duration = Duration::from_secs(15);
/// Connecting to the same machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A nonce kept from the last answer is used only while it lives at least this much longer.
const LEAST_LIFE: Duration = Duration::from_secs(20);
/// Longest answer read, bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Where the terminal is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalLinkConfig {
    /// Address of the terminal's reader link (loopback).
    pub address: SocketAddr,
    /// File with the token the terminal made.
    pub token_file: PathBuf,
    /// 製造番号 of the reader, as it stands on the device; the terminal's page shows it. Default: none is told.
    #[serde(default)]
    pub reader_serial: Option<String>,
}

/// Why the terminal gave no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The address is not on this machine.
    #[error("the reader link must be on this machine")]
    NotLoopback,
    /// The reader's serial number is none.
    #[error("reader_serial: {}", eligibility::reader::NoReaderSerial)]
    Serial,
    /// The token file cannot be read.
    #[error("the token file cannot be read: {0}")]
    Token(String),
    /// The terminal does not run or does not answer.
    #[error("the terminal does not answer")]
    Unreachable,
    /// The terminal does not accept the token.
    #[error("the terminal does not accept the token")]
    NotAdmitted,
    /// The terminal says that the centre cannot be asked.
    #[error("the terminal reports {code}")]
    Reported {
        /// Code of the catalogue.
        code: String,
        /// The terminal's words.
        message: String,
        /// What to do about it, in the terminal's words; empty when it says nothing.
        remedy: String,
    },
    /// An answer of another shape.
    #[error("the terminal's answer is not understood")]
    NotUnderstood,
}

impl LinkError {
    /// Code of the catalogue.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Reported { code, .. } => code,
            Self::Unreachable | Self::NotUnderstood => ErrorCode::CentralUnreachable.code(),
            Self::NotLoopback | Self::Token(_) | Self::Serial | Self::NotAdmitted => {
                ErrorCode::TerminalNotReady.code()
            }
        }
    }

    /// Words for the staff.
    #[must_use]
    pub fn for_staff(&self) -> String {
        match self {
            Self::Reported { message, remedy, .. } => format!("{message}{remedy}"),
            Self::Unreachable => {
                "資格確認端末が応答しません。端末のアプリが動いているか確かめてください。".into()
            }
            Self::NotUnderstood => {
                "資格確認端末の応答を処理できません。システム事業者に連絡してください。".into()
            }
            Self::NotLoopback | Self::Token(_) | Self::Serial | Self::NotAdmitted => {
                "カードリーダーと資格確認端末の接続設定を確かめてください。".into()
            }
        }
    }
}

/// A client of the terminal's reader link.
pub struct TerminalLink {
    client: Client,
    base: String,
    token: Zeroizing<String>,
    serial: Option<HeaderValue>,
    kept: Mutex<Option<(ReaderNonce, Instant)>>,
}

impl TerminalLink {
    /// Reads the token; connects only when asked something.
    ///
    /// # Errors
    /// [`LinkError::NotLoopback`], [`LinkError::Token`], [`LinkError::Serial`].
    pub fn new(config: &TerminalLinkConfig) -> Result<Self, LinkError> {
        if !config.address.ip().is_loopback() {
            return Err(LinkError::NotLoopback);
        }
        let token = std::fs::read_to_string(&config.token_file)
            .map_err(|error| LinkError::Token(error.to_string()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(trusting_nobody()?)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(REST_TIMEOUT)
            .build()
            .map_err(|_| LinkError::Unreachable)?;
        let token = Zeroizing::new(token.trim().to_owned());
        let serial = config.reader_serial.as_deref().map(serial_header).transpose()?;
        Ok(Self { client, base: format!("http://{}", config.address), token, serial, kept: Mutex::default() })
    }

    /// A nonce for the card: the one that came with the last outcome, or a new one.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn nonce(&self) -> Result<ReaderNonce, LinkError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept.filter(|kept| is_good(kept, Instant::now(), clock::today())) {
            Some((nonce, _)) => Ok(nonce),
            None => self.post(NONCE_PATH, &()).await,
        }
    }

    /// How the reader is to prove who somebody is, as people at the desk switched it.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn mode(&self) -> Result<ReaderMode, LinkError> {
        let answer: ReaderModeAnswer = self.ask(self.client.get(format!("{}{MODE_PATH}", self.base))).await?;
        ReaderMode::from_name(&answer.mode).ok_or(LinkError::NotUnderstood)
    }

    /// Hands a signed session to the terminal. Handed in again (after a lost answer) it is the same session.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn submit(&self, check: &ReaderCardCheck) -> Result<ReaderOutcome, LinkError> {
        let outcome: ReaderOutcome = self.post(CARD_CHECKS_PATH, check).await?;
        if let Some(nonce) = &outcome.next_nonce {
            let until = Instant::now() + Duration::from_secs(nonce.expires_in_s.into());
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((nonce.clone(), until));
        }
        Ok(outcome)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, LinkError> {
        self.ask(self.client.post(format!("{}{path}", self.base)).json(body)).await
    }

    async fn ask<T: DeserializeOwned>(&self, mut request: RequestBuilder) -> Result<T, LinkError> {
        if let Some(serial) = &self.serial {
            request = request.header(READER_SERIAL_HEADER, serial);
        }
        let mut response =
            request.bearer_auth(self.token.as_str()).send().await.map_err(|_| LinkError::Unreachable)?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| LinkError::Unreachable)? {
            if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(LinkError::NotUnderstood);
            }
            answer.extend_from_slice(&chunk);
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(LinkError::NotAdmitted);
        }
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|_| LinkError::NotUnderstood);
        }
        match serde_json::from_slice::<Problem>(&answer) {
            Ok(problem) => Err(LinkError::Reported {
                code: problem.code,
                message: problem.title,
                remedy: problem.detail.unwrap_or_default(),
            }),
            Err(_) => Err(LinkError::NotUnderstood),
        }
    }
}

fn serial_header(serial: &str) -> Result<HeaderValue, LinkError> {
    let serial = ReaderSerial::parse(serial).map_err(|_| LinkError::Serial)?;
    HeaderValue::from_str(serial.as_str()).map_err(|_| LinkError::Serial)
}

/// Whether the next patient can use a nonce that is kept until a moment: it lives long enough, and the day that came
/// with it is still today. The night of a change of insurance is no time to ask about yesterday.
fn is_good((nonce, until): &(ReaderNonce, Instant), now: Instant, today: Date) -> bool {
    *until > now + LEAST_LIFE && nonce.as_of == today
}

/// The link is plain HTTP on one machine; the HTTP library wants to know all the same whom TLS would trust: nobody.
fn trusting_nobody() -> Result<rustls::ClientConfig, LinkError> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| LinkError::Unreachable)?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

impl std::fmt::Debug for TerminalLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TerminalLink").field("base", &self.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_nonce_is_used_while_it_lives_and_its_day_lasts() {
        let (now, today) = (Instant::now(), Date::constant(2026, 3, 31));
        let nonce = ReaderNonce {
            nonce: "n".into(),
            institution_code: eligibility::institution::InstitutionCode::parse("1319990012").expect("a code"),
            terminal_fingerprint: "ab".into(),
            as_of: today,
            asked: None,
            expires_in_s: 120,
        };
        let kept = (nonce, now + Duration::from_secs(60));
        assert!(is_good(&kept, now, today));
        assert!(!is_good(&kept, now + Duration::from_secs(41), today), "it would die under way");
        assert!(!is_good(&kept, now, Date::constant(2026, 4, 1)), "it names yesterday");
    }
}
