//! From one step of signing in to the next: a new session in the place of the old one.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use store::audit::AuditEvent;
use store::{Act, Audience, FactorChange, MailText, NewMail, Stage, TokenHash, WebSession};

use super::{BROWSER_COOKIE, BROWSER_S, SignInDesk, see};
use crate::web::secret_token::SecretToken;
use crate::web::session::{Presented, SessionError, cookie};
use crate::web::{refused, signed_in};

/// The hash of the browser's own cookie.
pub(super) fn browser(headers: &HeaderMap) -> Option<TokenHash> {
    cookie(headers, BROWSER_COOKIE).and_then(SecretToken::read).map(|secret| secret.hash())
}

/// What somebody with this session does, for the audit log.
pub(super) fn act(desk: &SignInDesk, session: &WebSession) -> Act {
    Act { chain: session.chain().to_owned(), actor: session.actor(), now: desk.site.clock.now() }
}

/// A change of the second factors by this session, of which the account's holder is told by mail: `what` happened.
pub(super) async fn change(
    desk: &SignInDesk,
    (session, token): (&WebSession, TokenHash),
    what: &str,
) -> Result<FactorChange, Response> {
    let (site, by_store) = (&desk.site, |error: store::Error| refused::by_store(&error));
    let address = match (session.audience, &session.institution_code) {
        (Audience::Portal, Some(code)) => {
            site.store.portal_account(code, &session.subject).await.map_err(by_store)?.map(|one| one.mail)
        }
        (Audience::Operator, _) => {
            site.store.operator(&session.subject).await.map_err(by_store)?.map(|one| one.mail)
        }
        _ => None,
    };
    let mail = address.map(|address| NewMail {
        mail_id: uuid::Uuid::now_v7().to_string(),
        recipient: address.as_str().to_owned(),
        subject_line: format!("【{}】{what}", site.name),
        text: MailText::Open(format!(
            "{what}。\n\
             ほかの端末でのログインは終了しました。\n\n\
             お心当たりのないときは、すぐにパスワードを再設定し、運用窓口にご連絡ください。\n\
             このメールは送信専用です。\n"
        )),
    });
    Ok(FactorChange { by: token, mail, act: act(desk, session) })
}

pub(super) fn event(session: &WebSession, action: &str, outcome: &str) -> AuditEvent {
    AuditEvent {
        actor: session.actor(),
        action: action.to_owned(),
        object: format!("account:{}", session.subject),
        outcome: outcome.to_owned(),
        detail: String::new(),
    }
}

/// Signed in: the full session in the place of the one that had the password only. `by`: the second factor.
pub(super) async fn complete(
    desk: &SignInDesk,
    headers: &HeaderMap,
    before: &Presented,
    by: &str,
) -> Result<Vec<HeaderValue>, Response> {
    let (site, session) = (&desk.site, &before.session);
    let full = WebSession { stage: Stage::Full, ..session.clone() };
    let mut audit = event(session, "account.sign-in", "done");
    audit.detail = format!("by={by}");
    let begun = site.begin_session(full, Some(before.token), audit).await.map_err(|error| match error {
        SessionError::Over => see(site.sign_in),
        error => {
            tracing::error!(%error, "a session could not be begun");
            refused::busy()
        }
    })?;
    let mut cookies = vec![begun];
    let known = match browser(headers) {
        Some(known) => known,
        None => {
            let secret = SecretToken::random().map_err(|_| refused::busy())?;
            let text = format!(
                "{BROWSER_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={BROWSER_S}",
                secret.reveal()
            );
            let mut cookie = HeaderValue::from_str(&text).map_err(|_| refused::broken())?;
            cookie.set_sensitive(true);
            cookies.push(cookie);
            secret.hash()
        }
    };
    let remembered = site.store.remember_browser(&session.subject, known, site.clock.now()).await;
    remembered.map_err(|error| refused::by_store(&error))?;
    Ok(cookies)
}

/// The page after signing in.
pub(super) fn destination<'a>(desk: &'a SignInDesk, next: &'a str) -> &'a str {
    if signed_in::is_own_path(next) { next } else { desk.site.home }
}

pub(super) fn onward(path: &str, cookies: Vec<HeaderValue>) -> Response {
    with_cookies(see(path), cookies)
}

pub(super) fn with_cookies(mut response: Response, cookies: Vec<HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
