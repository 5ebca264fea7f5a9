//! Who is signed in at the institution web: a live session of the institution that the connection's certificate names,
//! and what that account may do. What is refused leaves an audit record.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::{HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use eligibility::errors::ErrorCode;
use eligibility::institution::InstitutionCode;
use eligibility::institution_account::{InstitutionAction, InstitutionRole};
use store::audit::AuditEvent;
use store::{Act, Audience, Denial, Stage, TokenHash, WebSession};

use super::{menu, notices};
use crate::listener::identity::AskingTerminal;
use crate::web::see;
use crate::web::session::{NoSession, Presented};
use crate::web::signed_in::{is_own_path, site_of};
use crate::web::{Shell, SignedIn, Site, refused, render};

/// Somebody of an institution who is signed in at one of its terminals.
#[derive(Clone, Debug)]
pub struct InstitutionUser {
    /// The session.
    pub signed_in: SignedIn,
    /// The institution: the session's and the certificate's, which are the same.
    pub institution_code: InstitutionCode,
    /// 権限区分.
    pub role: InstitutionRole,
    /// The terminal that the request came from.
    pub terminal: AskingTerminal,
    /// お知らせ that the account has not read; counted for pages only.
    pub unread: usize,
    /// What was asked for, as the router has it.
    route: String,
}

#[derive(Template)]
#[template(path = "institution/not_allowed.html")]
struct NotAllowed {
    shell: Shell,
    error: refused::PageError,
    what: &'static str,
    role: &'static str,
    who_may: String,
}

impl InstitutionUser {
    /// The account everywhere: `医療機関コード:ユーザーID`.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.signed_in.subject()
    }

    /// ユーザーID.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.subject().split_once(':').map_or("", |(_, user_id)| user_id)
    }

    /// Who acts, as the audit log names it: `account:ユーザーID`.
    #[must_use]
    pub fn actor(&self) -> String {
        self.signed_in.actor()
    }

    /// An event of this account for the institution's chain.
    #[must_use]
    pub fn event(&self, action: &str, object: impl Into<String>, outcome: &str) -> AuditEvent {
        AuditEvent {
            actor: self.actor(),
            action: action.to_owned(),
            object: object.into(),
            outcome: outcome.to_owned(),
            detail: format!("terminal={}", self.terminal.terminal_name),
        }
    }

    /// Who acts now, for the store.
    #[must_use]
    pub fn act(&self, site: &Site) -> Act {
        Act { chain: self.institution_code.to_string(), actor: self.actor(), now: site.clock.now() }
    }

    /// Goes on if the role may do it; otherwise that is audited.
    ///
    /// # Errors
    /// The page that says that this 権限区分 may not, and which may.
    pub async fn must(&self, site: &Site, action: InstitutionAction) -> Result<(), Response> {
        self.must_one_of(site, &[action]).await
    }

    /// Goes on if the role may do one of these; otherwise that is audited under the first.
    ///
    /// # Errors
    /// As [`Self::must`].
    pub async fn must_one_of(&self, site: &Site, actions: &[InstitutionAction]) -> Result<(), Response> {
        if actions.iter().any(|action| self.role.may(*action)) {
            return Ok(());
        }
        let Some(action) = actions.first() else { return Err(refused::not_there()) };
        self.denied(site, action.name(), "-", "denied:role").await?;
        let may = |role: &&InstitutionRole| actions.iter().any(|one| role.may(*one));
        let labels: Vec<_> = InstitutionRole::ALL.iter().filter(may).map(|role| role.label()).collect();
        let page = NotAllowed {
            shell: menu::shell(site, refused::NOT_ALLOWED.title, "", self).with_help("/help/not-allowed"),
            error: refused::NOT_ALLOWED,
            what: action.label(),
            role: self.role.label(),
            who_may: labels.join("」「"),
        };
        Err(render(StatusCode::FORBIDDEN, &page))
    }

    /// 404 for an object that this institution does not have, audited: what is another institution's looks the same.
    pub async fn not_there(&self, site: &Site, action: InstitutionAction, object: &str) -> Response {
        self.not_own(site, action.name(), object).await
    }

    /// The same where no role is asked for: what would belong to this account. `action`: as its doing would be recorded.
    pub(super) async fn not_own(&self, site: &Site, action: &str, object: &str) -> Response {
        match self.denied(site, action, object, "denied:not-there").await {
            Ok(()) => refused::not_there(),
            Err(response) => response,
        }
    }

    /// Writes down that something was refused because no consent to it holds.
    ///
    /// # Errors
    /// The page that says that it could not be written down.
    pub(super) async fn without_consent(
        &self,
        site: &Site,
        action: InstitutionAction,
        object: &str,
    ) -> Result<(), Response> {
        let outcome = format!("denied:{}", ErrorCode::NoConsent.internal_name());
        self.denied(site, action.name(), object, &outcome).await
    }

    async fn denied(&self, site: &Site, action: &str, object: &str, outcome: &str) -> Result<(), Response> {
        let mut audit = self.event(action, object, outcome);
        audit.detail = format!("{} role={} route={}", audit.detail, self.role.name(), self.route);
        let denial = Denial {
            institution_code: self.institution_code.clone(),
            // Each action by itself: many refusals of one kind do not hide the first of another.
            source: format!("{}/{}", self.actor(), action),
            audit,
            recorded_at: site.clock.now(),
        };
        site.store.record_denied(denial).await.map_err(|error| refused::by_store(&error))
    }
}

/// The terminal that a request came from.
#[expect(clippy::result_large_err, reason = "the response is what the handler returns")]
pub(super) fn terminal_of(parts: &Parts) -> Result<AskingTerminal, Response> {
    parts.extensions.get::<AskingTerminal>().cloned().ok_or_else(refused::broken)
}

/// The live session of a request, if it is of the certificate's institution.
pub(super) async fn own_session(
    site: &Site,
    terminal: &AskingTerminal,
    parts: &Parts,
) -> Result<Option<Presented>, Response> {
    let presented = site.presented(&parts.headers).await.map_err(|error| {
        tracing::error!(%error, "a session could not be read");
        refused::busy()
    })?;
    let Some(found) = presented else { return Ok(None) };
    if found.session.institution_code.as_ref() == Some(&terminal.institution_code) {
        return Ok(Some(found));
    }
    carried_off(site, terminal, &found, &route_of(parts)).await?;
    Ok(None)
}

/// A session that came with another institution's certificate: both institutions learn of it.
async fn carried_off(
    site: &Site,
    terminal: &AskingTerminal,
    found: &Presented,
    route: &str,
) -> Result<(), Response> {
    let now = site.clock.now();
    let actor = format!("terminal:{}", terminal.terminal_name);
    let detail = format!("role={} route={route}", found.session.role);
    let event = |actor: String, object: String| AuditEvent {
        actor,
        action: "session".to_owned(),
        object,
        outcome: "denied:institution".to_owned(),
        detail: detail.clone(),
    };
    let mut told = vec![Denial {
        institution_code: terminal.institution_code.clone(),
        // Each route by itself, as below.
        source: format!("{actor}/session/{route}"),
        audit: event(actor, "session of another institution".to_owned()),
        recorded_at: now,
    }];
    if let Some(code) = &found.session.institution_code {
        let whose = found.session.actor();
        told.push(Denial {
            institution_code: code.clone(),
            source: format!("{whose}/session/{route}"),
            audit: event("unknown".to_owned(), whose),
            recorded_at: now,
        });
    }
    for denial in told {
        site.store.record_denied(denial).await.map_err(|error| refused::by_store(&error))?;
    }
    Ok(())
}

/// What was asked for, as the router has it: no name that somebody typed.
fn route_of(parts: &Parts) -> String {
    let path = parts.extensions.get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    format!("{} {path}", parts.method)
}

fn session_denied(actor: String, outcome: &str, detail: String) -> AuditEvent {
    AuditEvent {
        actor,
        action: "session".to_owned(),
        object: "-".to_owned(),
        outcome: outcome.to_owned(),
        detail,
    }
}

/// Somebody whom no page is for tried one: that is on the institution's record.
async fn turned_away(site: &Site, terminal: &AskingTerminal, audit: AuditEvent) -> Result<(), Response> {
    let denial = Denial {
        institution_code: terminal.institution_code.clone(),
        // Each route by itself: many refusals of one do not hide the first of another.
        source: format!("{}/session/{}", audit.actor, audit.detail),
        audit,
        recorded_at: site.clock.now(),
    };
    site.store.record_denied(denial).await.map_err(|error| refused::by_store(&error))
}

/// Nobody is signed in. Opening a page leads to where one signs in; a change that nobody signed in for is an attempt.
async fn nobody(site: &Site, terminal: &AskingTerminal, parts: &Parts, route: &str) -> Response {
    let over = matches!(site.why_no_session(&parts.headers).await, Ok(Some(_)));
    if parts.method != Method::GET && !over {
        let actor = format!("terminal:{}", terminal.terminal_name);
        let event = session_denied(actor, "denied:no-session", format!("route={route}"));
        if let Err(response) = turned_away(site, terminal, event).await {
            return response;
        }
    }
    to_sign_in(site, parts).await
}

/// To the page to sign in, which says once why if somebody was signed in, and afterwards back.
async fn to_sign_in(site: &Site, parts: &Parts) -> Response {
    let back = parts.uri.path();
    let mut query = Vec::new();
    let over = match site.why_no_session(&parts.headers).await {
        Ok(over) => over,
        Err(error) => return refused::by_store(&error),
    };
    match &over {
        Some((NoSession::Idle, _)) => query.push("why=idle".to_owned()),
        Some((NoSession::Ended, _)) => query.push("why=ended".to_owned()),
        None => {}
    }
    if parts.method == Method::GET && back != menu::PATH && is_own_path(back) {
        query.push(format!("next={back}"));
    }
    let to = [site.sign_in, &query.join("&")].join(if query.is_empty() { "" } else { "?" });
    let Ok(location) = HeaderValue::from_str(&to) else { return refused::broken() };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    if let Some((_, told)) = over {
        response.headers_mut().append(header::SET_COOKIE, told);
    }
    response
}

/// Somebody whose password was right and who has a step left before being signed in: a password of their own, or the
/// end of another session.
#[derive(Clone, Debug)]
pub(super) struct Proven {
    /// The session of the step.
    pub(super) session: WebSession,
    /// The hash of its secret.
    pub(super) token: TokenHash,
    /// The terminal that the request came from.
    pub(super) terminal: AskingTerminal,
}

impl<S: Sync> FromRequestParts<S> for Proven {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let site: Arc<Site> = site_of(parts)?;
        let terminal = terminal_of(parts)?;
        match own_session(&site, &terminal, parts).await? {
            Some(Presented { token, session }) if session.stage == Stage::Password => {
                Ok(Self { session, token, terminal })
            }
            Some(_) => Err(see(menu::PATH)),
            None => Err(to_sign_in(&site, parts).await),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for InstitutionUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let site: Arc<Site> = site_of(parts)?;
        let terminal = terminal_of(parts)?;
        let found = own_session(&site, &terminal, parts).await?;
        let full = found.filter(|found| {
            found.session.stage == Stage::Full && found.session.audience == Audience::Institution
        });
        let route = route_of(parts);
        let Some(Presented { token, session }) = full else {
            return Err(nobody(&site, &terminal, parts, &route).await);
        };
        let role = InstitutionRole::from_name(&session.role).filter(|role| role.signs_in());
        let Some(role) = role else {
            let detail = format!("role={} route={route}", session.role);
            let event = session_denied(session.actor(), "denied:role", detail);
            turned_away(&site, &terminal, event).await?;
            return Err(refused::not_there());
        };
        let institution_code = terminal.institution_code.clone();
        let signed_in = SignedIn { session, token };
        let mut user = Self { signed_in, institution_code, role, terminal, unread: 0, route };
        if parts.method == Method::GET {
            user.unread = notices::unread(&site, &user).await.map_err(|error| refused::by_store(&error))?;
        }
        Ok(user)
    }
}
