//! Sessions of the institution web, begun.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use eligibility::calendar::end_of_day;
use eligibility::{Instant, institution::InstitutionCode};
use store::{
    AttemptPlace, Audience, NewStaffSession, StaffAccount, StaffSession, Stage, TokenHash, WebSession,
};

use super::WHAT;
use crate::listener::identity::AskingTerminal;
use crate::web::guess::Guess;
use crate::web::secret_token::sha256;
use crate::web::see;
use crate::web::session::{IDLE_MS, LONGEST_MS};
use crate::web::{SecretToken, Site, refused};

/// A session that was not used for so long stands in nobody's way.
pub(in crate::institution) const LIVE_MS: i64 = IDLE_MS;

/// What guesses at an account's former passwords are counted as.
pub(super) const BARRED: &str = "institution-barred-password";

/// How a terminal is remembered as one where an account has signed in: by institution and name, which a new
/// certificate of the same terminal keeps.
pub(super) fn terminal_hash(terminal: &AskingTerminal) -> TokenHash {
    sha256(format!("terminal:{}:{}", terminal.institution_code, terminal.terminal_name).as_bytes())
}

/// The guess of a password at a terminal.
pub(super) async fn guess(site: &Site, terminal: &AskingTerminal, subject: &str) -> Result<Guess, Response> {
    let here = terminal_hash(terminal);
    let known = site.store.knows_browser(subject, here).await.map_err(|error| refused::by_store(&error))?;
    Ok(if known {
        Guess::of_known(WHAT, subject, &here)
    } else {
        Guess::of_stranger_at(WHAT, subject, &hex::encode(here), terminal.institution_code.as_str())
    })
}

/// The place that counts wrong passwords of an account at terminals where it has not signed in before.
pub(in crate::institution) fn password_place(subject: &str) -> AttemptPlace {
    Guess::account_place(WHAT, subject)
}

/// Every place that counts wrong passwords of an account: freed when it gets a new one.
pub(crate) async fn password_places(site: &Site, subject: &str) -> Result<Vec<AttemptPlace>, store::Error> {
    let known = site.store.known_browsers(subject).await?;
    let mut places: Vec<_> = known.iter().map(|hash| Guess::known_place(WHAT, subject, hash)).collect();
    places.push(password_place(subject));
    places.push(Guess::account_place(BARRED, subject));
    Ok(places)
}

/// A session of an account, at this stage, as long as the account may be used.
pub(super) fn session_of(site: &Site, account: &StaffAccount, stage: Stage) -> WebSession {
    let now = site.clock.now();
    let longest = Instant(now.0.saturating_add(LONGEST_MS));
    let last = account.period.ends_on.map(end_of_day);
    WebSession {
        audience: Audience::Institution,
        subject: account.subject(),
        institution_code: Some(account.institution_code.clone()),
        role: account.role.name().to_owned(),
        name: account.name.clone(),
        stage,
        began_at: now,
        seen_at: now,
        ends_at: last.map_or(longest, |last| last.min(longest)),
    }
}

/// What became of signing in.
pub(super) enum Entered {
    /// Signed in: the cookie.
    In(HeaderValue),
    /// Another session lives.
    Occupied,
    /// The account was stopped or changed meanwhile.
    Closed,
}

/// Signs in. `by`: what was proven; `replaced`: the session that it follows.
pub(super) async fn enter(
    site: &Site,
    terminal: &AskingTerminal,
    account: StaffAccount,
    (by, take_over): (&str, bool),
    replaced: Option<TokenHash>,
) -> Result<Entered, Response> {
    let secret = SecretToken::random().map_err(|_| refused::busy())?;
    let session = session_of(site, &account, Stage::Full);
    let subject = session.subject.clone();
    let new = NewStaffSession {
        account,
        token: secret.hash(),
        live_since: Instant(session.began_at.0.saturating_sub(LIVE_MS)),
        session,
        replaced,
        take_over,
        detail: format!("by={by} terminal={}", terminal.terminal_name),
    };
    let begun = site.store.begin_staff_session(new).await.map_err(|error| refused::by_store(&error))?;
    match begun {
        StaffSession::Occupied => Ok(Entered::Occupied),
        StaffSession::Closed => Ok(Entered::Closed),
        StaffSession::Begun => {
            let remembered =
                site.store.remember_browser(&subject, terminal_hash(terminal), site.clock.now()).await;
            remembered.map_err(|error| refused::by_store(&error))?;
            site.session_cookie(&secret).map(Entered::In).ok_or_else(refused::broken)
        }
    }
}

/// On to a page with a cookie.
pub(super) fn onward(path: &str, cookie: HeaderValue) -> Response {
    let mut response = see(path);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// The session that a request brought, if it is of this account: the new one takes its place.
pub(super) async fn brought(
    site: &Site,
    headers: &HeaderMap,
    code: &InstitutionCode,
) -> Result<Option<TokenHash>, Response> {
    let presented = site.presented(headers).await.map_err(|error| refused::by_store(&error))?;
    let own = presented.filter(|found| found.session.institution_code.as_ref() == Some(code));
    Ok(own.map(|found| found.token))
}
