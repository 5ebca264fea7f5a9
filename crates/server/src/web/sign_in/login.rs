//! Name and password.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eligibility::Instant;
use eligibility::account::{LockoutDecision, MailAddress};
use store::audit::{AuditEvent, CENTRAL_CHAIN};
use store::{Audience, SignInRecord, Stage, WebSession};

use super::step::{browser, event, onward};
use super::{Next, SignInDesk, see, step, with_next};
use crate::web::door::Peer;
use crate::web::guess::{Guess, password_of};
use crate::web::password::PasswordError;
use crate::web::signed_in::Visitor;
use crate::web::{FormData, Shell, refused, render};

/// The same for a wrong name and a wrong password.
const WRONG: &str = "正しくありません。入力内容を確認し、もう一度お試しください。";

#[derive(Template)]
#[template(path = "sign_in/login.html")]
struct Login<'a> {
    shell: Shell,
    name_label: &'a str,
    name_kind: &'a str,
    typed: &'a str,
    next: &'a str,
    said: Option<String>,
    links: &'a [(&'a str, &'a str)],
}

fn show(desk: &SignInDesk, status: StatusCode, typed: &str, next: &str, said: Option<String>) -> Response {
    let page = Login {
        shell: Shell::new(&desk.site, "ログイン", desk.site.sign_in, None),
        name_label: desk.name_label,
        name_kind: desk.name_kind,
        typed,
        next,
        said,
        links: desk.links,
    };
    render(status, &page)
}

pub(super) async fn page(
    State(desk): State<Arc<SignInDesk>>,
    Query(Next { next }): Query<Next>,
    Visitor(visitor): Visitor,
) -> Response {
    if visitor.is_some() {
        return see(step::destination(&desk, &next));
    }
    show(&desk, StatusCode::OK, "", &next, None)
}

/// The name as the database has it. Whatever was typed has one, so that every name takes the same way.
fn login_key(audience: Audience, typed: &str) -> String {
    match (audience, MailAddress::parse(typed)) {
        (Audience::Portal, Ok(mail)) => mail.key(),
        _ => typed.trim().chars().take(254).collect::<String>().to_lowercase(),
    }
}

pub(super) async fn typed(
    State(desk): State<Arc<SignInDesk>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    form: FormData,
) -> Response {
    match attempt(&desk, peer, &headers, &form).await {
        Ok(response) | Err(response) => response,
    }
}

async fn attempt(
    desk: &SignInDesk,
    peer: Peer,
    headers: &HeaderMap,
    form: &FormData,
) -> Result<Response, Response> {
    let site = &desk.site;
    let audience = site.audience.ok_or_else(refused::broken)?;
    let by_store = |error: store::Error| refused::by_store(&error);
    let (name, next) = (form.get("name"), form.get("next"));
    let key = login_key(audience, name);
    let record = site.store.sign_in_record(audience, &key).await.map_err(by_store)?;
    let what = password_of(audience);
    let browser = browser(headers).unwrap_or([0; 32]);
    // Asked for every name, also for one that nobody has.
    let subject = record.as_ref().map_or("-", |record| record.subject.as_str());
    let known = site.store.knows_browser(subject, browser).await.map_err(by_store)?;
    let guess =
        if known { Guess::of_known(&what, &key, &browser) } else { Guess::of_stranger(&what, &key, peer) };
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        note_refusal(desk, record.as_ref(), "denied:locked").await?;
        return Ok(show(desk, StatusCode::TOO_MANY_REQUESTS, name, next, Some(decision.message())));
    }
    let open = record.as_ref().filter(|record| !record.closed);
    let stored = open.map(|record| record.password_hash.clone());
    let right = desk.passwords.matches(stored, form.get("password")).await.map_err(|error| {
        tracing::error!(%error, "a password could not be compared");
        if error == PasswordError::Busy { refused::busy() } else { refused::broken() }
    })?;
    let Some(record) = open.filter(|_| right) else {
        note_refusal(desk, record.as_ref(), "denied:password").await?;
        let said = format!("{}またはパスワードが{WRONG}", desk.name_label);
        return Ok(show(desk, StatusCode::UNPROCESSABLE_ENTITY, name, next, Some(said)));
    };
    guess.was_right(site).await?;
    let replaced = site.presented(headers).await.map_err(by_store)?.map(|presented| presented.token);
    let session = session_of(audience, record);
    let audit = event(&session, "account.password-given", "done");
    let cookie = site.begin_session(session, replaced, audit).await.map_err(|error| {
        tracing::error!(%error, "a session could not be begun");
        refused::busy()
    })?;
    let factors = site.store.second_factors(&record.subject).await.map_err(by_store)?;
    let on = if factors.any() { "/login/second-factor" } else { "/second-factor/setup" };
    Ok(onward(&with_next(on, next), vec![cookie]))
}

/// The times are set where the session begins.
fn session_of(audience: Audience, record: &SignInRecord) -> WebSession {
    let at = Instant(0);
    WebSession {
        audience,
        subject: record.subject.clone(),
        institution_code: record.institution_code.clone(),
        role: record.role.clone(),
        name: record.name.clone(),
        stage: Stage::Password,
        began_at: at,
        seen_at: at,
        ends_at: at,
    }
}

/// Known names' failures are their institution's affair, unknown names' the centre's; each costs one write.
async fn note_refusal(
    desk: &SignInDesk,
    record: Option<&SignInRecord>,
    outcome: &str,
) -> Result<(), Response> {
    let site = &desk.site;
    let audience = site.audience.map_or("-", Audience::name);
    let account = record.map_or("unknown", |record| record.subject.as_str());
    let event = AuditEvent {
        actor: format!("{audience}:{account}"),
        action: "account.sign-in".to_owned(),
        object: format!("account:{account}"),
        outcome: outcome.to_owned(),
        detail: String::new(),
    };
    let chain = record.map_or(CENTRAL_CHAIN, SignInRecord::chain);
    let source = format!("account:{account}");
    let noted = site.store.record_sign_in_refused(chain, &source, event, site.clock.now()).await;
    noted.map_err(|error| refused::by_store(&error))
}
