//! Extractors: a handler that has one in its arguments is reached by signed-in people only.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use eligibility::account::{OperatorAction, OperatorRole, PortalRole};
use eligibility::institution::InstitutionCode;
use store::{Audience, Stage, TokenHash, WebSession};

use super::{refused, session::Presented, site::Site};

/// Somebody who is signed in, second factor included.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: WebSession,
    /// The hash of its secret.
    pub token: TokenHash,
}

/// Somebody whose password was right and who is to show or set up the second factor, or has done so.
#[derive(Clone, Debug)]
pub struct PasswordGiven {
    /// The session.
    pub session: WebSession,
    /// The hash of its secret.
    pub token: TokenHash,
}

/// A signed-in account of the portal. The institution is the account's, never the request's.
#[derive(Clone, Debug)]
pub struct PortalUser {
    /// The session.
    pub signed_in: SignedIn,
    /// For which institution the account acts.
    pub institution_code: InstitutionCode,
    /// The account's role.
    pub role: PortalRole,
}

/// A signed-in person of the operator.
#[derive(Clone, Debug)]
pub struct OperatorUser {
    /// The session.
    pub signed_in: SignedIn,
    /// The person's role.
    pub role: OperatorRole,
}

impl SignedIn {
    /// The account.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.session.subject
    }

    /// Who acts, as the audit log names it.
    #[must_use]
    pub fn actor(&self) -> String {
        self.session.actor()
    }
}

impl PortalUser {
    /// The account.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.signed_in.subject()
    }
}

impl OperatorUser {
    /// The account.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.signed_in.subject()
    }

    /// Goes on if the role may do it.
    ///
    /// # Errors
    /// The page that says it is not there.
    #[expect(clippy::result_large_err, reason = "the response is what the handler returns")]
    pub fn must_be_allowed(&self, action: OperatorAction) -> Result<(), Response> {
        if self.role.may(action) { Ok(()) } else { Err(refused::for_other_roles(self.role, action)) }
    }
}

/// The site that a request reached.
#[expect(clippy::result_large_err, reason = "the response is what the handler returns")]
pub(crate) fn site_of(parts: &Parts) -> Result<Arc<Site>, Response> {
    parts.extensions.get::<Arc<Site>>().cloned().ok_or_else(refused::broken)
}

async fn presented(parts: &Parts) -> Result<(Arc<Site>, Option<Presented>), Response> {
    let site = site_of(parts)?;
    match site.presented(&parts.headers).await {
        Ok(presented) => Ok((site, presented)),
        Err(error) => {
            tracing::error!(%error, "a session could not be read");
            Err(refused::busy())
        }
    }
}

/// Sends somebody who is not signed in to the page where it is done, and afterwards back.
fn to_sign_in(site: &Site, parts: &Parts) -> Response {
    let back = parts.uri.path();
    let to = if parts.method == Method::GET && back != "/" && is_own_path(back) {
        format!("{}?next={back}", site.sign_in)
    } else {
        site.sign_in.to_owned()
    };
    let Ok(location) = HeaderValue::from_str(&to) else { return refused::broken() };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Whether a text is a path of this site and of no other.
#[must_use]
pub fn is_own_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_');
    text.len() <= 200 && text.starts_with('/') && !text.starts_with("//") && text.bytes().all(plain)
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let (site, presented) = presented(parts).await?;
        match presented {
            Some(Presented { token, session }) if session.stage == Stage::Full => Ok(Self { session, token }),
            _ => Err(to_sign_in(&site, parts)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for PasswordGiven {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let (site, presented) = presented(parts).await?;
        let found = presented.map(|Presented { token, session }| Self { session, token });
        found.ok_or_else(|| to_sign_in(&site, parts))
    }
}

impl<S: Sync> FromRequestParts<S> for PortalUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        let session = &signed_in.session;
        match (session.audience, &session.institution_code, PortalRole::from_name(&session.role)) {
            (Audience::Portal, Some(code), Some(role)) => {
                Ok(Self { institution_code: code.clone(), role, signed_in })
            }
            _ => Err(refused::not_there()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for OperatorUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        let session = &signed_in.session;
        match (session.audience, OperatorRole::from_name(&session.role)) {
            (Audience::Operator, Some(role)) => Ok(Self { role, signed_in }),
            _ => Err(refused::not_there()),
        }
    }
}

/// Somebody who may or may not be signed in: pages that anyone reads show it in their head.
#[derive(Clone, Debug)]
pub struct Visitor(pub Option<SignedIn>);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let (_, presented) = presented(parts).await?;
        let full = presented.filter(|found| found.session.stage == Stage::Full);
        Ok(Self(full.map(|Presented { token, session }| SignedIn { session, token })))
    }
}

impl<S: Sync> FromRequestParts<S> for OnSite {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        site_of(parts).map(Self)
    }
}

/// The site that the request reached.
#[derive(Clone, Debug)]
pub struct OnSite(pub Arc<Site>);
