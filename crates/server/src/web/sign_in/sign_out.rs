//! Signing out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::step::{event, onward};
use super::{SignInDesk, see};
use crate::web::{PasswordGiven, refused};

pub(super) async fn sign_out(
    State(desk): State<Arc<SignInDesk>>,
    given: Result<PasswordGiven, Response>,
) -> Response {
    let site = &desk.site;
    let Ok(PasswordGiven { session, token }) = given else { return see(site.sign_in) };
    let audit = event(&session, "account.sign-out", "done");
    match site.store.end_web_session(token, session, audit, site.clock.now()).await {
        Ok(()) => onward(site.sign_in, site.no_session_cookie().into_iter().collect()),
        Err(error) => refused::by_store(&error),
    }
}
