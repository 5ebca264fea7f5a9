//! Sessions of browsers: a random secret in a cookie, its hash in the database, a new one at every step of signing in.

use axum::http::{HeaderMap, HeaderValue, header};
use eligibility::Instant;
use store::{Audience, TokenHash, WebSession, audit::AuditEvent};

use super::{secret_token::SecretToken, signed_in::SignedIn, site::Site};

const MINUTE_MS: i64 = 60 * 1000;
/// Without a click for so long, a session is over, milliseconds.
pub const IDLE_MS: i64 = 30 * MINUTE_MS;
/// A session lasts at most so long, milliseconds.
pub const LONGEST_MS: i64 = 12 * 60 * MINUTE_MS;
/// The same for the operator's people, who see every institution.
pub const OPERATOR_IDLE_MS: i64 = 10 * MINUTE_MS;
/// The same.
pub const OPERATOR_LONGEST_MS: i64 = 4 * 60 * MINUTE_MS;
/// Between password and second factor there is so long, milliseconds.
pub const SECOND_FACTOR_MS: i64 = 10 * MINUTE_MS;
/// The cookie that remembers of which session it was said that it is over: that is said once.
const TOLD: &str = "__Host-shikaku-told";
/// So much of a session's hash tells it from the others of one browser, bytes.
const TOLD_BYTES: usize = 8;
/// After so long without a click, pages with medical information want to know anew who sits there, milliseconds.
pub const COVER_MS: i64 = 5 * MINUTE_MS;
/// What a page asks with that keeps itself fresh: nobody touched it, so the session grows older all the same.
const QUIET: &str = "shikaku-quiet";
/// How exactly the last use is written down, milliseconds: not every click is a write.
const SEEN_STEP_MS: i64 = MINUTE_MS;

/// Why there is no session to be had.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system has no randomness.
    #[error("no randomness")]
    Randomness,
    /// The site has no sessions.
    #[error("this site has no sessions")]
    NoAudience,
    /// The session that was to go on has ended meanwhile.
    #[error("the session has ended")]
    Over,
}

/// The cookie of a site. Without TLS, browsers take it for `localhost` only.
#[must_use]
pub const fn cookie_name(audience: Audience) -> &'static str {
    match audience {
        Audience::Portal => "__Host-shikaku-portal",
        Audience::Operator => "__Host-shikaku-operator",
        Audience::Institution => "__Host-shikaku-institution",
    }
}

/// A cookie's value, if there is exactly one of the name: two mean that somebody else has put one there.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(key, value)| (key == name).then_some(value));
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// A session as a request brought it.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The hash of the secret.
    pub token: TokenHash,
    /// Whose it is.
    pub session: WebSession,
}

/// Why a cookie has no session behind it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSession {
    /// Nobody used it for too long.
    Idle,
    /// It was ended: by its holder, by another sign-in or by an administrator.
    Ended,
}

impl Site {
    /// The live session of a request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn presented(&self, headers: &HeaderMap) -> Result<Option<Presented>, store::Error> {
        let Some(audience) = self.audience else { return Ok(None) };
        let Some(secret) = cookie(headers, cookie_name(audience)).and_then(SecretToken::read) else {
            return Ok(None);
        };
        let token = secret.hash();
        let Some(session) = self.store.web_session(audience, token).await? else { return Ok(None) };
        let now = self.clock.now();
        if !lives(&session, now) {
            return Ok(None);
        }
        let used = !headers.contains_key(QUIET);
        if used && now.0.saturating_sub(session.seen_at.0) >= SEEN_STEP_MS {
            self.store.web_session_seen(token, now, COVER_MS).await?;
        }
        Ok(Some(Presented { token, session }))
    }

    /// Begins a session and returns its cookie; `replaced` ends in the same commit. The caller fills in who and how
    /// far; the times are set here.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn begin_session(
        &self,
        session: WebSession,
        replaced: Option<TokenHash>,
        audit: AuditEvent,
    ) -> Result<HeaderValue, SessionError> {
        let audience = self.audience.ok_or(SessionError::NoAudience)?;
        let secret = SecretToken::random().map_err(|_| SessionError::Randomness)?;
        let began_at = self.clock.now();
        let lasts = match session.stage {
            store::Stage::Password => SECOND_FACTOR_MS,
            store::Stage::Full => longest(audience),
        };
        let ends_at = Instant(began_at.0.saturating_add(lasts));
        let session = WebSession { audience, began_at, seen_at: began_at, ends_at, ..session };
        if !self.store.begin_web_session(secret.hash(), session, replaced, audit).await? {
            return Err(SessionError::Over);
        }
        self.session_cookie(&secret).ok_or(SessionError::Randomness)
    }

    /// Goes on with a session whose holder has proven again to be the account's: a new secret and a new beginning, and
    /// the end it had.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn prove_session(
        &self,
        before: &Presented,
        audit: AuditEvent,
    ) -> Result<HeaderValue, SessionError> {
        let secret = SecretToken::random().map_err(|_| SessionError::Randomness)?;
        let now = self.clock.now();
        let session = WebSession { began_at: now, seen_at: now, ..before.session.clone() };
        if !self.store.begin_web_session(secret.hash(), session, Some(before.token), audit).await? {
            return Err(SessionError::Over);
        }
        self.session_cookie(&secret).ok_or(SessionError::Randomness)
    }

    /// Whether somebody must prove anew who sits there before medical information is shown. If not, the moment counts
    /// as a touch, to the millisecond.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_covered(&self, presented: &SignedIn) -> Result<bool, store::Error> {
        let now = self.clock.now();
        // A page that keeps itself fresh leaves no trace of its coming: the pause is looked at here too.
        let rested = now.0.saturating_sub(presented.session.seen_at.0) >= COVER_MS;
        if rested || self.store.web_session_covered(presented.token).await?.is_some() {
            return Ok(true);
        }
        self.store.web_session_seen(presented.token, now, COVER_MS).await?;
        Ok(false)
    }

    /// The cookie of a session with this secret.
    #[must_use]
    pub fn session_cookie(&self, secret: &SecretToken) -> Option<HeaderValue> {
        let cookie = format!("{}={}{ATTRIBUTES}", cookie_name(self.audience?), secret.reveal());
        let mut cookie = HeaderValue::from_str(&cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// Why a request has no live session: its cookie names one that nobody used for too long, or one that is gone. With
    /// it a cookie by which this is said once. The session's own cookie stays as it is: while the request was on its
    /// way, another tab may have signed in, and its new cookie has the same name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn why_no_session(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<(NoSession, HeaderValue)>, store::Error> {
        let Some(audience) = self.audience else { return Ok(None) };
        let Some(secret) = cookie(headers, cookie_name(audience)).and_then(SecretToken::read) else {
            return Ok(None);
        };
        let token = secret.hash();
        let mark = hex::encode(&token[..TOLD_BYTES]);
        if cookie(headers, TOLD) == Some(mark.as_str()) {
            return Ok(None);
        }
        let why = match self.store.web_session(audience, token).await? {
            Some(session) if lives(&session, self.clock.now()) => return Ok(None),
            Some(_) => NoSession::Idle,
            None => NoSession::Ended,
        };
        Ok(HeaderValue::from_str(&format!("{TOLD}={mark}{ATTRIBUTES}")).ok().map(|told| (why, told)))
    }

    /// The cookie that takes the session's cookie away.
    #[must_use]
    pub fn no_session_cookie(&self) -> Option<HeaderValue> {
        let name = cookie_name(self.audience?);
        HeaderValue::from_str(&format!("{name}={ATTRIBUTES}; Max-Age=0")).ok()
    }
}

const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Strict";

fn lives(session: &WebSession, now: Instant) -> bool {
    // A clock set back ends nothing and lengthens nothing beyond the absolute end.
    now < session.ends_at && now.0.saturating_sub(session.seen_at.0) < idle(session.audience)
}

const fn idle(audience: Audience) -> i64 {
    match audience {
        Audience::Operator => OPERATOR_IDLE_MS,
        Audience::Portal | Audience::Institution => IDLE_MS,
    }
}

const fn longest(audience: Audience) -> i64 {
    match audience {
        Audience::Operator => OPERATOR_LONGEST_MS,
        Audience::Portal | Audience::Institution => LONGEST_MS,
    }
}
