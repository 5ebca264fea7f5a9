//! ログアウト, and that somebody is still there.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use store::audit::AuditEvent;

use super::session::onward;
use crate::institution::user::{InstitutionUser, Proven};
use crate::web::refused;
use crate::web::see;
use crate::web::signed_in::OnSite;

/// 《ログアウト》, also of who has given the password only.
pub(super) async fn sign_out(
    OnSite(site): OnSite,
    user: Result<InstitutionUser, Response>,
    proven: Result<Proven, Response>,
) -> Response {
    let (session, token) = match (user, proven) {
        (Ok(user), _) => (user.signed_in.session, user.signed_in.token),
        (_, Ok(proven)) => (proven.session, proven.token),
        _ => return see("/login?why=out"),
    };
    let audit = AuditEvent {
        actor: session.actor(),
        action: "account.sign-out".to_owned(),
        object: session.actor(),
        outcome: "done".to_owned(),
        detail: String::new(),
    };
    match (
        site.store.end_web_session(token, session, audit, site.clock.now()).await,
        site.no_session_cookie(),
    ) {
        (Ok(()), Some(gone)) => onward("/login?why=out", gone),
        (Ok(()), None) => see("/login?why=out"),
        (Err(error), _) => refused::by_store(&error),
    }
}

/// ログインを続ける: asking was using.
pub(super) async fn keep(_: InstitutionUser) -> Response {
    StatusCode::NO_CONTENT.into_response()
}
