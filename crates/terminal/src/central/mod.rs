//! The central system as this terminal sees it: three questions, typed troubles, and one HTTPS client for them.

mod asking;
mod client;
mod connected;
mod identity;
mod nonces;
mod patience;
mod probe;
mod receipts;
mod trouble;

use std::future::Future;

use eligibility::errors::ErrorCode;
use wire::terminal_api::{CardCheckRequest, CheckAnswer, NumberCheckRequest, Problem};

pub(crate) use asking::ask;
pub use client::{ClientError, HttpsCentral};
pub(crate) use connected::Connected;
pub use identity::{Identity, IdentityError};
pub(crate) use identity::{roots, tls_without_certificate};
pub(crate) use patience::patiently;
pub use receipts::{ReceiptError, ReceiptKeys, ReceiptKeysError};
pub(crate) use trouble::{read_body, refusal, trouble};

use crate::certificate::IdentitySlot;

/// The centre is there but cannot answer now.
const HTTP_UNAVAILABLE: u16 = 503;
/// From here on the trouble is the centre's own.
const HTTP_SERVER_ERRORS: u16 = 500;

/// What the terminal asks of the central system. [`HttpsCentral`] is the real one.
pub trait Central: Send + Sync + 'static {
    /// A check by number. The same request (same id) always gets the same answer.
    ///
    /// # Errors
    /// [`CentralError`]
    fn check_number(
        &self,
        request: NumberCheckRequest,
    ) -> impl Future<Output = Result<CheckAnswer, CentralError>> + Send;

    /// A check by card. The same nonce always gets the same answer.
    ///
    /// # Errors
    /// [`CentralError`]
    fn check_card(
        &self,
        request: CardCheckRequest,
    ) -> impl Future<Output = Result<CheckAnswer, CentralError>> + Send;

    /// A nonce for a card to sign.
    ///
    /// # Errors
    /// [`CentralError`]
    fn nonce(&self) -> impl Future<Output = Result<FreshNonce, CentralError>> + Send;

    /// Hands a question in JSON to a path of the terminal API and returns the answer's JSON. For questions whose
    /// answers need no receipt: reference numbers, files with many rows, what an institution keeps at the centre.
    ///
    /// # Errors
    /// [`CentralError`]
    fn post(
        &self,
        path: &'static str,
        question: Vec<u8>,
    ) -> impl Future<Output = Result<Vec<u8>, CentralError>> + Send {
        let _ = (path, question);
        async { Err(CentralError::NotUnderstood("the centre takes no such question".into())) }
    }

    /// Where the certificate in use stands, for a centre that is shown one.
    fn identity(&self) -> Option<IdentitySlot> {
        None
    }
}

/// A nonce and how long it still lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshNonce {
    /// The nonce, to be used as it is.
    pub nonce: String,
    /// Life from now, seconds.
    pub expires_in_s: u32,
    /// Lower-case hex SHA-256 of the certificate it was given to, which the card's signature is bound to.
    pub terminal_fingerprint: String,
}

/// Why the central system gave no answer. Holds no personal data: it is logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CentralError {
    /// No connection, no answer in time, or the centre is out of order: asking again may help.
    #[error("the central system cannot be reached: {0}")]
    Unreachable(String),
    /// The two sides do not accept each other's certificates: asking again does not help.
    #[error("the terminal is not admitted: {0}")]
    NotAdmitted(String),
    /// The centre's certificate is not valid by this machine's clock: one of the two is wrong.
    #[error("the centre's certificate does not fit this machine's clock: {0}")]
    Untimely(String),
    /// The centre understood and refused; the problem says why.
    #[error("the central system refused: {} {}", .0.status, .0.code)]
    Refused(Box<Problem>),
    /// The centre said something this terminal does not understand or trust.
    #[error("the central system's answer is not understood: {0}")]
    NotUnderstood(String),
    /// The answer came without a good receipt, or its receipt says something else: it is not used.
    #[error("the central system's answer is not proven: {0}")]
    Unproven(String),
    /// The centre gave the first answer to this question again, and the time of its receipt is over: it is not used.
    #[error("the central system's answer is of an earlier time")]
    Outdated,
}

impl CentralError {
    /// Whether the same question can be asked again with hope.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(problem) => problem.status == HTTP_UNAVAILABLE,
            Self::NotAdmitted(_) | Self::Untimely(_) | Self::NotUnderstood(_) | Self::Unproven(_) => false,
            // The same question gets the same answer; another question may be asked.
            Self::Outdated => false,
        }
    }

    /// Whether this says that something between terminal and centre is broken, rather than that a question was refused.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        !matches!(self, Self::Refused(problem) if problem.status < HTTP_SERVER_ERRORS)
    }

    /// Code of the catalogue for the result.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable(_) | Self::NotUnderstood(_) => ErrorCode::CentralUnreachable.code(),
            Self::NotAdmitted(_) | Self::Untimely(_) => ErrorCode::TerminalNotReady.code(),
            Self::Unproven(_) | Self::Outdated => ErrorCode::AnswerUnproven.code(),
            Self::Refused(problem) => &problem.code,
        }
    }

    /// Text for the front desk, at most [`wire::message::MAX_ERROR_MESSAGE_CHARS`] characters.
    #[must_use]
    pub fn message(&self) -> String {
        match (ErrorCode::from_code(self.code()), self) {
            // The centre says which function it is; the catalogue cannot.
            (None | Some(ErrorCode::FunctionOff), Self::Refused(problem)) => {
                problem.title.chars().take(wire::message::MAX_ERROR_MESSAGE_CHARS).collect()
            }
            (Some(known), _) => known.message().to_owned(),
            (None, _) => String::new(),
        }
    }
}
