//! POST /v1/verifications/number: typed insurance data becomes an eligibility answer.
//!
//! The request id makes a repeated question one question. Whoever asks for numbers that lead nowhere is slowed
//! down, and cannot tell a wrong number from a wrong birthday: both give the same answer.

use axum::body::Body;
use axum::http::{Request, Response};
use eligibility::Instant;
use eligibility::codes::InquiryMethod;
use eligibility::disclosure::Disclosure;
use eligibility::errors::ErrorCode;
use eligibility::matching::NumberKey;
use eligibility::verification::{NumberQuery, decide_by_number};
use hyper::body::Incoming;
use store::Recorded;
use wire::terminal_api::{
    MAX_INSURED_TEXT_CHARS, MAX_REQUEST_ID_CHARS, NUMBER_VERIFICATIONS_PATH, NumberCheckRequest,
};

use super::Api;
use super::answer::{self, Found};
use super::body::{self, Question};
use super::refusal::Refusal;
use crate::listener::identity::AskingTerminal;

pub(super) async fn answer(
    api: &Api,
    terminal: &AskingTerminal,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let Question { value: asked, digest } =
        body::read::<NumberCheckRequest>(NUMBER_VERIFICATIONS_PATH, terminal, request, api.body).await?;
    let now = api.clock.now();
    let (request_id, query) = asked.into_parts();
    check_items(&request_id, &query)?;
    let found = find(api, terminal, query).await?;
    let (mut verification, body) =
        answer::verification(api, terminal, &found, request_id, digest, now).await?;
    let wrong = found.decision.is_wrong_guess();
    verification.wrong_guess = Some(wrong);
    let recorded = api.store.record_verification(verification).await;
    match recorded.map_err(|error| Refusal::write_failed(&error))? {
        Recorded::Fresh => {
            api.guessing.answered(&terminal.institution_code, wrong, now);
            Ok(answer::response(body))
        }
        Recorded::Repeated { answer } => Ok(answer::response(answer::again(&answer)?)),
        Recorded::Conflict => Err(ErrorCode::IdempotencyConflict.into()),
        Recorded::Limited { retry_at } => {
            api.guessing.held_back(&terminal.institution_code, now);
            Err(Refusal::limited(seconds_until(retry_at, now)))
        }
    }
}

fn check_items(request_id: &str, query: &NumberQuery) -> Result<(), Refusal> {
    let id_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if request_id.is_empty() || request_id.len() > MAX_REQUEST_ID_CHARS || !request_id.bytes().all(id_byte) {
        return Err(Refusal::item("request_id"));
    }
    let too_long = |text: &str| text.chars().count() > MAX_INSURED_TEXT_CHARS;
    if query.insured_symbol.as_deref().is_some_and(too_long) {
        return Err(Refusal::item("insured_symbol"));
    }
    if too_long(&query.insured_number) || NumberKey::of(&query.insured_number).is_empty() {
        return Err(Refusal::item("insured_number"));
    }
    if query.branch_number.as_deref().is_some_and(too_long) {
        return Err(Refusal::item("branch_number"));
    }
    Ok(())
}

async fn find(api: &Api, terminal: &AskingTerminal, query: NumberQuery) -> Result<Found, Refusal> {
    let key = NumberKey::of(&query.insured_number);
    let institution = &terminal.institution_code;
    let context = api.store.number_context(institution, &query.insurer_number, &key, query.birthdate).await;
    let context = context.map_err(|error| Refusal::read_failed(&error))?;
    let decision = decide_by_number(&query, &context.coverages, institution);
    let person_key = decision.coverages.first().map(|coverage| coverage.person_key.clone());
    let reference_number = person_key.as_ref().and_then(|person| {
        context.reference_numbers.into_iter().find(|(key, _)| key == person).map(|(_, number)| number)
    });
    Ok(Found {
        method: InquiryMethod::Number,
        as_of: query.as_of,
        decision,
        disclosure: Disclosure::by_number(query.ceiling_consent),
        consents: Vec::new(),
        notice: None,
        reference_number,
        person_key,
        prescription_issue_select: None,
    })
}

fn seconds_until(moment: Instant, now: Instant) -> u32 {
    u32::try_from(moment.0.saturating_sub(now.0).max(0) / 1000 + 1).unwrap_or(u32::MAX)
}
