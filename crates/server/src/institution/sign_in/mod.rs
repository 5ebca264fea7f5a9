//! Signing in at the institution web: ユーザーID and パスワード of the institution that the client certificate names.
//!
//! The guess is counted before it is compared; a name that nobody has costs the same work and gets the same answer. An
//! initial password is used up by its first right entry and leads to a password of one's own; a session that lives
//! elsewhere is taken over only when its holder says so.

mod login;
mod new_password;
mod passkey;
mod session;
mod sign_out;
mod take_over;

use axum::Router;
use axum::routing::{get, post};

use axum::response::Response;

pub(super) use passkey::party;
pub(super) use session::password_place;
pub(crate) use session::password_places;

use crate::web::password::PasswordError;
use crate::web::refused;

/// The pages.
pub(super) fn pages() -> Router {
    Router::new()
        .route("/login", get(login::page).post(login::typed))
        .route("/login/new-password", get(new_password::page).post(new_password::set))
        .route("/login/take-over", get(take_over::page).post(take_over::done))
        .route("/login/passkey/start", post(passkey::start))
        .route("/login/passkey/finish", post(passkey::finish))
        .route("/session/keep", post(sign_out::keep))
        .route("/sign-out", post(sign_out::sign_out))
}

/// What one signs in with, in the places where attempts are counted.
const WHAT: &str = "institution-password";

/// `next` and `why` of an address.
#[derive(Debug, Default, serde::Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    why: String,
}

/// Where to go after signing in.
fn destination(next: &str) -> &str {
    if crate::web::signed_in::is_own_path(next) { next } else { super::menu::PATH }
}

/// A step's address that remembers where to go afterwards.
fn with_next(path: &str, next: &str) -> String {
    if crate::web::signed_in::is_own_path(next) { format!("{path}?next={next}") } else { path.to_owned() }
}

/// A password could not be hashed or compared.
pub(super) fn by_password(error: PasswordError) -> Response {
    tracing::error!(%error, "a password could not be hashed or compared");
    if error == PasswordError::Busy { refused::busy() } else { refused::broken() }
}
