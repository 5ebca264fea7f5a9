//! The second factor, set up: at the first sign-in, before anything else.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use store::{SecondFactors, Stage, WebSession};

use super::{SignInDesk, proof, see};
use crate::web::{PasswordGiven, Shell, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/second-factor/setup";

#[derive(Template)]
#[template(path = "sign_in/setup.html")]
struct Page {
    shell: Shell,
    first: bool,
    totp_in_use: bool,
}

/// Whether this session may add a second factor: one with the password alone only while there is none.
pub(super) fn may_set_up(session: &WebSession, factors: &SecondFactors) -> bool {
    session.stage == Stage::Full || !factors.any()
}

/// The account's factors, if this session may add to them.
pub(super) async fn allowed(desk: &SignInDesk, session: &WebSession) -> Result<SecondFactors, Response> {
    let factors = desk.site.store.second_factors(&session.subject).await;
    let factors = factors.map_err(|error| refused::by_store(&error))?;
    if may_set_up(session, &factors) { Ok(factors) } else { Err(see("/login/second-factor")) }
}

/// The same, for who adds one now: after a fresh proof.
pub(super) async fn may_add(desk: &SignInDesk, session: &WebSession) -> Result<SecondFactors, Response> {
    let factors = allowed(desk, session).await?;
    proof::demand(desk, session, PATH)?;
    Ok(factors)
}

pub(super) async fn page(State(desk): State<Arc<SignInDesk>>, given: PasswordGiven) -> Response {
    let factors = match allowed(&desk, &given.session).await {
        Ok(factors) => factors,
        Err(response) => return response,
    };
    let shell = Shell::new(&desk.site, "2段階認証の設定", "/second-factor/setup", None).with_passkey_script();
    let page = Page { shell, first: !factors.any(), totp_in_use: factors.has_totp() };
    render(StatusCode::OK, &page)
}
