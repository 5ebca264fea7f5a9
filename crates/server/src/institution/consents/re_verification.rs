//! 再照会: checks again, now, under the consent that is kept.

use std::sync::Arc;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use eligibility::errors::{ErrorCode, Guidance};

use super::search::{self, ACTION};
use super::{detail, find};
use crate::institution::number_check::web_request_id;
use crate::institution::user::InstitutionUser;
use crate::institution::{check_result, menu};
use crate::terminal_api::Api;
use crate::terminal_api::answer::Asker;
use crate::terminal_api::body::Digests;
use crate::terminal_api::re_verification::{self, ReVerificationCheck};
use crate::terminal_api::refusal::Refusal;
use crate::web::once::Once;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, Shell, Site, refused, render, see};

pub(super) fn pages() -> Router {
    Router::new().route("/consents/{id}/re-verification", post(ask))
}

#[derive(Template)]
#[template(path = "institution/consent_refused.html")]
struct Refused {
    shell: Shell,
    code: &'static str,
    words: Guidance,
    back: String,
}

async fn ask(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Extension(api): Extension<Arc<Api>>,
    Path(id): Path<String>,
    typed: FormData,
) -> Response {
    let consented = match find(&site, &user, (&id, ACTION)).await {
        Ok(consented) => consented,
        Err(response) => return response,
    };
    let Some(once) = Once::of_form(&typed) else { return refused::incomplete() };
    let form = once.of_subject(user.subject());
    // No day in it: a form that comes again after midnight is the same check.
    let question = format!("{}\n{}\n{id}", form.subject, form.form_id);
    let request_id = web_request_id(digest(&SHA256, question.as_bytes()).as_ref());
    let route = format!("{}/re-verification {}", search::PATH, user.subject());
    let asked = ReVerificationCheck {
        digests: Digests::of(&route, &user.terminal, question.as_bytes()),
        settings: consented.settings,
        person: consented.person,
        request_id: request_id.clone(),
    };
    let asker = Asker { terminal: &user.terminal, actor: user.actor() };
    match re_verification::check(&api, &asker, asked).await {
        Ok(()) => see(&check_result::path(&request_id)),
        Err(refusal) => {
            let object = format!("consent:{id}");
            let denied = match refusal.code {
                ErrorCode::NoConsent => user.without_consent(&site, ACTION, &object).await,
                _ => Ok(()),
            };
            denied.map_or_else(|response| response, |()| say_refused(&site, &user, &refusal, &id))
        }
    }
}

fn say_refused(site: &Site, user: &InstitutionUser, refusal: &Refusal, id: &str) -> Response {
    let entry = refusal.code.entry();
    let page = Refused {
        shell: menu::shell(site, "再照会ができませんでした", search::PATH, user).with_help(search::HELP),
        code: entry.code,
        words: entry.ja,
        back: detail::path(id),
    };
    render(refusal.status, &page)
}
