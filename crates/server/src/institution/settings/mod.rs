//! 《環境設定情報更新》: the form, the terms that open its block of home visits, what others changed meanwhile, and the
//! history.

mod conflict;
mod terms;

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Router, routing::get};
use eligibility::facility_settings::{FacilitySettings, Setting, SettingGroup, SettingsRefusal, TERMS_TITLE};
use eligibility::institution_account::InstitutionAction;
use store::{NewSettings, SettingsChange, SettingsChanged, StoredSettings};

use super::user::InstitutionUser;
use super::{home_visit_url, menu};
use crate::facility::FacilityDesk;
use crate::institution::days::moment;
use crate::web::once::Once;
use crate::web::see;
use crate::web::signed_in::OnSite;
use crate::web::{FormData, FormView, Shell, Site, refused, render};

/// Where it is.
pub(super) const PATH: &str = "/facility-settings";
/// Its label.
pub(super) const TITLE: &str = "環境設定情報更新";
/// Where the terms are.
const TERMS_PATH: &str = "/facility-settings/terms";
const UPDATED_PATH: &str = "/facility-settings/updated";
const HELP: &str = "/help/facility-settings";
const ACTION: InstitutionAction = InstitutionAction::UpdateFacilitySettings;

/// One group of the form.
struct Group {
    label: &'static str,
    /// The block whose terms are read first.
    terms: bool,
    fields: Vec<Field>,
}

/// One setting: to be chosen, or as it is while the terms were not opened.
enum Field {
    Choice(String),
    Locked { id: &'static str, label: &'static str, value: &'static str, code: &'static str },
}

/// One line of the history.
struct Line {
    at: String,
    who: String,
    changes: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "institution/settings.html")]
struct Page {
    shell: Shell,
    summary: String,
    refused: bool,
    groups: Vec<Group>,
    version: i64,
    once: Once,
    terms_title: &'static str,
    terms_path: &'static str,
    terms_opened: Option<String>,
    history: Vec<Line>,
}

#[derive(Template)]
#[template(path = "institution/settings_updated.html")]
struct Updated {
    shell: Shell,
    path: &'static str,
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/facility-settings", get(page).post(update))
        .route("/facility-settings/updated", get(updated))
        .route("/facility-settings/terms", get(terms::page).post(terms::confirm))
}

fn shell(site: &Site, user: &InstitutionUser) -> Shell {
    Shell { help: Some(HELP), ..menu::shell(site, TITLE, PATH, user) }
}

fn line(change: &SettingsChange) -> Line {
    Line {
        at: moment(change.changed_at),
        who: format!("{}（{}）", change.changed_by_name, change.changed_by),
        changes: change.changes.iter().map(eligibility::facility_settings::SettingChange::words).collect(),
    }
}

fn groups(settings: &FacilitySettings, form: &FormView, opened: bool) -> Vec<Group> {
    let field = |setting: Setting| {
        if setting.needs_terms() && !opened {
            let (id, label) = (setting.id(), setting.label());
            return Field::Locked { id, label, value: settings.label(setting), code: settings.code(setting) };
        }
        Field::Choice(form.radio(setting.id(), setting.options()))
    };
    let group = |group: SettingGroup| Group {
        label: group.label(),
        terms: group == SettingGroup::RemoteCare,
        fields: Setting::of(group).map(field).collect(),
    };
    SettingGroup::ALL.iter().copied().map(group).collect()
}

fn as_typed(settings: &FacilitySettings) -> FormData {
    let pairs =
        Setting::ALL.iter().map(|setting| (setting.id().to_owned(), settings.code(*setting).to_owned()));
    FormData::from(pairs.collect::<Vec<_>>())
}

/// The form: as the settings are, or as it was handed in with what is wrong.
async fn show(
    site: &Site,
    user: &InstitutionUser,
    stored: &StoredSettings,
    form: FormView,
    (status, refused): (StatusCode, bool),
) -> Result<Response, store::Error> {
    let institution = &user.institution_code;
    let opened = site.store.terms_opened_at(institution, Some(user.user_id())).await?;
    let history = site.store.facility_settings_history(institution).await?;
    let page = Page {
        shell: shell(site, user),
        summary: form.summary(),
        refused,
        groups: groups(&stored.settings, &form, opened.is_some()),
        version: stored.version,
        once: Once::new(),
        terms_title: TERMS_TITLE,
        terms_path: TERMS_PATH,
        terms_opened: opened.map(moment),
        history: history.iter().map(line).collect(),
    };
    Ok(render(status, &page))
}

async fn page(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let shown = async {
        let stored = site.store.facility_settings(&user.institution_code).await?;
        let form = FormView::filled(Setting::FIELDS, as_typed(&stored.settings));
        show(&site, &user, &stored, form, (StatusCode::OK, false)).await
    };
    shown.await.unwrap_or_else(|error| refused::by_store(&error))
}

async fn updated(OnSite(site): OnSite, user: InstitutionUser) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    render(StatusCode::OK, &Updated { shell: shell(&site, &user), path: PATH })
}

async fn update(
    OnSite(site): OnSite,
    Extension(desk): Extension<Arc<FacilityDesk>>,
    user: InstitutionUser,
    typed: FormData,
) -> Response {
    if let Err(refused) = user.must(&site, ACTION).await {
        return refused;
    }
    let once = Once::of_form(&typed);
    let (Some(once), Ok(version)) = (once, typed.get("version").parse::<i64>()) else {
        return refused::incomplete();
    };
    let handed_in = async {
        let wanted = match FacilitySettings::from_form(|id| typed.get(id)) {
            Ok(wanted) => wanted,
            Err(errors) => {
                let stored = site.store.facility_settings(&user.institution_code).await?;
                let form = FormView::faulty(Setting::FIELDS, typed.clone(), errors);
                return show(&site, &user, &stored, form, (StatusCode::UNPROCESSABLE_ENTITY, false)).await;
            }
        };
        let new = NewSettings {
            institution_code: user.institution_code.clone(),
            expected_version: Some(version),
            values: Setting::ALL.iter().map(|one| (*one, wanted.code(*one).to_owned())).collect(),
            account: Some(user.user_id().to_owned()),
            actor: user.actor(),
            actor_name: user.signed_in.session.name.clone(),
            form: once.of_subject(user.subject()),
            changed_at: site.clock.now(),
        };
        match site.store.change_facility_settings(new).await? {
            SettingsChanged::Done { .. } | SettingsChanged::Same => {
                // What was switched on has its address at once. If that fails, the settings are changed all the same:
                // the page of the addresses then has a button for it.
                let _ = home_visit_url::ensure(&site, &desk, &user).await;
                Ok(see(UPDATED_PATH))
            }
            SettingsChanged::Conflict(now) => Ok(conflict::page(shell(&site, &user), &now, &wanted)),
            SettingsChanged::Refused(SettingsRefusal::TermsNotOpened(_)) => {
                let stored = site.store.facility_settings(&user.institution_code).await?;
                let form = FormView::filled(Setting::FIELDS, typed.clone());
                show(&site, &user, &stored, form, (StatusCode::UNPROCESSABLE_ENTITY, true)).await
            }
            // An account changed them: that is never this.
            SettingsChanged::Refused(SettingsRefusal::ForPeopleOnly(_)) => Ok(refused::broken()),
        }
    };
    handed_in.await.unwrap_or_else(|error| refused::by_store(&error))
}
