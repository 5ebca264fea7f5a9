//! The reader link: loopback HTTP through which the card reader at the counter reaches the centre, and the place
//! where a card session becomes a file in `face`.

mod face;
mod reader;
mod report;
mod token;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use eligibility::{
    codes::{CharacterCode, ResultSegment},
    errors::ErrorCode,
    institution::InstitutionCode,
    reader::ReaderSerial,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wire::{
    message::ConsentElements,
    reader_link::{
        CARD_CHECKS_PATH, MODE_PATH, NONCE_PATH, READER_SERIAL_HEADER, ReaderCardCheck, ReaderModeAnswer,
        ReaderNonce, ReaderOutcome,
    },
    terminal_api::{CardCheckRequest, CheckAnswer, PROBLEM_MEDIA_TYPE, Problem},
};

pub(crate) use reader::{Reader, ReaderSight};

use crate::{
    central::{Central, CentralError, patiently},
    clock,
    config::{self, Config, EncryptionSwitch, FaceEncoding, LINE_AUTHENTICATION},
    drop::Desk,
    loopback::{self, Patience},
    status::Status,
};

/// Largest body a reader may send, bytes: a certificate, a signature and a few words.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Path of the terminal's own state, for the reader and for health checks.
pub const STATUS_PATH: &str = "/reader/v1/status";

/// How long a session that is handed in takes at most: as long as the centre is asked, and the file.
const HANDED_IN: Duration = Duration::from_secs(60);

/// What a session needs.
struct Link<C> {
    central: Arc<C>,
    desk: Arc<Desk<C>>,
    status: Arc<Status>,
    reader: Arc<Reader>,
    institution: InstitutionCode,
    encoding: CharacterCode,
    consent_elements: ConsentElements,
    seal: Option<String>,
    token: String,
    /// Where this machine's browser finds the page of line authentication.
    line_page: String,
}

/// The bound listener, before it serves.
pub(crate) struct ReaderLink {
    listener: TcpListener,
    router: Router,
    reader: Arc<Reader>,
    status: Arc<Status>,
}

impl ReaderLink {
    /// Binds the loopback address and prepares the token.
    pub(crate) async fn bind<C: Central>(
        config: &Config,
        central: Arc<C>,
        desk: Arc<Desk<C>>,
        status: Arc<Status>,
    ) -> io::Result<Self> {
        let listen = config.reader_link.listen;
        if !listen.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the reader link listens on loopback only",
            ));
        }
        let reader = Arc::new(Reader::default());
        let link = Link {
            central,
            desk,
            status,
            reader: Arc::clone(&reader),
            institution: config.institution_code.clone(),
            encoding: match config.drop.face_encoding {
                FaceEncoding::Utf8 => CharacterCode::Utf8,
                FaceEncoding::ShiftJis => CharacterCode::ShiftJis,
            },
            consent_elements: match config.drop.consent_elements {
                config::ConsentElements::Edition2023 => ConsentElements::Edition2023,
                config::ConsentElements::Edition2025 => ConsentElements::Edition2025,
            },
            seal: seal_of(config)?,
            token: token::load_or_make(&config.token_file())?,
            line_page: config.line_page().to_owned(),
        };
        let listener = loopback::listen("reader_link.listen", listen).await?;
        let status = Arc::clone(&link.status);
        Ok(Self { listener, router: router(Arc::new(link)), reader, status })
    }

    /// What is known of the reader.
    pub(crate) fn reader(&self) -> Arc<Reader> {
        Arc::clone(&self.reader)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`, then lets sessions in flight come to their end; meanwhile tells the centre how the reader
    /// stands.
    pub(crate) async fn serve<C: Central>(self, central: Arc<C>, shutdown: CancellationToken) {
        let serving = loopback::serve(self.listener, self.router, Patience::default(), shutdown.clone());
        let telling = report::Telling { central, reader: self.reader, status: self.status };
        tokio::join!(serving, telling.run(shutdown));
    }
}

fn seal_of(config: &Config) -> io::Result<Option<String>> {
    let encryption = &config.drop.encryption;
    let wanted = encryption.interfaces.get(face::INTERFACE) == Some(&EncryptionSwitch::Encrypt);
    match &encryption.password_file {
        Some(file) if wanted => Ok(std::fs::read_to_string(file)?.lines().next().map(str::to_owned)),
        _ => Ok(None),
    }
}

fn router<C: Central>(link: Arc<Link<C>>) -> Router {
    Router::new()
        .route(NONCE_PATH, post(give_nonce::<C>))
        .route(CARD_CHECKS_PATH, post(check_card::<C>))
        .route(MODE_PATH, get(tell_mode::<C>))
        .route(STATUS_PATH, get(tell_status::<C>))
        .layer(from_fn_with_state(Arc::clone(&link), admit::<C>))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(link)
}

/// Only who can read the token file, and no browser: a web page can reach loopback too.
async fn admit<C: Central>(State(link): State<Arc<Link<C>>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let from_page = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if from_page || !shows_token(headers, &link.token) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    // A health check asks for the state; that is not the reader's program.
    if request.uri().path() != STATUS_PATH {
        link.reader.heard(told_serial(request.headers()));
    }
    next.run(request).await
}

/// 製造番号 that the reader's program told; one that cannot be one is none.
fn told_serial(headers: &HeaderMap) -> Option<ReaderSerial> {
    let told = headers.get(READER_SERIAL_HEADER)?.to_str().ok()?;
    ReaderSerial::parse(told).ok()
}

fn shows_token(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    shown.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|shown| {
        aws_lc_rs::constant_time::verify_slices_are_equal(shown.as_bytes(), token.as_bytes()).is_ok()
    })
}

async fn tell_status<C: Central>(State(link): State<Arc<Link<C>>>) -> Response {
    Json(link.status.report()).into_response()
}

async fn tell_mode<C: Central>(State(link): State<Arc<Link<C>>>) -> Response {
    link.status.settings().before_first(&*link.central).await;
    let mode = link.reader.mode(link.status.settings().usual_reader_mode());
    Json(ReaderModeAnswer { mode: mode.name().to_owned() }).into_response()
}

async fn give_nonce<C: Central>(State(link): State<Arc<Link<C>>>) -> Response {
    match link.nonce().await {
        Ok(nonce) => {
            link.reader.session_began(Duration::from_secs(nonce.expires_in_s.into()));
            Json(nonce).into_response()
        }
        Err(error) => {
            link.reader.session_ended(trouble(&error));
            link.problem(&error)
        }
    }
}

/// The code of what is wrong with the way to the centre; a question that was refused is no trouble of the reader. A line
/// that is not connected is: the centre answers, and to nobody here.
fn trouble(error: &CentralError) -> Option<String> {
    let no_line = ErrorCode::from_code(error.code()) == Some(ErrorCode::LineNotConnected);
    (no_line || error.is_trouble()).then(|| error.code().to_owned())
}

async fn check_card<C: Central>(
    State(link): State<Arc<Link<C>>>,
    Json(check): Json<ReaderCardCheck>,
) -> Response {
    // On its own task: the answer is written to `face` even when the reader hangs up meanwhile.
    let outcome = tokio::spawn(async move { link.check(check).await }).await;
    match outcome {
        Ok(outcome) => Json(outcome).into_response(),
        Err(error) => {
            tracing::error!(%error, "a card session panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl<C: Central> Link<C> {
    async fn nonce(&self) -> Result<ReaderNonce, CentralError> {
        self.status.settings().before_first(&*self.central).await;
        let outcome = patiently(|| self.central.nonce()).await;
        self.status.set_central_trouble(outcome.as_ref().is_err_and(CentralError::is_trouble));
        outcome.map(|fresh| ReaderNonce {
            nonce: fresh.nonce,
            institution_code: self.institution.clone(),
            terminal_fingerprint: fresh.terminal_fingerprint,
            as_of: clock::now_in_tokyo().date(),
            expires_in_s: fresh.expires_in_s,
            asked: self.status.settings().asked(),
        })
    }

    async fn check(&self, check: ReaderCardCheck) -> ReaderOutcome {
        let session = face::session_of(&check.nonce);
        // What staff entered names the reader that they stand at.
        let entered =
            check.visual_check.as_ref().and_then(|said| ReaderSerial::parse(&said.reader_serial).ok());
        self.reader.heard(entered);
        self.reader.session_began(HANDED_IN);
        let ask = CardCheckRequest {
            nonce: check.nonce,
            certificate: check.certificate,
            signature: check.signature,
            proof_method: check.proof_method,
            as_of: check.as_of,
            consents: check.consents,
            care_form: check.care_form,
            prescription_issue_select: check.prescription_issue_select,
            visual_check: check.visual_check,
        };
        let answer = patiently(|| self.central.check_card(ask.clone())).await;
        self.status.set_central_trouble(answer.as_ref().is_err_and(CentralError::is_trouble));
        match answer {
            Ok(answer) => self.hand_over(&session, answer).await,
            Err(error) => {
                self.reader.session_ended(trouble(&error));
                tracing::warn!(session, %error, "card session without an answer");
                failed(error.code(), error.message())
            }
        }
    }

    /// Writes the face result, then tells the reader.
    async fn hand_over(&self, session: &str, answer: CheckAnswer) -> ReaderOutcome {
        let message = face::complete(answer.answer, session, self.consent_elements);
        let file = face::file(session, &self.institution, &message, self.encoding, self.seal.as_deref());
        let written = match file {
            Ok((file, substituted)) => self.desk.write_face(file).await.map(|name| (name, substituted)),
            Err(error) => Err(error),
        };
        match written {
            Ok((name, substituted)) => {
                self.reader.session_ended(None);
                tracing::info!(session, "card session answered");
                self.status.note_substitutions(session, substituted);
                let substitutions = u32::try_from(substituted).unwrap_or(u32::MAX);
                let next_nonce = self.nonce().await.ok();
                ReaderOutcome { substitutions, file_name: Some(name), next_nonce, ..face::outcome(&message) }
            }
            Err(error) => {
                self.reader.session_ended(Some(ErrorCode::Internal.code().to_owned()));
                self.desk.report_trouble(&error);
                failed(ErrorCode::Internal.code(), ErrorCode::Internal.message().to_owned())
            }
        }
    }

    /// Why there is no nonce, and what the desk does about it, with the addresses as they are on this machine.
    fn problem(&self, error: &CentralError) -> Response {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let remedy = ErrorCode::from_code(error.code()).map(|known| known.entry().ja.desk);
        let body = Problem {
            kind: "about:blank".into(),
            title: error.message(),
            status: status.as_u16(),
            code: error.code().to_owned(),
            detail: remedy.map(|words| words.replace(LINE_AUTHENTICATION, &self.line_page)),
            retry_after_s: None,
        };
        (status, [(header::CONTENT_TYPE, PROBLEM_MEDIA_TYPE)], Json(body)).into_response()
    }
}

fn failed(code: &str, message: String) -> ReaderOutcome {
    ReaderOutcome {
        segment: ResultSegment::Failed.code().to_owned(),
        validity: None,
        code: Some(code.to_owned()),
        message: Some(message),
        name: None,
        substitutions: 0,
        file_name: None,
        next_nonce: None,
    }
}
