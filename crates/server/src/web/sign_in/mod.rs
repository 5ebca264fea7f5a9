//! Signing in: name and password, then a second factor that is set up at the first time. The portal and the operator's
//! side share it; their sessions and accounts are apart ([`store::Audience`]).
//!
//! Every guess is counted durably before it is compared, names that nobody has cost the same work and get the same
//! answer, and the session gets a new secret at each step.

mod login;
pub(crate) mod passkeys;
pub(crate) mod proof;
mod recovery;
mod second_factor;
mod security;
mod setup;
mod sign_out;
mod step;
mod totp_setup;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::password::Passwords;
use super::seal::Seal;
use super::see;
use super::site::Site;

/// The browser's own cookie: it says that somebody has signed in here before, and nothing else.
const BROWSER_COOKIE: &str = "__Host-shikaku-browser";
/// Seconds the browser is remembered.
const BROWSER_S: u32 = 180 * 24 * 60 * 60;

/// What signing in needs besides the site.
pub struct SignInDesk {
    /// The site.
    pub site: Arc<Site>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Seals TOTP secrets.
    pub seal: Arc<Seal>,
    /// What the field for the name is called, e.g. `メールアドレス`.
    pub name_label: &'static str,
    /// `email` or `text`: how browsers help with the name.
    pub name_kind: &'static str,
    /// Links under the form: address and words.
    pub links: &'static [(&'static str, &'static str)],
}

impl std::fmt::Debug for SignInDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInDesk").field("site", &self.site).finish_non_exhaustive()
    }
}

/// The pages of signing in, for a site's router.
pub fn routes(desk: Arc<SignInDesk>) -> Router {
    Router::new()
        .route("/login", get(login::page).post(login::typed))
        .route("/login/second-factor", get(second_factor::page))
        .route("/login/totp", post(second_factor::totp))
        .route("/login/recovery", post(second_factor::recovery))
        .route("/login/passkey/start", post(passkeys::ask))
        .route("/login/passkey/finish", post(passkeys::answered))
        .route("/second-factor/setup", get(setup::page))
        .route("/second-factor/totp", get(totp_setup::page).post(totp_setup::begin))
        .route("/second-factor/totp/confirm", post(totp_setup::confirm))
        .route("/second-factor/passkey/start", post(passkeys::offer))
        .route("/second-factor/passkey/finish", post(passkeys::made))
        .route("/security", get(security::page))
        .route("/security/passkeys/remove", post(security::remove_passkey))
        .route("/security/totp/remove", post(security::remove_totp))
        .route("/security/recovery-codes", post(security::new_codes))
        .route("/security/proof", get(proof::page).post(proof::typed))
        .route("/sign-out", post(sign_out::sign_out))
        .with_state(desk)
}

/// Where to go after signing in, carried from page to page.
fn with_next(path: &str, next: &str) -> String {
    if super::signed_in::is_own_path(next) { format!("{path}?next={next}") } else { path.to_owned() }
}

/// `next` of an address.
#[derive(Debug, Default, serde::Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}
