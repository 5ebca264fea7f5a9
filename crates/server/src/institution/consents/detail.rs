//! One patient of 同意済資格情報取得: what they agreed to, and the eligibility that this lets be known today.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use eligibility::calendar::tokyo_date;
use eligibility::consent::CareForm;
use eligibility::institution_account::InstitutionAction;
use eligibility::meaning::Meaning;
use wire::message::ResultMessage;

use super::search::{self, ACTION, HELP};
use super::shown::Consented;
use super::{cancel, find, looked};
use crate::institution::check_result::sheet::{self, Section};
use crate::institution::check_result::tone_name;
use crate::institution::user::InstitutionUser;
use crate::institution::{days, menu};
use crate::terminal_api::Api;
use crate::terminal_api::re_verification;
use crate::web::once::Once;
use crate::web::signed_in::OnSite;
use crate::web::{Shell, refused, render};

pub(super) fn pages() -> Router {
    Router::new().route("/consents/{id}", get(page))
}

/// The page of one patient.
pub(super) fn path(id: &str) -> String {
    format!("{}/{id}", search::PATH)
}

/// What is known of the eligibility.
struct Known {
    meaning: Meaning,
    tone: &'static str,
    sections: Vec<Section>,
}

impl Known {
    fn of(message: &ResultMessage) -> Option<Self> {
        let validity = message.body.qualification_validity.as_ref()?.known()?;
        let as_of = message.header.qualification_confirmation_date?;
        let meaning = Meaning::of(validity);
        Some(Self { meaning, tone: tone_name(meaning.tone), sections: sheet::sections(message, as_of, &[]) })
    }
}

#[derive(Template)]
#[template(path = "institution/consent.html")]
struct Page {
    shell: Shell,
    consented: Consented,
    known: Option<Known>,
    today: String,
    again: Option<String>,
    cancel: Option<String>,
    /// Whether the consent was ended just now.
    ended: bool,
    once: Once,
}

#[derive(Debug, Default, serde::Deserialize)]
struct Opened {
    #[serde(default)]
    ended: bool,
}

async fn page(
    OnSite(site): OnSite,
    user: InstitutionUser,
    Extension(api): Extension<Arc<Api>>,
    Path(id): Path<String>,
    Query(opened): Query<Opened>,
) -> Response {
    let consented = match find(&site, &user, (&id, ACTION)).await {
        Ok(consented) => consented,
        Err(response) => return response,
    };
    let (person, now) = (&consented.person, site.clock.now());
    let known = match re_verification::known(&api, &user.terminal, person, &consented.settings, now).await {
        Ok(message) => message.as_ref().and_then(Known::of),
        Err(refusal) => {
            tracing::error!(%refusal, "what is known of who agreed could not be told");
            return refused::busy();
        }
    };
    let shown = if known.is_some() { " shown:eligibility" } else { " shown:consents" };
    if let Err(response) = looked(&site, &user, ("view_consented", person), shown).await {
        return response;
    }
    let may = |action: InstitutionAction| user.role.may(action) && consented.holds();
    let home_visit = person.care_form == CareForm::HomeVisit;
    let page = Page {
        shell: menu::shell(&site, search::TITLE, search::PATH, &user).with_help(HELP),
        known,
        today: days::day(tokyo_date(now)),
        again: may(ACTION).then(|| format!("{}/re-verification", path(&id))),
        cancel: (home_visit && may(InstitutionAction::CancelConsent)).then(|| cancel::path(&id)),
        ended: opened.ended && !consented.holds(),
        once: Once::new(),
        consented,
    };
    render(StatusCode::OK, &page)
}
