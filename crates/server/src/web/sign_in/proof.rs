//! ご本人の確認: before the account's keys are changed, the password once more. A session alone, however it came into
//! somebody's hands, changes none.
//!
//! A proof is a new session in the place of the old one: its beginning says when its holder was last asked.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::LockoutDecision;
use store::{Audience, SignInRecord, Stage, WebSession};

use super::second_factor::guess;
use super::step::{event, onward};
use super::{Next, SignInDesk, see, with_next};
use crate::web::session::{Presented, SessionError};
use crate::web::signed_in::is_own_path;
use crate::web::{FormData, Shell, SignedIn, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/security/proof";
const TITLE: &str = "ご本人の確認";
/// How long a proof is good, milliseconds.
const PROOF_MS: i64 = 5 * 60 * 1000;
const WRONG: &str = "パスワードが正しくありません。入力内容を確認し、もう一度お試しください。";

#[derive(Template)]
#[template(path = "sign_in/proof.html")]
struct Page<'a> {
    shell: Shell,
    next: &'a str,
    said: Option<String>,
}

/// Whether the holder of the session has proven just now to be the account's: with everything that signing in asks for,
/// so one that has given the password alone has proven nothing yet.
pub(crate) fn is_proven_just_now(session: &WebSession, now: Instant) -> bool {
    let age = now.0.saturating_sub(session.began_at.0);
    session.stage == Stage::Full && age.saturating_abs() < PROOF_MS
}

/// Whether the session may set up or change factors. One with the password only is on its way to the first of them: what
/// it may, [`super::setup`] says.
pub(super) fn may_set_factors(session: &WebSession, now: Instant) -> bool {
    session.stage == Stage::Password || is_proven_just_now(session, now)
}

/// Goes on after a fresh proof; otherwise to the page that asks for one, and from there to `next`.
#[expect(clippy::result_large_err, reason = "the response is what the handler returns")]
pub(crate) fn demand(desk: &SignInDesk, session: &WebSession, next: &str) -> Result<(), Response> {
    if may_set_factors(session, desk.site.clock.now()) { Ok(()) } else { Err(see(&place(next))) }
}

/// The page, and where it leads.
pub(crate) fn place(next: &str) -> String {
    with_next(PATH, next)
}

fn show(desk: &SignInDesk, who: &SignedIn, status: StatusCode, next: &str, said: Option<String>) -> Response {
    let shell = Shell::new(&desk.site, TITLE, "/security", Some(who));
    render(status, &Page { shell, next, said })
}

pub(super) async fn page(
    State(desk): State<Arc<SignInDesk>>,
    Query(Next { next }): Query<Next>,
    who: SignedIn,
) -> Response {
    show(&desk, &who, StatusCode::OK, &next, None)
}

pub(super) async fn typed(State(desk): State<Arc<SignInDesk>>, who: SignedIn, form: FormData) -> Response {
    match prove(&desk, &who, &form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn prove(desk: &SignInDesk, who: &SignedIn, form: &FormData) -> Result<Response, Response> {
    let (site, session, next) = (&desk.site, &who.session, form.get("next"));
    // Counted as the second factor's: whoever has a session must not lock the password's door for its owner.
    let guess = guess(session);
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        note(desk, session, "denied:locked").await?;
        return Ok(show(desk, who, StatusCode::TOO_MANY_REQUESTS, next, Some(decision.message())));
    }
    let record = record_of(desk, session).await?;
    let stored = record.map(|record| record.password_hash);
    let right = desk.passwords.matches(stored, form.get("password")).await.map_err(|error| {
        tracing::error!(%error, "a password could not be compared");
        refused::busy()
    })?;
    if !right {
        note(desk, session, "denied:password").await?;
        return Ok(show(desk, who, StatusCode::UNPROCESSABLE_ENTITY, next, Some(WRONG.to_owned())));
    }
    guess.was_right(site).await?;
    let before = Presented { token: who.token, session: session.clone() };
    let begun = site.prove_session(&before, event(session, "account.proof", "done")).await;
    let cookie = begun.map_err(|error| match error {
        SessionError::Over => see(site.sign_in),
        error => {
            tracing::error!(%error, "a session could not be begun");
            refused::busy()
        }
    })?;
    Ok(onward(if is_own_path(next) { next } else { "/security" }, vec![cookie]))
}

/// The account's name and password as they are now; `None` when it is closed.
async fn record_of(desk: &SignInDesk, session: &WebSession) -> Result<Option<SignInRecord>, Response> {
    let (store, by_store) = (&desk.site.store, |error: store::Error| refused::by_store(&error));
    let key = match (session.audience, &session.institution_code) {
        (Audience::Portal, Some(code)) => {
            let account = store.portal_account(code, &session.subject).await.map_err(by_store)?;
            account.map(|account| account.mail.key())
        }
        (Audience::Operator, _) => Some(session.subject.clone()),
        _ => None,
    };
    let Some(key) = key else { return Ok(None) };
    let record = store.sign_in_record(session.audience, &key).await.map_err(by_store)?;
    Ok(record.filter(|record| !record.closed && record.subject == session.subject))
}

async fn note(desk: &SignInDesk, session: &WebSession, outcome: &str) -> Result<(), Response> {
    let (site, source) = (&desk.site, format!("account:{}", session.subject));
    let event = event(session, "account.proof", outcome);
    let noted = site.store.record_sign_in_refused(session.chain(), &source, event, site.clock.now()).await;
    noted.map_err(|error| refused::by_store(&error))
}

#[cfg(test)]
mod tests {
    use super::{Audience, Instant, PROOF_MS, Stage, WebSession, is_proven_just_now, may_set_factors};

    fn session(stage: Stage) -> WebSession {
        WebSession {
            audience: Audience::Portal,
            subject: "s".to_owned(),
            institution_code: None,
            role: "r".to_owned(),
            name: "n".to_owned(),
            stage,
            began_at: Instant(0),
            seen_at: Instant(0),
            ends_at: Instant(i64::MAX),
        }
    }

    #[test]
    fn a_password_alone_proves_nothing_and_leads_to_the_first_factor_only() {
        let (full, half) = (session(Stage::Full), session(Stage::Password));
        let (soon, late) = (Instant(PROOF_MS - 1), Instant(PROOF_MS));
        assert!(is_proven_just_now(&full, soon) && !is_proven_just_now(&full, late));
        assert!(!is_proven_just_now(&half, soon) && !is_proven_just_now(&half, late));
        assert!(may_set_factors(&full, soon) && !may_set_factors(&full, late));
        assert!(may_set_factors(&half, soon) && may_set_factors(&half, late));
    }
}
