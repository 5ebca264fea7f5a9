//! POST /v1/reference-numbers: the institution's own number for a patient (照会番号登録).
//!
//! Whether somebody has a number is told by the answer, without a birthday: so the guard against guessing counts a
//! registration that leads to nobody as a wrong question, and what it holds back is not looked up.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use eligibility::Instant;
use eligibility::errors::ErrorCode;
use eligibility::matching::NumberKey;
use eligibility::reference_number::Registration;
use hyper::body::Incoming;
use store::{NewRegistration, NumberRefusal, Registered, RegistrationLookup, RegistrationQuestion};
use wire::terminal_api::{
    MAX_REQUEST_ID_CHARS, REFERENCE_NUMBERS_PATH, ReferenceNumberRequest, RegistrationAnswer,
};

use super::admission::Admission;
use super::answer::Asker;
use super::body::{self, Question};
use super::refusal::Refusal;
use super::{Api, JSON, json_response};

pub(super) async fn answer(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let Question { value: asked, digests } =
        body::read::<ReferenceNumberRequest>(REFERENCE_NUMBERS_PATH, admission, request, api.body).await?;
    let id_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let id = &asked.request_id;
    if id.is_empty() || id.len() > MAX_REQUEST_ID_CHARS || !id.bytes().all(id_byte) {
        return Err(Refusal::item("request_id"));
    }
    let wanted = asked
        .row
        .registration()
        .map_err(|problems| Refusal::item(problems.first().map_or("row", |problem| problem.element)))?;
    let outcome =
        register(api, &Asker::terminal(terminal), asked.request_id, digests.question, wanted).await?;
    let body = serde_json::to_vec(&outcome).map_err(|_| ErrorCode::Internal)?;
    Ok(json_response(StatusCode::OK, JSON, body))
}

async fn register(
    api: &Api,
    asker: &Asker<'_>,
    request_id: String,
    question_digest: [u8; 32],
    wanted: Registration,
) -> Result<RegistrationAnswer, Refusal> {
    let now = api.clock.now();
    let institution_code = asker.terminal.institution_code.clone();
    let question = RegistrationQuestion {
        institution_code: institution_code.clone(),
        request_id: request_id.clone(),
        question_digest,
        insurer: wanted.insurer_number.clone(),
        number: NumberKey::of(&wanted.insured_number),
        asked_at: now,
    };
    let found = api.store.look_up_registration(question).await;
    let new = |person| NewRegistration {
        institution_code: institution_code.clone(),
        request_id: request_id.clone(),
        question_digest,
        person,
        number: wanted.reference_number.clone(),
        actor: asker.actor.clone(),
        now,
    };
    let recorded = match found.map_err(|error| Refusal::read_failed(&error))? {
        RegistrationLookup::Repeated(outcome) => return Ok(RegistrationAnswer { outcome }),
        RegistrationLookup::Refused(refusal) => refuse(api, new(None), refusal).await?,
        RegistrationLookup::Found(coverages) => {
            let registered = api.store.record_registration(new(wanted.person(&coverages))).await;
            registered.map_err(|error| Refusal::write_failed(&error))?
        }
    };
    ended(api, asker, recorded, now)
}

async fn refuse(
    api: &Api,
    registration: NewRegistration,
    refusal: NumberRefusal,
) -> Result<Registered, Refusal> {
    let refused = api.store.refuse_registration(registration, refusal).await;
    refused.map_err(|error| Refusal::write_failed(&error))
}

fn ended(
    api: &Api,
    asker: &Asker<'_>,
    recorded: Registered,
    now: Instant,
) -> Result<RegistrationAnswer, Refusal> {
    let institution = &asker.terminal.institution_code;
    match recorded {
        Registered::Ended(outcome) => Ok(RegistrationAnswer { outcome }),
        Registered::EndedThenSlow(outcome, slowed) => {
            api.guessing.slowed(institution, slowed, now);
            Ok(RegistrationAnswer { outcome })
        }
        Registered::Limited { retry_at } => {
            api.guessing.held_back(institution, now);
            let wait = retry_at.0.saturating_sub(now.0).max(0) / 1000 + 1;
            Err(Refusal::limited(u32::try_from(wait).unwrap_or(u32::MAX)))
        }
        Registered::Conflict => {
            api.guessing.conflict();
            Err(ErrorCode::IdempotencyConflict.into())
        }
        Registered::ConflictThenSlow(slowed) => {
            api.guessing.conflict();
            api.guessing.slowed(institution, slowed, now);
            Err(ErrorCode::IdempotencyConflict.into())
        }
    }
}
