//! POST /v1/verifications/number: typed insurance data becomes an eligibility answer.
//!
//! The request id makes a repeated question one question. Whoever asks for numbers that lead nowhere is slowed
//! down, and cannot tell a wrong number from a wrong birthday: both give the same answer. A question that gets no
//! answer of its own (held back, repeated, its id another one's) is not looked up either: otherwise the time it takes
//! would answer it.

use axum::body::Body;
use axum::http::{Request, Response};
use eligibility::Instant;
use eligibility::codes::{CeilingConsentFlag, InquiryMethod};
use eligibility::disclosure::Disclosure;
use eligibility::errors::ErrorCode;
use eligibility::matching::NumberKey;
use eligibility::verification::{NumberQuery, decide_by_number};
use hyper::body::Incoming;
use store::{NumberContext, NumberLookup, NumberQuestion, NumberRefusal, Recorded, RefusedNumberCheck};
use wire::message::SearchInfo;
use wire::terminal_api::{
    MAX_INSURED_TEXT_CHARS, MAX_REQUEST_ID_CHARS, NUMBER_VERIFICATIONS_PATH, NumberCheckRequest,
};

use super::Api;
use super::admission::Admission;
use super::answer::{self, Asker, Found};
use super::body::{self, Digests, Question};
use super::refusal::Refusal;
use crate::listener::identity::AskingTerminal;

/// A question by number.
pub(crate) struct NumberCheck {
    /// Names the question within the institution.
    pub(crate) request_id: String,
    /// The question.
    pub(crate) query: NumberQuery,
    /// Of the question as it came.
    pub(crate) digests: Digests,
    /// Whether the answer repeats the question, for who does not have it at hand later.
    pub(crate) repeats_question: bool,
}

pub(super) async fn answer(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let Question { value: asked, digests } =
        body::read::<NumberCheckRequest>(NUMBER_VERIFICATIONS_PATH, admission, request, api.body).await?;
    let (request_id, query) = asked.into_parts();
    let asked = NumberCheck { request_id, query, digests, repeats_question: false };
    check(api, &Asker::terminal(terminal), asked).await.map(answer::response)
}

/// Decides, records and answers a question by number, whichever way it came: the answer with its receipt, as JSON.
pub(crate) async fn check(api: &Api, asker: &Asker<'_>, asked: NumberCheck) -> Result<String, Refusal> {
    api.bulk.counter_asks();
    let now = api.clock.now();
    check_items(&asked.request_id, &asked.query)?;
    let context = match look_up(api, asker, &asked, now).await? {
        NumberLookup::Found(context) => context,
        NumberLookup::Repeated { answer } => return answer::again(&answer),
        NumberLookup::Refused(refusal) => {
            return Err(refuse(api, asker, asked.request_id, refusal, now).await);
        }
    };
    api.guessing.looked_up();
    let NumberCheck { request_id, query, digests, repeats_question } = asked;
    let found = find(asker.terminal, query, context, repeats_question);
    let (mut verification, body) =
        answer::verification(api, asker, &found, request_id, &digests, now).await?;
    let wrong = found.decision.is_wrong_guess();
    verification.wrong_guess = Some(wrong);
    let recorded = api.store.record_verification(verification).await;
    match recorded.map_err(|error| Refusal::write_failed(&error))? {
        Recorded::Fresh => {
            api.guessing.answered(wrong);
            Ok(body)
        }
        Recorded::FreshThenSlow(slowed) => {
            api.guessing.answered(wrong);
            api.guessing.slowed(&asker.terminal.institution_code, slowed, now);
            Ok(body)
        }
        Recorded::Repeated { answer } => answer::again(&answer),
        other => Err(refusal_of(api, asker.terminal, other, now)),
    }
}

/// One read: whether the question may be asked, and what it leads to.
async fn look_up(
    api: &Api,
    asker: &Asker<'_>,
    asked: &NumberCheck,
    now: Instant,
) -> Result<NumberLookup, Refusal> {
    let query = &asked.query;
    let question = NumberQuestion {
        institution_code: asker.terminal.institution_code.clone(),
        request_id: asked.request_id.clone(),
        question_digest: asked.digests.question,
        insurer: query.insurer_number.clone(),
        number: NumberKey::of(&query.insured_number),
        birthdate: query.birthdate,
        asked_at: now,
    };
    api.store.number_check(question).await.map_err(|error| Refusal::read_failed(&error))
}

/// The refusal of a question that was not looked up, once it is on record.
async fn refuse(
    api: &Api,
    asker: &Asker<'_>,
    request_id: String,
    refusal: NumberRefusal,
    now: Instant,
) -> Refusal {
    let refused = RefusedNumberCheck {
        institution_code: asker.terminal.institution_code.clone(),
        request_id,
        refusal,
        actor: asker.actor.clone(),
        action: answer::action(InquiryMethod::Number).to_owned(),
        recorded_at: now,
    };
    match api.store.refuse_number_check(refused).await {
        Ok(recorded) => refusal_of(api, asker.terminal, recorded, now),
        Err(error) => Refusal::write_failed(&error),
    }
}

/// What a question that was not answered gets; tells the alarm.
fn refusal_of(api: &Api, terminal: &AskingTerminal, recorded: Recorded, now: Instant) -> Refusal {
    let institution = &terminal.institution_code;
    match recorded {
        Recorded::Conflict => {
            api.guessing.conflict();
            ErrorCode::IdempotencyConflict.into()
        }
        Recorded::ConflictThenSlow(slowed) => {
            api.guessing.conflict();
            api.guessing.slowed(institution, slowed, now);
            ErrorCode::IdempotencyConflict.into()
        }
        Recorded::Limited { retry_at } => {
            api.guessing.held_back(institution, now);
            Refusal::limited(seconds_until(retry_at, now))
        }
        // What is recorded as answered is answered by the caller.
        Recorded::Fresh | Recorded::FreshThenSlow(_) | Recorded::Repeated { .. } => {
            ErrorCode::Internal.into()
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

fn find(
    terminal: &AskingTerminal,
    query: NumberQuery,
    context: NumberContext,
    repeats_question: bool,
) -> Found {
    let decision = decide_by_number(&query, &context.coverages, &terminal.institution_code);
    let person_key = decision.coverages.first().map(|coverage| coverage.person_key.clone());
    let reference_number = person_key.as_ref().and_then(|person| {
        context.reference_numbers.into_iter().find(|(key, _)| key == person).map(|(_, number)| number)
    });
    Found {
        method: InquiryMethod::Number,
        as_of: query.as_of,
        decision,
        disclosure: Disclosure::by_number(query.ceiling_consent),
        consents: Vec::new(),
        notice: None,
        reference_number,
        person_key,
        prescription_issue_select: None,
        search_info: repeats_question.then(|| echo(query)),
    }
}

/// The question as a result repeats it.
fn echo(query: NumberQuery) -> SearchInfo {
    let consent =
        if query.ceiling_consent { CeilingConsentFlag::Agreed } else { CeilingConsentFlag::NotAgreed };
    SearchInfo {
        insurer_number: query.insurer_number,
        insured_card_symbol: query.insured_symbol,
        insured_identification_number: query.insured_number,
        insured_branch_number: query.branch_number,
        birthdate: query.birthdate,
        ceiling_consent: consent.into(),
        arbitrary_identifier: None,
    }
}

fn seconds_until(moment: Instant, now: Instant) -> u32 {
    u32::try_from(moment.0.saturating_sub(now.0).max(0) / 1000 + 1).unwrap_or(u32::MAX)
}
