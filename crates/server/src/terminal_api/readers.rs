//! What a terminal tells of its card reader, and what people of the institution want the reader to do.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use eligibility::Instant;
use eligibility::errors::ErrorCode;
use eligibility::reader::{CommandOutcome, ReaderMode, ReaderState};
use hyper::body::Incoming;
use store::ReaderTold;
use wire::terminal_api::{
    MAX_CODE_CHARS, MAX_COMMAND_ID_CHARS, READER_STATE_PATH, ReaderCommandOrder, ReaderStateAnswer,
    ReaderStateRequest,
};

use super::admission::Admission;
use super::refusal::Refusal;
use super::{Api, JSON, body, json_response};
use crate::listener::identity::AskingTerminal;

/// How long a terminal waits until its next report, seconds.
const NEXT_S: u32 = 30;
/// The same while somebody operates its reader.
const NEXT_ATTENDED_S: u32 = 5;

/// Takes a report.
pub(super) async fn told(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let asked =
        body::read::<ReaderStateRequest>(READER_STATE_PATH, admission, request, api.body).await?.value;
    let told = read(terminal, asked, api.clock.now())?;
    let hears = api.store.tell_reader(told).await.map_err(|error| Refusal::write_failed(&error))?;
    let answer = ReaderStateAnswer {
        command: hears.command.map(|(command_id, command)| ReaderCommandOrder {
            command_id,
            command: command.name().to_owned(),
        }),
        next_in_s: if hears.attended { NEXT_ATTENDED_S } else { NEXT_S },
        settings_version: hears.settings_version,
    };
    Ok(json_response(StatusCode::OK, JSON, serde_json::to_vec(&answer).unwrap_or_default()))
}

fn read(terminal: &AskingTerminal, asked: ReaderStateRequest, now: Instant) -> Result<ReaderTold, Refusal> {
    let state = ReaderState::from_name(&asked.state).ok_or_else(|| Refusal::item("state"))?;
    let mode = ReaderMode::from_name(&asked.mode).ok_or_else(|| Refusal::item("mode"))?;
    let known = |code: &String| code.len() <= MAX_CODE_CHARS && ErrorCode::from_code(code).is_some();
    if asked.code.as_ref().is_some_and(|code| state != ReaderState::Error || !known(code)) {
        return Err(Refusal::item("code"));
    }
    let done = asked.done.map(|done| {
        let outcome = CommandOutcome::from_name(&done.outcome);
        let short = done.command_id.len() <= MAX_COMMAND_ID_CHARS;
        outcome
            .filter(|_| short)
            .map(|outcome| (done.command_id, outcome))
            .ok_or_else(|| Refusal::item("done"))
    });
    let heard = |quiet: u32| Instant(now.0.saturating_sub(i64::from(quiet) * 1000));
    Ok(ReaderTold {
        institution_code: terminal.institution_code.clone(),
        terminal_name: terminal.terminal_name.clone(),
        state,
        error_code: asked.code,
        mode,
        heard_at: asked.quiet_s.map(heard),
        done: done.transpose()?,
        told_at: now,
    })
}
