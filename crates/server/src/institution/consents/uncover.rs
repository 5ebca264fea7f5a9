//! ご本人の確認: pages with medical information were covered, as nobody touched them for five minutes. The password or a
//! passkey of the account that is signed in opens them again, and leads to where the person was.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use eligibility::Instant;
use eligibility::account::LockoutDecision;
use eligibility::institution_account::UserId;
use serde_json::json;

use super::patients;
use crate::institution::menu;
use crate::institution::sign_in::{by_password, party};
use crate::institution::user::InstitutionUser;
use crate::web::guess::Guess;
use crate::web::passkey::{Asked, answered, ask};
use crate::web::password::Passwords;
use crate::web::session::{Presented, SessionError};
use crate::web::sign_in::passkeys::answer_of;
use crate::web::signed_in::{OnSite, is_own_path};
use crate::web::{FormData, Shell, Site, refused, render, see};

/// Where it is.
const PATH: &str = "/medical-information/proof";
const TITLE: &str = "ご本人の確認";
/// The purpose of the dialogue with a passkey.
const PURPOSE: &str = "uncover";
/// How long that dialogue may take, milliseconds.
const DIALOGUE_MS: i64 = 5 * 60 * 1000;
/// What the audit log calls it.
const AUDITED: &str = "account.proof";
/// The longest part behind the `?` of an address to return to, bytes.
const QUERY_MAX: usize = 100;
const WRONG: &str = "パスワードが正しくありません。入力内容を確認し、もう一度お試しください。";
const WRONG_KEY: &str =
    "パスキーを確認できませんでした。もう一度お試しいただくか、パスワードを入力してください。";

pub(super) fn pages() -> Router {
    Router::new()
        .route("/medical-information/proof", get(page).post(typed))
        .route("/medical-information/proof/start", post(start))
        .route("/medical-information/proof/finish", post(finish))
}

/// The page, from which the way leads back to `asked`.
pub(super) fn place(asked: &str) -> String {
    format!("{PATH}?next={}", as_value(onward(asked)))
}

/// Where to go on: a page of 医療情報閲覧, and nothing else that an address may name.
fn onward(next: &str) -> &str {
    let (path, query) = next.split_once('?').unwrap_or((next, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'&' | b'-' | b'_');
    let medical =
        path.strip_prefix(patients::PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let named = medical && is_own_path(path) && query.len() <= QUERY_MAX && query.bytes().all(plain);
    if named { next } else { patients::PATH }
}

/// An address of [`onward`] as one value of another address: nothing else in it has a meaning there.
fn as_value(address: &str) -> String {
    address.replace('?', "%3F").replace('&', "%26").replace('=', "%3D")
}

#[derive(Template)]
#[template(path = "institution/uncover.html")]
struct Page {
    shell: Shell,
    /// Whose session it is.
    name: String,
    next: String,
    /// The same as a value of an address.
    next_value: String,
    /// Whether the account has a passkey that this browser can be asked for.
    passkeys: bool,
    said: Option<String>,
}

#[derive(Default, serde::Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

async fn page(
    OnSite(site): OnSite,
    user: InstitutionUser,
    headers: HeaderMap,
    Query(Next { next }): Query<Next>,
) -> Response {
    let shown = show(&site, &user, &headers, (StatusCode::OK, &next, None)).await;
    shown.unwrap_or_else(|response| response)
}

async fn show(
    site: &Site,
    user: &InstitutionUser,
    headers: &HeaderMap,
    (status, next, said): (StatusCode, &str, Option<String>),
) -> Result<Response, Response> {
    user.must(site, patients::ACTION).await?;
    let factors = site.store.second_factors(user.subject()).await;
    let factors = factors.map_err(|error| refused::by_store(&error))?;
    let passkeys = !factors.passkeys.is_empty() && party(site, headers).is_some();
    let shell = menu::shell(site, TITLE, patients::PATH, user).with_help("/help/uncover");
    let shell = if passkeys { shell.with_passkey_script() } else { shell };
    let next = onward(next).to_owned();
    Ok(render(
        status,
        &Page {
            shell,
            name: user.signed_in.session.name.clone(),
            next_value: as_value(&next),
            next,
            passkeys,
            said,
        },
    ))
}

async fn typed(
    OnSite(site): OnSite,
    Extension(passwords): Extension<Passwords>,
    user: InstitutionUser,
    headers: HeaderMap,
    form: FormData,
) -> Response {
    let answer = by_typed_password(&site, &passwords, &user, (&headers, &form)).await;
    answer.unwrap_or_else(|response| response)
}

async fn by_typed_password(
    site: &Site,
    passwords: &Passwords,
    user: &InstitutionUser,
    (headers, form): (&HeaderMap, &FormData),
) -> Result<Response, Response> {
    user.must(site, patients::ACTION).await?;
    let next = form.get("next");
    let guess = guess(user);
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        note(site, user, "denied:locked").await?;
        let said = (StatusCode::TOO_MANY_REQUESTS, next, Some(decision.message()));
        return show(site, user, headers, said).await;
    }
    let user_id = UserId::parse(user.user_id()).map_err(|_| refused::broken())?;
    let account = site.store.staff_account(&user.institution_code, &user_id).await;
    let account = account.map_err(|error| refused::by_store(&error))?;
    let stored = account.and_then(|account| account.password_hash);
    if !passwords.matches(stored, form.get("password")).await.map_err(by_password)? {
        note(site, user, "denied:password").await?;
        let said = (StatusCode::UNPROCESSABLE_ENTITY, next, Some(WRONG.to_owned()));
        return show(site, user, headers, said).await;
    }
    guess.was_right(site).await?;
    let cookie = proven(site, user, "password").await?;
    let mut response = see(onward(next));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Whoever sits down at an open session guesses as little here as where passwords are changed: counted together.
fn guess(user: &InstitutionUser) -> Guess {
    Guess::of_account("institution-own-password", user.subject())
}

/// The session goes on under a new secret, uncovered; that is on record.
async fn proven(site: &Site, user: &InstitutionUser, by: &str) -> Result<HeaderValue, Response> {
    let before = Presented { token: user.signed_in.token, session: user.signed_in.session.clone() };
    let mut event = user.event(AUDITED, user.actor(), "done");
    event.detail = format!("by={by} for=medical-information {}", event.detail);
    site.prove_session(&before, event).await.map_err(|error| match error {
        SessionError::Over => see(site.sign_in),
        error => {
            tracing::error!(%error, "a session could not be begun");
            refused::busy()
        }
    })
}

async fn note(site: &Site, user: &InstitutionUser, outcome: &str) -> Result<(), Response> {
    let event = user.event(AUDITED, user.actor(), outcome);
    let chain = user.institution_code.as_str();
    let noted = site.store.record_sign_in_refused(chain, &user.actor(), event, site.clock.now()).await;
    noted.map_err(|error| refused::by_store(&error))
}

fn say(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "message": words }))).into_response()
}

async fn start(OnSite(site): OnSite, user: InstitutionUser, headers: HeaderMap) -> Response {
    begin(&site, &user, &headers).await.unwrap_or_else(|response| response)
}

async fn begin(site: &Site, user: &InstitutionUser, headers: &HeaderMap) -> Result<Response, Response> {
    user.must(site, patients::ACTION).await?;
    let by_store = |error: store::Error| refused::by_store(&error);
    let wrong = || say(StatusCode::UNPROCESSABLE_ENTITY, WRONG_KEY);
    let keys = site.store.second_factors(user.subject()).await.map_err(by_store)?.passkeys;
    let party = party(site, headers).ok_or_else(wrong)?;
    let dialogue = ask(&party, &keys).map_err(|_| wrong())?;
    let ends_at = Instant(site.clock.now().0.saturating_add(DIALOGUE_MS));
    let kept = site.store.put_passkey_dialogue(user.signed_in.token, PURPOSE, dialogue.ours, ends_at).await;
    kept.map_err(by_store)?;
    Ok(Json(dialogue.theirs).into_response())
}

async fn finish(
    OnSite(site): OnSite,
    user: InstitutionUser,
    headers: HeaderMap,
    Query(Next { next }): Query<Next>,
    body: Bytes,
) -> Response {
    by_passkey(&site, &user, (&headers, &body, &next)).await.unwrap_or_else(|response| response)
}

async fn by_passkey(
    site: &Site,
    user: &InstitutionUser,
    (headers, body, next): (&HeaderMap, &[u8], &str),
) -> Result<Response, Response> {
    user.must(site, patients::ACTION).await?;
    let by_store = |error: store::Error| refused::by_store(&error);
    let wrong = || say(StatusCode::UNPROCESSABLE_ENTITY, WRONG_KEY);
    let (_, credential) = answer_of(body).ok_or_else(refused::incomplete)?;
    // A signature is not guessed; counted all the same, so that nobody may try without end.
    let guess = guess(user);
    let decision = guess.count(site).await?;
    if decision != LockoutDecision::Allowed {
        note(site, user, "denied:locked").await?;
        return Err(say(StatusCode::TOO_MANY_REQUESTS, &decision.message()));
    }
    let ours = site.store.take_passkey_dialogue(user.signed_in.token, PURPOSE, site.clock.now()).await;
    let ours = ours.map_err(by_store)?.ok_or_else(wrong)?;
    let keys = site.store.second_factors(user.subject()).await.map_err(by_store)?.passkeys;
    let party = party(site, headers).ok_or_else(wrong)?;
    let account = (user.signed_in.session.audience, user.subject());
    let Ok((used, after)) = answered(&party, Asked::Account, account, &ours, &credential, &keys) else {
        note(site, user, "denied:passkey").await?;
        return Err(wrong());
    };
    if !site.store.passkey_used(user.subject(), used, after, site.clock.now()).await.map_err(by_store)? {
        note(site, user, "denied:passkey").await?;
        return Err(wrong());
    }
    guess.was_right(site).await?;
    let cookie = proven(site, user, "passkey").await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(json!({ "next": onward(next) }))).into_response())
}

#[cfg(test)]
mod tests {
    use super::{onward, place};

    #[test]
    fn the_way_leads_back_to_medical_pages_only() {
        for own in [
            "/medical-information/patients",
            "/medical-information/patients/019a-b_c/records?kind=medication&from=2026-01-01&until=2026-02-01",
            "/medical-information/patients/019a/checkups/print",
        ] {
            assert_eq!(onward(own), own);
        }
        for other in [
            "",
            "//evil.example/",
            "https://evil.example/medical-information/patients",
            "/medical-information/patientsx",
            "/accounts",
            "/medical-information/patients/../../accounts",
            "/medical-information/patients?x=\"><script>",
            "/medical-information/patients?next=%2f",
            "/medical-information/proof",
        ] {
            assert_eq!(onward(other), "/medical-information/patients", "{other}");
        }
    }

    #[test]
    fn an_address_with_a_question_travels_as_one_value() {
        let there = place("/medical-information/patients/a/records?kind=medication&from=2026-01-01");
        assert!(there.starts_with("/medical-information/proof?next=/medical"));
        assert_eq!(there.matches(['?', '&']).count(), 1);
    }
}
