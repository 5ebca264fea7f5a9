//! From a decision to what is recorded and what is sent: the message, the receipt, the audit entry.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use eligibility::codes::{InquiryMethod, PrescriptionIssue};
use eligibility::consent::StandingConsent;
use eligibility::disclosure::Disclosure;
use eligibility::errors::ErrorCode;
use eligibility::insurer::InsurerNumber;
use eligibility::person::PersonKey;
use eligibility::verification::Decision;
use eligibility::{Date, Instant};
use store::NewVerification;
use store::audit::AuditEvent;
use uuid::Uuid;
use wire::compose::{self, AnswerContext};
use wire::message::{ResultMessage, SearchInfo};
use wire::receipt::{ReceiptClaims, ReceiptCoverage};
use wire::terminal_api::{CheckAnswer, answer_text};

use super::body::{Digests, base64_digest};
use super::receipt::ReceiptSigner;
use super::refusal::Refusal;
use super::{Api, JSON, json_response, kept_answer};
use crate::listener::identity::AskingTerminal;

/// Room for an answer of usual length with its receipt and a nonce, bytes: it need not be moved while it grows.
const USUAL_BYTES: usize = 4096;

/// Who asks. For which institution is the terminal's certificate's to say, whoever sits before it.
pub(crate) struct Asker<'a> {
    /// The terminal.
    pub(crate) terminal: &'a AskingTerminal,
    /// Who acts, as the audit log names it: the terminal, or an account that is signed in at it.
    pub(crate) actor: String,
}

impl<'a> Asker<'a> {
    /// The terminal itself.
    pub(super) fn terminal(terminal: &'a AskingTerminal) -> Self {
        Self { terminal, actor: format!("terminal:{}", terminal.terminal_name) }
    }
}

/// What a check found, before it is recorded.
pub(super) struct Found {
    pub(super) method: InquiryMethod,
    pub(super) as_of: Date,
    pub(super) decision: Decision,
    pub(super) disclosure: Disclosure,
    /// How consent to each kind stands.
    pub(super) consents: Vec<StandingConsent>,
    /// Said beside the answer.
    pub(super) notice: Option<ErrorCode>,
    pub(super) reference_number: Option<String>,
    pub(super) person_key: Option<PersonKey>,
    pub(super) prescription_issue_select: Option<PrescriptionIssue>,
    /// The question, where the answer is to repeat it.
    pub(super) search_info: Option<SearchInfo>,
}

/// The answer as a message, before it is proven.
pub(super) async fn message(
    api: &Api,
    terminal: &AskingTerminal,
    found: &Found,
    now: Instant,
) -> Result<ResultMessage, Refusal> {
    let names = insurer_names(api, found).await?;
    let name_of =
        |number: &InsurerNumber| names.iter().find(|(known, _)| known == number).map_or("", |(_, name)| name);
    let context = AnswerContext {
        method: found.method,
        as_of: found.as_of,
        executed_at: now,
        institution: &terminal.institution_code,
        disclosure: found.disclosure,
        consents: &found.consents,
        reference_number: found.reference_number.as_deref(),
        prescription_issue_select: found.prescription_issue_select,
        notice: found.notice,
    };
    let mut message = compose::answer(&found.decision, &context, name_of);
    message.body.search_info.clone_from(&found.search_info);
    Ok(message)
}

/// The record of a check with the whole answer in it, and that answer: what is sent is what was recorded.
pub(super) async fn verification(
    api: &Api,
    asker: &Asker<'_>,
    found: &Found,
    request_id: String,
    digests: &Digests,
    now: Instant,
) -> Result<(NewVerification, String), Refusal> {
    let terminal = asker.terminal;
    let id = Uuid::now_v7().to_string();
    let message = message(api, terminal, found, now).await?;
    let claims = ReceiptClaims { question: digests.body.clone(), ..claims(api, terminal, found, &id, now) };
    let answer = proven(&api.receipts, message, claims)?;
    let verification = NewVerification {
        institution_code: terminal.institution_code.clone(),
        request_id,
        verification_id: id.clone(),
        question_digest: digests.question,
        method: found.method,
        proof_method: None,
        proof_digest: None,
        validity: Some(found.decision.validity),
        person_key: found.person_key.clone(),
        answer: kept_answer::pack(&answer),
        consents: Vec::new(),
        wrong_guess: None,
        audit: audit_event(asker, found, &id),
        recorded_at: now,
    };
    Ok((verification, answer))
}

/// The answer as sent, with a receipt over its very bytes.
fn proven(
    receipts: &ReceiptSigner,
    message: ResultMessage,
    mut claims: ReceiptClaims,
) -> Result<String, Refusal> {
    const WITHOUT_RECEIPT: &str = "\"}";
    let unproven = CheckAnswer { answer: message, receipt: String::new(), nonce: None };
    let mut answer = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut answer, &unproven).map_err(|_| ErrorCode::Internal)?;
    let mut answer = String::from_utf8(answer).map_err(|_| ErrorCode::Internal)?;
    claims.answer = base64_digest(answer_text(&answer).ok_or(ErrorCode::Internal)?.as_bytes());
    // A receipt is base64url: nothing in it needs escaping.
    answer.truncate(answer.len() - WITHOUT_RECEIPT.len());
    receipts.append(&claims, &mut answer)?;
    answer.push_str(WITHOUT_RECEIPT);
    Ok(answer)
}

/// The first answer to a question that was repeated.
pub(super) fn again(kept: &[u8]) -> Result<String, Refusal> {
    kept_answer::unpack(kept).ok_or_else(|| {
        tracing::error!("a kept answer cannot be unpacked");
        ErrorCode::Internal.into()
    })
}

/// The answer as HTTP.
pub(super) fn response(body: String) -> Response<Body> {
    json_response(StatusCode::OK, JSON, body.into_bytes())
}

/// Puts a fresh nonce into an answer, which is a JSON object without one: a repeated answer stays the first one
/// but for the nonce.
pub(super) fn with_nonce(mut answer: String, nonce: &str) -> String {
    if answer.pop() == Some('}') {
        // A nonce is base64url: nothing in it needs escaping.
        answer.push_str(",\"nonce\":\"");
        answer.push_str(nonce);
        answer.push('"');
    }
    answer.push('}');
    answer
}

/// What the receipt claims, but for the digests of question and answer.
fn claims(api: &Api, terminal: &AskingTerminal, found: &Found, id: &str, now: Instant) -> ReceiptClaims {
    let issued_at = now.0.div_euclid(1000);
    ReceiptClaims {
        iss: api.issuer.clone(),
        aud: terminal.institution_code.as_str().to_owned(),
        jti: id.to_owned(),
        iat: issued_at,
        exp: issued_at + i64::from(api.receipt_lifetime_s),
        question: String::new(),
        answer: String::new(),
        method: found.method,
        as_of: found.as_of,
        validity: found.decision.validity,
        coverages: found
            .decision
            .coverages
            .iter()
            .map(|coverage| ReceiptCoverage {
                insurer_number: coverage.insurer_number.clone(),
                symbol: coverage.insured_symbol.clone(),
                number: coverage.insured_number.clone(),
                branch: coverage.branch_number.clone(),
            })
            .collect(),
    }
}

async fn insurer_names(api: &Api, found: &Found) -> Result<Vec<(InsurerNumber, Arc<str>)>, Refusal> {
    let mut names = Vec::with_capacity(found.decision.coverages.len());
    for coverage in &found.decision.coverages {
        let name = api.insurer_names.of(&coverage.insurer_number).await;
        names.push((coverage.insurer_number.clone(), name.map_err(|error| Refusal::read_failed(&error))?));
    }
    Ok(names)
}

/// What was done, as the audit log names it.
pub(super) fn action(method: InquiryMethod) -> &'static str {
    match method {
        InquiryMethod::Card => "verify_card",
        InquiryMethod::Number => "verify_number",
    }
}

/// What the audit log says: who asked about whom, and how it ended. Opaque ids only.
fn audit_event(asker: &Asker<'_>, found: &Found, id: &str) -> AuditEvent {
    let object = match &found.person_key {
        Some(key) => format!("person:{}", key.0),
        None => "nobody".to_owned(),
    };
    AuditEvent {
        actor: asker.actor.clone(),
        action: action(found.method).to_owned(),
        object,
        outcome: format!("validity:{}", found.decision.validity.code()),
        detail: format!("verification:{id} as_of:{}", found.as_of),
    }
}
